/* Target clauses: RFC 9132 section 4.4.1.1, RFC 8783 section 6.1, RFC 3986. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <libyang/libyang.h>

#include "dots_customer.h"
#include "dots_target.h"


/* The shape of the published modules, without their restrictions. */

static const char  test_target_ext[] =
    "module ietf-yang-structure-ext { yang-version 1.1;"
    "  namespace \"urn:ietf:params:xml:ns:yang:ietf-yang-structure-ext\";"
    "  prefix sx; revision 2020-06-17;"
    "  extension structure { argument name; } }";

static const char  test_target_module[] =
    "module t { yang-version 1.1; namespace \"urn:t\"; prefix t;"
    "  import ietf-yang-structure-ext { prefix sx; }"
    "  grouping target {"
    "    leaf-list target-prefix { type string; }"
    "    list target-port-range { key lower-port;"
    "      leaf lower-port { type uint16; } leaf upper-port { type uint16; } }"
    "    leaf-list target-protocol { type uint8; }"
    "    leaf-list target-fqdn { type string; }"
    "    leaf-list target-uri { type string; }"
    "    leaf-list alias-name { type string; } }"
    "  list alias { key name; leaf name { type string; } uses target; }"
    "  container odd { list target-port-range {"
    "      config false; leaf upper-port { type uint16; } }"
    "    leaf-list target-protocol { type string; } }"
    "  sx:structure message { container outer {"
    "    list scope { uses target; leaf lifetime { type uint32; } } } } }";

typedef struct {
    struct ly_ctx            *ctx;
    const struct lys_module  *module;
    dots_arena_t             *a;
    dots_customers_t         *cs;
    dots_customer_t          *c;
} test_target_t;


static dots_str_t
test_target_str(const char *text)
{
    return dots_str(text, strlen(text));
}


static int
test_target_setup(void **state)
{
    dots_prefix_t   p;
    test_target_t  *t;

    static test_target_t  fixture;

    t = &fixture;
    memset(t, 0, sizeof(test_target_t));

    if (ly_ctx_new(NULL, LY_CTX_DISABLE_SEARCHDIR_CWD, &t->ctx) != LY_SUCCESS
        || lys_parse_mem(t->ctx, test_target_ext, LYS_IN_YANG, NULL)
           != LY_SUCCESS
        || lys_parse_mem(t->ctx, test_target_module, LYS_IN_YANG,
                         (struct lys_module **) &t->module)
           != LY_SUCCESS)
    {
        return -1;
    }

    t->a = dots_arena_create(1 << 20);
    t->cs = dots_customers_create();

    if (t->a == NULL || t->cs == NULL) {
        return -1;
    }

    t->c = dots_customers_add(t->cs, test_target_str("c"), NULL);

    if (t->c == NULL
        || dots_prefix_parse(&p, test_target_str("192.0.2.0/24")) != DOTS_OK
        || dots_customers_add_prefix(t->cs, t->c, &p, 0, NULL) != DOTS_OK
        || dots_prefix_parse(&p, test_target_str("2001:db8:6401::/48"))
           != DOTS_OK
        || dots_customers_add_prefix(t->cs, t->c, &p, 0, NULL) != DOTS_OK
        || dots_customers_add_name(t->cs, t->c, test_target_str("example.com"),
                                   NULL) != DOTS_OK
        || dots_customers_finish(t->cs, NULL) != DOTS_OK)
    {
        return -1;
    }

    *state = t;

    return 0;
}


static int
test_target_teardown(void **state)
{
    test_target_t  *t = *state;

    dots_customers_destroy(t->cs);
    dots_arena_destroy(t->a);
    ly_ctx_destroy(t->ctx);

    return 0;
}


static struct lyd_node *
test_target_parse(test_target_t *t, const char *json)
{
    struct lyd_node  *tree;

    assert_int_equal(lyd_parse_data_mem(t->ctx, json, LYD_JSON,
                                        LYD_PARSE_ONLY, 0, &tree), LY_SUCCESS);
    assert_non_null(tree);

    return tree;
}


static const char  test_target_all[] =
    "{\"t:alias\":[{\"name\":\"n\","
    "\"target-prefix\":[\"2001:DB8:6401::1/128\",\"192.0.2.9/30\"],"
    "\"target-port-range\":[{\"lower-port\":443},"
    "{\"lower-port\":80,\"upper-port\":80},"
    "{\"lower-port\":1024,\"upper-port\":65535}],"
    "\"target-protocol\":[17,6],"
    "\"target-fqdn\":[\"www.example.com\"],"
    "\"target-uri\":[\"https://www.example.com/x\",\"coap://192.0.2.1\"],"
    "\"alias-name\":[\"z\",\"a\"]}]}";

/* The same, prefixes canonical: the order is the client's. */

static const char  test_target_printed[] =
    "{\"t:alias\":[{\"name\":\"n\","
    "\"target-prefix\":[\"2001:db8:6401::1/128\",\"192.0.2.8/30\"],"
    "\"target-port-range\":[{\"lower-port\":443},"
    "{\"lower-port\":80,\"upper-port\":80},"
    "{\"lower-port\":1024,\"upper-port\":65535}],"
    "\"target-protocol\":[17,6],"
    "\"target-fqdn\":[\"www.example.com\"],"
    "\"target-uri\":[\"https://www.example.com/x\",\"coap://192.0.2.1\"],"
    "\"alias-name\":[\"z\",\"a\"]}]}";


static void
test_target_from(test_target_t *t, const char *json, dots_target_t *target)
{
    dots_fault_t      f;
    struct lyd_node  *tree;

    tree = test_target_parse(t, json);
    assert_int_equal(dots_target_read(tree, t->a, target, &f), DOTS_OK);
    lyd_free_all(tree);     /* what was read must not point into the tree */
}


static void
test_target_yang(void **state)
{
    char             *out;
    test_target_t    *t = *state;
    dots_target_t     target;
    struct lyd_node  *tree;

    test_target_from(t, test_target_all, &target);

    assert_int_equal(target.nprefixes, 2);
    assert_int_equal(target.nports, 3);
    assert_int_equal(target.ports[0].upper, 443);
    assert_false(target.ports[0].has_upper);
    assert_true(target.ports[1].has_upper);
    assert_int_equal(target.ports[2].upper, 65535);
    assert_int_equal(target.protocols[0], 17);
    assert_true(dots_str_eq(target.aliases[1], test_target_str("a")));

    assert_int_equal(lyd_new_list(NULL, t->module, "alias", 0, &tree, "n"),
                     LY_SUCCESS);
    assert_int_equal(dots_target_write(&target, tree), DOTS_OK);
    assert_int_equal(lyd_print_mem(&out, tree, LYD_JSON, LYD_PRINT_SHRINK),
                     LY_SUCCESS);
    assert_string_equal(out, test_target_printed);

    free(out);
    lyd_free_all(tree);
}


/* RFC 8791: the signal channel's messages are below an extension instance. */

static void
test_target_structure(void **state)
{
    dots_fault_t              f;
    test_target_t            *t = *state;
    dots_target_t             target, again;
    struct lyd_node          *top, *scope;
    struct lysc_ext_instance *ext;

    test_target_from(t, test_target_all, &target);

    assert_int_equal(LY_ARRAY_COUNT(t->module->compiled->exts), 1);
    ext = &t->module->compiled->exts[0];

    assert_int_equal(lyd_new_ext_inner(ext, "outer", &top), LY_SUCCESS);
    assert_int_equal(lyd_new_list(top, NULL, "scope", 0, &scope), LY_SUCCESS);
    assert_int_equal(lyd_new_term(scope, NULL, "lifetime", "3600", 0, NULL),
                     LY_SUCCESS);
    assert_int_equal(dots_target_write(&target, scope), DOTS_OK);
    assert_int_equal(dots_target_read(scope, t->a, &again, &f), DOTS_OK);

    assert_true(dots_target_equal(&target, &again));
    assert_true(dots_str_eq(again.aliases[0], test_target_str("z")));
    assert_int_equal(again.ports[0].lower, 443);

    lyd_free_all(top);
}


static void
test_target_unwritable(void **state)
{
    test_target_t    *t = *state;
    dots_target_t     target;
    struct lyd_node  *tree;

    test_target_from(t, test_target_all, &target);

    /* a parent whose schema has no such child */

    assert_int_equal(lyd_new_inner(NULL, t->module, "odd", 0, &tree),
                     LY_SUCCESS);
    ly_log_options(0);
    assert_int_equal(dots_target_write(&target, tree), DOTS_ERROR);
    ly_log_options(LY_LOLOG | LY_LOSTORE_LAST);
    lyd_free_all(tree);
}


static void
test_target_refused(void **state)
{
    size_t            i;
    test_target_t    *t = *state;
    dots_fault_t      f;
    dots_target_t     target;
    struct lyd_node  *tree;

    static const struct {
        const char         *json;
        const char         *attribute;
        dots_fault_kind_t   kind;
    } cases[] = {
        { "{\"t:alias\":[{\"name\":\"n\",\"target-prefix\":[\"\"]}]}",
          "target-prefix", DOTS_FAULT_INVALID_VALUE },
        { "{\"t:alias\":[{\"name\":\"n\",\"target-prefix\":[\"1.2.3/8\"]}]}",
          "target-prefix", DOTS_FAULT_INVALID_VALUE },
        { "{\"t:alias\":[{\"name\":\"n\",\"target-fqdn\":[\"\"]}]}",
          "target-fqdn", DOTS_FAULT_INVALID_VALUE },
        { "{\"t:alias\":[{\"name\":\"n\",\"target-uri\":[\"\"]}]}",
          "target-uri", DOTS_FAULT_INVALID_VALUE },
        { "{\"t:alias\":[{\"name\":\"n\",\"alias-name\":[\"a\",\"\"]}]}",
          "alias-name", DOTS_FAULT_INVALID_VALUE },
        { "{\"t:alias\":[{\"name\":\"n\",\"target-port-range\":"
          "[{\"lower-port\":80,\"upper-port\":79}]}]}",
          "upper-port", DOTS_FAULT_INVALID_VALUE },
        { "{\"t:odd\":{\"target-port-range\":[{\"upper-port\":79}]}}",
          "lower-port", DOTS_FAULT_MISSING },
        { "{\"t:odd\":{\"target-protocol\":[\"256\"]}}",
          "target-protocol", DOTS_FAULT_INVALID_VALUE },
        { "{\"t:odd\":{\"target-protocol\":[\"-1\"]}}",
          "target-protocol", DOTS_FAULT_INVALID_VALUE },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tree = test_target_parse(t, cases[i].json);
        assert_int_equal(dots_target_read(tree, t->a, &target, &f),
                         DOTS_INVALID);
        assert_string_equal(f.attribute, cases[i].attribute);
        assert_int_equal(f.kind, cases[i].kind);
        lyd_free_all(tree);
    }
}


static void
test_target_limits(void **state)
{
    int               i;
    char              text[DOTS_TARGET_STRING + 2];
    dots_arena_t     *small;
    dots_fault_t      f;
    dots_target_t     target;
    test_target_t    *t = *state;
    struct lyd_node  *tree;

    assert_int_equal(lyd_new_list(NULL, t->module, "alias", 0, &tree, "n"),
                     LY_SUCCESS);

    for (i = 0; i < DOTS_TARGET_MAX; i++) {
        snprintf(text, sizeof(text), "192.0.%d.%d/32", i >> 8, i & 255);
        assert_int_equal(lyd_new_term(tree, NULL, "target-prefix", text, 0,
                                      NULL), LY_SUCCESS);
    }

    assert_int_equal(dots_target_read(tree, t->a, &target, &f), DOTS_OK);
    assert_int_equal(target.nprefixes, DOTS_TARGET_MAX);

    small = dots_arena_create(100);
    assert_int_equal(dots_target_read(tree, small, &target, &f), DOTS_ERROR);
    dots_arena_destroy(small);

    assert_int_equal(lyd_new_term(tree, NULL, "target-prefix", "192.0.9.9/32",
                                  0, NULL), LY_SUCCESS);
    assert_int_equal(dots_target_read(tree, t->a, &target, &f), DOTS_INVALID);
    assert_int_equal(f.kind, DOTS_FAULT_TOO_BIG);
    lyd_free_all(tree);

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(lyd_new_list(NULL, t->module, "alias", 0, &tree, "n"),
                     LY_SUCCESS);
    assert_int_equal(lyd_new_term(tree, NULL, "target-uri", text, 0, NULL),
                     LY_SUCCESS);
    assert_int_equal(dots_target_read(tree, t->a, &target, &f), DOTS_INVALID);
    assert_int_equal(f.kind, DOTS_FAULT_TOO_BIG);
    assert_string_equal(f.attribute, "target-uri");
    lyd_free_all(tree);
}


/* The refresh rule of RFC 9132 section 4.4.1.3: order does not count. */

static void
test_target_equality(void **state)
{
    test_target_t  *t = *state;
    dots_target_t   a, b, c;

    test_target_from(t, test_target_all, &a);
    assert_false(dots_target_empty(&a));
    assert_int_equal(dots_target_copy(&b, &a, t->a), DOTS_OK);
    assert_ptr_not_equal(a.uris[0].data, b.uris[0].data);
    assert_true(dots_target_equal(&a, &b));

    b.prefixes[0] = a.prefixes[1];
    b.prefixes[1] = a.prefixes[0];
    b.aliases[0] = a.aliases[1];
    b.aliases[1] = a.aliases[0];
    assert_true(dots_target_equal(&a, &b));

    c = b;
    c.nprotocols = 1;               /* less, either way round */
    assert_false(dots_target_equal(&a, &c));
    assert_false(dots_target_equal(&c, &a));

    b.ports[2].upper--;
    assert_false(dots_target_equal(&a, &b));

    memset(&c, 0, sizeof(c));
    c.nports = a.nports;            /* ports alone are no target */
    c.ports = a.ports;
    assert_true(dots_target_empty(&c));
}


static int
test_target_verdict(test_target_t *t, const char *attribute, const char *text,
    dots_fault_t *f)
{
    dots_str_t      s;
    dots_prefix_t   p;
    dots_target_t   target;

    memset(&target, 0, sizeof(target));
    memset(f, 0, sizeof(*f));
    s = test_target_str(text);

    if (strcmp(attribute, "target-prefix") == 0) {
        assert_int_equal(dots_prefix_parse(&p, s), DOTS_OK);
        target.nprefixes = 1;
        target.prefixes = &p;

    } else if (strcmp(attribute, "target-fqdn") == 0) {
        target.nfqdns = 1;
        target.fqdns = &s;

    } else {
        target.nuris = 1;
        target.uris = &s;
    }

    return dots_target_check(&target, t->c, f);
}


static void
test_target_checks(void **state)
{
    int             rc;
    size_t          i;
    dots_fault_t    f;
    test_target_t  *t = *state;

    static const char *const  cases[][3] = {
        { "target-prefix", "192.0.2.0/24", NULL },
        { "target-prefix", "2001:db8:6401::1/128", NULL },
        { "target-prefix", "::ffff:192.0.2.1", NULL },
        { "target-prefix", "198.51.100.0/24",
          "target-prefix 198.51.100.0/24 is not yours" },
        { "target-prefix", "192.0.2.0/23",
          "target-prefix 192.0.2.0/23 is not yours" },
        { "target-prefix", "224.0.0.1",
          "target-prefix 224.0.0.1/32 is a multicast address" },
        { "target-prefix", "::ffff:127.0.0.1",
          "target-prefix 127.0.0.1/32 is a loopback address" },
        { "target-prefix", "0.0.0.0/0",
          "target-prefix 0.0.0.0/0 is an unspecified address" },
        { "target-fqdn", "www.example.com", NULL },
        { "target-fqdn", "WWW.Example.COM.", NULL },
        { "target-fqdn", "www.example.net",
          "target-fqdn www.example.net is not yours" },
        { "target-fqdn", "192.0.2.1",
          "target-fqdn 192.0.2.1 is not a domain name" },
        { "target-fqdn", "2001:db8:6401::1",
          "target-fqdn 2001:db8:6401::1 is not a domain name" },
        { "target-fqdn", "*.example.com",
          "target-fqdn *.example.com is not a domain name" },
        { "target-fqdn", "a b\n.example.com",
          "target-fqdn a?b?.example.com is not a domain name" },
        { "target-uri", "https://www.example.com/", NULL },
        { "target-uri", "https://[2001:db8:6401::1]:8443/", NULL },
        { "target-uri", "coap://192.0.2.1", NULL },
        { "target-uri", "https://198.51.100.1/",
          "target-uri 198.51.100.1/32 is not yours" },
        { "target-uri", "https://[::ffff:127.0.0.1]/",
          "target-uri 127.0.0.1/32 is a loopback address" },
        { "target-uri", "https://example.com@example.net/",
          "target-uri host example.net is not yours" },
        { "target-uri", "mailto:a@example.com",
          "target-uri mailto:a@example.com is not a URI with a host" },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rc = test_target_verdict(t, cases[i][0], cases[i][1], &f);

        if (cases[i][2] == NULL) {
            if (rc != DOTS_OK) {
                fail_msg("%s: %s", cases[i][1], f.message);
            }

            continue;
        }

        assert_int_equal(rc, DOTS_INVALID);
        assert_string_equal(f.attribute, cases[i][0]);
        assert_string_equal(f.message, cases[i][2]);
    }
}


static void
test_target_resolved(void **state)
{
    dots_str_t      www = dots_string("www.example.com");
    dots_fault_t    f;
    dots_prefix_t   p[2];
    test_target_t  *t = *state;

    dots_prefix_parse(&p[0], test_target_str("192.0.2.80"));
    dots_prefix_parse(&p[1], test_target_str("100.64.0.80"));

    assert_int_equal(dots_target_check_resolved(p, 1, "target-fqdn", www, t->c,
                                                &f), DOTS_OK);
    assert_int_equal(dots_target_check_resolved(p, 2, "target-uri", www, t->c,
                                                &f), DOTS_INVALID);
    assert_string_equal(f.attribute, "target-uri");
    assert_string_equal(f.message, "target-uri www.example.com: its address"
                                   " 100.64.0.80/32 is not yours");
    assert_int_equal(dots_target_check_resolved(p, 0, "target-fqdn", www, t->c,
                                                &f), DOTS_INVALID);
}


static void
test_target_uris(void **state)
{
    int            literal;
    char           text[DOTS_PREFIX_TEXT];
    size_t         i;
    uint8_t        protocol;
    uint16_t       port;
    dots_str_t     host;
    dots_prefix_t  addr;

    static const struct {
        const char *uri;
        const char *host;       /* NULL: invalid */
        int         literal;
        uint16_t    port;
        uint8_t     protocol;
    } cases[] = {
        { "http://example.com", "example.com", 0, 80, 6 },
        { "HTTPS://Example.com/", "Example.com", 0, 443, 6 },
        { "https://example.com:8443?q#f", "example.com", 0, 8443, 6 },
        { "https://example.com:/", "example.com", 0, 443, 6 },
        { "coap://u:p%40@example.com/a%20b;c=1", "example.com", 0, 5683, 17 },
        { "coaps+tcp://example.com.", "example.com.", 0, 5684, 6 },
        { "dns://192.0.2.1/x", "192.0.2.1/32", 1, 53, 0 },
        { "x-y.z://[2001:DB8::1]:00080", "2001:db8::1/128", 1, 80, 0 },
        { "foo://[::ffff:192.0.2.1]", "192.0.2.1/32", 1, 0, 0 },
        { "http://example.com/:@/?://#?/", "example.com", 0, 80, 6 },
        { "", NULL, 0, 0, 0 },
        { "example.com", NULL, 0, 0, 0 },
        { "//example.com/", NULL, 0, 0, 0 },
        { "1http://example.com", NULL, 0, 0, 0 },
        { "ht_tp://example.com", NULL, 0, 0, 0 },
        { "http:example.com", NULL, 0, 0, 0 },
        { "http:/example.com", NULL, 0, 0, 0 },
        { "file:///etc/passwd", NULL, 0, 0, 0 },
        { "http://:80/", NULL, 0, 0, 0 },
        { "http://user@/", NULL, 0, 0, 0 },
        { "http://a@b@example.com/", NULL, 0, 0, 0 },
        { "http://exa%6dple.com/", NULL, 0, 0, 0 },
        { "http://example.com:65536/", NULL, 0, 0, 0 },
        { "http://example.com:0/", NULL, 0, 0, 0 },
        { "http://example.com:8o/", NULL, 0, 0, 0 },
        { "http://example.com:99999999999999999999/", NULL, 0, 0, 0 },
        { "http://example.com/a b", NULL, 0, 0, 0 },
        { "http://example.com/%zz", NULL, 0, 0, 0 },
        { "http://example.com/%2", NULL, 0, 0, 0 },
        { "http://example.com/#a#b", NULL, 0, 0, 0 },
        { "http://exam\303\244ple.com/", NULL, 0, 0, 0 },
        { "http://example.com\\@evil.org/", NULL, 0, 0, 0 },
        { "http://[192.0.2.1]/", NULL, 0, 0, 0 },
        { "http://[2001:db8::1/", NULL, 0, 0, 0 },
        { "http://[2001:db8::1]x/", NULL, 0, 0, 0 },
        { "http://[fe80::1%25eth0]/", NULL, 0, 0, 0 },
        { "http://[v1.x]/", NULL, 0, 0, 0 },
        { "http://2001:db8::1/", NULL, 0, 0, 0 },
        { "http://192.0.2.256/", NULL, 0, 0, 0 },
        { "http://3221225985/", NULL, 0, 0, 0 },
        { "http://0xc0000201/", NULL, 0, 0, 0 },
        { "http://192.0.2.010/", NULL, 0, 0, 0 },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        if (cases[i].host == NULL) {
            if (dots_target_uri(test_target_str(cases[i].uri), &host, &addr,
                                &literal, &port, &protocol) != DOTS_INVALID)
            {
                fail_msg("%s passes", cases[i].uri);
            }

            continue;
        }

        assert_int_equal(dots_target_uri(test_target_str(cases[i].uri), &host,
                                         &addr, &literal, &port, &protocol),
                         DOTS_OK);
        assert_int_equal(literal, cases[i].literal);
        assert_int_equal(port, cases[i].port);
        assert_int_equal(protocol, cases[i].protocol);

        if (literal) {
            dots_prefix_print(&addr, text);
            assert_string_equal(text, cases[i].host);

        } else {
            assert_true(dots_str_eq(host, test_target_str(cases[i].host)));
        }
    }

    assert_int_equal(dots_target_uri(dots_str("http://a\0b/", 11), &host, &addr,
                                     &literal, &port, &protocol),
                     DOTS_INVALID);
}


/* For the log: whole items, and a word about those that found no room */

static void
test_target_texts(void **state)
{
    char               buf[128];
    size_t             len, size;
    dots_prefix_t      prefix;
    dots_port_range_t  ports[] = { { 80, 80, 0 }, { 8000, 8080, 1 } };
    uint8_t            protocols[] = { 6 };
    dots_str_t         fqdn = dots_string("www.example.com");
    dots_str_t         alias = dots_string("web");
    dots_target_t      t = {
        .nprefixes = 1, .prefixes = &prefix,
        .nports = 2, .ports = ports,
        .nprotocols = 1, .protocols = protocols,
        .nfqdns = 1, .fqdns = &fqdn,
        .naliases = 1, .aliases = &alias
    };

    static const char  whole[] = "192.0.2.1/32 www.example.com alias:web "
                                 "protocol:6 port:80 port:8000-8080";

    (void) state;

    assert_int_equal(dots_prefix_parse(&prefix, dots_str("192.0.2.1/32", 12)),
                     DOTS_OK);

    assert_int_equal(dots_target_text(&t, buf, sizeof(buf)),
                     sizeof(whole) - 1);
    assert_memory_equal(buf, whole, sizeof(whole) - 1);

    for (size = 8; size < sizeof(whole) + 3; size++) {

        len = dots_target_text(&t, buf, size);

        assert_true(len <= size);

        if (len == sizeof(whole) - 1) {
            assert_true(size >= sizeof(whole) - 1 + 4);
            continue;
        }

        assert_memory_equal(buf + len - 4, " ...", 4);
        assert_memory_equal(buf, whole, len - 4);
        assert_true(len == 4 || whole[len - 4] == ' ');
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_target_yang),
        cmocka_unit_test(test_target_structure),
        cmocka_unit_test(test_target_unwritable),
        cmocka_unit_test(test_target_refused),
        cmocka_unit_test(test_target_limits),
        cmocka_unit_test(test_target_equality),
        cmocka_unit_test(test_target_checks),
        cmocka_unit_test(test_target_resolved),
        cmocka_unit_test(test_target_uris),
        cmocka_unit_test(test_target_texts),
    };

    return cmocka_run_group_tests(tests, test_target_setup,
                                  test_target_teardown);
}
