/* Observers (RFC 7641, RFC 9132 section 4.4.2.1). */

#include "signal_list.h"

#include "dots_count.h"
#include "dots_signal_private.h"


#define OBSERVE(value)                                                        \
    value " 5b 2e77656c6c2d6b6e6f776e 04 646f7473 08 6d69746967617465 "
#define OBSERVE_ALL "42 01 0001 aabb " OBSERVE("60") CUID
#define OBSERVE_ONE "42 01 0001 aabb " OBSERVE("60") CUID "05 6d69643d31 "


/* A round trip of 100 ms is known; now is 1000. */

static void
test_observe(test_peer_t *p, const char *hex)
{
    dots_coap_message_t  m;

    test_open(p);
    p->decide = test_list_decide;

    dots_signal_rtt(p->signal, 100);
    test_input_at(p, hex, 1000);

    test_last(p, &m);
    assert_int_equal(m.code, dots_coap_code(2, 5));
    assert_true(m.observe >= 0);

    p->nsent = 0;
    p->nsubmits = 0;
}


static void
test_changed(test_peer_t *p, const char *cuid, uint32_t mid, int64_t now)
{
    dots_registry_change_t  change;

    change.customer = dots_registry_hash(dots_str("a", 1));
    change.cuid = dots_registry_hash(dots_str(cuid, strlen(cuid)));
    change.mid = mid;

    dots_signal_changed(p->signal, &change);
    (void) dots_signal_timer(p->signal, now);
}


/* The notification is a NON 2.05 with the token, and has "status" of "mid". */

static void
test_notification(const test_peer_t *p, unsigned mid, unsigned status)
{
    char                 pattern[2];
    size_t               i, found;
    dots_coap_message_t  m;

    test_last(p, &m);

    /* RFC 9132 section 4.4.2.1: MUST always be Non-confirmable */

    assert_int_equal(m.type, DOTS_COAP_NON);
    assert_int_equal(m.code, dots_coap_code(2, 5));
    assert_int_equal(m.token_len, 2);
    assert_int_equal(m.token[0], 0xaa);
    assert_true(m.observe >= 0);
    assert_int_equal(m.content_format, DOTS_COAP_FORMAT_DOTS);

    /* "05 mid" in the CBOR, and behind it "10 status" */

    pattern[0] = 5;
    pattern[1] = (char) mid;
    found = 0;

    for (i = 0; i + 1 < m.payload.len; i++) {

        if (memcmp(&m.payload.data[i], pattern, 2) == 0) {
            pattern[0] = 0x10;
            pattern[1] = (char) status;
            found++;
            i++;
        }
    }

    assert_int_equal(found, 2);
}


/* RFC 7641 section 3.1: a GET with Observe 0 registers; the limit; errors */

static void
test_observe_register(void **state)
{
    char                 hex[256];
    unsigned             i;
    test_peer_t          p;
    dots_coap_message_t  m;

    (void) state;

    test_list_set(2);
    test_open(&p);
    p.decide = test_list_decide;

    for (i = 0; i < DOTS_SIGNAL_OBSERVERS + 1; i++) {
        (void) snprintf(hex, sizeof(hex), "41 01 %04x %02x "
                        OBSERVE("60") CUID, i, i);
        test_input(&p, hex);
        test_last(&p, &m);
        assert_int_equal(m.code, dots_coap_code(2, 5));
        assert_int_equal(m.observe >= 0, i < DOTS_SIGNAL_OBSERVERS);
    }

    dots_signal_close(p.signal);

    /* nothing there: 4.04, and no observer */

    test_list_set(0);
    test_open(&p);
    p.decide = test_list_decide;

    test_input(&p, OBSERVE_ALL);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(4, 4));
    assert_int_equal(m.observe, -1);

    test_list_set(1);
    p.nsent = 0;
    test_changed(&p, "x", 1, 10000);
    assert_int_equal(p.nsent, 0);

    dots_signal_close(p.signal);
}


/* One notification per change, none without one, in a growing sequence */

static void
test_observe_changes(void **state)
{
    int64_t              last;
    test_peer_t          p;
    dots_count_t         count = { .packets = 7 };
    dots_coap_message_t  m;

    (void) state;

    test_list_set(2);
    test_observe(&p, OBSERVE_ONE);

    /* another client's, another mid, nothing new: not even a look */

    test_changed(&p, "y", 1, 2000);
    test_changed(&p, "x", 2, 2000);
    assert_int_equal(p.nsubmits, 0);

    test_changed(&p, "x", 1, 2000);
    assert_int_equal(p.nsubmits, 1);
    assert_int_equal(p.nsent, 0);

    test_list[0].status = DOTS_STATUS_MITIGATED;
    test_changed(&p, "x", 1, 3000);
    assert_int_equal(p.nsent, 1);
    test_notification(&p, 1, DOTS_STATUS_MITIGATED);
    test_last(&p, &m);
    last = m.observe;

    test_changed(&p, "x", 1, 4000);
    assert_int_equal(p.nsent, 1);

    /* what is dropped is no change */

    test_list[0].dropped = &count;
    test_changed(&p, "x", 1, 4500);
    assert_int_equal(p.nsubmits, 4);
    assert_int_equal(p.nsent, 1);
    test_list[0].dropped = NULL;

    /* any may have changed: an overtaken ring, a filled registry */

    test_list[0].status = DOTS_STATUS_TERMINATING;
    dots_signal_changed(p.signal, NULL);
    (void) dots_signal_timer(p.signal, 5000);
    assert_int_equal(p.nsent, 2);
    test_notification(&p, 1, DOTS_STATUS_TERMINATING);
    test_last(&p, &m);
    assert_true(m.observe > last);

    dots_signal_close(p.signal);
}


/*
 * Exactly one at the end, with status 6 (RFC 9132 Table 3), then the observer
 * of that mid is gone; one of all mids stays.
 */

static void
test_observe_end(void **state)
{
    test_peer_t          p;
    dots_coap_message_t  m;

    (void) state;

    test_list_set(1);
    test_observe(&p, OBSERVE_ONE);

    test_nlist = 0;
    test_changed(&p, "x", 1, 2000);
    assert_int_equal(p.nsent, 1);
    test_notification(&p, 1, DOTS_STATUS_TERMINATED);

    test_changed(&p, "x", 1, 3000);
    assert_int_equal(dots_signal_timer(p.signal, 1000000), -1);
    assert_int_equal(p.nsent, 1);

    dots_signal_close(p.signal);

    test_list_set(2);
    test_observe(&p, OBSERVE_ALL);

    test_nlist = 1;
    test_changed(&p, "x", 2, 2000);
    assert_int_equal(p.nsent, 1);
    test_notification(&p, 2, DOTS_STATUS_TERMINATED);

    test_changed(&p, "x", 2, 3000);
    assert_int_equal(p.nsent, 1);

    test_nlist = 0;
    test_changed(&p, "x", 1, 4000);
    assert_int_equal(p.nsent, 2);
    test_notification(&p, 1, DOTS_STATUS_TERMINATED);

    test_changed(&p, "x", 1, 5000);
    assert_int_equal(p.nsent, 2);

    test_list_set(1);
    test_changed(&p, "x", 1, 6000);
    assert_int_equal(p.nsent, 3);
    test_notification(&p, 1, DOTS_STATUS_IN_PROGRESS);
    test_last(&p, &m);

    dots_signal_close(p.signal);
}


/* RFC 7641 section 3.6: Observe 1, RST; the same token again replaces */

static void
test_observe_cancel(void **state)
{
    char         hex[64];
    test_peer_t  p;

    (void) state;

    test_list_set(1);
    test_observe(&p, OBSERVE_ALL);

    test_input_at(&p, "42 01 0002 aabb " OBSERVE("61 01") CUID, 1500);
    p.nsent = 0;
    test_list[0].status = DOTS_STATUS_MITIGATED;
    test_changed(&p, "x", 1, 2000);
    assert_int_equal(p.nsent, 0);
    dots_signal_close(p.signal);

    test_list_set(1);
    test_observe(&p, OBSERVE_ALL);
    test_list[0].status = DOTS_STATUS_MITIGATED;
    test_changed(&p, "x", 1, 2000);
    assert_int_equal(p.nsent, 1);

    /* an id that is not the notification's changes nothing */

    (void) snprintf(hex, sizeof(hex), "70 00 %04x",
                    (test_id(&p, 0) + 1) & 0xffff);
    test_input_at(&p, hex, 3000);
    test_list[0].status = DOTS_STATUS_TERMINATING;
    test_changed(&p, "x", 1, 4000);
    assert_int_equal(p.nsent, 2);

    (void) snprintf(hex, sizeof(hex), "70 00 %04x", test_id(&p, 1));
    test_input_at(&p, hex, 5000);
    test_list[0].status = DOTS_STATUS_IN_PROGRESS;
    test_changed(&p, "x", 1, 6000);
    assert_int_equal(p.nsent, 2);
    dots_signal_close(p.signal);

    test_list_set(1);
    test_observe(&p, OBSERVE_ALL);
    test_input_at(&p, "42 01 0009 aabb " OBSERVE("60") CUID, 1500);
    p.nsent = 0;
    test_list[0].status = DOTS_STATUS_MITIGATED;
    test_changed(&p, "x", 1, 2000);
    (void) dots_signal_timer(p.signal, 9000);
    assert_int_equal(p.nsent, 1);
    dots_signal_close(p.signal);
}


/*
 * RFC 9132 section 4.4.2.1: without an estimate of the round-trip time not more
 * than one in 3 s; what changes meanwhile is told once, as it is then
 */

static void
test_observe_pace(void **state)
{
    test_peer_t  p;

    (void) state;

    test_list_set(1);
    test_open(&p);
    p.decide = test_list_decide;
    test_input_at(&p, OBSERVE_ONE, 1000);
    p.nsent = 0;

    test_list[0].status = DOTS_STATUS_MITIGATED;
    test_changed(&p, "x", 1, 1100);
    assert_int_equal(p.nsent, 1);

    test_list[0].status = DOTS_STATUS_TERMINATING;
    test_changed(&p, "x", 1, 1200);
    assert_int_equal(p.nsent, 1);
    assert_int_equal(dots_signal_timer(p.signal, 1300), 2800);

    test_list[0].status = DOTS_STATUS_IN_PROGRESS;
    (void) dots_signal_timer(p.signal, 4100);
    assert_int_equal(p.nsent, 2);
    test_notification(&p, 1, DOTS_STATUS_IN_PROGRESS);

    dots_signal_close(p.signal);
}


/*
 * Section 4.4.2.1: "an even less aggressive rate whenever possible".  A look at
 * a long list costs, so the session has none for a while, however near it is.
 */

static void
test_observe_long(void **state)
{
    test_peer_t  p;

    (void) state;

    test_list_set(TEST_LIST);
    test_observe(&p, OBSERVE_ALL);
    test_input_at(&p, "42 01 0002 ccdd " OBSERVE("60") CUID, 1000);
    dots_signal_rtt(p.signal, 1);

    p.nsubmits = 0;
    test_changed(&p, "x", 1, 5000);
    (void) dots_signal_timer(p.signal, 5000 + TEST_LIST / 4 - 1);
    assert_int_equal(p.nsubmits, 1);
    (void) dots_signal_timer(p.signal, 5000 + TEST_LIST / 4);
    assert_int_equal(p.nsubmits, 2);

    dots_signal_close(p.signal);
}


/*
 * RFC 7641 sections 3.4 and 4.4: 24 bits that go up, by less than 2^23, and
 * begin again
 */

static void
test_observe_wrap(void **state)
{
    unsigned             i;
    int64_t              last;
    test_peer_t          p;
    dots_coap_message_t  m;

    (void) state;

    test_list_set(1);
    test_observe(&p, OBSERVE_ONE);

    p.signal->sequence = 0xfffffd;
    last = 0xfffffc;

    for (i = 0; i < 6; i++) {
        test_list[0].start++;
        test_changed(&p, "x", 1, 10000 + 5000 * (int64_t) i);
        assert_int_equal(p.nsent, i + 1);

        test_last(&p, &m);
        assert_int_equal(m.observe, (last + 1) & 0xffffff);
        last = m.observe;
    }

    assert_int_equal(last, 2);

    dots_signal_close(p.signal);
}


/* "periodically sends attack mitigation status": while one is active */

static void
test_observe_repeat(void **state)
{
    test_peer_t  p;

    (void) state;

    test_list_set(1);
    test_observe(&p, OBSERVE_ONE);

    assert_true(dots_signal_timer(p.signal, 1000 + 59000) > 0);
    assert_int_equal(p.nsent, 0);
    (void) dots_signal_timer(p.signal, 1000 + 60000);
    assert_int_equal(p.nsent, 1);
    test_notification(&p, 1, DOTS_STATUS_IN_PROGRESS);

    dots_signal_close(p.signal);

    test_list_set(1);
    test_list[0].status = DOTS_STATUS_AWAITING_LOSS;
    test_observe(&p, OBSERVE_ONE);
    (void) dots_signal_timer(p.signal, 100000);
    assert_int_equal(p.nsent, 0);
    dots_signal_close(p.signal);
}


/* Table 3: a preconfigured one says four times that it was withdrawn. */

static void
test_observe_passing(void **state)
{
    int64_t      now;
    test_peer_t  p;

    (void) state;

    test_list_set(1);
    test_list[0].trigger = 0;
    test_observe(&p, OBSERVE_ONE);

    test_list[0].status = DOTS_STATUS_WITHDRAWN;
    test_changed(&p, "x", 1, 2000);
    assert_int_equal(p.nsent, 1);

    for (now = 2000; now < 60000; now += 500) {
        (void) dots_signal_timer(p.signal, now);

        if (now == 2000 + 9000) {
            assert_int_equal(p.nsent, 4);
            test_notification(&p, 1, DOTS_STATUS_WITHDRAWN);
        }
    }

    assert_int_equal(p.nsent, 4);

    test_list[0].status = DOTS_STATUS_AWAITING_LOSS;
    test_changed(&p, "x", 1, now);
    assert_int_equal(p.nsent, 5);
    test_notification(&p, 1, DOTS_STATUS_AWAITING_LOSS);
    (void) dots_signal_timer(p.signal, now + 100000);
    assert_int_equal(p.nsent, 5);

    /* an immediate one that was withdrawn says so once */

    test_list[0].status = DOTS_STATUS_WITHDRAWN;
    test_list[0].trigger = 1;
    test_changed(&p, "x", 1, now + 110000);
    assert_int_equal(p.nsent, 6);
    (void) dots_signal_timer(p.signal, now + 200000);
    assert_int_equal(p.nsent, 6);

    dots_signal_close(p.signal);
}


/* RFC 9244 section 9.2: no second observation, by a query, of the same */

#define QUERY_80  "4d 02 7461726765742d706f72743d383033 "
#define QUERY_443 "4d 02 7461726765742d706f72743d343433 "
#define QUERY_ANY "4d 04 7461726765742d706f72743d302d393939 "
#define OTHER     "06 637569643d79 "                /* cuid=y */

static void
test_observe_overlap(void **state)
{
    size_t                      i;
    test_peer_t                 p;
    dots_coap_message_t         m;

    static dots_port_range_t    ports[2] = { { 803, 803, 0 }, { 443, 443, 0 } };

    static const struct {
        const char  *hex;
        uint8_t      code;
        int          observed;
    } cases[] = {
        { "41 01 0001 01 " OBSERVE("60") CUID QUERY_80, 0x45, 1 },
        { "41 01 0002 02 " OBSERVE("60") CUID QUERY_443, 0x45, 1 },
        { "41 01 0003 03 " OBSERVE("60") CUID QUERY_ANY, 0x89, 0 },

        /* a mid of them; the own client's alone; to look is no observation */

        { "41 01 0004 04 " OBSERVE("60") CUID "05 6d69643d31 " QUERY_80, 0x89,
          0 },
        { "41 01 0005 05 " OBSERVE("60") OTHER QUERY_ANY, 0x45, 1 },
        { "41 01 0006 06 " MITIGATE CUID QUERY_ANY, 0x45, 0 },

        /* without a query it is RFC 9132's, and then in the way of one */

        { "41 01 0007 07 " OBSERVE("60") CUID, 0x45, 1 },

        /* the same token again is no second one, RFC 7641 section 4.1 */

        { "41 01 0008 07 " OBSERVE("60") CUID, 0x45, 1 },
        { "41 01 0009 07 " OBSERVE("61 01") CUID, 0x45, 0 },
        { "41 01 000a 02 " OBSERVE("60") CUID QUERY_443, 0x45, 1 },
    };

    (void) state;

    test_list_set(2);
    test_list[0].target.ports = &ports[0];
    test_list[0].target.nports = 1;
    test_list[1].target.ports = &ports[1];
    test_list[1].target.nports = 1;

    test_open(&p);
    p.decide = test_list_decide;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        test_input(&p, cases[i].hex);
        test_last(&p, &m);
        assert_int_equal(m.code, cases[i].code);
        assert_int_equal(m.observe >= 0, cases[i].observed);
        assert_int_equal(p.audit_code, cases[i].code);
    }

    dots_signal_close(p.signal);
}


/*
 * RFC 9132 section 4.4.2.1, "whenever the status changes", of an observation by
 * a query (RFC 9244 section 9.2), too: the end is told once, as status 6, and
 * of what the query matches no more nothing is to be repeated.
 */

#define BY_NET    "42 01 0001 aabb " OBSERVE("60") CUID "4d 0d "              \
                  "7461726765742d7072656669783d3139322e302e322e302f3234 "

static void
test_observe_query_end(void **state)
{
    test_peer_t           p;

    static dots_prefix_t  other;

    (void) state;

    test_list_set(1);
    test_list[0].resolved = &test_prefix;
    test_list[0].nresolved = 1;
    test_observe(&p, BY_NET);

    test_nlist = 0;
    test_changed(&p, "x", 1, 2000);
    assert_int_equal(p.nsent, 1);
    test_notification(&p, 1, DOTS_STATUS_TERMINATED);

    /* the periodic word of section 4.4.2.1 is over with it */

    p.nsubmits = 0;
    (void) dots_signal_timer(p.signal, 200000);
    assert_int_equal(p.nsubmits, 0);
    assert_int_equal(p.nsent, 1);

    dots_signal_close(p.signal);

    /* it is there, but what its name resolves to has changed */

    test_list_set(1);
    test_list[0].resolved = &test_prefix;
    test_list[0].nresolved = 1;
    test_observe(&p, BY_NET);

    assert_int_equal(dots_prefix_parse(&other, dots_str("198.51.100.1/32", 15)),
                     DOTS_OK);
    test_list[0].resolved = &other;
    test_changed(&p, "x", 1, 2000);
    p.nsubmits = 0;
    (void) dots_signal_timer(p.signal, 200000);
    assert_int_equal(p.nsubmits, 0);
    assert_int_equal(p.nsent, 0);

    test_list[0].resolved = &test_prefix;
    test_changed(&p, "x", 1, 210000);
    assert_int_equal(p.nsent, 1);
    test_notification(&p, 1, DOTS_STATUS_IN_PROGRESS);

    dots_signal_close(p.signal);
}


/* The session ends, or the observer goes, while the model still looks */

static void
test_observe_in_flight(void **state)
{
    test_peer_t  p;

    (void) state;

    test_list_set(1);
    test_observe(&p, OBSERVE_ONE);
    p.hold = 1;
    test_changed(&p, "x", 1, 2000);
    assert_int_equal(p.nheld, 1);
    dots_signal_close(p.signal);
    test_finish(&p, p.held[0]);
    assert_int_equal(p.nsent, 0);

    test_list_set(1);
    test_observe(&p, OBSERVE_ONE);
    p.hold = 1;
    test_list[0].status = DOTS_STATUS_MITIGATED;
    test_changed(&p, "x", 1, 2000);
    assert_int_equal(p.nheld, 1);
    p.hold = 0;
    test_input_at(&p, "42 01 0002 aabb " OBSERVE("61 01") CUID "05 6d69643d31",
                  2100);
    assert_int_equal(p.nsent, 1);
    test_finish(&p, p.held[0]);
    assert_int_equal(p.nsent, 1);
    dots_signal_close(p.signal);
}


/* Not now (5.03): it looks again, and then tells */

static void
test_observe_unavailable(void **state)
{
    test_peer_t  p;

    (void) state;

    test_list_set(1);
    test_observe(&p, OBSERVE_ONE);

    p.decide = NULL;
    p.verdict = DOTS_VERDICT_UNAVAILABLE;
    test_list[0].status = DOTS_STATUS_MITIGATED;
    test_changed(&p, "x", 1, 2000);
    assert_int_equal(p.nsent, 0);

    p.decide = test_list_decide;
    (void) dots_signal_timer(p.signal, 2500);
    assert_int_equal(p.nsent, 0);
    (void) dots_signal_timer(p.signal, 3000);
    assert_int_equal(p.nsent, 1);
    test_notification(&p, 1, DOTS_STATUS_MITIGATED);

    dots_signal_close(p.signal);
}


/*
 * A list that no answer has room for any more: the client hears so, without the
 * option, and the observation ends (RFC 7641 section 4.2).
 */

static void
test_observe_large(void **state)
{
    test_peer_t          p;
    dots_coap_message_t  m;

    (void) state;

    test_list_set(1);
    test_observe(&p, OBSERVE_ALL);

    p.decide = NULL;
    p.verdict = DOTS_VERDICT_LARGE;
    test_changed(&p, "x", 1, 2000);

    assert_int_equal(p.nsent, 1);
    test_last(&p, &m);
    assert_int_equal(m.type, DOTS_COAP_NON);
    assert_int_equal(m.code, dots_coap_code(5, 1));
    assert_int_equal(m.token[0], 0xaa);
    assert_int_equal(m.observe, -1);
    assert_true(m.payload.len != 0);

    p.nsubmits = 0;
    test_changed(&p, "x", 1, 9000);
    assert_int_equal(p.nsubmits, 0);
    assert_int_equal(p.nsent, 1);

    dots_signal_close(p.signal);
}


/* ---- many observers of the same ---- */

#define TEST_SHARED 3       /* sessions: two observe all, one a mid */


static void
test_shared_open(test_peer_t *p, const dots_customer_t *customer)
{
    size_t  i;

    static const char *const  requests[] = {
        "42 01 0001 aa01 " OBSERVE("60") CUID,
        "42 01 0002 aa02 " OBSERVE("60") CUID,
        "42 01 0003 aa03 " OBSERVE("60") CUID "05 6d69643d31 "
    };

    test_open_as(p, customer, TEST_MESSAGE);
    p->decide = test_list_decide;
    dots_signal_rtt(p->signal, 1);

    for (i = 0; i < 3; i++) {
        test_input_at(p, requests[i], 1000);
    }

    assert_int_equal(p->nsent, 3);
}


/* One change, told to all sessions before any looks, as the host does. */

static void
test_shared_change(test_peer_t *p, size_t n, int64_t now)
{
    int64_t                 ms;
    size_t                  i;
    dots_registry_change_t  change;

    change.customer = dots_registry_hash(dots_str("a", 1));
    change.cuid = dots_registry_hash(dots_str("x", 1));
    change.mid = 1;

    for (i = 0; i < n; i++) {
        p[i].nsent = 0;
        p[i].nsubmits = 0;
        dots_signal_changed(p[i].signal, &change);
    }

    for (ms = 0; ms < 10; ms += 2) {
        for (i = 0; i < n; i++) {
            (void) dots_signal_timer(p[i].signal, now + ms);
        }
    }
}


static size_t
test_shared_looks(const test_peer_t *p, size_t n)
{
    size_t  i, looks;

    for (i = 0, looks = 0; i < n; i++) {
        looks += p[i].nsubmits;
    }

    return looks;
}


/* Each session has told "n" observers, all the same of the same request. */

static void
test_shared_told(const test_peer_t *p, size_t n)
{
    int                  header;
    size_t               i, j, k;
    dots_coap_message_t  m, first[2];

    for (i = 0; i < TEST_SHARED; i++) {

        assert_int_equal(p[i].nsent, n);

        for (j = 0; j < n; j++) {

            assert_int_equal(dots_coap_parse(&m, p[i].sent[j], p[i].len[j],
                                             &header),
                             DOTS_OK);
            assert_int_equal(m.code, dots_coap_code(2, 5));
            assert_int_equal(m.content_format, DOTS_COAP_FORMAT_DOTS);

            k = m.token[1] == 3;

            if (i == 0) {
                first[k] = m;
            }

            assert_true(dots_str_eq(m.payload, first[k].payload));
        }
    }
}


/*
 * The observers of one customer share the look at the same request: three
 * sessions, nine observers, two requests.
 */

static void
test_observe_shared(void **state)
{
    size_t       i;
    test_peer_t  p[TEST_SHARED];

    (void) state;

    test_looks = dots_signal_looks_create();
    assert_non_null(test_looks);

    test_list_set(2);

    for (i = 0; i < TEST_SHARED; i++) {
        test_shared_open(&p[i], test_customer);
    }

    test_list[0].status = DOTS_STATUS_MITIGATED;
    test_shared_change(p, TEST_SHARED, 2000);
    assert_int_equal(test_shared_looks(p, TEST_SHARED), 2);
    test_shared_told(p, 3);

    /* nothing new: found once, told to nobody */

    test_shared_change(p, TEST_SHARED, 2020);
    assert_int_equal(test_shared_looks(p, TEST_SHARED), 2);
    test_shared_told(p, 0);

    /* a change at once after another is not told as what was before */

    test_list[0].status = DOTS_STATUS_EXCEEDED;
    test_shared_change(p, TEST_SHARED, 2040);
    assert_int_equal(test_shared_looks(p, TEST_SHARED), 2);
    test_shared_told(p, 3);
    test_notification(&p[1], 1, DOTS_STATUS_EXCEEDED);

    /* repeated after a while: looked at anew, once */

    for (i = 0; i < TEST_SHARED; i++) {
        test_input_at(&p[i], "40 00 0009", 60000);      /* it is there */
        p[i].nsent = 0;
        p[i].nsubmits = 0;
        (void) dots_signal_timer(p[i].signal, 2050 + 60000);
        (void) dots_signal_timer(p[i].signal, 2052 + 60000);
        (void) dots_signal_timer(p[i].signal, 2054 + 60000);
    }

    assert_int_equal(test_shared_looks(p, TEST_SHARED), 2);
    test_shared_told(p, 3);

    /* its end, with status 6, and the end of the observers of that mid */

    memmove(&test_list[0], &test_list[1], sizeof(test_list[0]));
    test_nlist = 1;
    test_shared_change(p, TEST_SHARED, 80000);
    assert_int_equal(test_shared_looks(p, TEST_SHARED), 2);
    test_shared_told(p, 3);

    test_shared_change(p, TEST_SHARED, 80020);
    assert_int_equal(test_shared_looks(p, TEST_SHARED), 1);
    test_shared_told(p, 0);

    for (i = 0; i < TEST_SHARED; i++) {
        dots_signal_close(p[i].signal);
    }

    dots_signal_looks_destroy(test_looks);
    test_looks = NULL;
}


/* Another customer's look is its own, and so is that of who knew less. */

static void
test_observe_not_shared(void **state)
{
    test_peer_t      p[2];
    dots_customer_t  other;

    (void) state;

    test_looks = dots_signal_looks_create();
    assert_non_null(test_looks);

    other = *test_customer;
    other.name = dots_str("b", 1);

    test_list_set(2);
    test_shared_open(&p[0], test_customer);
    test_shared_open(&p[1], &other);

    test_list[0].status = DOTS_STATUS_MITIGATED;
    dots_signal_changed(p[1].signal, NULL);
    test_shared_change(p, 2, 2000);
    assert_int_equal(p[0].nsubmits, 2);
    assert_int_equal(p[0].nsent, 3);
    assert_int_equal(p[1].nsubmits, 2);
    assert_int_equal(p[1].nsent, 3);
    dots_signal_close(p[1].signal);

    /* who came later knows of more, and of what has ended it has to hear */

    test_nlist = 1;
    test_shared_open(&p[1], test_customer);
    test_shared_change(p, 2, 3000);
    assert_int_equal(p[0].nsent, 2);
    assert_int_equal(p[1].nsent, 0);
    test_notification(&p[0], 2, DOTS_STATUS_TERMINATED);

    dots_signal_close(p[0].signal);
    dots_signal_close(p[1].signal);

    dots_signal_looks_destroy(test_looks);
    test_looks = NULL;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_observe_register),
        cmocka_unit_test(test_observe_changes),
        cmocka_unit_test(test_observe_end),
        cmocka_unit_test(test_observe_cancel),
        cmocka_unit_test(test_observe_pace),
        cmocka_unit_test(test_observe_long),
        cmocka_unit_test(test_observe_wrap),
        cmocka_unit_test(test_observe_repeat),
        cmocka_unit_test(test_observe_passing),
        cmocka_unit_test(test_observe_overlap),
        cmocka_unit_test(test_observe_query_end),
        cmocka_unit_test(test_observe_in_flight),
        cmocka_unit_test(test_observe_unavailable),
        cmocka_unit_test(test_observe_large),
        cmocka_unit_test(test_observe_shared),
        cmocka_unit_test(test_observe_not_shared),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
