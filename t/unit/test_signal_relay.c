/*
 * A gateway's session (RFC 9132 section 4.4.1.2): each customer that it relays
 * for has its own share of what the session bounds, and nobody the others'.
 */

#include "signal_list.h"


#define RELAY_G "06 636469643d67 "              /* cdid=g */
#define RELAY_H "06 636469643d68 "              /* cdid=h */
#define RELAY_N "06 636469643d6e "              /* nobody's */

#define RELAY_OBSERVE                                                         \
    "60 5b 2e77656c6c2d6b6e6f776e 04 646f7473 08 6d69746967617465 "


static dots_signal_ops_t         test_relay_ops;
static const dots_customer_t    *test_g, *test_h;
static const dots_customer_t    *test_asked;    /* of the last admit() */
static size_t                    test_nasked;
static int                       test_wait;
static size_t                    test_observing[2];     /* of g, of h */


static int
test_admit(void *peer, const dots_customer_t *customer,
    const dots_coap_message_t *request)
{
    (void) peer;
    (void) request;

    test_asked = customer;
    test_nasked++;

    return test_wait;
}


static int
test_relay_observe(void *peer, const dots_customer_t *customer)
{
    (void) peer;

    test_observing[customer == test_h]++;

    return 0;
}


static void
test_relay_unobserve(void *peer, const dots_customer_t *customer)
{
    (void) peer;

    test_observing[customer == test_h]--;
}


static const dots_customer_t *
test_relay_customer(const char *name, const char *cdid)
{
    dots_fault_t      f;
    dots_customer_t  *c;

    c = dots_customers_add(test_customers, dots_str(name, strlen(name)), &f);
    assert_non_null(c);
    assert_int_equal(dots_customers_add_identity(test_customers, c,
                                                 DOTS_IDENTITY_CDID,
                                                 dots_str(cdid, strlen(cdid)),
                                                 &f),
                     DOTS_OK);
    return c;
}


static int
test_relay_setup(void **state)
{
    dots_fault_t  f;

    if (test_setup(state) != 0) {
        return -1;
    }

    test_g = test_relay_customer("g", "g");
    test_h = test_relay_customer("h", "h");

    assert_int_equal(dots_customers_finish(test_customers, &f), DOTS_OK);

    test_customer->gateway = 1;

    test_relay_ops = test_ops;
    test_relay_ops.admit = test_admit;
    test_relay_ops.observe = test_relay_observe;
    test_relay_ops.unobserve = test_relay_unobserve;

    return 0;
}


static void
test_relay_open(test_peer_t *p, const dots_customer_t *customer)
{
    dots_signal_conf_t  conf = { test_schema, &test_relay_ops, &test_lifetime,
                                 test_customers, &test_session, test_looks };

    memset(p, 0, sizeof(test_peer_t));

    test_nasked = 0;
    test_wait = 0;

    p->verdict = DOTS_VERDICT_CREATED;
    p->signal = dots_signal_create(&conf, p, customer, DOTS_SIGNAL_UDP,
                                   TEST_MESSAGE);
    assert_non_null(p->signal);
}


static unsigned
test_relay_code(const test_peer_t *p)
{
    dots_coap_message_t  m;

    test_last(p, &m);

    return m.code;
}


/* Limits count for whom the cdid names, of every request that is answered. */

static void
test_relay_admit(void **state)
{
    size_t       i;
    test_peer_t  p;

    static const struct {
        const char              *hex;
        const dots_customer_t  **whose;
    } cases[] = {
        { "42 01 0001 aabb " MITIGATE RELAY_G CUID, &test_g },
        { "42 04 0002 aabb " MITIGATE RELAY_H CUID MID7, &test_h },
        { "42 01 0003 aabb " MITIGATE CUID, NULL },

        /* what is refused counts, too: an unknown cdid, path and method */

        { "42 01 0004 aabb " MITIGATE RELAY_N CUID, NULL },
        { "42 01 0005 aabb b3 666f6f", NULL },
        { "42 02 0006 aabb " MITIGATE RELAY_G CUID, NULL },
        { "42 03 0007 aabb " MITIGATE RELAY_H CUID MID7 CBOR "d1 02 16 ff 00",
          &test_h },
    };

    (void) state;

    test_relay_open(&p, test_customer);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        test_input(&p, cases[i].hex);
        assert_int_equal(test_nasked, i + 1);
        assert_ptr_equal(test_asked, cases[i].whose ? *cases[i].whose
                                                    : test_customer);
    }

    assert_int_equal(p.naudits, i);

    /* RFC 8516; the host has counted it, it is no line of the log */

    test_wait = 7;
    test_input(&p, "42 01 0010 aabb b3 666f6f");
    assert_int_equal(test_relay_code(&p), dots_coap_code(4, 29));
    test_input(&p, "42 01 0011 aabb " MITIGATE RELAY_G CUID);
    assert_int_equal(test_relay_code(&p), dots_coap_code(4, 29));
    assert_int_equal(p.naudits, i);

    dots_signal_close(p.signal);

    /* nobody's requests are somebody's work */

    test_relay_open(&p, NULL);
    test_input(&p, "42 01 0001 aabb " MITIGATE CUID);
    assert_int_equal(test_relay_code(&p), dots_coap_code(4, 1));
    assert_int_equal(test_nasked, 1);
    assert_null(test_asked);
    dots_signal_close(p.signal);
}


static void
test_relay_inflight(void **state)
{
    size_t       i;
    char         hex[TEST_SIZE];
    test_peer_t  p;

    (void) state;

    test_relay_open(&p, test_customer);
    p.hold = 1;

    for (i = 0; i < DOTS_SIGNAL_INFLIGHT + 1; i++) {
        (void) snprintf(hex, sizeof(hex), "52 01 %04zx aabb " MITIGATE RELAY_G
                        CUID, i);
        test_input(&p, hex);
    }

    assert_int_equal(p.nsubmits, DOTS_SIGNAL_INFLIGHT);
    assert_int_equal(p.nsent, 1);
    assert_int_equal(test_relay_code(&p), dots_coap_code(4, 29));
    assert_int_equal(p.naudits, 1);

    test_input(&p, "52 01 0100 aabb " MITIGATE RELAY_H CUID);
    assert_int_equal(p.nsubmits, DOTS_SIGNAL_INFLIGHT + 1);

    dots_signal_close(p.signal);

    for (i = 0; i < p.nheld; i++) {
        test_finish(&p, p.held[i]);
    }
}


static void
test_relay_observers(void **state)
{
    size_t               i;
    char                 hex[TEST_SIZE];
    test_peer_t          p;
    dots_coap_message_t  m;

    (void) state;

    test_list_set(1);
    test_relay_open(&p, test_customer);
    p.decide = test_list_decide;

    for (i = 0; i < DOTS_SIGNAL_OBSERVERS + 2; i++) {
        (void) snprintf(hex, sizeof(hex), "41 01 %04zx %02zx " RELAY_OBSERVE
                        "%s" CUID, i, i, i <= DOTS_SIGNAL_OBSERVERS ? RELAY_G
                                                                    : RELAY_H);
        test_input(&p, hex);
        test_last(&p, &m);
        assert_int_equal(m.observe >= 0, i != DOTS_SIGNAL_OBSERVERS);
    }

    assert_int_equal(test_observing[0], DOTS_SIGNAL_OBSERVERS);
    assert_int_equal(test_observing[1], 1);

    dots_signal_close(p.signal);

    assert_int_equal(test_observing[0], 0);
    assert_int_equal(test_observing[1], 0);
}


/* Who always has news does not keep the others' from them. */

static void
test_relay_turns(void **state)
{
    size_t                  i;
    test_peer_t             p;
    dots_coap_message_t     m;
    dots_registry_change_t  change;

    (void) state;

    test_list_set(1);
    test_relay_open(&p, test_customer);
    p.decide = test_list_decide;

    test_input_at(&p, "41 01 0001 aa " RELAY_OBSERVE RELAY_H CUID, 1000);
    test_input_at(&p, "41 01 0002 bb " RELAY_OBSERVE RELAY_G CUID, 1000);

    change.cuid = dots_registry_hash(dots_str("x", 1));
    change.mid = 1;
    p.nsent = 0;

    for (i = 0; i < 4; i++) {
        test_list[0].start++;

        change.customer = dots_registry_hash(test_g->name);
        dots_signal_changed(p.signal, &change);

        if (i == 1) {
            change.customer = dots_registry_hash(test_h->name);
            dots_signal_changed(p.signal, &change);
        }

        (void) dots_signal_timer(p.signal, 5000 + (int64_t) i * 3000);

        test_last(&p, &m);
        assert_int_equal(p.nsent, i + 1);
        assert_int_equal(m.token[0], i == 1 ? 0xaa : 0xbb);
    }

    dots_signal_close(p.signal);
}


/* RFC 7959 section 2.5: the blocks of two clients come mixed. */

static void
test_relay_blocks(void **state)
{
    size_t       i, k;
    char         hex[TEST_SIZE];
    test_peer_t  p;

    static const char *const  cdids[] = { RELAY_G, RELAY_H };

    (void) state;

    test_relay_open(&p, test_customer);

    for (i = 0; i < 3; i++) {
        for (k = 0; k < 2; k++) {
            (void) snprintf(hex, sizeof(hex), "42 03 %04zx aabb " MITIGATE "%s"
                            CUID MID7 CBOR "d1 02 %02zx ff " SCOPE "a2 " "%s",
                            2 * i + k, cdids[k], i << 4 | (i < 2 ? 8 : 0),
                            "06 81 6c 3139322e302e32");

            /* 16 bytes each, and one at the end */

            test_input(&p, hex);
            assert_int_equal(test_relay_code(&p),
                             i < 2 ? dots_coap_code(2, 31)
                                   : dots_coap_code(4, 0));
        }
    }

    dots_signal_close(p.signal);
}


/*
 * So do those of the clients behind any one peer.  They are bounded: what was
 * begun first gives way, by number and by bytes.
 */

#define RELAY_BLOCK  "00112233445566778899aabbccddeeff"

static void
test_relay_block(test_peer_t *p, unsigned mid, unsigned num, uint8_t code)
{
    char             hex[4 * TEST_SIZE];
    static unsigned  id;

    (void) snprintf(hex, sizeof(hex), "42 03 %04x aabb " MITIGATE CUID
                    "06 6d69643d %02x%02x " CBOR "d1 02 %02x ff " RELAY_BLOCK,
                    id++, '0' + mid / 10, '0' + mid % 10, num << 4 | 8);

    test_input(p, hex);
    assert_int_equal(test_relay_code(p), code);
}


static void
test_relay_clients(void **state)
{
    unsigned     mid;
    test_peer_t  p;

    (void) state;

    test_relay_open(&p, test_h);

    for (mid = 11; mid <= 18; mid++) {
        test_relay_block(&p, mid, 0, dots_coap_code(2, 31));
    }

    for (mid = 11; mid <= 18; mid++) {
        test_relay_block(&p, mid, 1, dots_coap_code(2, 31));
    }

    test_relay_block(&p, 19, 0, dots_coap_code(2, 31));
    test_relay_block(&p, 11, 2, dots_coap_code(4, 8));
    test_relay_block(&p, 12, 2, dots_coap_code(2, 31));

    /* the first block again begins anew */

    test_relay_block(&p, 12, 0, dots_coap_code(2, 31));
    test_relay_block(&p, 12, 2, dots_coap_code(4, 8));
    test_relay_block(&p, 12, 1, dots_coap_code(2, 31));

    dots_signal_close(p.signal);
}


static void
test_relay_large(void **state)
{
    char         hex[4 * TEST_SIZE];
    size_t       i;
    unsigned     num;
    test_peer_t  p;

    (void) state;

    test_relay_open(&p, test_h);
    test_relay_block(&p, 11, 0, dots_coap_code(2, 31));

    /* 64 KB of another in blocks of 1024 bytes: 63 leave room, 64 do not */

    for (num = 0; num < 64; num++) {

        (void) snprintf(hex, sizeof(hex), "42 03 %04x aabb " MITIGATE CUID
                        "06 6d69643d3939 " CBOR "d2 02 %04x ff ", 0x8000 + num,
                        num << 4 | (num < 63 ? 8 : 0) | 6);

        for (i = 0; i < 1024; i++) {
            (void) strcat(hex, "00");
        }

        test_input(&p, hex);
        p.nsent = 1;

        if (num == 60) {
            test_relay_block(&p, 11, 1, dots_coap_code(2, 31));
            p.nsent = 1;
        }
    }

    test_relay_block(&p, 11, 2, dots_coap_code(4, 8));

    dots_signal_close(p.signal);
}


/*
 * What makes two requests parts of one transfer is a hash that is easy to aim:
 * this path of g's has that of h's list.
 */

static void
test_relay_answers(void **state)
{
    test_peer_t          p;
    dots_coap_message_t  m;

    static const char  hit[] = "52 01 0002 aabb " MITIGATE RELAY_G
                               "0d 03 0a340f237f05003b001a2b0ff90c027d c1 16";

    (void) state;

    test_list_set(TEST_LIST);
    test_relay_open(&p, test_customer);
    p.decide = test_list_decide;

    test_input(&p, "52 01 0001 aabb " MITIGATE RELAY_H CUID);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(2, 5));
    assert_true(m.block2 >= 0);

    test_input(&p, hit);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(4, 0));

    /* h's own, as ever */

    test_input(&p, "52 01 0003 aabb " MITIGATE RELAY_H CUID "c1 16");
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(2, 5));
    assert_int_equal(dots_coap_block_num(m.block2), 1);

    dots_signal_close(p.signal);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_relay_admit),
        cmocka_unit_test(test_relay_inflight),
        cmocka_unit_test(test_relay_observers),
        cmocka_unit_test(test_relay_turns),
        cmocka_unit_test(test_relay_blocks),
        cmocka_unit_test(test_relay_clients),
        cmocka_unit_test(test_relay_large),
        cmocka_unit_test(test_relay_answers),
    };

    return cmocka_run_group_tests(tests, test_relay_setup, test_teardown);
}
