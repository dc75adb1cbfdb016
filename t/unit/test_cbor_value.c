/* Values in CBOR, each of its type and in its range: RFC 9132 Table 5. */

#include "cbor_hex.h"


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


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_duplicate_values),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_identity),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
