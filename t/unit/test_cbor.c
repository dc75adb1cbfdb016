/* signal/dots_cbor: RFC 9132 sections 6 and 10.6, RFC 8949. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dots_cbor.h"
#include "dots_target.h"

#include "cbor_figures.h"


#define TEST_SIZE 8192
#define TEST_CSV  SOURCE_DIR "/../shared/reference/cbor-keys.csv"


static dots_schema_t  *test_s;


static int
test_setup(void **state)
{
    char  err[512];

    (void) state;

    test_s = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));

    if (test_s == NULL) {
        fprintf(stderr, "%s\n", err);
    }

    return test_s == NULL;
}


static int
test_teardown(void **state)
{
    (void) state;

    dots_schema_free(test_s);

    return 0;
}


/* Bytes from hex digits; spaces between them do not count. */

static size_t
test_hex(const char *hex, uint8_t *buf)
{
    size_t    n;
    unsigned  v;

    for (n = 0; *hex != '\0'; hex += 2) {

        while (*hex == ' ') {
            hex++;
        }

        assert_int_equal(sscanf(hex, "%2x", &v), 1);
        assert_true(n < TEST_SIZE);
        buf[n++] = (uint8_t) v;
    }

    return n;
}


static int  test_own;


/* Decodes from a block of just that size, so that ASan sees an overrun. */

static int
test_decode_bytes(const uint8_t *data, size_t len, struct lyd_node **tree,
    dots_fault_t *f)
{
    int       rc;
    uint8_t  *copy;

    copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, data, len);

    memset(f, 0, sizeof(dots_fault_t));
    rc = test_own ? dots_cbor_decode_own(test_s, copy, len, tree, f)
                  : dots_cbor_decode(test_s, copy, len, tree, f);

    free(copy);

    return rc;
}


static int
test_decode(const char *hex, struct lyd_node **tree, dots_fault_t *f)
{
    uint8_t  buf[TEST_SIZE];

    return test_decode_bytes(buf, test_hex(hex, buf), tree, f);
}


static void
test_accepts(const char *hex, const char *json)
{
    int               rc;
    char             *text;
    dots_fault_t      f;
    struct lyd_node  *tree;

    rc = test_decode(hex, &tree, &f);

    if (rc != DOTS_OK) {
        fail_msg("%s: %s", hex, f.message);
    }

    assert_int_equal(lyd_print_mem(&text, lyd_child(tree), LYD_JSON,
                                   LYD_PRINT_SHRINK | LYD_PRINT_WITHSIBLINGS
                                   | LYD_PRINT_KEEPEMPTYCONT), LY_SUCCESS);

    assert_string_equal(text ? text : "", json);

    free(text);
    lyd_free_all(tree);
}


static void
test_refuses(const char *hex, dots_fault_kind_t kind, const char *attribute,
    const char *message)
{
    dots_fault_t      f;
    struct lyd_node  *tree;

    assert_int_equal(test_decode(hex, &tree, &f), DOTS_INVALID);
    assert_null(tree);

    if (strstr(f.message, message) == NULL) {
        fail_msg("%s: \"%s\" without \"%s\"", hex, f.message, message);
    }

    assert_int_equal(f.kind, kind);

    if (attribute == NULL) {
        assert_null(f.attribute);
        return;
    }

    assert_non_null(f.attribute);
    assert_string_equal(f.attribute, attribute);
}


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


/* ---- keys ---- */

/* RFC 9132 section 6 and Table 8. */

static void
test_unknown_keys(void **state)
{
    static const char  json[] =
        "{\"ietf-dots-signal-channel:scope\":[{\"lifetime\":1}]}";

    (void) state;

    test_refuses("a1 01 a1 02 81 a2 0e 01 187f 00", DOTS_FAULT_UNKNOWN, NULL,
                 "key 127");
    test_refuses("a1 01 a1 02 81 a2 0e 01 190100 00", DOTS_FAULT_UNKNOWN, NULL,
                 "key 256");
    test_refuses("a1 01 a1 02 81 a2 0e 01 193fff 00", DOTS_FAULT_UNKNOWN, NULL,
                 "key 16383");
    test_refuses("a1 01 a1 02 81 a2 0e 01 1a00010000 00", DOTS_FAULT_UNKNOWN,
                 NULL, "key 65536");
    test_refuses("a1 01 a1 02 81 a2 0e 01 00 00", DOTS_FAULT_UNKNOWN, NULL,
                 "key 0");
    test_refuses("a1 187f 00", DOTS_FAULT_UNKNOWN, NULL, "key 127");

    test_accepts("a1 01 a1 02 81 a2 0e 01 18d3 f6", json);
    test_accepts("a1 01 a1 02 81 a2 0e 01 18ff f90000", json);
    test_accepts("a1 01 a1 02 81 a2 194000 e0 0e 01", json);
    test_accepts("a2 19ffff c1 1a00000000 01 a1 02 81 a1 0e 01", json);

    /* known to other modules elsewhere (128, 200) or there (204, 32768) */

    test_accepts("a1 01 a1 02 81 a2 0e 01 1880 00", json);
    test_accepts("a1 01 a1 02 81 a2 0e 01 18c8 80", json);

    test_refuses("a1 01 a1 02 81 a2 0e 01 18cc 00", DOTS_FAULT_INVALID_VALUE,
                 "ietf-dots-telemetry:total-traffic", "array");
    test_own = 1;
    test_accepts("a1 01 a1 02 81 a2 0e 01 18cc 00", json);
    test_accepts("a1 01 a1 02 81 a2 0e 01 198000 81 62 3a3a", json);
    test_own = 0;

    test_accepts("a2 18c8 01 01 a1 02 81 a1 0e 01", json);

    /* the tag of section 10.5: once, on the whole */

    test_accepts("d9010f a1 01 a1 02 81 a1 0e 01", json);
    test_refuses("d9010f d9010f a1 01 a1 02 81 a1 0e 01",
                 DOTS_FAULT_MALFORMED, NULL, "map");
    test_refuses("d90110 a1 01 a1 02 81 a1 0e 01", DOTS_FAULT_MALFORMED, NULL,
                 "map");
    test_refuses("d9010f", DOTS_FAULT_MALFORMED, NULL, "");

    /* any well-formed value: nested, indefinite, tagged, bytes in chunks */

    test_accepts("a1 01 a1 02 81 a2 19ffff"
                 " 84 bf 00 01 ff a1 61 61 9f 20 f8 ff ff c2 41 00"
                 " 5f 42 0001 40 ff 0e 01", json);

    /* and no other */

    test_refuses("a1 01 a1 02 81 a2 19ffff bf 00 ff 0e 01",
                 DOTS_FAULT_MALFORMED, NULL, "malformed");
    test_refuses("a1 01 a1 02 81 a2 19ffff ff 0e 01", DOTS_FAULT_MALFORMED,
                 NULL, "malformed");
    test_refuses("a1 01 a1 02 81 a2 19ffff 81 ff 0e 01", DOTS_FAULT_MALFORMED,
                 NULL, "malformed");
    test_refuses("a1 01 a1 02 81 a2 19ffff 62 c328 0e 01",
                 DOTS_FAULT_MALFORMED, NULL, "UTF-8");
}


/* A known key where it has no place. */

static void
test_misplaced_keys(void **state)
{
    (void) state;

    /* cuid belongs to Uri-Path, RFC 9132 section 4.4.1 */
    test_refuses("a1 01 a1 02 81 a2 0e 01 04 61 61", DOTS_FAULT_UNKNOWN,
                 "cuid", "key 4 (cuid) is not allowed in scope");
    test_refuses("a1 02 80", DOTS_FAULT_UNKNOWN, "scope", "in the body");
    test_refuses("a1 01 a1 06 80", DOTS_FAULT_UNKNOWN, "target-prefix",
                 "not allowed");

    /* acl-list is 53 in a scope (RFC 9133), 22 in a conflict-scope */
    test_refuses("a1 01 a1 02 81 a1 16 81 a1 17 61 61", DOTS_FAULT_UNKNOWN,
                 "acl-list", "not allowed");

    test_refuses("a1 1835 80", DOTS_FAULT_UNKNOWN,
                 "ietf-dots-signal-control:acl-list", "not allowed");
}


static void
test_bad_keys(void **state)
{
    (void) state;

    test_refuses("a1 01 a1 02 81 a1 20 00", DOTS_FAULT_MALFORMED, NULL,
                 "unsigned");
    test_refuses("a1 01 a1 02 81 a1 61 61 00", DOTS_FAULT_MALFORMED, NULL,
                 "unsigned");
    test_refuses("a1 01 a1 02 81 a1 81 00 00", DOTS_FAULT_MALFORMED, NULL,
                 "unsigned");
    test_refuses("a1 01 a1 02 81 a1 07 81 a1 81 08 00", DOTS_FAULT_MISSING,
                 "lower-port", "missing");
}


static void
test_duplicate_keys(void **state)
{
    (void) state;

    test_refuses("a1 01 a1 02 81 a2 0e 01 0e 01", DOTS_FAULT_INVALID_VALUE,
                 "lifetime", "key 14 (lifetime) twice");
    test_refuses("a1 01 a1 02 81 a2 0e 01 18 0e 01", DOTS_FAULT_INVALID_VALUE,
                 "lifetime", "twice");
    test_refuses("a1 01 a1 02 81 a2 06 81 64 3a3a2f38"
                 " 06 81 64 3a3a2f39", DOTS_FAULT_INVALID_VALUE,
                 "target-prefix", "twice");
    test_refuses("a1 01 a1 02 81 a1 07 81 a2 08 01 08 02",
                 DOTS_FAULT_INVALID_VALUE, "lower-port", "twice");
    test_refuses("a1 01 a1 02 81 a2 194000 00 194000 00",
                 DOTS_FAULT_INVALID_VALUE, NULL, "key 16384 (unknown) twice");

    /* the same key in two maps is none */

    test_accepts("a1 01 a1 02 82 a1 0e 01 a1 0e 01",
                 "{\"ietf-dots-signal-channel:scope\":[{\"lifetime\":1},"
                 "{\"lifetime\":1}]}");
}


/* ---- values ---- */

static void
test_types(void **state)
{
    (void) state;

    /* RFC 9132 Table 5 */

    test_refuses("a1 01 a1 02 81 a1 06 81 00", DOTS_FAULT_INVALID_VALUE,
                 "target-prefix", "must not be an unsigned integer");
    test_refuses("a1 01 a1 02 81 a1 06 81 41 61", DOTS_FAULT_INVALID_VALUE,
                 "target-prefix", "must not be a byte string");
    test_refuses("a1 01 a1 02 81 a1 06 00", DOTS_FAULT_INVALID_VALUE,
                 "target-prefix", "not an array");
    test_refuses("a1 01 a1 02 81 a1 0e 61 31", DOTS_FAULT_INVALID_VALUE,
                 "lifetime", "must not be a text string");
    test_refuses("a1 01 a1 02 81 a1 0e f6", DOTS_FAULT_INVALID_VALUE,
                 "lifetime", "must not be");
    test_refuses("a1 01 a1 02 81 a1 0e c1 01", DOTS_FAULT_INVALID_VALUE,
                 "lifetime", "must not be");
    test_refuses("a1 01 a1 02 81 a1 05 20", DOTS_FAULT_INVALID_VALUE, "mid",
                 "negative");
    test_refuses("a1 01 a1 02 81 a1 182d 01", DOTS_FAULT_INVALID_VALUE,
                 "trigger-mitigation", "unsigned");
    test_refuses("a1 01 a1 02 81 a1 07 81 00", DOTS_FAULT_INVALID_VALUE,
                 "target-port-range", "not a map");
    test_refuses("a1 01 a1 02 81 a1 07 81 a1 08 61 38",
                 DOTS_FAULT_INVALID_VALUE, "lower-port", "text");
    test_refuses("a1 01 a1 02 81 a1 11 80", DOTS_FAULT_INVALID_VALUE,
                 "conflict-information", "not a map");

    /* 64-bit counters and enumerations are numbers here, text in JSON */

    test_refuses("a1 01 a1 02 81 a1 1819 61 31", DOTS_FAULT_INVALID_VALUE,
                 "bytes-dropped", "text");
    test_refuses("a1 01 a1 02 81 a1 10 61 31", DOTS_FAULT_INVALID_VALUE,
                 "status", "text");
    test_accepts("a1 01 a1 02 81 a1 1819 1bffffffffffffffff",
                 "{\"ietf-dots-signal-channel:scope\":[{\"bytes-dropped\":"
                 "\"18446744073709551615\"}]}");
}


static void
test_ranges(void **state)
{
    (void) state;

    test_refuses("a1 01 a1 02 81 a1 0e 21", DOTS_FAULT_INVALID_VALUE,
                 "lifetime", "not a valid value");
    test_refuses("a1 01 a1 02 81 a1 0e 3bffffffffffffffff",
                 DOTS_FAULT_INVALID_VALUE, "lifetime", "out of range");
    test_refuses("a1 01 a1 02 81 a1 0e 1b0000000100000000",
                 DOTS_FAULT_INVALID_VALUE, "lifetime", "not a valid value");
    test_refuses("a1 01 a1 02 81 a1 0a 81 190100", DOTS_FAULT_INVALID_VALUE,
                 "target-protocol", "not a valid value");
    test_refuses("a1 01 a1 02 81 a1 07 81 a1 08 1a00010000",
                 DOTS_FAULT_INVALID_VALUE, "lower-port", "not a valid value");
    test_refuses("a1 01 a1 02 81 a1 06 81 62 312e", DOTS_FAULT_INVALID_VALUE,
                 "target-prefix", "not a valid value");

    /* status 1 to 8, RFC 9132 Table 3 */

    test_refuses("a1 01 a1 02 81 a1 10 00", DOTS_FAULT_INVALID_VALUE, "status",
                 "unknown code 0");
    test_refuses("a1 01 a1 02 81 a1 10 09", DOTS_FAULT_INVALID_VALUE, "status",
                 "unknown code 9");
}


static void
test_text(void **state)
{
    (void) state;

    test_refuses("a1 01 a1 02 81 a1 0d 81 62 c080", DOTS_FAULT_MALFORMED, NULL,
                 "UTF-8");
    test_refuses("a1 01 a1 02 81 a1 0d 81 63 eda080", DOTS_FAULT_MALFORMED,
                 NULL, "UTF-8");
    test_refuses("a1 01 a1 02 81 a1 0d 81 64 f4908080", DOTS_FAULT_MALFORMED,
                 NULL, "UTF-8");
    test_refuses("a1 01 a1 02 81 a1 0d 81 62 e282", DOTS_FAULT_MALFORMED, NULL,
                 "UTF-8");

    /* RFC 7950 section 14, yang-char; a NUL would cut the name short */

    test_refuses("a1 01 a1 02 81 a1 0d 81 63 610062", DOTS_FAULT_INVALID_VALUE,
                 "alias-name", "character");
    test_refuses("a1 01 a1 02 81 a1 0d 81 63 efbfbf", DOTS_FAULT_INVALID_VALUE,
                 "alias-name", "character");
    test_accepts("a1 01 a1 02 81 a1 0d 81 66 c3a9f09f9880",
                 "{\"ietf-dots-signal-channel:scope\":[{\"alias-name\":["
                 "\"\xc3\xa9\xf0\x9f\x98\x80\"]}]}");
}


/* RFC 8949 section 3.4.4: value = mantissa * 10^exponent. */

static void
test_decimal(const char *hex, const char *value)
{
    char  in[128], json[256];

    (void) snprintf(in, sizeof(in), "a1 181e a1 1820 a1 1827 a1 182b %s", hex);
    (void) snprintf(json, sizeof(json), "{\"ietf-dots-signal-channel:"
                    "mitigating-config\":{\"ack-timeout\":{"
                    "\"current-value-decimal\":\"%s\"}}}", value ? value : "");

    if (value != NULL) {
        test_accepts(in, json);
        return;
    }

    test_refuses(in, DOTS_FAULT_INVALID_VALUE, "current-value-decimal", "");
}


static void
test_decimals(void **state)
{
    (void) state;

    test_decimal("c4 82 21 18c8", "2.0");
    test_decimal("c4 82 00 02", "2.0");
    test_decimal("c4 82 20 14", "2.0");
    test_decimal("c4 82 22 1907d0", "2.0");
    test_decimal("c4 82 21 05", "0.05");
    test_decimal("c4 82 21 24", "-0.05");
    test_decimal("c4 82 21 3863", "-1.0");
    test_decimal("c4 82 02 03", "300.0");
    test_decimal("c4 82 3a7fffffff 00", "0.0");
    test_decimal("c4 82 1a7fffffff 00", "0.0");
    test_decimal("c4 82 21 1b7fffffffffffffff", "92233720368547758.07");

    test_decimal("c4 82 22 05", NULL);               /* 0.005 */
    test_decimal("c4 82 1a7fffffff 01", NULL);
    test_decimal("c4 82 3a7fffffff 01", NULL);
    test_decimal("c4 82 1a80000000 00", NULL);       /* no int32 */
    test_decimal("c4 82 11 01", NULL);               /* 10^17: out of range */
    test_decimal("c4 82 21 1b8000000000000000", NULL);
    test_decimal("c4 82 00 1b7fffffffffffffff", NULL);
    test_decimal("c4 81 21", NULL);
    test_decimal("c4 83 21 01 01", NULL);
    test_decimal("c4 9f 21 01 01 ff", NULL);
    test_decimal("c4 82 21 c2 41 01", NULL);         /* a bignum */
    test_decimal("c4 82 21 f5", NULL);
    test_decimal("c4 02", NULL);
    test_decimal("c5 82 21 01", NULL);               /* a bigfloat */
    test_decimal("02", NULL);
    test_decimal("f94000", NULL);
    test_decimal("63 322e30", NULL);
}


/* RFC 9132 section 4.4.1.1; containers may be empty. */

static void
test_empty(void **state)
{
    (void) state;

    test_refuses("a1 01 a1 02 81 a1 06 80", DOTS_FAULT_INVALID_VALUE,
                 "target-prefix", "empty");
    test_refuses("a1 01 a1 02 81 a1 07 9fff", DOTS_FAULT_INVALID_VALUE,
                 "target-port-range", "empty");
    test_refuses("a1 01 a1 02 81 a1 0d 81 60", DOTS_FAULT_INVALID_VALUE,
                 "alias-name", "empty");
    test_refuses("a1 01 a1 02 81 a1 0d 81 7fff", DOTS_FAULT_INVALID_VALUE,
                 "alias-name", "empty");
    test_refuses("a1 01 a1 02 80", DOTS_FAULT_INVALID_VALUE, "scope", "empty");

    test_accepts("a1 01 a1 02 81 a0",
                 "{\"ietf-dots-signal-channel:scope\":[{}]}");
    test_accepts("a1 181e a1 182c a1 1821 a0",
                 "{\"ietf-dots-signal-channel:idle-config\":{"
                 "\"heartbeat-interval\":{}}}");
}


static void
test_duplicate_values(void **state)
{
    (void) state;

    test_refuses("a1 01 a1 02 81 a1 0a 82 06 06", DOTS_FAULT_INVALID_VALUE,
                 "target-protocol", "twice");
    test_refuses("a1 01 a1 02 81 a1 07 82 a1 08 01 a2 09 05 08 01",
                 DOTS_FAULT_INVALID_VALUE, "target-port-range", "twice");

    /* 192.0.2.1/24 is 192.0.2.0/24, RFC 6991 section 4 */

    test_refuses("a1 01 a1 02 81 a1 06 82"
                 " 6c 3139322e302e322e312f3234 6c 3139322e302e322e302f3234",
                 DOTS_FAULT_INVALID_VALUE, "target-prefix", "twice");

    test_refuses("a1 182e a2 182f 61 61 1830 82 62 3a3a 62 3a3a",
                 DOTS_FAULT_INVALID_VALUE, "alt-server-record", "twice");
}


static void
test_missing(void **state)
{
    (void) state;

    test_refuses("a1 01 a1 02 81 a1 07 81 a1 09 01", DOTS_FAULT_MISSING,
                 "lower-port", "lower-port is missing");
    test_refuses("a1 182e a1 1830 81 62 3a3a", DOTS_FAULT_MISSING,
                 "alt-server", "alt-server is missing");
    test_refuses("a1 1831 a0", DOTS_FAULT_MISSING, "peer-hb-status",
                 "peer-hb-status is missing");
}


/* What only the server sends and what only the client sends, together. */

static void
test_choice(void **state)
{
    (void) state;

    test_refuses("a1 01 a1 02 81 a2 10 01 181d 01", DOTS_FAULT_INVALID_VALUE,
                 "attack-status", "status");
    test_refuses("a1 01 a1 02 81 a2 181d 01 05 01", DOTS_FAULT_INVALID_VALUE,
                 "mid", "attack-status");
}


/* An identity without its module gets the one of RFC 8519. */

static void
test_identity(void **state)
{
    static const char  json[] =
        "{\"ietf-dots-signal-channel:scope\":[{\"conflict-information\":{"
        "\"conflict-cause\":\"conflict-with-acceptlist\",\"conflict-scope\":{"
        "\"acl-list\":[{\"acl-name\":\"a\",\"acl-type\":"
        "\"ietf-access-control-list:ipv4-acl-type\"}]}}}]}";

    (void) state;

    test_accepts("a1 01 a1 02 81 a1 11 a2 13 02 15 a1 16 81 a2 17 6161"
                 " 18 18 6d 697076342d61636c2d74797065", json);
    test_accepts("a1 01 a1 02 81 a1 11 a2 13 02 15 a1 16 81 a2 17 6161"
                 " 18 18 7826 696574662d6163636573732d636f6e74726f6c2d6c697374"
                 "3a697076342d61636c2d74797065", json);
    test_refuses("a1 01 a1 02 81 a1 11 a2 13 02 15 a1 16 81 a2 17 6161"
                 " 18 18 61 61", DOTS_FAULT_INVALID_VALUE, "acl-type",
                 "not a valid value");
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


/* ---- the table ---- */

static void
test_table(void **state)
{
    uint32_t                n, key;
    const dots_cbor_key_t  *row;

    (void) state;

    /* by number and by name the same rows */

    for (n = 0, key = 0; key <= 65536; key++) {
        row = dots_cbor_key_by_number(key);

        if (row != NULL) {
            n++;
            assert_int_equal(row->key, key);
            assert_int_equal(row->required, !dots_cbor_key_optional(key));
            assert_ptr_equal(dots_cbor_key_by_name(row->name,
                                                   strlen(row->name)), row);
        }
    }

    assert_int_equal(n, 150);

    assert_null(dots_cbor_key_by_name("scop", 4));
    assert_null(dots_cbor_key_by_name("scopes", 6));
    assert_null(dots_cbor_key_by_name("", 0));
    assert_null(dots_cbor_key_by_name("zzz", 3));

    /* RFC 9132 Table 5, not the IANA registry that swaps the two */

    assert_string_equal(dots_cbor_key_by_number(34)->name, "max-value");
    assert_string_equal(dots_cbor_key_by_number(35)->name, "min-value");
    assert_string_equal(dots_cbor_key_by_number(41)->name,
                        "max-value-decimal");

    /* RFC 9132 Table 8 */

    assert_false(dots_cbor_key_optional(127));
    assert_true(dots_cbor_key_optional(128));
    assert_true(dots_cbor_key_optional(255));
    assert_false(dots_cbor_key_optional(256));
    assert_false(dots_cbor_key_optional(16383));
    assert_true(dots_cbor_key_optional(16384));
    assert_true(dots_cbor_key_optional(65535));
    assert_false(dots_cbor_key_optional(65536));
    assert_false(dots_cbor_key_optional(UINT64_MAX));
}


/* The first five columns hold no comma outside quotes but in cbor_type. */

static void
test_table_csv(void **state)
{
    int                     rows;
    char                    line[512], name[128], type[64];
    FILE                   *file;
    unsigned                number;
    dots_cbor_node_t        node;
    const dots_cbor_key_t  *row;

    (void) state;

    file = fopen(TEST_CSV, "r");

    if (file == NULL) {
        skip();
    }

    assert_non_null(fgets(line, sizeof(line), file));

    for (rows = 0; fgets(line, sizeof(line), file) != NULL; rows++) {

        assert_int_equal(sscanf(line, "%u,%127[^,],%63[^,]", &number, name,
                                type), 3);

        row = dots_cbor_key_by_number(number);
        assert_non_null(row);
        assert_string_equal(row->name, name);
        assert_int_equal(row->required, strstr(line, ",required,") != NULL);

        node = strncmp(type, "container", 9) == 0   ? DOTS_CBOR_CONTAINER
               : strncmp(type, "leaf-list", 9) == 0 ? DOTS_CBOR_LEAFLIST
               : strncmp(type, "list", 4) == 0      ? DOTS_CBOR_LIST
                                                    : DOTS_CBOR_LEAF;
        assert_int_equal(row->node, node);
    }

    fclose(file);

    assert_int_equal(rows, 150);
}


static dots_cbor_node_t
test_table_kind(const struct lysc_node *node)
{
    switch (node->nodetype) {

    case LYS_CONTAINER:
        return DOTS_CBOR_CONTAINER;

    case LYS_LIST:
        return DOTS_CBOR_LIST;

    case LYS_LEAFLIST:
        return DOTS_CBOR_LEAFLIST;

    default:
        return DOTS_CBOR_LEAF;
    }
}


/* Every node below "parent" has a key, and one of its own kind. */

static unsigned
test_table_below(const struct lysc_node *parent)
{
    char                     name[256];
    unsigned                 n;
    const struct lysc_node  *node;
    const dots_cbor_key_t   *row;

    n = 0;
    node = NULL;

    while ((node = lys_getnext(node, parent, NULL, 0)) != NULL) {

        (void) snprintf(name, sizeof(name), "%s%s%s",
                        node->module == parent->module ? ""
                                                       : node->module->name,
                        node->module == parent->module ? "" : ":", node->name);

        row = dots_cbor_key_by_name(name, strlen(name));

        if (row == NULL) {
            fail_msg("%s has no key", name);
        }

        assert_int_equal(row->node, test_table_kind(node));
        assert_ptr_equal(dots_schema_child(parent, row->name), node);

        n += 1 + test_table_below(node);
    }

    return n;
}


static void
test_table_schema(void **state)
{
    size_t            i;
    unsigned          n;
    struct lyd_node  *top;

    static const char *const  messages[][2] = {
        { "ietf-dots-signal-channel", "mitigation-scope" },
        { "ietf-dots-signal-channel", "signal-config" },
        { "ietf-dots-signal-channel", "redirected-signal" },
        { "ietf-dots-signal-channel", "heartbeat" },
        { "ietf-dots-telemetry", "telemetry-setup" },
        { "ietf-dots-telemetry", "telemetry" },
    };

    (void) state;

    for (n = 0, i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {

        assert_int_equal(dots_schema_message(test_s, messages[i][0],
                                             messages[i][1], &top), DOTS_OK);
        n += test_table_below(dots_schema_message_case(test_s, top));
        lyd_free_all(top);
    }

    assert_true(n > 500);
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
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_misplaced_keys),
        cmocka_unit_test(test_bad_keys),
        cmocka_unit_test(test_duplicate_keys),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_duplicate_values),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_keys_limit),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_encode_new),
        cmocka_unit_test(test_encode_no_message),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_table_csv),
        cmocka_unit_test(test_table_schema),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
