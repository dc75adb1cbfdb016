#include "dots_cbor.h"


#define dots_cbor_row(key, name, node, required)                              \
    { key, name, sizeof(name) - 1, node, required }


/* Sorted by key. */

static const dots_cbor_key_t  dots_cbor_keys[] = {

    /* RFC 9132 Table 5; 34/35 and 41/42 as there, not as in the IANA registry,
       which swaps them */

    dots_cbor_row(1, "ietf-dots-signal-channel:mitigation-scope",
                  DOTS_CBOR_CONTAINER, 1),
    dots_cbor_row(2, "scope", DOTS_CBOR_LIST, 1),
    dots_cbor_row(3, "cdid", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(4, "cuid", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(5, "mid", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(6, "target-prefix", DOTS_CBOR_LEAFLIST, 1),
    dots_cbor_row(7, "target-port-range", DOTS_CBOR_LIST, 1),
    dots_cbor_row(8, "lower-port", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(9, "upper-port", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(10, "target-protocol", DOTS_CBOR_LEAFLIST, 1),
    dots_cbor_row(11, "target-fqdn", DOTS_CBOR_LEAFLIST, 1),
    dots_cbor_row(12, "target-uri", DOTS_CBOR_LEAFLIST, 1),
    dots_cbor_row(13, "alias-name", DOTS_CBOR_LEAFLIST, 1),
    dots_cbor_row(14, "lifetime", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(15, "mitigation-start", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(16, "status", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(17, "conflict-information", DOTS_CBOR_CONTAINER, 1),
    dots_cbor_row(18, "conflict-status", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(19, "conflict-cause", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(20, "retry-timer", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(21, "conflict-scope", DOTS_CBOR_CONTAINER, 1),
    dots_cbor_row(22, "acl-list", DOTS_CBOR_LIST, 1),
    dots_cbor_row(23, "acl-name", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(24, "acl-type", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(25, "bytes-dropped", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(26, "bps-dropped", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(27, "pkts-dropped", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(28, "pps-dropped", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(29, "attack-status", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(30, "ietf-dots-signal-channel:signal-config",
                  DOTS_CBOR_CONTAINER, 1),
    dots_cbor_row(31, "sid", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(32, "mitigating-config", DOTS_CBOR_CONTAINER, 1),
    dots_cbor_row(33, "heartbeat-interval", DOTS_CBOR_CONTAINER, 1),
    dots_cbor_row(34, "max-value", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(35, "min-value", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(36, "current-value", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(37, "missing-hb-allowed", DOTS_CBOR_CONTAINER, 1),
    dots_cbor_row(38, "max-retransmit", DOTS_CBOR_CONTAINER, 1),
    dots_cbor_row(39, "ack-timeout", DOTS_CBOR_CONTAINER, 1),
    dots_cbor_row(40, "ack-random-factor", DOTS_CBOR_CONTAINER, 1),
    dots_cbor_row(41, "max-value-decimal", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(42, "min-value-decimal", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(43, "current-value-decimal", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(44, "idle-config", DOTS_CBOR_CONTAINER, 1),
    dots_cbor_row(45, "trigger-mitigation", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(46, "ietf-dots-signal-channel:redirected-signal",
                  DOTS_CBOR_CONTAINER, 1),
    dots_cbor_row(47, "alt-server", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(48, "alt-server-record", DOTS_CBOR_LEAFLIST, 1),
    dots_cbor_row(49, "ietf-dots-signal-channel:heartbeat",
                  DOTS_CBOR_CONTAINER, 1),
    dots_cbor_row(50, "probing-rate", DOTS_CBOR_CONTAINER, 1),
    dots_cbor_row(51, "peer-hb-status", DOTS_CBOR_LEAF, 1),

    /* RFC 9133 Table 1 */

    dots_cbor_row(52, "activation-type", DOTS_CBOR_LEAF, 1),
    dots_cbor_row(53, "ietf-dots-signal-control:acl-list", DOTS_CBOR_LIST, 1),

    /* RFC 9244 Table 3 */

    dots_cbor_row(128, "tsid", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(129, "telemetry", DOTS_CBOR_LIST, 0),
    dots_cbor_row(130, "low-percentile", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(131, "mid-percentile", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(132, "high-percentile", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(133, "unit-config", DOTS_CBOR_LIST, 0),
    dots_cbor_row(134, "unit", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(135, "unit-status", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(136, "total-pipe-capacity", DOTS_CBOR_LIST, 0),
    dots_cbor_row(137, "link-id", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(138, "pre-or-ongoing-mitigation", DOTS_CBOR_LIST, 0),
    dots_cbor_row(139, "total-traffic-normal", DOTS_CBOR_LIST, 0),
    dots_cbor_row(140, "low-percentile-g", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(141, "mid-percentile-g", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(142, "high-percentile-g", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(143, "peak-g", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(144, "total-attack-traffic", DOTS_CBOR_LIST, 0),
    dots_cbor_row(145, "total-traffic", DOTS_CBOR_LIST, 0),
    dots_cbor_row(146, "total-connection-capacity", DOTS_CBOR_LIST, 0),
    dots_cbor_row(147, "connection", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(148, "connection-client", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(149, "embryonic", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(150, "embryonic-client", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(151, "connection-ps", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(152, "connection-client-ps", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(153, "request-ps", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(154, "request-client-ps", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(155, "partial-request-max", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(156, "partial-request-client-max", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(157, "total-attack-connection", DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(158, "connection-c", DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(159, "embryonic-c", DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(160, "connection-ps-c", DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(161, "request-ps-c", DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(162, "attack-detail", DOTS_CBOR_LIST, 0),
    dots_cbor_row(163, "id", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(164, "attack-id", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(165, "attack-description", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(166, "attack-severity", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(167, "start-time", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(168, "end-time", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(169, "source-count", DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(170, "top-talker", DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(171, "spoofed-status", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(172, "partial-request-c", DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(173, "total-attack-connection-protocol", DOTS_CBOR_LIST, 0),
    dots_cbor_row(174, "baseline", DOTS_CBOR_LIST, 0),
    dots_cbor_row(175, "current-config", DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(176, "max-config-values", DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(177, "min-config-values", DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(178, "supported-unit-classes", DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(179, "server-originated-telemetry", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(180, "telemetry-notify-interval", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(181, "tmid", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(182, "measurement-interval", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(183, "measurement-sample", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(184, "talker", DOTS_CBOR_LIST, 0),
    dots_cbor_row(185, "source-prefix", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(186, "mid-list", DOTS_CBOR_LEAFLIST, 0),
    dots_cbor_row(187, "source-port-range", DOTS_CBOR_LIST, 0),
    dots_cbor_row(188, "source-icmp-type-range", DOTS_CBOR_LIST, 0),
    dots_cbor_row(189, "target", DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(190, "capacity", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(191, "protocol", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(192, "total-traffic-normal-per-protocol", DOTS_CBOR_LIST, 0),
    dots_cbor_row(193, "total-traffic-normal-per-port", DOTS_CBOR_LIST, 0),
    dots_cbor_row(194, "total-connection-capacity-per-port", DOTS_CBOR_LIST, 0),
    dots_cbor_row(195, "total-traffic-protocol", DOTS_CBOR_LIST, 0),
    dots_cbor_row(196, "total-traffic-port", DOTS_CBOR_LIST, 0),
    dots_cbor_row(197, "total-attack-traffic-protocol", DOTS_CBOR_LIST, 0),
    dots_cbor_row(198, "total-attack-traffic-port", DOTS_CBOR_LIST, 0),
    dots_cbor_row(199, "total-attack-connection-port", DOTS_CBOR_LIST, 0),
    dots_cbor_row(200, "port", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(201, "supported-query-type", DOTS_CBOR_LEAFLIST, 0),
    dots_cbor_row(202, "vendor-id", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(203, "ietf-dots-telemetry:telemetry-setup",
                  DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(204, "ietf-dots-telemetry:total-traffic", DOTS_CBOR_LIST, 0),
    dots_cbor_row(205, "ietf-dots-telemetry:total-attack-traffic",
                  DOTS_CBOR_LIST, 0),
    dots_cbor_row(206, "ietf-dots-telemetry:total-attack-connection",
                  DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(207, "ietf-dots-telemetry:attack-detail", DOTS_CBOR_LIST, 0),
    dots_cbor_row(208, "ietf-dots-telemetry:telemetry", DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(209, "current-g", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(210, "description-lang", DOTS_CBOR_LEAF, 0),

    /* RFC 9066 Table 1 */

    dots_cbor_row(32768, "ietf-dots-call-home:source-prefix",
                  DOTS_CBOR_LEAFLIST, 0),
    dots_cbor_row(32769, "ietf-dots-call-home:source-port-range",
                  DOTS_CBOR_LIST, 0),
    dots_cbor_row(32770, "ietf-dots-call-home:source-icmp-type-range",
                  DOTS_CBOR_LIST, 0),
    dots_cbor_row(32771, "lower-type", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(32772, "upper-type", DOTS_CBOR_LEAF, 0),
    dots_cbor_row(32773, "ietf-dots-call-home:alt-ch-client",
                  DOTS_CBOR_LEAF, 0),
    dots_cbor_row(32774, "ietf-dots-call-home:alt-ch-client-record",
                  DOTS_CBOR_LEAFLIST, 0),
    dots_cbor_row(32775, "ietf-dots-call-home:ttl", DOTS_CBOR_LEAF, 0),

    /* RFC 9362 Table 2 */

    dots_cbor_row(32776, "ietf-dots-robust-trans:max-payloads",
                  DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(32777, "ietf-dots-robust-trans:non-max-retransmit",
                  DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(32778, "ietf-dots-robust-trans:non-timeout",
                  DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(32779, "ietf-dots-robust-trans:non-receive-timeout",
                  DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(32780, "ietf-dots-robust-trans:non-probing-wait",
                  DOTS_CBOR_CONTAINER, 0),
    dots_cbor_row(32781, "ietf-dots-robust-trans:non-partial-timeout",
                  DOTS_CBOR_CONTAINER, 0),
};

#define DOTS_CBOR_NKEYS (sizeof(dots_cbor_keys) / sizeof(dots_cbor_keys[0]))


/* Rows of the table by the length of their names, then by their bytes. */

static const uint8_t  dots_cbor_keys_by_name[DOTS_CBOR_NKEYS] = {
    88, 4, 30, 2, 3, 125, 106, 53, 59, 1, 68, 15, 109, 114, 62, 21, 22, 23, 99,
    115, 93, 13, 111, 116, 89, 134, 74, 33, 34, 54, 127, 12, 46, 72, 7, 139, 78,
    92, 11, 95, 8, 140, 38, 25, 84, 43, 27, 19, 10, 58, 60, 83, 26, 49, 86, 94,
    87, 28, 24, 76, 35, 110, 5, 70, 18, 20, 100, 55, 37, 56, 50, 96, 51, 91, 17,
    85, 57, 9, 135, 75, 65, 66, 14, 39, 47, 73, 67, 101, 40, 102, 41, 31, 97,
    79, 112, 6, 90, 32, 108, 36, 121, 44, 80, 61, 16, 77, 107, 126, 69, 64, 42,
    113, 103, 120, 143, 82, 63, 105, 123, 71, 81, 104, 124, 133, 122, 118, 98,
    141, 136, 52, 132, 129, 117, 146, 48, 119, 144, 128, 137, 29, 148, 142, 130,
    145, 0, 138, 149, 147, 45, 131
};


const dots_cbor_key_t *
dots_cbor_key_by_number(uint32_t key)
{
    size_t  low, high, mid;

    low = 0;
    high = DOTS_CBOR_NKEYS;

    while (low < high) {
        mid = (low + high) / 2;

        if (dots_cbor_keys[mid].key == key) {
            return &dots_cbor_keys[mid];
        }

        if (dots_cbor_keys[mid].key < key) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    return NULL;
}


static int
dots_cbor_key_cmp(const dots_cbor_key_t *row, const char *name, size_t len)
{
    if (row->len != len) {
        return row->len < len ? -1 : 1;
    }

    return memcmp(row->name, name, len);
}


const dots_cbor_key_t *
dots_cbor_key_by_name(const char *name, size_t len)
{
    int                     rc;
    size_t                  low, high, mid;
    const dots_cbor_key_t  *row;

    low = 0;
    high = DOTS_CBOR_NKEYS;

    while (low < high) {
        mid = (low + high) / 2;
        row = &dots_cbor_keys[dots_cbor_keys_by_name[mid]];

        rc = dots_cbor_key_cmp(row, name, len);

        if (rc == 0) {
            return row;
        }

        if (rc < 0) {
            low = mid + 1;

        } else {
            high = mid;
        }
    }

    return NULL;
}


/* RFC 9132 Table 8. */

int
dots_cbor_key_optional(uint64_t key)
{
    return (key >= 128 && key <= 255) || (key >= 16384 && key <= 65535);
}
