/*
 * Uri-Query options that name targets: RFC 9244 sections 8.3 and 9.2.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dots_signal_filter.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))


static dots_str_t
str(const char *text)
{
    return dots_str(text, strlen(text));
}


/* Queries are separated by a blank. */

static dots_coap_message_t
queries(char *text)
{
    char                 *q, *rest;
    dots_coap_message_t   m;

    dots_coap_init(&m);

    for (q = strtok_r(text, " ", &rest); q != NULL;
         q = strtok_r(NULL, " ", &rest))
    {
        m.query[m.nquery++] = str(q);
    }

    return m;
}


/*
 * 192.0.2.0/28 and 192.0.2.80, which its name stands for; TCP ports 80 and 443
 * to 445; an alias; a URI.
 */

static void
fill(dots_mitigation_t *m)
{
    static dots_prefix_t      resolved[2], asked[1];
    static dots_port_range_t  ports[2] = { { 80, 80, 0 }, { 443, 445, 1 } };
    static uint8_t            protocols[1] = { 6 };
    static dots_str_t         fqdns[1], uris[1], aliases[1];

    memset(m, 0, sizeof(dots_mitigation_t));

    assert_int_equal(dots_prefix_parse(&resolved[0], str("192.0.2.0/28")),
                     DOTS_OK);
    assert_int_equal(dots_prefix_parse(&resolved[1], str("192.0.2.80/32")),
                     DOTS_OK);

    asked[0] = resolved[0];
    fqdns[0] = str("www.Example.com.");
    uris[0] = str("https://shop.example.com/x");
    aliases[0] = str("web");

    m->nresolved = 2;
    m->resolved = resolved;
    m->target.nprefixes = 1;
    m->target.prefixes = asked;
    m->target.nports = 2;
    m->target.ports = ports;
    m->target.nprotocols = 1;
    m->target.protocols = protocols;
    m->target.nfqdns = 1;
    m->target.fqdns = fqdns;
    m->target.nuris = 1;
    m->target.uris = uris;
    m->target.naliases = 1;
    m->target.aliases = aliases;
}


static void
test_match(void **state)
{
    char                 text[300];
    size_t               i;
    dots_fault_t         f;
    dots_mitigation_t    m;
    dots_coap_message_t  msg;

    static const struct {
        const char  *queries;
        int          match;
    } cases[] = {
        { "", 1 },
        { "c=c", 1 },

        { "target-prefix=192.0.2.7/32", 1 },
        { "target-prefix=192.0.2.0/24", 1 },
        { "target-prefix=192.0.2.80/32", 1 },
        { "target-prefix=192.0.2.81/32", 0 },
        { "target-prefix=2001:db8::/32", 0 },
        { "target-prefix=198.51.100.1/32,192.0.2.7/32", 1 },

        { "target-port=80", 1 },
        { "target-port=444", 1 },
        { "target-port=81-442", 0 },
        { "target-port=81-443", 1 },
        { "target-port=1,2,445", 1 },

        { "target-protocol=6", 1 },
        { "target-protocol=17", 0 },
        { "target-protocol=0-5,7-255", 0 },
        { "target-protocol=0-255", 1 },

        { "target-fqdn=WWW.example.com", 1 },
        { "target-fqdn=*.example.com", 1 },
        { "target-fqdn=*.com", 1 },
        { "target-fqdn=example.com", 0 },
        { "target-fqdn=*.www.example.com", 0 },
        { "target-fqdn=*.ample.com", 0 },

        { "target-uri=https://shop.example.com/x", 1 },
        { "target-uri=https://shop.example.com/", 0 },
        { "target-uri=*.example.com", 1 },
        { "target-uri=*.example.net", 0 },

        { "alias-name=web", 1 },
        { "target-alias=web", 1 },
        { "alias-name=Web", 0 },

        /* resources add up, ports and protocols restrict */

        { "target-prefix=198.51.100.1/32 alias-name=web", 1 },
        { "alias-name=web target-port=81", 0 },
        { "alias-name=web target-port=80 target-protocol=6", 1 },
        { "target-port=80 target-protocol=17", 0 },
    };

    (void) state;

    fill(&m);

    for (i = 0; i < N(cases); i++) {
        (void) snprintf(text, sizeof(text), "%s", cases[i].queries);
        msg = queries(text);

        assert_int_equal(dots_signal_filter_check(&msg, &f), DOTS_OK);

        if (dots_signal_filter_match(&msg, &m) != cases[i].match) {
            fail_msg("\"%s\" is not %d", cases[i].queries, cases[i].match);
        }
    }

    /* without ports and protocols it is for all of them */

    m.target.nports = 0;
    m.target.nprotocols = 0;

    (void) snprintf(text, sizeof(text), "target-port=9 target-protocol=99");
    msg = queries(text);
    assert_int_equal(dots_signal_filter_match(&msg, &m), 1);
}


static void
test_check(void **state)
{
    char                 text[300];
    size_t               i;
    dots_fault_t         f;
    dots_coap_message_t  msg;

    static const char  *bad[] = {
        "target-prefix=", "target-prefix=192.0.2.0/33", "target-prefix=web",
        "target-prefix=192.0.2.1/32,", "target-port=65536", "target-port=",
        "target-port=-", "target-port=2-1", "target-port=1-", "target-port=x",
        "target-port=99999999999999999999", "target-protocol=256",
        "target-fqdn=", "target-fqdn=*", "target-fqdn=*.", "target-fqdn=a.*.b",
        "target-fqdn=*.*.b", "alias-name=", "alias-name=a,,b",
        "target-port=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
    };

    /* RFC 9244 section 10; source queries are about what is not served */

    static const char  *unknown[] = {
        "surprise=1", "surprise", "=", "Target-port=1", "target-port",
        "source-prefix=192.0.2.0/24", "mid=1", "C=c", "cc=c",
    };

    (void) state;

    for (i = 0; i < N(bad); i++) {
        (void) snprintf(text, sizeof(text), "%s", bad[i]);
        msg = queries(text);

        if (dots_signal_filter_check(&msg, &f) != DOTS_INVALID) {
            fail_msg("\"%s\" is accepted", bad[i]);
        }

        assert_non_null(strstr(bad[i], f.attribute));
    }

    for (i = 0; i < N(unknown); i++) {
        (void) snprintf(text, sizeof(text), "c=n %s", unknown[i]);
        msg = queries(text);

        if (dots_signal_filter_check(&msg, &f) != DOTS_INVALID) {
            fail_msg("\"%s\" is accepted", unknown[i]);
        }

        assert_int_equal(f.kind, DOTS_FAULT_UNKNOWN);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
