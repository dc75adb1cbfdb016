/* Block-wise transfers (RFC 7959, RFC 9132 section 4.4.2), both ways. */

#include "signal_list.h"


#define ETAG_PATH "7b 2e77656c6c2d6b6e6f776e 04 646f7473 08 6d69746967617465 "
#define BODY_LEN  25

static uint8_t  test_body[TEST_SIZE * 8];
static size_t   test_len;


static void
test_ask(test_peer_t *p, unsigned id, unsigned num, unsigned szx)
{
    char  hex[256];

    (void) snprintf(hex, sizeof(hex), "42 01 %04x aabb " MITIGATE CUID
                    "c3 %06x", id, num << 4 | szx);
    test_input(p, hex);
}


/* Reads the whole answer in blocks of "szx" and checks each of them. */

static unsigned
test_read(test_peer_t *p, unsigned szx)
{
    unsigned             num;
    dots_coap_message_t  m;
    uint8_t              etag[4];

    test_len = 0;

    for (num = 0; /* void */; num++) {

        p->nsent = 0;
        test_ask(p, num + 1, num, szx);
        test_last(p, &m);

        assert_int_equal(m.code, dots_coap_code(2, 5));
        assert_int_equal(dots_coap_block_num(m.block2), num);
        assert_int_equal(dots_coap_block_szx(m.block2), szx);
        assert_int_equal(m.content_format, DOTS_COAP_FORMAT_DOTS);

        /* RFC 9132 section 4.4.2: MUST include the ETag Option */

        assert_int_equal(m.etag_len, sizeof(etag));
        assert_true(m.etag[0] != 0);    /* go-dots drops it otherwise */

        if (num == 0) {
            memcpy(etag, m.etag, sizeof(etag));
            assert_true(m.size2 > 0);
        }

        assert_memory_equal(m.etag, etag, sizeof(etag));
        assert_true(test_len + m.payload.len <= sizeof(test_body));

        memcpy(test_body + test_len, m.payload.data, m.payload.len);
        test_len += m.payload.len;

        if (!dots_coap_block_more(m.block2)) {
            return num + 1;
        }

        assert_int_equal(m.payload.len, dots_coap_block_size(szx));
    }
}


/* RFC 7959 section 2.4: any size, the same bytes, one look at the model */

static void
test_block_sizes(void **state)
{
    size_t               len;
    uint8_t              whole[TEST_SIZE];
    unsigned             szx;
    test_peer_t          p;
    dots_coap_message_t  m;

    (void) state;

    test_list_set(20);

    test_open_as(&p, test_customer, TEST_SIZE);
    p.decide = test_list_decide;
    test_input(&p, "42 01 0001 aabb " MITIGATE CUID);
    test_last(&p, &m);
    assert_int_equal(m.block2, -1);
    len = m.payload.len;
    memcpy(whole, m.payload.data, len);
    dots_signal_close(p.signal);

    for (szx = 0; szx <= 6; szx++) {

        test_open_as(&p, test_customer, TEST_MESSAGE);
        p.decide = test_list_decide;

        assert_int_equal(test_read(&p, szx),
                         (len + dots_coap_block_size(szx) - 1)
                         / dots_coap_block_size(szx));
        assert_int_equal(test_len, len);
        assert_memory_equal(test_body, whole, len);
        assert_int_equal(p.nsubmits, 1);

        dots_signal_close(p.signal);
    }
}


/* What does not fit a datagram is cut though nobody asked, RFC 9132 4.4.2 */

static void
test_block_too_large(void **state)
{
    size_t               len, size;
    test_peer_t          p;
    dots_coap_message_t  m;

    (void) state;

    test_list_set(30);

    test_open_as(&p, test_customer, TEST_SIZE);
    p.decide = test_list_decide;
    test_input(&p, "42 01 0001 aabb " MITIGATE CUID);
    test_last(&p, &m);
    assert_int_equal(m.block2, -1);
    len = p.len[0];
    dots_signal_close(p.signal);

    for (size = 0; size <= len; size++) {

        test_open_as(&p, test_customer, size);
        p.decide = test_list_decide;
        test_input(&p, "42 01 0001 aabb " MITIGATE CUID);
        test_last(&p, &m);

        assert_int_equal(p.nsent, 1);
        assert_int_equal(m.code, dots_coap_code(2, 5));
        assert_true(p.len[0] <= (size < 128 ? 128 : size));

        if (size == len) {
            assert_int_equal(m.block2, -1);

        } else {
            assert_int_equal(dots_coap_block_num(m.block2), 0);
            assert_true(dots_coap_block_more(m.block2));
            assert_true(m.size2 > (int64_t) m.payload.len);
        }

        dots_signal_close(p.signal);
    }
}


/* RFC 7252 section 4.6: 1024 bytes of payload, though the path has more room */

static void
test_block_payload(void **state)
{
    size_t               n;
    unsigned             whole, cut;
    test_peer_t          p;
    dots_coap_message_t  m;

    (void) state;

    whole = 0;
    cut = 0;

    for (n = 20; n < TEST_LIST; n++) {

        test_list_set(n);
        test_open_as(&p, test_customer, TEST_SIZE);
        p.decide = test_list_decide;
        test_input(&p, "42 01 0001 aabb " MITIGATE CUID);
        test_last(&p, &m);
        assert_true(m.payload.len <= 1024);

        whole += m.block2 == -1;
        cut += m.block2 != -1;

        dots_signal_close(p.signal);
    }

    assert_true(whole > 0 && cut > 0);
}


/*
 * The representation changes while it is read: with the ETag of RFC 9132
 * section 4.4.2 and without, the rest of the old one comes.
 */

static void
test_block_change(void **state)
{
    char                 hex[256];
    size_t               i;
    uint8_t              etag[4];
    test_peer_t          p;
    dots_coap_message_t  m;

    (void) state;

    test_list_set(20);
    test_open(&p);
    p.decide = test_list_decide;

    test_ask(&p, 1, 0, 2);
    test_last(&p, &m);
    memcpy(etag, m.etag, sizeof(etag));

    test_list_set(3);

    test_ask(&p, 2, 1, 2);
    test_last(&p, &m);
    assert_memory_equal(m.etag, etag, sizeof(etag));

    (void) snprintf(hex, sizeof(hex), "42 01 0003 aabb 44 ");
    for (i = 0; i < sizeof(etag); i++) {
        (void) snprintf(hex + strlen(hex), 4, "%02x ", etag[i]);
    }
    (void) snprintf(hex + strlen(hex), sizeof(hex) - strlen(hex),
                    ETAG_PATH CUID "c1 22");

    test_input(&p, hex);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(2, 5));
    assert_int_equal(dots_coap_block_num(m.block2), 2);
    assert_memory_equal(m.etag, etag, sizeof(etag));
    assert_int_equal(p.nsubmits, 1);

    /* an ETag of something else: what is there now, which says so */

    test_input(&p, "42 01 0004 aabb 48 0102030405060708 " ETAG_PATH CUID
                   "c1 12");
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(2, 5));
    assert_memory_not_equal(m.etag, etag, sizeof(etag));
    assert_int_equal(p.nsubmits, 2);

    /* beyond the end */

    test_ask(&p, 5, 900, 2);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(4, 0));
    assert_string_equal(p.audit_why,
                        "option 23, Block2: there is no such block");

    dots_signal_close(p.signal);
}


/* ---- Block1 ---- */

static const char  test_pieces[] = BODY;    /* hex with blanks */


/* Sends bytes [from, to) of the body as block "num". */

static void
test_put_block(test_peer_t *p, unsigned id, unsigned num, unsigned more,
    unsigned szx, size_t from, size_t to)
{
    int     bytes[TEST_SIZE];
    char    hex[4096];
    size_t  n;

    n = test_hex(test_pieces, bytes);
    assert_int_equal(n, BODY_LEN);
    assert_true(to <= n);

    (void) snprintf(hex, sizeof(hex), "42 03 %04x aabb " MITIGATE CUID MID7
                    CBOR "d1 02 %02x ff ", id, num << 4 | more << 3 | szx);

    for (/* void */; from < to; from++) {
        (void) snprintf(hex + strlen(hex), 4, "%02x ", (unsigned) bytes[from]);
    }

    test_input(p, hex);
}


/* RFC 7959 section 2.5 */

static void
test_block_put(void **state)
{
    test_peer_t          p;
    dots_coap_message_t  m;

    (void) state;

    test_open(&p);

    test_put_block(&p, 1, 0, 1, 0, 0, 16);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(2, 31));
    assert_int_equal(m.block1, 0x08);
    assert_int_equal(p.nsubmits, 0);
    assert_int_equal(p.naudits, 0);

    /* repeated: the same answer, nothing appended */

    test_put_block(&p, 1, 0, 1, 0, 0, 16);
    test_same(&p, 0, 1);

    test_put_block(&p, 2, 1, 0, 0, 16, BODY_LEN);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(2, 1));
    assert_int_equal(m.block1, 0x10);
    assert_int_equal(p.nsubmits, 1);

    /* one block alone */

    test_put_block(&p, 3, 0, 0, 6, 0, BODY_LEN);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(2, 1));
    assert_int_equal(m.block1, 0x06);
    assert_int_equal(p.nsubmits, 2);

    dots_signal_close(p.signal);
}


/*
 * Section 2.7 and Figure 11: the later blocks of the answer to a PUT have its
 * code, and are asked for without a body; what asks for one changes nothing.
 */

#define LARGE_PATH "42 03 %04x aabb " MITIGATE CUID                           \
                   "0d 01 6d69643d34323934393637323935 " CBOR
#define LARGE_BODY "ff " SCOPE "a2 " PREFIX "0e 1a00015180"

static void
test_block_both(void **state)
{
    char                 hex[1024];
    test_peer_t          p;
    dots_coap_message_t  m;

    (void) state;

    test_open(&p);

    (void) snprintf(hex, sizeof(hex), LARGE_PATH "b0 41 06 " LARGE_BODY, 1);
    test_input(&p, hex);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(2, 1));
    assert_int_equal(m.block2, 0x08);
    assert_int_equal(m.block1, 0x06);
    assert_int_equal(p.nsubmits, 1);

    (void) snprintf(hex, sizeof(hex), LARGE_PATH "b1 10", 2);
    test_input(&p, hex);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(2, 1));
    assert_int_equal(m.block2, 0x10);
    assert_int_equal(m.payload.len, 2);

    /* Block1 beside it, and a block that was never there */

    (void) snprintf(hex, sizeof(hex), LARGE_PATH "b1 10 41 06 " LARGE_BODY, 3);
    test_input(&p, hex);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(4, 0));

    (void) snprintf(hex, sizeof(hex), "42 03 0004 aabb " MITIGATE CUID MID7
                    CBOR "b1 16 41 06 ff " BODY);
    test_input(&p, hex);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(4, 0));

    assert_int_equal(p.nsubmits, 1);

    dots_signal_close(p.signal);
}


/* Sections 2.9.2 and 2.9.3; a transfer that failed leaves nothing behind. */

static void
test_block_put_refused(void **state)
{
    test_peer_t          p;
    dots_coap_message_t  m;

    (void) state;

    test_open(&p);

    /* no first block */

    test_put_block(&p, 1, 1, 0, 0, 16, BODY_LEN);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(4, 8));

    /* a hole */

    test_put_block(&p, 2, 0, 1, 0, 0, 16);
    test_put_block(&p, 3, 2, 0, 0, 16, BODY_LEN);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(4, 8));

    /* the path is another's */

    test_input(&p, "42 03 0004 aabb " MITIGATE CUID "05 6d69643d38 " CBOR
                   "d1 02 10 ff 00");
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(4, 8));

    /* not the last and not whole */

    test_put_block(&p, 5, 0, 1, 0, 0, 15);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(4, 0));

    /* beyond DOTS_SIGNAL_BODY: by its number, and by Size1's claim */

    test_input(&p, "42 03 0006 aabb " MITIGATE CUID MID7 CBOR
                   "d2 02 0406 ff 00");
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(4, 13));
    assert_int_equal(m.size1, DOTS_SIGNAL_BODY);

    test_input(&p, "42 03 0007 aabb " MITIGATE CUID MID7 CBOR
                   "d1 02 06 d4 14 7fffffff ff 00");
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(4, 13));

    /* the format is asked of every block */

    test_input(&p, "42 03 0008 aabb " MITIGATE CUID MID7 TEXT
                   "d1 02 06 ff 00");
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(4, 15));

    assert_int_equal(p.nsubmits, 0);

    dots_signal_close(p.signal);
}


/* ---- what a transfer counts for ---- */

static size_t  test_admitted;
static size_t  test_charged;        /* calls */
static int     test_wait;


static int
test_block_admit(void *peer, const dots_customer_t *customer,
    const dots_coap_message_t *request)
{
    (void) peer;
    (void) customer;
    (void) request;

    test_admitted += !test_wait;

    return test_wait;
}


static void
test_block_charge(void *peer, const dots_customer_t *customer,
    const dots_coap_message_t *request, size_t cost)
{
    (void) peer;

    assert_ptr_equal(customer, test_customer);
    assert_true(request->block1 >= 0 || request->block2 >= 0);
    assert_int_equal(cost, 100);

    test_charged++;
}


static void
test_block_open_counted(test_peer_t *p)
{
    static dots_signal_ops_t  ops;

    dots_signal_conf_t  conf = { test_schema, &ops, &test_lifetime,
                                 test_customers, &test_session, test_looks };

    ops = test_ops;
    ops.admit = test_block_admit;
    ops.charge = test_block_charge;

    memset(p, 0, sizeof(test_peer_t));

    p->verdict = DOTS_VERDICT_CREATED;
    p->signal = dots_signal_create(&conf, p, test_customer, DOTS_SIGNAL_UDP,
                                   TEST_MESSAGE);
    assert_non_null(p->signal);

    test_admitted = 0;
    test_charged = 0;
    test_wait = 0;
}


/*
 * RFC 9132 section 11, rate limits: the first block is the request, the others
 * cost and are not refused, or no large answer would ever arrive; who asks for
 * them again and again sends requests.
 */

static void
test_block_counts(void **state)
{
    size_t               i, n;
    test_peer_t          p;
    dots_coap_message_t  m;

    (void) state;

    test_list_set(20);
    test_block_open_counted(&p);
    p.decide = test_list_decide;

    n = test_read(&p, 2);
    assert_true(n > 4);
    assert_int_equal(test_admitted, 1);
    assert_int_equal(test_charged, n - 1);

    /* the customer has nothing left */

    test_wait = 9;

    for (i = 1; i < n; i++) {
        p.nsent = 0;
        test_ask(&p, (unsigned) (100 + i), (unsigned) i, 2);
        test_last(&p, &m);
        assert_int_equal(m.code, dots_coap_code(2, 5));
    }

    for (i = 0; m.code == dots_coap_code(2, 5); i++) {
        assert_true(i < 10);
        p.nsent = 0;
        test_ask(&p, (unsigned) (200 + i), 1, 2);
        test_last(&p, &m);
    }

    assert_int_equal(m.code, dots_coap_code(4, 29));
    assert_int_equal(m.max_age, 9);

    /* a first block is a request, be it one of the same */

    p.nsent = 0;
    test_ask(&p, 300, 0, 2);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(4, 29));

    test_wait = 0;
    test_charged = 0;
    assert_int_equal(test_read(&p, 2), n);
    assert_int_equal(test_admitted, 2);
    assert_int_equal(test_charged, n - 1);

    /* what there is no transfer of */

    test_input(&p, "42 01 0400 aabb " MITIGATE CUID MID7 "c1 12");
    assert_int_equal(test_admitted, 3);
    assert_int_equal(test_charged, n - 1);

    dots_signal_close(p.signal);
}


static void
test_block_counts_put(void **state)
{
    unsigned             i;
    test_peer_t          p;
    dots_coap_message_t  m;

    (void) state;

    test_block_open_counted(&p);

    test_wait = 9;
    test_put_block(&p, 1, 0, 1, 0, 0, 16);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(4, 29));

    /* the same message, later: RFC 8516 */

    test_wait = 0;
    test_put_block(&p, 1, 0, 1, 0, 0, 16);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(2, 31));
    assert_int_equal(test_admitted, 1);

    /* a block that is none, and one out of turn, are no part of it */

    test_put_block(&p, 2, 1, 1, 0, 16, 24);
    test_put_block(&p, 3, 2, 0, 0, 16, BODY_LEN);
    assert_int_equal(test_admitted, 3);
    assert_int_equal(test_charged, 0);

    test_wait = 9;
    test_put_block(&p, 4, 1, 0, 0, 16, BODY_LEN);
    test_last(&p, &m);
    assert_int_equal(m.code, dots_coap_code(2, 1));
    assert_int_equal(test_charged, 1);

    /* it is over */

    for (i = 0; i < 3; i++) {
        test_put_block(&p, 5 + i, 1, 0, 0, 16, BODY_LEN);
        test_last(&p, &m);
        assert_int_equal(m.code, dots_coap_code(4, 29));
    }

    assert_int_equal(p.nsubmits, 1);
    dots_signal_close(p.signal);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_block_sizes),
        cmocka_unit_test(test_block_too_large),
        cmocka_unit_test(test_block_payload),
        cmocka_unit_test(test_block_change),
        cmocka_unit_test(test_block_put),
        cmocka_unit_test(test_block_both),
        cmocka_unit_test(test_block_put_refused),
        cmocka_unit_test(test_block_counts),
        cmocka_unit_test(test_block_counts_put),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
