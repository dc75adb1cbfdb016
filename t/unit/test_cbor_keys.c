/*
 * Keys of CBOR maps and their table: RFC 9132 sections 6 and 10.6, RFC 9066 and
 * RFC 9244.
 */

#include "cbor_hex.h"


#define TEST_CSV SOURCE_DIR "/../shared/reference/cbor-keys.csv"


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
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_misplaced_keys),
        cmocka_unit_test(test_bad_keys),
        cmocka_unit_test(test_duplicate_keys),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_table_csv),
        cmocka_unit_test(test_table_schema),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
