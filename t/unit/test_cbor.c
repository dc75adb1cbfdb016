/*
 * signal/dots_cbor: messages as a whole, their forms, limits and encoding; RFC
 * 9132 section 6, RFC 8949.
 */

#include "cbor_hex.h"

#include "dots_target.h"

#include "cbor_figures.h"


/* ---- the figures ---- */

static void
test_figures_decode(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < CBOR_NFIGURES; i++) {
        test_accepts(cbor_figures[i].hex, cbor_figures[i].json);
    }
}


/* Encoded, decoded and encoded again: the same message, the same bytes. */

static void
test_figures_encode(void **state)
{
    size_t            i, n, len, again;
    uint8_t           in[TEST_SIZE], out[TEST_SIZE], out2[TEST_SIZE];
    dots_fault_t      f;
    struct lyd_node  *tree;

    (void) state;

    for (i = 0; i < CBOR_NFIGURES; i++) {

        n = test_hex(cbor_figures[i].hex, in);

        assert_int_equal(test_decode_bytes(in, n, &tree, &f), DOTS_OK);
        assert_int_equal(dots_cbor_encode(tree, out, sizeof(out), &len),
                         DOTS_OK);
        assert_int_equal(len, n);
        lyd_free_all(tree);

        assert_int_equal(test_decode_bytes(out, len, &tree, &f), DOTS_OK);
        assert_int_equal(dots_cbor_encode(tree, out2, sizeof(out2), &again),
                         DOTS_OK);
        assert_int_equal(again, len);
        assert_memory_equal(out, out2, len);
        lyd_free_all(tree);
    }
}


/* RFC 9132 Figure 8 is printed in the order of the schema: the very bytes. */

static void
test_figure_8(void **state)
{
    size_t            n, len;
    uint8_t           in[TEST_SIZE], out[TEST_SIZE];
    dots_fault_t      f;
    struct lyd_node  *tree;

    (void) state;

    n = test_hex(cbor_figures[0].hex, in);
    assert_int_equal(n, 73);

    assert_int_equal(test_decode_bytes(in, n, &tree, &f), DOTS_OK);

    assert_int_equal(dots_cbor_encode(tree, out, n, &len), DOTS_OK);
    assert_int_equal(len, n);
    assert_memory_equal(in, out, n);

    /* every smaller buffer is too small, and none is written past its end */

    while (n--) {
        memset(out, 0xee, sizeof(out));
        assert_int_equal(dots_cbor_encode(tree, out, n, &len), DOTS_FULL);
        assert_int_equal(out[n], 0xee);
    }

    lyd_free_all(tree);
}


/* No beginning of a message is a message. */

static void
test_truncated(void **state)
{
    size_t            i, n;
    uint8_t           in[TEST_SIZE];
    dots_fault_t      f;
    struct lyd_node  *tree;

    (void) state;

    for (i = 0; i < CBOR_NFIGURES; i++) {

        n = test_hex(cbor_figures[i].hex, in);

        while (n--) {
            assert_int_equal(test_decode_bytes(in, n, &tree, &f),
                             DOTS_INVALID);
            assert_int_equal(f.kind, DOTS_FAULT_MALFORMED);
            assert_null(tree);
        }
    }
}


/* ---- forms, RFC 8949 ---- */

static void
test_indefinite(void **state)
{
    (void) state;

    /* maps, arrays and text in chunks, an empty chunk among them */

    test_accepts("bf 01 bf 02 9f bf"
                 "   06 9f 7f 68 3139322e302e322e 60 64 372f3332 ff ff"
                 "   07 9f bf 08 1850 ff ff"
                 "   0e 19 0e10 ff ff ff ff",
                 "{\"ietf-dots-signal-channel:scope\":[{\"target-prefix\":["
                 "\"192.0.2.7/32\"],\"target-port-range\":[{\"lower-port\":80}"
                 "],\"lifetime\":3600}]}");

    /* the pair of a decimal fraction */

    test_accepts("a1 182e a1 182f 61 61", "{\"ietf-dots-signal-channel:"
                 "alt-server\":\"a\"}");
    test_accepts("a1 181e a1 1820 a1 1827 a1 182b c4 9f 21 18c8 ff",
                 "{\"ietf-dots-signal-channel:mitigating-config\":{"
                 "\"ack-timeout\":{\"current-value-decimal\":\"2.0\"}}}");
}


static void
test_indefinite_malformed(void **state)
{
    (void) state;

    /* a break instead of a value */
    test_refuses("a1 01 bf 02 ff", DOTS_FAULT_INVALID_VALUE, "scope",
                 "not an array");

    /* a break in a definite map */
    test_refuses("a1 ff", DOTS_FAULT_MALFORMED, NULL, "key");

    /* a chunk of another type, a chunk that is indefinite */
    test_refuses("a1 182e a1 182f 7f 41 61 ff", DOTS_FAULT_MALFORMED, NULL,
                 "malformed");
    test_refuses("a1 182e a1 182f 7f 7f ff ff", DOTS_FAULT_MALFORMED, NULL,
                 "malformed");

    /* UTF-8 split between chunks, RFC 8949 section 3.2.3 */
    test_refuses("a1 182e a1 182f 7f 61 c3 61 a9 ff", DOTS_FAULT_MALFORMED,
                 NULL, "UTF-8");
}


/* Keys in any order, the key of a list among them; longer forms of numbers. */

static void
test_order(void **state)
{
    static const char  json[] =
        "{\"ietf-dots-signal-channel:scope\":[{\"target-port-range\":["
        "{\"lower-port\":80,\"upper-port\":90}],\"lifetime\":-1,"
        "\"trigger-mitigation\":false}]}";

    (void) state;

    test_accepts("a1 01 a1 02 81 a3 07 81 a2 08 1850 09 185a 0e 20 182d f4",
                 json);
    test_accepts("a1 01 a1 02 81 a3 182d f4 0e 20 07 81 a2 09 185a 08 1850",
                 json);
    test_accepts("b801 01 a1 02 81 a3 182d f4 0e 3b"
                 "0000000000000000 07 81 a2 09 19005a 08 1a00000050", json);
}


/* Entries by their two keys, RFC 9244; keys last, between them a container. */

static void
test_two_keys(void **state)
{
    (void) state;

    test_accepts("a1 18d0 a1 188a 81 a1 18a2 82"
                 " a3 18a9 a1 188f 05 18a4 02 18ca 01"
                 " a2 18ca 01 18a4 03",
                 "{\"ietf-dots-telemetry:pre-or-ongoing-mitigation\":[{"
                 "\"attack-detail\":[{\"vendor-id\":1,\"attack-id\":2,"
                 "\"source-count\":{\"peak-g\":\"5\"}},"
                 "{\"vendor-id\":1,\"attack-id\":3}]}]}");

    test_refuses("a1 18d0 a1 188a 81 a1 18a2 82 a2 18a4 02 18ca 01"
                 " a2 18ca 01 18a4 02", DOTS_FAULT_INVALID_VALUE,
                 "attack-detail", "twice");
    test_refuses("a1 18d0 a1 188a 81 a1 18a2 81 a1 18a4 02",
                 DOTS_FAULT_MISSING, "vendor-id", "vendor-id is missing");
}


static void
test_body(void **state)
{
    (void) state;

    test_refuses("", DOTS_FAULT_MALFORMED, NULL, "truncated");
    test_refuses("80", DOTS_FAULT_MALFORMED, NULL, "not a CBOR map");
    test_refuses("f6", DOTS_FAULT_MALFORMED, NULL, "not a CBOR map");
    test_refuses("a0", DOTS_FAULT_MISSING, NULL, "no DOTS message");
    test_refuses("bfff", DOTS_FAULT_MISSING, NULL, "no DOTS message");
    test_refuses("a1 1831 a1 1833 f5 00", DOTS_FAULT_MALFORMED, NULL,
                 "1 bytes after");
    test_refuses("a1 01 00", DOTS_FAULT_INVALID_VALUE,
                 "ietf-dots-signal-channel:mitigation-scope", "not a map");
    test_refuses("a2 1831 a1 1833 f5 181e a0", DOTS_FAULT_INVALID_VALUE,
                 "ietf-dots-signal-channel:signal-config", "second message");

    /* reserved additional information, RFC 8949 section 3 */
    test_refuses("a1 01 a1 1c", DOTS_FAULT_MALFORMED, NULL, "malformed");
    test_refuses("a1 01 a1 02 81 a1 0e f818", DOTS_FAULT_MALFORMED, NULL,
                 "malformed");
}


/* Nothing is allocated by a length that the peer claims. */

static void
test_claims(void **state)
{
    (void) state;

    test_refuses("bb ffffffffffffffff", DOTS_FAULT_MALFORMED, NULL,
                 "truncated");
    test_refuses("a1 01 a1 02 9b ffffffffffffffff", DOTS_FAULT_MALFORMED, NULL,
                 "truncated");
    test_refuses("a1 182e a1 182f 7b ffffffffffffffff 61",
                 DOTS_FAULT_MALFORMED, NULL, "truncated");
    test_refuses("a1 01 a1 02 81 a1 190080 bb ffffffffffffffff 00",
                 DOTS_FAULT_MALFORMED, NULL, "truncated");
    test_refuses("a1 01 a1 02 81 a1 194000 bb ffffffffffffffff 00",
                 DOTS_FAULT_MALFORMED, NULL, "truncated");
}


/* ---- limits ---- */

static void
test_depth(void **state)
{
    size_t            n, i;
    uint8_t           buf[TEST_SIZE];
    dots_fault_t      f;
    struct lyd_node  *tree;

    (void) state;

    /* body, message: 14 levels more are allowed, 15 are not */

    for (i = 14; i <= 5000; i += i == 15 ? 4985 : 1) {

        n = test_hex("a1 01 a2 02 81 a1 0e 01 194000", buf);
        memset(buf + n, 0x81, i);
        buf[n + i - 1] = 0x80;

        /* the innermost is empty: i - 1 levels hold something */

        assert_int_equal(test_decode_bytes(buf, n + i, &tree, &f),
                         i <= 15 ? DOTS_OK : DOTS_INVALID);

        if (i > 15) {
            assert_int_equal(f.kind, DOTS_FAULT_TOO_BIG);
            assert_non_null(strstr(f.message, "16"));
        }

        lyd_free_all(tree);
    }
}


static void
test_items(void **state)
{
    size_t            n;
    uint8_t           buf[TEST_SIZE];
    dots_fault_t      f;
    struct lyd_node  *tree;

    (void) state;

    n = test_hex("a1 01 a2 02 81 a1 0e 01 194000 9f", buf);
    memset(buf + n, 0, sizeof(buf) - n);
    n = sizeof(buf);
    buf[n - 1] = 0xff;

    test_own = 1;

    assert_int_equal(test_decode_bytes(buf, n, &tree, &f), DOTS_INVALID);
    assert_int_equal(f.kind, DOTS_FAULT_TOO_BIG);
    assert_non_null(strstr(f.message, "4096"));

    /* a client reads what its server sends */

    test_own = 0;

    assert_int_equal(test_decode_bytes(buf, n, &tree, &f), DOTS_OK);
    lyd_free_all(tree);
}


/*
 * What the model takes of one kind, in a request: the rest of it is not looked
 * at.  An answer may have more.
 */

static void
test_entries(void **state)
{
    size_t            i, n;
    uint8_t           buf[TEST_SIZE];
    dots_fault_t      f;
    struct lyd_node  *tree;

    (void) state;

    assert_int_equal(DOTS_CBOR_ENTRIES, DOTS_TARGET_MAX);

    n = test_hex("a1 01 a1 02 81 a2 0e 01 0d 9f", buf);

    for (i = 0; i <= DOTS_CBOR_ENTRIES; i++) {
        n += (size_t) snprintf((char *) buf + n, sizeof(buf) - n, "d%04zu", i);
    }

    n += test_hex("ff", buf + n);

    assert_int_equal(test_decode_bytes(buf, n, &tree, &f), DOTS_OK);
    lyd_free_all(tree);

    test_own = 1;

    assert_int_equal(test_decode_bytes(buf, n, &tree, &f), DOTS_INVALID);
    assert_int_equal(f.kind, DOTS_FAULT_TOO_BIG);
    assert_string_equal(f.attribute, "alias-name");
    assert_string_equal(f.message, "more than 512 alias-name entries");

    /* not even whether there is more */

    assert_int_equal(test_decode_bytes(buf, n - 1, &tree, &f), DOTS_INVALID);
    assert_int_equal(f.kind, DOTS_FAULT_TOO_BIG);

    /* one less is taken */

    n -= 6;
    buf[n++] = 0xff;

    assert_int_equal(test_decode_bytes(buf, n, &tree, &f), DOTS_OK);
    lyd_free_all(tree);

    test_own = 0;
}


static void
test_keys_limit(void **state)
{
    size_t            i, n;
    uint8_t           buf[TEST_SIZE];
    dots_fault_t      f;
    struct lyd_node  *tree;

    (void) state;

    n = test_hex("bf", buf);

    for (i = 0; i < 300; i++) {
        buf[n++] = 0x19;
        buf[n++] = 0x40 + (uint8_t) (i >> 8);
        buf[n++] = (uint8_t) i;
        buf[n++] = 0x00;
    }

    assert_int_equal(test_decode_bytes(buf, n, &tree, &f), DOTS_INVALID);
    assert_int_equal(f.kind, DOTS_FAULT_TOO_BIG);
}


/* 4095 bytes are the longest text; in chunks as at once. */

static void
test_long_text(void **state)
{
    int               i, chunks;
    size_t            n, len;
    uint8_t           buf[TEST_SIZE];
    dots_fault_t      f;
    struct lyd_node  *tree;

    (void) state;

    for (i = 0; i < 4; i++) {

        chunks = i & 1;
        len = 4095 + (i >> 1);

        n = test_hex("a1 01 a1 02 81 a1 0d 81", buf);

        if (chunks) {
            buf[n++] = 0x7f;
        }

        buf[n++] = 0x79;
        buf[n++] = (uint8_t) (len >> 8);
        buf[n++] = (uint8_t) len;
        memset(buf + n, 'a', len);
        n += len;

        if (chunks) {
            buf[n++] = 0xff;
        }

        assert_int_equal(test_decode_bytes(buf, n, &tree, &f),
                         len == 4095 ? DOTS_OK : DOTS_INVALID);

        if (len != 4095) {
            assert_int_equal(f.kind, DOTS_FAULT_TOO_BIG);
        }

        lyd_free_all(tree);
    }
}


/* ---- encoding ---- */

static void
test_encode_new(void **state)
{
    size_t            len;
    uint8_t           buf[64], want[64];
    struct lyd_node  *top, *scope;

    (void) state;

    assert_int_equal(dots_schema_message(test_s, NULL, "mitigation-scope",
                                         &top), DOTS_OK);
    assert_int_equal(dots_schema_message_add(test_s, top, "scope", NULL,
                                             &scope), DOTS_OK);
    assert_int_equal(lyd_new_term(scope, NULL, "mid", "123", 0, NULL),
                     LY_SUCCESS);
    assert_int_equal(lyd_new_term(scope, NULL, "lifetime", "3600", 0, NULL),
                     LY_SUCCESS);
    assert_int_equal(dots_schema_message_add(test_s, top, "scope", NULL,
                                             &scope), DOTS_OK);
    assert_int_equal(lyd_new_term(scope, NULL, "lifetime", "-1", 0, NULL),
                     LY_SUCCESS);

    assert_int_equal(dots_cbor_encode(top, buf, sizeof(buf), &len), DOTS_OK);
    assert_int_equal(len, test_hex("a1 01 a1 02 82 a2 0e 190e10 05 187b"
                                   " a1 0e 20", want));
    assert_memory_equal(buf, want, len);

    /* a node that is no message */

    assert_int_equal(dots_cbor_encode(scope, buf, sizeof(buf), &len),
                     DOTS_ERROR);
    assert_int_equal(dots_cbor_encode(NULL, buf, sizeof(buf), &len),
                     DOTS_ERROR);

    lyd_free_all(top);
}


/* A structure without a key in the registry is not sent with half of it. */

static void
test_encode_no_message(void **state)
{
    size_t            len;
    uint8_t           buf[64];
    struct lyd_node  *top;

    (void) state;

    assert_int_equal(lyd_new_opaq(NULL, test_s->ctx, "x", NULL, NULL, "y",
                                  &top), LY_SUCCESS);
    assert_int_equal(dots_cbor_encode(top, buf, sizeof(buf), &len),
                     DOTS_ERROR);
    lyd_free_all(top);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_figures_decode),
        cmocka_unit_test(test_figures_encode),
        cmocka_unit_test(test_figure_8),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_indefinite),
        cmocka_unit_test(test_indefinite_malformed),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_two_keys),
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_keys_limit),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_encode_new),
        cmocka_unit_test(test_encode_no_message),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
