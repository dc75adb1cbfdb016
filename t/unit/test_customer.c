/* Customers: identities, prefixes, overlap between customers, names. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include "dots_customer.h"


#define TEST_CUSTOMER_MANY  10000
#define TEST_CUSTOMER_NETS  10


static dots_str_t
test_customer_str(const char *text)
{
    return dots_str(text, strlen(text));
}


static dots_prefix_t
test_customer_prefix(const char *text)
{
    dots_prefix_t  p;

    assert_int_equal(dots_prefix_parse(&p, test_customer_str(text)), DOTS_OK);

    return p;
}


static dots_customer_t *
test_customer_add(dots_customers_t *cs, const char *name)
{
    dots_fault_t      f;
    dots_customer_t  *c;

    c = dots_customers_add(cs, test_customer_str(name), &f);
    assert_non_null(c);

    return c;
}


static void
test_customer_own(dots_customers_t *cs, dots_customer_t *c, const char *text,
    int shared)
{
    dots_prefix_t  p;

    p = test_customer_prefix(text);
    assert_int_equal(dots_customers_add_prefix(cs, c, &p, shared, NULL),
                     DOTS_OK);
}


static int
test_customer_owns(const dots_customer_t *c, const char *text)
{
    dots_prefix_t  p;

    p = test_customer_prefix(text);

    return dots_customer_owns_prefix(c, &p);
}


static int
test_customer_owns_name(const dots_customer_t *c, const char *text)
{
    return dots_customer_owns_name(c, test_customer_str(text));
}


static void
test_customer_names(void **state)
{
    size_t             i;
    char               longer[DOTS_CUSTOMER_NAME + 1];
    dots_fault_t       f;
    dots_customer_t   *a;
    dots_customers_t  *cs;

    (void) state;

    cs = dots_customers_create();
    assert_non_null(cs);

    memset(longer, 'n', sizeof(longer));

    a = test_customer_add(cs, "a");
    assert_null(dots_customers_add(cs, test_customer_str("a"), &f));
    assert_non_null(strstr(f.message, "\"a\" is there twice"));
    assert_null(dots_customers_add(cs, test_customer_str(""), &f));
    assert_null(dots_customers_add(cs, test_customer_str("a\nb"), &f));
    assert_null(dots_customers_add(cs, dots_str(longer, sizeof(longer)), &f));
    assert_non_null(dots_customers_add(cs, dots_str(longer, sizeof(longer) - 1),
                                       &f));

    assert_ptr_equal(dots_customers_by_name(cs, test_customer_str("a")), a);
    assert_null(dots_customers_by_name(cs, test_customer_str("A")));
    assert_ptr_equal(dots_customers_at(cs, 0), a);

    for (i = 0; dots_customers_at(cs, i) != NULL; i++) { /* void */ }

    assert_int_equal(i, 2);

    dots_customers_destroy(cs);
    dots_customers_destroy(NULL);
}


static void
test_customer_identities(void **state)
{
    uint8_t            print[32] = { 1, 0, 2 };
    dots_str_t         www = dots_string("Client.Example.com");
    dots_fault_t       f;
    dots_customer_t   *a, *b;
    dots_customers_t  *cs;

    (void) state;

    cs = dots_customers_create();
    assert_non_null(cs);

    assert_null(dots_customers_by_identity(cs, DOTS_IDENTITY_DNS, www));

    a = test_customer_add(cs, "a");
    b = test_customer_add(cs, "b");

    assert_int_equal(dots_customers_add_identity(cs, a, DOTS_IDENTITY_DNS, www,
                                                 &f), DOTS_OK);
    assert_int_equal(dots_customers_add_identity(cs, b, DOTS_IDENTITY_CN, www,
                                                 &f), DOTS_OK);
    assert_int_equal(dots_customers_add_identity(cs, b,
                         DOTS_IDENTITY_FINGERPRINT,
                         dots_str(print, sizeof(print)), &f), DOTS_OK);

    /* an identity belongs to one */

    assert_int_equal(dots_customers_add_identity(cs, b, DOTS_IDENTITY_DNS,
                         test_customer_str("client.example.com"), &f),
                     DOTS_INVALID);
    assert_non_null(strstr(f.message, "customer \"a\"'s already"));
    assert_int_equal(dots_customers_add_identity(cs, a, DOTS_IDENTITY_DNS, www,
                                                 &f), DOTS_INVALID);

    /* malformed ones */

    assert_int_equal(dots_customers_add_identity(cs, a, DOTS_IDENTITY_DNS,
                         test_customer_str("*.example.com"), &f), DOTS_INVALID);
    assert_int_equal(dots_customers_add_identity(cs, a, DOTS_IDENTITY_DNS,
                         test_customer_str("example.com."), &f), DOTS_INVALID);
    assert_int_equal(dots_customers_add_identity(cs, a, DOTS_IDENTITY_URI,
                         test_customer_str(""), &f), DOTS_INVALID);
    assert_int_equal(dots_customers_add_identity(cs, a,
                         DOTS_IDENTITY_FINGERPRINT, dots_str(print, 31), &f),
                     DOTS_INVALID);

    assert_int_equal(dots_customers_finish(cs, &f), DOTS_OK);

    assert_ptr_equal(dots_customers_by_identity(cs, DOTS_IDENTITY_DNS,
                         test_customer_str("CLIENT.example.COM")), a);
    assert_null(dots_customers_by_identity(cs, DOTS_IDENTITY_DNS,
                    dots_str("client.example.com\0", 19)));
    assert_ptr_equal(dots_customers_by_identity(cs, DOTS_IDENTITY_CN, www), b);
    assert_null(dots_customers_by_identity(cs, DOTS_IDENTITY_CN,
                    test_customer_str("client.example.com")));
    assert_null(dots_customers_by_identity(cs, DOTS_IDENTITY_PSK, www));
    assert_ptr_equal(dots_customers_by_identity(cs, DOTS_IDENTITY_FINGERPRINT,
                         dots_str(print, sizeof(print))), b);

    print[31] = 1;
    assert_null(dots_customers_by_identity(cs, DOTS_IDENTITY_FINGERPRINT,
                    dots_str(print, sizeof(print))));

    dots_customers_destroy(cs);
}


static void
test_customer_space(void **state)
{
    size_t             i;
    dots_prefix_t      p;
    dots_fault_t       f;
    dots_customer_t   *c;
    dots_customers_t  *cs;

    (void) state;

    cs = dots_customers_create();
    assert_non_null(cs);

    c = test_customer_add(cs, "c");
    test_customer_own(cs, c, "198.51.100.128/25", 0);
    test_customer_own(cs, c, "192.0.2.64/26", 0);
    test_customer_own(cs, c, "2001:db8:6401::/48", 0);
    test_customer_own(cs, c, "192.0.2.0/26", 0);
    test_customer_own(cs, c, "198.51.100.0/25", 1);
    test_customer_own(cs, c, "192.0.2.128/25", 0);
    test_customer_own(cs, c, "192.0.2.7/32", 0);
    test_customer_own(cs, c, "203.0.113.128/25", 0);
    test_customer_own(cs, c, "203.0.114.0/25", 0);

    p = test_customer_prefix("0.0.0.0/0");
    assert_int_equal(dots_customers_add_prefix(cs, c, &p, 0, &f),
                     DOTS_INVALID);
    p = test_customer_prefix("::ffff:127.0.0.0/104");
    assert_int_equal(dots_customers_add_prefix(cs, c, &p, 0, &f),
                     DOTS_INVALID);
    assert_non_null(strstr(f.message, "127.0.0.0/8"));

    assert_int_equal(dots_customers_finish(cs, &f), DOTS_OK);

    assert_int_equal(c->nprefixes, 9);

    for (i = 1; i < c->nprefixes; i++) {
        assert_true(dots_prefix_cmp(&c->prefixes[i - 1], &c->prefixes[i]) < 0);
    }

    p = test_customer_prefix("198.51.100.0/25");    /* its flag went along */

    for (i = 0; i < c->nprefixes; i++) {
        assert_int_equal(c->shared[i],
                         dots_prefix_cmp(&c->prefixes[i], &p) == 0);
    }

    /* the union of neighbours, in two steps for 192.0.2.0/24 */

    assert_true(test_customer_owns(c, "192.0.2.0/24"));
    assert_true(test_customer_owns(c, "198.51.100.0/24"));
    assert_true(test_customer_owns(c, "192.0.2.255"));
    assert_true(test_customer_owns(c, "2001:db8:6401:ffff::/64"));

    /* a supernet, neighbours, halves of two different prefixes */

    assert_false(test_customer_owns(c, "192.0.2.0/23"));
    assert_false(test_customer_owns(c, "192.0.1.255"));
    assert_false(test_customer_owns(c, "192.0.3.0"));
    assert_false(test_customer_owns(c, "203.0.113.0/24"));
    assert_false(test_customer_owns(c, "203.0.112.0/22"));
    assert_false(test_customer_owns(c, "2001:db8:6400::/47"));
    assert_false(test_customer_owns(c, "2001:db8:6402::1"));
    assert_false(test_customer_owns(c, "1.0.0.1"));
    assert_false(test_customer_owns(c, "0.0.0.0/0"));

    c = test_customer_add(cs, "nothing");
    assert_int_equal(dots_customers_finish(cs, &f), DOTS_OK);
    assert_false(test_customer_owns(c, "192.0.2.1"));
    assert_true(test_customer_owns(dots_customers_at(cs, 0), "192.0.2.0/24"));

    dots_customers_destroy(cs);
}


typedef struct {
    const char *customer;
    const char *prefix;
    int         shared;
} test_customer_line_t;

static int
test_customer_lines(const test_customer_line_t *lines, dots_fault_t *f)
{
    int                     rc;
    size_t                  i;
    dots_customer_t        *c;
    dots_customers_t       *cs;

    cs = dots_customers_create();
    assert_non_null(cs);

    for (i = 0; lines[i].customer; i++) {
        c = (dots_customer_t *) dots_customers_by_name(cs,
                test_customer_str(lines[i].customer));

        if (c == NULL) {
            c = test_customer_add(cs, lines[i].customer);
        }

        test_customer_own(cs, c, lines[i].prefix, lines[i].shared);
    }

    rc = dots_customers_finish(cs, f);
    dots_customers_destroy(cs);

    return rc;
}


static void
test_customer_overlaps(void **state)
{
    size_t        i;
    dots_fault_t  f;

    static const struct {
        test_customer_line_t  lines[6];
        const char           *first;    /* NULL: allowed */
        const char           *second;
    } cases[] = {
        { { { "a", "192.0.2.0/24", 0 }, { "b", "192.0.3.0/24", 0 } },
          NULL, NULL },
        { { { "a", "192.0.2.0/24", 0 }, { "b", "192.0.2.0/24", 0 } },
          "192.0.2.0/24 of customer b", "192.0.2.0/24 of customer a" },
        { { { "a", "192.0.2.0/24", 1 }, { "b", "192.0.2.0/24", 1 } },
          NULL, NULL },
        { { { "a", "192.0.2.0/24", 1 }, { "b", "192.0.2.0/24", 0 } },
          "customer b", "customer a" },
        { { { "a", "192.0.2.0/24", 0 }, { "b", "192.0.2.0/24", 1 } },
          "customer b", "customer a" },

        /* supernets: the enclosing one is not the one just before */
        { { { "a", "192.0.0.0/16", 0 }, { "a", "192.0.1.0/24", 0 },
            { "b", "192.0.2.0/24", 0 } },
          "192.0.2.0/24 of customer b", "192.0.0.0/16 of customer a" },
        { { { "b", "192.0.2.0/24", 0 }, { "a", "192.0.0.0/16", 1 } },
          "192.0.2.0/24 of customer b", "192.0.0.0/16 of customer a" },
        { { { "a", "192.0.0.0/16", 0 }, { "a", "192.0.2.0/24", 1 },
            { "b", "192.0.2.0/24", 1 } },
          "192.0.2.0/24 of customer b", "192.0.0.0/16 of customer a" },
        { { { "a", "192.0.0.0/16", 1 }, { "b", "192.0.0.0/20", 1 },
            { "a", "192.0.2.0/24", 0 } },
          "192.0.2.0/24 of customer a", "192.0.0.0/20 of customer b" },
        { { { "a", "192.0.0.0/16", 1 }, { "b", "192.0.0.0/20", 1 },
            { "c", "192.0.2.0/24", 1 }, { "b", "192.0.16.0/20", 1 } },
          NULL, NULL },
        { { { "a", "192.0.0.0/16", 1 }, { "b", "192.0.0.0/20", 1 },
            { "c", "192.0.32.0/24", 0 } },
          "192.0.32.0/24 of customer c", "192.0.0.0/16 of customer a" },

        /* one customer may nest as it likes */
        { { { "a", "192.0.0.0/16", 0 }, { "a", "192.0.2.0/24", 0 },
            { "a", "192.0.2.0/24", 1 }, { "b", "192.1.0.0/16", 0 } },
          NULL, NULL },
        { { { "a", "2001:db8::/32", 0 }, { "b", "2001:db8:6401::/48", 0 } },
          "2001:db8:6401::/48 of customer b", "2001:db8::/32 of customer a" },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        if (cases[i].first == NULL) {
            assert_int_equal(test_customer_lines(cases[i].lines, &f), DOTS_OK);
            continue;
        }

        assert_int_equal(test_customer_lines(cases[i].lines, &f), DOTS_INVALID);
        assert_non_null(strstr(f.message, cases[i].first));
        assert_non_null(strstr(f.message, cases[i].second));
        assert_non_null(strstr(f.message, "say 'shared'"));
    }
}


static void
test_customer_domains(void **state)
{
    char               deep[260];
    dots_fault_t       f;
    dots_customer_t   *c;
    dots_customers_t  *cs;

    (void) state;

    cs = dots_customers_create();
    assert_non_null(cs);

    c = test_customer_add(cs, "c");
    assert_false(test_customer_owns_name(c, "example.com"));

    assert_int_equal(dots_customers_add_name(cs, c,
                         test_customer_str("Example.COM."), &f), DOTS_OK);
    assert_int_equal(dots_customers_add_name(cs, c,
                         test_customer_str("a.example.net"), &f), DOTS_OK);
    assert_int_equal(dots_customers_add_name(cs, c, test_customer_str("."), &f),
                     DOTS_INVALID);
    assert_int_equal(dots_customers_add_name(cs, c,
                         test_customer_str("*.example.org"), &f), DOTS_INVALID);
    assert_int_equal(dots_customers_add_name(cs, c,
                         test_customer_str("192.0.2.1"), &f), DOTS_INVALID);
    assert_int_equal(dots_customers_finish(cs, &f), DOTS_OK);

    assert_true(dots_str_eq(c->names[1], test_customer_str("example.com")));

    assert_true(test_customer_owns_name(c, "example.com"));
    assert_true(test_customer_owns_name(c, "EXAMPLE.com."));
    assert_true(test_customer_owns_name(c, "x.y.example.com"));
    assert_true(test_customer_owns_name(c, "b.a.example.net"));
    assert_false(test_customer_owns_name(c, "example.net"));
    assert_false(test_customer_owns_name(c, "badexample.com"));
    assert_false(test_customer_owns_name(c, "com"));
    assert_false(test_customer_owns_name(c, "example.com.evil.org"));
    assert_false(test_customer_owns_name(c, ".example.com"));
    assert_false(test_customer_owns_name(c, "x..example.com"));
    assert_false(test_customer_owns_name(c, "example.com.."));
    assert_false(test_customer_owns_name(c, ""));
    assert_false(dots_customer_owns_name(c, dots_str("x\0.example.com", 14)));

    /* RFC 1035 section 2.3.4: 255 octets on the wire are 253 of text */

    memset(deep, 'x', sizeof(deep));
    deep[60] = deep[120] = deep[180] = '.';
    memcpy(deep + 253 - 12, ".example.com", 12);
    assert_true(dots_customer_owns_name(c, dots_str(deep, 253)));
    memcpy(deep + 254 - 12, ".example.com", 12);
    assert_false(dots_customer_owns_name(c, dots_str(deep, 254)));

    dots_customers_destroy(cs);
}


static void
test_customer_mitigators(void **state)
{
    dots_fault_t       f;
    dots_customer_t   *c;
    dots_customers_t  *cs;

    (void) state;

    cs = dots_customers_create();
    assert_non_null(cs);
    c = test_customer_add(cs, "c");

    assert_int_equal(dots_customers_add_mitigator(cs, c,
                         test_customer_str("rtbh"), &f), DOTS_OK);
    assert_int_equal(dots_customers_add_mitigator(cs, c,
                         test_customer_str("flowspec"), &f), DOTS_OK);
    assert_int_equal(dots_customers_add_mitigator(cs, c,
                         test_customer_str("rtbh"), &f), DOTS_INVALID);
    assert_int_equal(dots_customers_add_mitigator(cs, c, test_customer_str(""),
                                                  &f), DOTS_INVALID);
    assert_int_equal(dots_customers_finish(cs, &f), DOTS_OK);

    assert_int_equal(c->nmitigators, 2);
    assert_true(dots_str_eq(c->mitigators[0], test_customer_str("rtbh")));

    dots_customers_destroy(cs);
}


static void
test_customer_build_many(dots_customers_t *cs)
{
    int               n;
    size_t            i, j;
    char              text[64];
    uint8_t           addr[4];
    dots_prefix_t     p;
    dots_customer_t  *c;

    for (i = 0; i < TEST_CUSTOMER_MANY; i++) {
        n = snprintf(text, sizeof(text), "c%zu.example.com", i);
        c = dots_customers_add(cs, dots_str(text, (size_t) n), NULL);
        assert_non_null(c);
        assert_int_equal(dots_customers_add_identity(cs, c, DOTS_IDENTITY_DNS,
                             dots_str(text, (size_t) n), NULL), DOTS_OK);

        for (j = 0; j < TEST_CUSTOMER_NETS; j++) {
            addr[0] = (uint8_t) (20 + j);
            addr[1] = (uint8_t) (i >> 8);
            addr[2] = (uint8_t) i;
            addr[3] = 0;
            dots_prefix_host(&p, 4, addr);
            p.length = 24;
            assert_int_equal(dots_customers_add_prefix(cs, c, &p, 0, NULL),
                             DOTS_OK);
        }

        /* all of them share one: the sweep must not compare each with each */

        p = test_customer_prefix("203.0.113.0/24");
        assert_int_equal(dots_customers_add_prefix(cs, c, &p, 1, NULL),
                         DOTS_OK);
    }
}


static void
test_customer_many(void **state)
{
    clock_t                 start, took;
    dots_fault_t            f;
    dots_customers_t       *cs;
    const dots_customer_t  *c;

    (void) state;

    start = clock();

    cs = dots_customers_create();
    assert_non_null(cs);
    test_customer_build_many(cs);
    assert_int_equal(dots_customers_finish(cs, &f), DOTS_OK);

    took = clock() - start;
    print_message("%d customers: %ld ms of CPU\n", TEST_CUSTOMER_MANY,
                  (long) (took * 1000 / CLOCKS_PER_SEC));

    /* generous for sanitizers and valgrind; a square would take minutes */

    assert_true(took < 20 * CLOCKS_PER_SEC);

    c = dots_customers_by_identity(cs, DOTS_IDENTITY_DNS,
                                   test_customer_str("C7777.example.com"));
    assert_non_null(c);
    assert_true(dots_str_eq(c->name, test_customer_str("c7777.example.com")));
    assert_true(test_customer_owns(c, "25.30.97.1"));       /* 7777 */
    assert_false(test_customer_owns(c, "25.30.98.1"));
    assert_true(test_customer_owns(c, "203.0.113.9"));

    dots_customers_destroy(cs);
}


/* What a customer of these may differ in, each on its own. */

typedef enum {
    TEST_DIGEST_SAME = 0,
    TEST_DIGEST_NAME,
    TEST_DIGEST_IDENTITY,
    TEST_DIGEST_KIND,
    TEST_DIGEST_PREFIX,
    TEST_DIGEST_SHARED,
    TEST_DIGEST_DOMAIN,
    TEST_DIGEST_MITIGATOR,
    TEST_DIGEST_GATEWAY,
    TEST_DIGEST_MITIGATIONS,
    TEST_DIGEST_ALIASES,
    TEST_DIGEST_ACLS,
    TEST_DIGEST_VENDORS,
    TEST_DIGEST_UNENFORCED,
    TEST_DIGEST_SESSIONS,
    TEST_DIGEST_OBSERVERS,
    TEST_DIGEST_RATE,
    TEST_DIGEST_HANDSHAKES,
    TEST_DIGEST_REDIRECT,
    TEST_DIGEST_SERVER,
    TEST_DIGEST_RECORD,
    TEST_DIGEST_AGE,
    TEST_DIGESTS
} test_digest_t;


static uint64_t
test_customer_digest_of(test_digest_t what)
{
    uint64_t           digest;
    dots_redirect_t    redirect = { "other", 1, { "192.0.2.1" }, 300 };
    dots_customer_t   *c;
    dots_customers_t  *cs;

    cs = dots_customers_create();
    assert_non_null(cs);

    c = test_customer_add(cs, what == TEST_DIGEST_NAME ? "b" : "a");

    assert_int_equal(dots_customers_add_identity(cs, c,
                         what == TEST_DIGEST_KIND ? DOTS_IDENTITY_CN
                                                  : DOTS_IDENTITY_DNS,
                         test_customer_str(what == TEST_DIGEST_IDENTITY
                                           ? "b.example" : "a.example"),
                         NULL),
                     DOTS_OK);

    test_customer_own(cs, c, what == TEST_DIGEST_PREFIX ? "192.0.2.0/25"
                                                        : "192.0.2.0/24",
                      what == TEST_DIGEST_SHARED);

    assert_int_equal(dots_customers_add_name(cs, c,
                         test_customer_str(what == TEST_DIGEST_DOMAIN
                                           ? "example.net" : "example.com"),
                         NULL),
                     DOTS_OK);
    assert_int_equal(dots_customers_add_mitigator(cs, c,
                         test_customer_str(what == TEST_DIGEST_MITIGATOR
                                           ? "flowspec" : "rtbh"),
                         NULL),
                     DOTS_OK);

    c->gateway = (what == TEST_DIGEST_GATEWAY);
    c->max_mitigations = (what == TEST_DIGEST_MITIGATIONS);
    c->max_aliases = (what == TEST_DIGEST_ALIASES);
    c->max_acls = (what == TEST_DIGEST_ACLS);
    c->max_vendors = (what == TEST_DIGEST_VENDORS);
    c->unenforced = (what == TEST_DIGEST_UNENFORCED);
    c->max_sessions = (what == TEST_DIGEST_SESSIONS);
    c->max_observers = (what == TEST_DIGEST_OBSERVERS);
    c->rate = (what == TEST_DIGEST_RATE);
    c->handshakes = (what == TEST_DIGEST_HANDSHAKES);

    if (what == TEST_DIGEST_SERVER) {
        redirect.alt_server = "another";

    } else if (what == TEST_DIGEST_RECORD) {
        redirect.records[0] = "192.0.2.2";

    } else if (what == TEST_DIGEST_AGE) {
        redirect.max_age = 301;
    }

    if (what >= TEST_DIGEST_REDIRECT) {
        c->redirect = &redirect;
    }

    assert_int_equal(dots_customers_finish(cs, NULL), DOTS_OK);

    digest = dots_customer_digest(c);

    dots_customers_destroy(cs);

    return digest;
}


static void
test_customer_digest(void **state)
{
    int       i, k;
    uint64_t  digests[TEST_DIGESTS];

    (void) state;

    for (i = 0; i < TEST_DIGESTS; i++) {

        digests[i] = test_customer_digest_of(i);
        assert_true(digests[i] == test_customer_digest_of(i));

        for (k = 0; k < i; k++) {
            assert_true(digests[k] != digests[i]);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_customer_names),
        cmocka_unit_test(test_customer_identities),
        cmocka_unit_test(test_customer_space),
        cmocka_unit_test(test_customer_overlaps),
        cmocka_unit_test(test_customer_domains),
        cmocka_unit_test(test_customer_mitigators),
        cmocka_unit_test(test_customer_digest),
        cmocka_unit_test(test_customer_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
