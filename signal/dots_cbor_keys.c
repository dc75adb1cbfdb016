#include "dots_cbor.h"


/* Sorted by key. */

static const dots_cbor_key_t  dots_cbor_keys[] = {

    /* RFC 9132 Table 5; 34/35 and 41/42 as there, not as in the IANA registry,
       which swaps them */

    { 1, "ietf-dots-signal-channel:mitigation-scope", DOTS_CBOR_CONTAINER, 1 },
    { 2, "scope", DOTS_CBOR_LIST, 1 },
    { 3, "cdid", DOTS_CBOR_LEAF, 1 },
    { 4, "cuid", DOTS_CBOR_LEAF, 1 },
    { 5, "mid", DOTS_CBOR_LEAF, 1 },
    { 6, "target-prefix", DOTS_CBOR_LEAFLIST, 1 },
    { 7, "target-port-range", DOTS_CBOR_LIST, 1 },
    { 8, "lower-port", DOTS_CBOR_LEAF, 1 },
    { 9, "upper-port", DOTS_CBOR_LEAF, 1 },
    { 10, "target-protocol", DOTS_CBOR_LEAFLIST, 1 },
    { 11, "target-fqdn", DOTS_CBOR_LEAFLIST, 1 },
    { 12, "target-uri", DOTS_CBOR_LEAFLIST, 1 },
    { 13, "alias-name", DOTS_CBOR_LEAFLIST, 1 },
    { 14, "lifetime", DOTS_CBOR_LEAF, 1 },
    { 15, "mitigation-start", DOTS_CBOR_LEAF, 1 },
    { 16, "status", DOTS_CBOR_LEAF, 1 },
    { 17, "conflict-information", DOTS_CBOR_CONTAINER, 1 },
    { 18, "conflict-status", DOTS_CBOR_LEAF, 1 },
    { 19, "conflict-cause", DOTS_CBOR_LEAF, 1 },
    { 20, "retry-timer", DOTS_CBOR_LEAF, 1 },
    { 21, "conflict-scope", DOTS_CBOR_CONTAINER, 1 },
    { 22, "acl-list", DOTS_CBOR_LIST, 1 },
    { 23, "acl-name", DOTS_CBOR_LEAF, 1 },
    { 24, "acl-type", DOTS_CBOR_LEAF, 1 },
    { 25, "bytes-dropped", DOTS_CBOR_LEAF, 1 },
    { 26, "bps-dropped", DOTS_CBOR_LEAF, 1 },
    { 27, "pkts-dropped", DOTS_CBOR_LEAF, 1 },
    { 28, "pps-dropped", DOTS_CBOR_LEAF, 1 },
    { 29, "attack-status", DOTS_CBOR_LEAF, 1 },
    { 30, "ietf-dots-signal-channel:signal-config", DOTS_CBOR_CONTAINER, 1 },
    { 31, "sid", DOTS_CBOR_LEAF, 1 },
    { 32, "mitigating-config", DOTS_CBOR_CONTAINER, 1 },
    { 33, "heartbeat-interval", DOTS_CBOR_CONTAINER, 1 },
    { 34, "max-value", DOTS_CBOR_LEAF, 1 },
    { 35, "min-value", DOTS_CBOR_LEAF, 1 },
    { 36, "current-value", DOTS_CBOR_LEAF, 1 },
    { 37, "missing-hb-allowed", DOTS_CBOR_CONTAINER, 1 },
    { 38, "max-retransmit", DOTS_CBOR_CONTAINER, 1 },
    { 39, "ack-timeout", DOTS_CBOR_CONTAINER, 1 },
    { 40, "ack-random-factor", DOTS_CBOR_CONTAINER, 1 },
    { 41, "max-value-decimal", DOTS_CBOR_LEAF, 1 },
    { 42, "min-value-decimal", DOTS_CBOR_LEAF, 1 },
    { 43, "current-value-decimal", DOTS_CBOR_LEAF, 1 },
    { 44, "idle-config", DOTS_CBOR_CONTAINER, 1 },
    { 45, "trigger-mitigation", DOTS_CBOR_LEAF, 1 },
    { 46, "ietf-dots-signal-channel:redirected-signal",
      DOTS_CBOR_CONTAINER, 1 },
    { 47, "alt-server", DOTS_CBOR_LEAF, 1 },
    { 48, "alt-server-record", DOTS_CBOR_LEAFLIST, 1 },
    { 49, "ietf-dots-signal-channel:heartbeat", DOTS_CBOR_CONTAINER, 1 },
    { 50, "probing-rate", DOTS_CBOR_CONTAINER, 1 },
    { 51, "peer-hb-status", DOTS_CBOR_LEAF, 1 },

    /* RFC 9133 Table 1 */

    { 52, "activation-type", DOTS_CBOR_LEAF, 1 },
    { 53, "ietf-dots-signal-control:acl-list", DOTS_CBOR_LIST, 1 },

    /* RFC 9244 Table 3 */

    { 128, "tsid", DOTS_CBOR_LEAF, 0 },
    { 129, "telemetry", DOTS_CBOR_LIST, 0 },
    { 130, "low-percentile", DOTS_CBOR_LEAF, 0 },
    { 131, "mid-percentile", DOTS_CBOR_LEAF, 0 },
    { 132, "high-percentile", DOTS_CBOR_LEAF, 0 },
    { 133, "unit-config", DOTS_CBOR_LIST, 0 },
    { 134, "unit", DOTS_CBOR_LEAF, 0 },
    { 135, "unit-status", DOTS_CBOR_LEAF, 0 },
    { 136, "total-pipe-capacity", DOTS_CBOR_LIST, 0 },
    { 137, "link-id", DOTS_CBOR_LEAF, 0 },
    { 138, "pre-or-ongoing-mitigation", DOTS_CBOR_LIST, 0 },
    { 139, "total-traffic-normal", DOTS_CBOR_LIST, 0 },
    { 140, "low-percentile-g", DOTS_CBOR_LEAF, 0 },
    { 141, "mid-percentile-g", DOTS_CBOR_LEAF, 0 },
    { 142, "high-percentile-g", DOTS_CBOR_LEAF, 0 },
    { 143, "peak-g", DOTS_CBOR_LEAF, 0 },
    { 144, "total-attack-traffic", DOTS_CBOR_LIST, 0 },
    { 145, "total-traffic", DOTS_CBOR_LIST, 0 },
    { 146, "total-connection-capacity", DOTS_CBOR_LIST, 0 },
    { 147, "connection", DOTS_CBOR_LEAF, 0 },
    { 148, "connection-client", DOTS_CBOR_LEAF, 0 },
    { 149, "embryonic", DOTS_CBOR_LEAF, 0 },
    { 150, "embryonic-client", DOTS_CBOR_LEAF, 0 },
    { 151, "connection-ps", DOTS_CBOR_LEAF, 0 },
    { 152, "connection-client-ps", DOTS_CBOR_LEAF, 0 },
    { 153, "request-ps", DOTS_CBOR_LEAF, 0 },
    { 154, "request-client-ps", DOTS_CBOR_LEAF, 0 },
    { 155, "partial-request-max", DOTS_CBOR_LEAF, 0 },
    { 156, "partial-request-client-max", DOTS_CBOR_LEAF, 0 },
    { 157, "total-attack-connection", DOTS_CBOR_CONTAINER, 0 },
    { 158, "connection-c", DOTS_CBOR_CONTAINER, 0 },
    { 159, "embryonic-c", DOTS_CBOR_CONTAINER, 0 },
    { 160, "connection-ps-c", DOTS_CBOR_CONTAINER, 0 },
    { 161, "request-ps-c", DOTS_CBOR_CONTAINER, 0 },
    { 162, "attack-detail", DOTS_CBOR_LIST, 0 },
    { 163, "id", DOTS_CBOR_LEAF, 0 },
    { 164, "attack-id", DOTS_CBOR_LEAF, 0 },
    { 165, "attack-description", DOTS_CBOR_LEAF, 0 },
    { 166, "attack-severity", DOTS_CBOR_LEAF, 0 },
    { 167, "start-time", DOTS_CBOR_LEAF, 0 },
    { 168, "end-time", DOTS_CBOR_LEAF, 0 },
    { 169, "source-count", DOTS_CBOR_CONTAINER, 0 },
    { 170, "top-talker", DOTS_CBOR_CONTAINER, 0 },
    { 171, "spoofed-status", DOTS_CBOR_LEAF, 0 },
    { 172, "partial-request-c", DOTS_CBOR_CONTAINER, 0 },
    { 173, "total-attack-connection-protocol", DOTS_CBOR_LIST, 0 },
    { 174, "baseline", DOTS_CBOR_LIST, 0 },
    { 175, "current-config", DOTS_CBOR_CONTAINER, 0 },
    { 176, "max-config-values", DOTS_CBOR_CONTAINER, 0 },
    { 177, "min-config-values", DOTS_CBOR_CONTAINER, 0 },
    { 178, "supported-unit-classes", DOTS_CBOR_CONTAINER, 0 },
    { 179, "server-originated-telemetry", DOTS_CBOR_LEAF, 0 },
    { 180, "telemetry-notify-interval", DOTS_CBOR_LEAF, 0 },
    { 181, "tmid", DOTS_CBOR_LEAF, 0 },
    { 182, "measurement-interval", DOTS_CBOR_LEAF, 0 },
    { 183, "measurement-sample", DOTS_CBOR_LEAF, 0 },
    { 184, "talker", DOTS_CBOR_LIST, 0 },
    { 185, "source-prefix", DOTS_CBOR_LEAF, 0 },
    { 186, "mid-list", DOTS_CBOR_LEAFLIST, 0 },
    { 187, "source-port-range", DOTS_CBOR_LIST, 0 },
    { 188, "source-icmp-type-range", DOTS_CBOR_LIST, 0 },
    { 189, "target", DOTS_CBOR_CONTAINER, 0 },
    { 190, "capacity", DOTS_CBOR_LEAF, 0 },
    { 191, "protocol", DOTS_CBOR_LEAF, 0 },
    { 192, "total-traffic-normal-per-protocol", DOTS_CBOR_LIST, 0 },
    { 193, "total-traffic-normal-per-port", DOTS_CBOR_LIST, 0 },
    { 194, "total-connection-capacity-per-port", DOTS_CBOR_LIST, 0 },
    { 195, "total-traffic-protocol", DOTS_CBOR_LIST, 0 },
    { 196, "total-traffic-port", DOTS_CBOR_LIST, 0 },
    { 197, "total-attack-traffic-protocol", DOTS_CBOR_LIST, 0 },
    { 198, "total-attack-traffic-port", DOTS_CBOR_LIST, 0 },
    { 199, "total-attack-connection-port", DOTS_CBOR_LIST, 0 },
    { 200, "port", DOTS_CBOR_LEAF, 0 },
    { 201, "supported-query-type", DOTS_CBOR_LEAFLIST, 0 },
    { 202, "vendor-id", DOTS_CBOR_LEAF, 0 },
    { 203, "ietf-dots-telemetry:telemetry-setup", DOTS_CBOR_CONTAINER, 0 },
    { 204, "ietf-dots-telemetry:total-traffic", DOTS_CBOR_LIST, 0 },
    { 205, "ietf-dots-telemetry:total-attack-traffic", DOTS_CBOR_LIST, 0 },
    { 206, "ietf-dots-telemetry:total-attack-connection",
      DOTS_CBOR_CONTAINER, 0 },
    { 207, "ietf-dots-telemetry:attack-detail", DOTS_CBOR_LIST, 0 },
    { 208, "ietf-dots-telemetry:telemetry", DOTS_CBOR_CONTAINER, 0 },
    { 209, "current-g", DOTS_CBOR_LEAF, 0 },
    { 210, "description-lang", DOTS_CBOR_LEAF, 0 },

    /* RFC 9066 Table 1 */

    { 32768, "ietf-dots-call-home:source-prefix", DOTS_CBOR_LEAFLIST, 0 },
    { 32769, "ietf-dots-call-home:source-port-range", DOTS_CBOR_LIST, 0 },
    { 32770, "ietf-dots-call-home:source-icmp-type-range", DOTS_CBOR_LIST, 0 },
    { 32771, "lower-type", DOTS_CBOR_LEAF, 0 },
    { 32772, "upper-type", DOTS_CBOR_LEAF, 0 },
    { 32773, "ietf-dots-call-home:alt-ch-client", DOTS_CBOR_LEAF, 0 },
    { 32774, "ietf-dots-call-home:alt-ch-client-record",
      DOTS_CBOR_LEAFLIST, 0 },
    { 32775, "ietf-dots-call-home:ttl", DOTS_CBOR_LEAF, 0 },

    /* RFC 9362 Table 2 */

    { 32776, "ietf-dots-robust-trans:max-payloads", DOTS_CBOR_CONTAINER, 0 },
    { 32777, "ietf-dots-robust-trans:non-max-retransmit",
      DOTS_CBOR_CONTAINER, 0 },
    { 32778, "ietf-dots-robust-trans:non-timeout", DOTS_CBOR_CONTAINER, 0 },
    { 32779, "ietf-dots-robust-trans:non-receive-timeout",
      DOTS_CBOR_CONTAINER, 0 },
    { 32780, "ietf-dots-robust-trans:non-probing-wait",
      DOTS_CBOR_CONTAINER, 0 },
    { 32781, "ietf-dots-robust-trans:non-partial-timeout",
      DOTS_CBOR_CONTAINER, 0 },
};

#define DOTS_CBOR_NKEYS (sizeof(dots_cbor_keys) / sizeof(dots_cbor_keys[0]))


/* Rows of the table in the order of their names' bytes. */

static const uint8_t  dots_cbor_keys_by_name[DOTS_CBOR_NKEYS] = {
    39, 38, 21, 22, 23, 51, 12, 46, 47, 90, 87, 89, 91, 28, 99, 25, 24, 115, 2,
    18, 16, 20, 17, 72, 83, 73, 77, 76, 85, 3, 100, 134, 35, 42, 135, 74, 84,
    75, 93, 32, 57, 67, 88, 43, 141, 142, 138, 137, 136, 143, 144, 145, 149,
    148, 147, 146, 48, 0, 45, 29, 52, 132, 133, 128, 131, 130, 129, 13, 62, 55,
    65, 7, 139, 101, 37, 33, 40, 107, 108, 4, 111, 56, 66, 102, 34, 41, 36, 31,
    14, 97, 81, 80, 68, 50, 26, 125, 27, 63, 49, 116, 79, 78, 86, 19, 1, 104,
    30, 94, 113, 112, 110, 96, 92, 15, 126, 103, 109, 114, 10, 6, 5, 9, 11, 54,
    105, 106, 95, 82, 124, 98, 69, 123, 122, 71, 119, 61, 70, 64, 118, 117,
    121, 120, 44, 53, 59, 58, 60, 8, 140, 127,
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

        rc = dots_str_cmp(dots_str(row->name, strlen(row->name)),
                          dots_str(name, len));
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
