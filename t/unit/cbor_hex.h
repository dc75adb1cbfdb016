/*
 * What the tests of CBOR share: messages as hex digits, what is accepted as
 * JSON, what is refused by its kind, its attribute and its words.
 */

#ifndef CBOR_HEX_H
#define CBOR_HEX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dots_cbor.h"


#define TEST_SIZE 8192


static dots_schema_t  *test_s;


static inline int
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


static inline int
test_teardown(void **state)
{
    (void) state;

    dots_schema_free(test_s);

    return 0;
}


/* Bytes from hex digits; spaces between them do not count. */

static inline size_t
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


static int  test_own;     /* as a server decodes, dots_cbor_decode_own() */


/* Decodes from a block of just that size, so that ASan sees an overrun. */

static inline int
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


static inline int
test_decode(const char *hex, struct lyd_node **tree, dots_fault_t *f)
{
    uint8_t  buf[TEST_SIZE];

    return test_decode_bytes(buf, test_hex(hex, buf), tree, f);
}


static inline void
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


static inline void
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

#endif /* CBOR_HEX_H */
