/*
 * The messages that the RFCs print, as CBOR in the RFCs' order (RFC 9132
 * Figure 8 is printed so, the others were encoded from their JSON by Table 5
 * and the tables that follow it) and as libyang prints them.
 */

#ifndef CBOR_FIGURES_H
#define CBOR_FIGURES_H

typedef struct {
    const char *name;
    const char *hex;
    const char *json;
} cbor_figure_t;

static const cbor_figure_t  cbor_figures[] = {
    { "RFC 9132 Figure 8",
      "a101a10281a4068274323030313a6462383a363430313a3a312f313238743230"
      "30313a6462383a363430313a3a322f3132380783a1081850a1081901bba10819"
      "1f900a81060e190e10",
      "{\"ietf-dots-signal-channel:scope\":[{\"target-prefix\":[\"2"
      "001:db8:6401::1/128\",\"2001:db8:6401::2/128\"],\"target-por"
      "t-range\":[{\"lower-port\":80},{\"lower-port\":443},{\"lower"
      "-port\":8080}],\"target-protocol\":[6],\"lifetime\":3600}]}" },
    { "RFC 9132 Figure 10",
      "a101a10281a205187b0e190e10",
      "{\"ietf-dots-signal-channel:scope\":[{\"lifetime\":3600,\"mi"
      "d\":123}]}" },
    { "RFC 9132 Figure 11",
      "a101a10281a111a11303",
      "{\"ietf-dots-signal-channel:scope\":[{\"conflict-information"
      "\":{\"conflict-cause\":\"cuid-collision\"}}]}" },
    { "RFC 9132 Figure 14",
      "a101a10282aa0519302c0f1a59df7bc2068274323030313a6462383a36343031"
      "3a3a312f31323874323030313a6462383a363430313a3a322f3132380a81110e"
      "1906dc100218191a0801c85b181a19a950181b1a13de47ac181c1a00069930aa"
      "0519302d0f1a59df7b99068274323030313a6462383a363430313a3a312f3132"
      "3874323030313a6462383a363430313a3a322f3132380a81060e1906db100318"
      "1900181a00181b00181c00",
      "{\"ietf-dots-signal-channel:scope\":[{\"target-prefix\":[\"2"
      "001:db8:6401::1/128\",\"2001:db8:6401::2/128\"],\"target-pro"
      "tocol\":[17],\"lifetime\":1756,\"mid\":12332,\"mitigation-st"
      "art\":\"1507818434\",\"status\":\"attack-successfully-mitiga"
      "ted\",\"bytes-dropped\":\"134334555\",\"bps-dropped\":\"4334"
      "4\",\"pkts-dropped\":\"333334444\",\"pps-dropped\":\"432432"
      "\"},{\"target-prefix\":[\"2001:db8:6401::1/128\",\"2001:db8:"
      "6401::2/128\"],\"target-protocol\":[6],\"lifetime\":1755,\"m"
      "id\":12333,\"mitigation-start\":\"1507818393\",\"status\":\""
      "attack-stopped\",\"bytes-dropped\":\"0\",\"bps-dropped\":\"0"
      "\",\"pkts-dropped\":\"0\",\"pps-dropped\":\"0\"}]}" },
    { "RFC 9132 Figure 16",
      "a101a10281a4068274323030313a6462383a363430313a3a312f313238743230"
      "30313a6462383a363430313a3a322f3132380783a1081850a1081901bba10819"
      "1f900a8106181d01",
      "{\"ietf-dots-signal-channel:scope\":[{\"target-prefix\":[\"2"
      "001:db8:6401::1/128\",\"2001:db8:6401::2/128\"],\"target-por"
      "t-range\":[{\"lower-port\":80},{\"lower-port\":443},{\"lower"
      "-port\":8080}],\"target-protocol\":[6],\"attack-status\":\"u"
      "nder-attack\"}]}" },
    { "RFC 9132 Figure 20",
      "a1181ea21820a61821a3182218f018230f1824181e1825a31822141823031824"
      "0f1832a318221418230518240f1826a318220f1823021824031827a31829c482"
      "21190bb8182ac482211864182bc4822118c81828a31829c48221190190182ac4"
      "8221186e182bc482211896182ca61821a3182218f018230f1824181e1825a318"
      "221418230318240f1832a318221418230518240f1826a318220f182302182403"
      "1827a31829c48221190bb8182ac482211864182bc4822118c81828a31829c482"
      "21190190182ac48221186e182bc482211896",
      "{\"ietf-dots-signal-channel:mitigating-config\":{\"heartbeat"
      "-interval\":{\"max-value\":240,\"min-value\":15,\"current-va"
      "lue\":30},\"missing-hb-allowed\":{\"max-value\":20,\"min-val"
      "ue\":3,\"current-value\":15},\"probing-rate\":{\"max-value\""
      ":20,\"min-value\":5,\"current-value\":15},\"max-retransmit\""
      ":{\"max-value\":15,\"min-value\":2,\"current-value\":3},\"ac"
      "k-timeout\":{\"max-value-decimal\":\"30.0\",\"min-value-deci"
      "mal\":\"1.0\",\"current-value-decimal\":\"2.0\"},\"ack-rando"
      "m-factor\":{\"max-value-decimal\":\"4.0\",\"min-value-decima"
      "l\":\"1.1\",\"current-value-decimal\":\"1.5\"}},\"ietf-dots-"
      "signal-channel:idle-config\":{\"heartbeat-interval\":{\"max-"
      "value\":240,\"min-value\":15,\"current-value\":30},\"missing"
      "-hb-allowed\":{\"max-value\":20,\"min-value\":3,\"current-va"
      "lue\":15},\"probing-rate\":{\"max-value\":20,\"min-value\":5"
      ",\"current-value\":15},\"max-retransmit\":{\"max-value\":15,"
      "\"min-value\":2,\"current-value\":3},\"ack-timeout\":{\"max-"
      "value-decimal\":\"30.0\",\"min-value-decimal\":\"1.0\",\"cur"
      "rent-value-decimal\":\"2.0\"},\"ack-random-factor\":{\"max-v"
      "alue-decimal\":\"4.0\",\"min-value-decimal\":\"1.1\",\"curre"
      "nt-value-decimal\":\"1.5\"}}}" },
    { "RFC 9132 Figure 23",
      "a1181ea21820a61821a11824181e1825a118240f1832a118240f1826a1182403"
      "1827a1182bc4822118c81828a1182bc482211896182ca41821a11824001826a1"
      "1824031827a1182bc4822118c81828a1182bc482211896",
      "{\"ietf-dots-signal-channel:mitigating-config\":{\"heartbeat"
      "-interval\":{\"current-value\":30},\"missing-hb-allowed\":{"
      "\"current-value\":15},\"probing-rate\":{\"current-value\":15"
      "},\"max-retransmit\":{\"current-value\":3},\"ack-timeout\":{"
      "\"current-value-decimal\":\"2.0\"},\"ack-random-factor\":{\""
      "current-value-decimal\":\"1.5\"}},\"ietf-dots-signal-channel"
      ":idle-config\":{\"heartbeat-interval\":{\"current-value\":0}"
      ",\"max-retransmit\":{\"current-value\":3},\"ack-timeout\":{"
      "\"current-value-decimal\":\"2.0\"},\"ack-random-factor\":{\""
      "current-value-decimal\":\"1.5\"}}}" },
    { "RFC 9132 Figure 26",
      "a1182ea2182f72616c742d7365727665722e6578616d706c6518308270323030"
      "313a6462383a363430313a3a3170323030313a6462383a363430313a3a32",
      "{\"ietf-dots-signal-channel:alt-server\":\"alt-server.exampl"
      "e\",\"ietf-dots-signal-channel:alt-server-record\":[\"2001:d"
      "b8:6401::1\",\"2001:db8:6401::2\"]}" },
    { "RFC 9132 Figure 27",
      "a11831a11833f5",
      "{\"ietf-dots-signal-channel:peer-hb-status\":true}" },
    { "RFC 9133 Figure 1",
      "a101a10281a205187b183581a2176e616e2d6163636570742d6c697374183403",
      "{\"ietf-dots-signal-channel:scope\":[{\"mid\":123,\"ietf-dot"
      "s-signal-control:acl-list\":[{\"acl-name\":\"an-accept-list"
      "\",\"activation-type\":\"deactivate\"}]}]}" },
    { "RFC 9133 Figure 5",
      "a101a10281a4068174323030313a6462383a363430313a3a322f3132370a8111"
      "183581a2176e616e2d6163636570742d6c6973741834030e190e10",
      "{\"ietf-dots-signal-channel:scope\":[{\"target-prefix\":[\"2"
      "001:db8:6401::2/127\"],\"target-protocol\":[17],\"lifetime\""
      ":3600,\"ietf-dots-signal-control:acl-list\":[{\"acl-name\":"
      "\"an-accept-list\",\"activation-type\":\"deactivate\"}]}]}" },
    { "RFC 9244 Figure 4",
      "a118cba1188181a118afa31882c482211901f41883c482211919641884c48221"
      "19251c",
      "{\"ietf-dots-telemetry:telemetry\":[{\"current-config\":{\"l"
      "ow-percentile\":\"5.0\",\"mid-percentile\":\"65.0\",\"high-p"
      "ercentile\":\"95.0\"}}]}" },
    { "RFC 9244 Figure 11",
      "a118cba1188181a1188881a31889656c696e6b3118be1901f4188608",
      "{\"ietf-dots-telemetry:telemetry\":[{\"total-pipe-capacity\""
      ":[{\"link-id\":\"link1\",\"unit\":\"megabit-ps\",\"capacity"
      "\":\"500\"}]}]}" },
    { "RFC 9244 Figure 19",
      "a118cba1188181a118ae81a318a301068274323030313a6462383a363430313a"
      "3a312f31323874323030313a6462383a363430313a3a322f313238188b81a218"
      "8608188f183c",
      "{\"ietf-dots-telemetry:telemetry\":[{\"baseline\":[{\"id\":1"
      ",\"target-prefix\":[\"2001:db8:6401::1/128\",\"2001:db8:6401"
      "::2/128\"],\"total-traffic-normal\":[{\"unit\":\"megabit-ps"
      "\",\"peak-g\":\"60\"}]}]}]}" },
    { "RFC 9244 Figure 36",
      "a118d0a1188a81a318bda106816f323030313a6462383a3a312f31323818c581"
      "a318bf11188608188d19038418a281a418ca197ed918a4184d18a71a5fdd44b8"
      "18a604",
      "{\"ietf-dots-telemetry:pre-or-ongoing-mitigation\":[{\"targe"
      "t\":{\"target-prefix\":[\"2001:db8::1/128\"]},\"total-attack"
      "-traffic-protocol\":[{\"unit\":\"megabit-ps\",\"protocol\":1"
      "7,\"mid-percentile-g\":\"900\"}],\"attack-detail\":[{\"vendo"
      "r-id\":32473,\"attack-id\":77,\"attack-severity\":\"high\","
      "\"start-time\":\"1608336568\"}]}]}" },
    { "RFC 9244 Figure 39",
      "a118d0a1188a81a118bda106816d323030313a6462383a3a2f3332",
      "{\"ietf-dots-telemetry:pre-or-ongoing-mitigation\":[{\"targe"
      "t\":{\"target-prefix\":[\"2001:db8::/32\"]}}]}" },
    { "RFC 9244 Figure 45",
      "a101a10281a30d826668747470733166687474707332181d0118cd81a2188608"
      "188d190384",
      "{\"ietf-dots-signal-channel:scope\":[{\"alias-name\":[\"http"
      "s1\",\"https2\"],\"attack-status\":\"under-attack\",\"ietf-d"
      "ots-telemetry:total-attack-traffic\":[{\"unit\":\"megabit-ps"
      "\",\"mid-percentile-g\":\"900\"}]}]}" },
    { "RFC 9244 Figure 47",
      "a101a10281ab0519302c0f1a59df7bc20d826668747470733166687474707332"
      "0e190640100218191a0801c85b181a19a950181b1a13de47ac181c1a00069930"
      "18cd81a2188608188d1902f018cf81a318ca197ed918a4184d18a9a1188f1931"
      "8b",
      "{\"ietf-dots-signal-channel:scope\":[{\"alias-name\":[\"http"
      "s1\",\"https2\"],\"lifetime\":1600,\"mid\":12332,\"mitigatio"
      "n-start\":\"1507818434\",\"status\":\"attack-successfully-mi"
      "tigated\",\"bytes-dropped\":\"134334555\",\"bps-dropped\":\""
      "43344\",\"pkts-dropped\":\"333334444\",\"pps-dropped\":\"432"
      "432\",\"ietf-dots-telemetry:total-attack-traffic\":[{\"unit"
      "\":\"megabit-ps\",\"mid-percentile-g\":\"752\"}],\"ietf-dots"
      "-telemetry:attack-detail\":[{\"vendor-id\":32473,\"attack-id"
      "\":77,\"source-count\":{\"peak-g\":\"12683\"}}]}]}" },
    { "RFC 9362 Figure 2",
      "a1181ea21820aa1821a11824181e1825a118240f1832a118240f1826a1182403"
      "1827a1182bc4822118c81828a1182bc482211896198008a118240f198009a118"
      "240319800aa1182bc4822118c819800ba1182bc48221190190182ca81821a118"
      "24001826a11824031827a1182bc4822118c81828a1182bc482211896198008a1"
      "18240f198009a118240319800aa1182bc4822118c819800ba1182bc482211901"
      "90",
      "{\"ietf-dots-signal-channel:mitigating-config\":{\"heartbeat"
      "-interval\":{\"current-value\":30},\"missing-hb-allowed\":{"
      "\"current-value\":15},\"probing-rate\":{\"current-value\":15"
      "},\"max-retransmit\":{\"current-value\":3},\"ack-timeout\":{"
      "\"current-value-decimal\":\"2.0\"},\"ack-random-factor\":{\""
      "current-value-decimal\":\"1.5\"},\"ietf-dots-robust-trans:ma"
      "x-payloads\":{\"current-value\":15},\"ietf-dots-robust-trans"
      ":non-max-retransmit\":{\"current-value\":3},\"ietf-dots-robu"
      "st-trans:non-timeout\":{\"current-value-decimal\":\"2.0\"},"
      "\"ietf-dots-robust-trans:non-receive-timeout\":{\"current-va"
      "lue-decimal\":\"4.0\"}},\"ietf-dots-signal-channel:idle-conf"
      "ig\":{\"heartbeat-interval\":{\"current-value\":0},\"max-ret"
      "ransmit\":{\"current-value\":3},\"ack-timeout\":{\"current-v"
      "alue-decimal\":\"2.0\"},\"ack-random-factor\":{\"current-val"
      "ue-decimal\":\"1.5\"},\"ietf-dots-robust-trans:max-payloads"
      "\":{\"current-value\":15},\"ietf-dots-robust-trans:non-max-r"
      "etransmit\":{\"current-value\":3},\"ietf-dots-robust-trans:n"
      "on-timeout\":{\"current-value-decimal\":\"2.0\"},\"ietf-dots"
      "-robust-trans:non-receive-timeout\":{\"current-value-decimal"
      "\":\"4.0\"}}}" },
};

#define CBOR_NFIGURES (sizeof(cbor_figures) / sizeof(cbor_figures[0]))

#endif /* CBOR_FIGURES_H */
