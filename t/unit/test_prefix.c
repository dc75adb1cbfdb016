/* Prefixes: RFC 4632 and 4291 text, RFC 5952 printing, forbidden targets. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "dots_prefix.h"


static dots_prefix_t
test_prefix_of(const char *text)
{
    dots_prefix_t  p;

    if (dots_prefix_parse(&p, dots_str(text, strlen(text))) != DOTS_OK) {
        fail_msg("%s does not parse", text);
    }

    return p;
}


static void
test_prefix_texts(void **state)
{
    size_t         i;
    char           buf[DOTS_PREFIX_TEXT];
    dots_prefix_t  p;

    static const char *const  texts[][2] = {
        { "192.0.2.0/24", "192.0.2.0/24" },
        { "192.0.2.77/24", "192.0.2.0/24" },        /* RFC 6991 ip-prefix */
        { "192.0.2.255/31", "192.0.2.254/31" },
        { "192.0.2.1", "192.0.2.1/32" },
        { "0.0.0.0/0", "0.0.0.0/0" },
        { "2001:DB8:0:0::1", "2001:db8::1/128" },   /* RFC 5952 section 4.3 */
        { "2001:db8:0:1:1:1:1:1/128", "2001:db8:0:1:1:1:1:1/128" }, /* 4.2.2 */
        { "2001:db8:0:0:1:0:0:1/128", "2001:db8::1:0:0:1/128" },    /* 4.2.3 */
        { "2001:db8:ffff::/33", "2001:db8:8000::/33" },
        { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" },
        { "::/0", "::/0" },
        { "::ffff:192.0.2.1", "192.0.2.1/32" },     /* IPv4-mapped */
        { "::FFFF:c000:0201/120", "192.0.2.0/24" },
        { "::ffff:0:0/96", "0.0.0.0/0" },
        { "::ffff:192.0.2.1/64", "::/64" },
    };

    (void) state;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        p = test_prefix_of(texts[i][0]);
        assert_int_equal(dots_prefix_print(&p, buf), strlen(texts[i][1]));
        assert_string_equal(buf, texts[i][1]);
    }
}


static void
test_prefix_malformed(void **state)
{
    size_t         i;
    dots_prefix_t  p, before;

    static const dots_str_t  texts[] = {
        dots_string(""), dots_string("/"), dots_string("/24"),
        dots_string("192.0.2.0/"), dots_string("192.0.2.0/33"),
        dots_string("192.0.2.0/024"), dots_string("192.0.2.0/00"),
        dots_string("192.0.2.0/-1"), dots_string("192.0.2.0/+8"),
        dots_string("192.0.2.0/8/8"), dots_string("192.0.2.0/ 8"),
        dots_string(" 192.0.2.0/8"), dots_string("192.0.2.0/8 "),
        dots_string("192.0.2.0 /8"), dots_string("192.0.2.0/4294967304"),
        dots_string("192.0.2"), dots_string("192.0.2.256"),
        dots_string("192.0.02.1"), dots_string("0xc0.0.2.1"),
        dots_string("192.0.2.1."), dots_string("3221225985"),
        dots_string("2001:db8::/129"), dots_string("2001:db8::/1a"),
        dots_string("2001:db8:::/32"), dots_string("[2001:db8::]/32"),
        dots_string("fe80::1%eth0"), dots_string("fe80::1%eth0/64"),
        dots_string("2001:db8::1::1"), dots_string("::g"),
        dots_string("192.0.2.0\0/24"), dots_string("192.0.2.0/24\0"),
        dots_string("2001:db8:1111:2222:3333:4444:5555:6666:7777/32"),
        dots_string("000000000000000000000000000000000000000000000:1/32"),
        { 0, NULL },
    };

    (void) state;

    memset(&p, 0x55, sizeof(p));
    before = p;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (dots_prefix_parse(&p, texts[i]) != DOTS_INVALID) {
            fail_msg("%.*s parses", (int) texts[i].len, texts[i].data);
        }

        assert_memory_equal(&p, &before, sizeof(p));
    }
}


static void
test_prefix_hosts(void **state)
{
    char           buf[DOTS_PREFIX_TEXT];
    dots_prefix_t  p;

    static const uint8_t  v4[] = { 192, 0, 2, 1 };
    static const uint8_t  v6[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 1 };
    static const uint8_t  mapped[16] = { [10] = 0xff, 0xff, 127, 0, 0, 1 };

    (void) state;

    dots_prefix_host(&p, 4, v4);
    dots_prefix_print(&p, buf);
    assert_string_equal(buf, "192.0.2.1/32");

    dots_prefix_host(&p, 6, v6);
    dots_prefix_print(&p, buf);
    assert_string_equal(buf, "2001:db8::1/128");

    /* an AAAA record cannot smuggle a loopback address in */

    dots_prefix_host(&p, 6, mapped);
    dots_prefix_print(&p, buf);
    assert_string_equal(buf, "127.0.0.1/32");
    assert_string_equal(dots_prefix_forbidden(&p), "loopback");
}


static void
test_prefix_relations(void **state)
{
    dots_prefix_t  wide, net, host, other, v6;

    (void) state;

    wide = test_prefix_of("192.0.0.0/13");
    net = test_prefix_of("192.0.2.0/24");
    host = test_prefix_of("192.0.2.128");
    other = test_prefix_of("192.0.3.0/24");
    v6 = test_prefix_of("c000::/2");

    assert_true(dots_prefix_contains(&wide, &net));
    assert_false(dots_prefix_contains(&net, &wide));
    assert_true(dots_prefix_contains(&net, &net));
    assert_true(dots_prefix_overlaps(&host, &net));
    assert_true(dots_prefix_overlaps(&net, &host));
    assert_false(dots_prefix_overlaps(&net, &other));
    assert_false(dots_prefix_overlaps(&v6, &wide)); /* same first bits */

    assert_true(dots_prefix_cmp(&wide, &net) < 0);
    assert_true(dots_prefix_cmp(&net, &host) < 0);
    assert_true(dots_prefix_cmp(&other, &net) > 0);
    assert_true(dots_prefix_cmp(&other, &v6) < 0);
    assert_int_equal(dots_prefix_cmp(&v6, &v6), 0);

    other = test_prefix_of("192.0.2.0/25");         /* shorter first */
    assert_true(dots_prefix_cmp(&net, &other) < 0);
}


static void
test_prefix_forbidden(void **state)
{
    size_t         i;
    const char    *why;
    dots_prefix_t  p;

    /* RFC 9132 section 4.4.1.1: broadcast, loopback, multicast */

    static const char *const  cases[][2] = {
        { "0.0.0.0/0", "unspecified" },      { "::/0", "unspecified" },
        { "0.1.2.3", "unspecified" },        { "127.0.0.1", "loopback" },
        { "126.0.0.0/7", "loopback" },       { "64.0.0.0/2", "loopback" },
        { "169.254.0.0/24", "link-local" },  { "224.0.0.1", "multicast" },
        { "239.255.255.255", "multicast" },  { "240.0.0.1", "reserved" },
        { "255.255.255.255", "broadcast" },  { "255.255.255.254/31",
                                               "broadcast" },
        { "::", "unspecified" },             { "::1", "loopback" },
        { "::/64", "unspecified" },          { "::ffff:127.0.0.1", "loopback" },
        { "::ffff:224.0.0.0/100", "multicast" },
        { "::fffe:0:0/95", "IPv4-mapped" },
        { "fe80::1", "link-local" },         { "febf::/16", "link-local" },
        { "ff02::1", "multicast" },          { "ff00::/8", "multicast" },
        { "fe00::/7", "link-local" },
        { "192.0.2.0/24", NULL },            { "223.255.255.255", NULL },
        { "1.0.0.0/8", NULL },               { "128.0.0.0/8", NULL },
        { "2001:db8::/32", NULL },           { "fec0::/10", NULL },
        { "::2", NULL },                     { "169.253.0.0/16", NULL },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        p = test_prefix_of(cases[i][0]);
        why = dots_prefix_forbidden(&p);

        if (cases[i][1] == NULL) {
            if (why != NULL) {
                fail_msg("%s is %s", cases[i][0], why);
            }

        } else if (why == NULL) {
            fail_msg("%s is allowed", cases[i][0]);

        } else {
            assert_string_equal(why, cases[i][1]);
        }
    }
}


static void
test_prefix_record(void **state)
{
    size_t         i;
    uint8_t        buf[32];
    dots_prefix_t  p, q;
    dots_writer_t  w;
    dots_reader_t  r;

    static const dots_str_t  bad[] = {
        dots_string("\5\10\300\0\0\0"),         /* family */
        dots_string("\4\41\300\0\2\0"),         /* length 33 */
        dots_string("\4\10\300\1\0\0"),         /* host bits */
        dots_string("\4\10\300\0\0"),           /* short */
        dots_string("\6\200\0\0\0\0\0\0\0\0\0\0\377\377\1\2\3\4"), /* mapped */
    };

    (void) state;

    p = test_prefix_of("2001:db8::/32");
    w = (dots_writer_t) { buf, buf + sizeof(buf), 0 };
    dots_prefix_write(&w, &p);
    assert_false(w.failed);
    assert_int_equal(w.pos - buf, dots_prefix_size(&p));

    r = (dots_reader_t) { buf, w.pos, 0 };
    dots_prefix_read(&r, &q);
    assert_false(r.failed);
    assert_int_equal(dots_prefix_cmp(&p, &q), 0);

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        r = (dots_reader_t) { bad[i].data, bad[i].data + bad[i].len, 0 };
        dots_prefix_read(&r, &q);
        assert_true(r.failed);
    }

    p.addr[15] = 1;                             /* a bit behind the length */
    w = (dots_writer_t) { buf, buf + sizeof(buf), 0 };
    dots_prefix_write(&w, &p);
    assert_true(w.failed);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_prefix_texts),
        cmocka_unit_test(test_prefix_malformed),
        cmocka_unit_test(test_prefix_hosts),
        cmocka_unit_test(test_prefix_relations),
        cmocka_unit_test(test_prefix_forbidden),
        cmocka_unit_test(test_prefix_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
