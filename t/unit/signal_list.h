/*
 * What test_signal_block.c and test_signal_observe.c share: a host whose GET
 * finds the mitigations of a list that the test changes.
 */

#ifndef SIGNAL_LIST_H
#define SIGNAL_LIST_H

#include "signal_peer.h"

#define TEST_LIST 64

static dots_mitigation_t  test_list[TEST_LIST];
static size_t             test_nlist;
static dots_prefix_t      test_prefix;


static inline void
test_list_set(size_t n)
{
    size_t  i;

    assert_true(n <= TEST_LIST);
    assert_int_equal(dots_prefix_parse(&test_prefix,
                                       dots_str("192.0.2.1/32", 12)),
                     DOTS_OK);

    memset(test_list, 0, sizeof(test_list));

    for (i = 0; i < n; i++) {
        test_list[i].mid = (uint32_t) i + 1;
        test_list[i].target.nprefixes = 1;
        test_list[i].target.prefixes = &test_prefix;
        test_list[i].lifetime = 3600;
        test_list[i].trigger = 1;
        test_list[i].status = DOTS_STATUS_IN_PROGRESS;
        test_list[i].start = 1507818434;
        test_list[i].expires = 1000000 + 3600 * 1000;
    }

    test_nlist = n;
}


static inline void
test_list_decide(test_peer_t *p, dots_request_t *rq)
{
    size_t  i;

    (void) p;

    rq->mitigations = dots_arena_alloc(rq->arena, sizeof(test_list));
    assert_non_null(rq->mitigations);

    for (i = 0; i < test_nlist; i++) {
        if (!rq->has_mid || rq->mid == test_list[i].mid) {
            rq->mitigations[rq->nmitigations++] = test_list[i];
        }
    }

    rq->verdict = rq->nmitigations ? DOTS_VERDICT_FOUND
                                   : DOTS_VERDICT_NOT_FOUND;
}


/* The last datagram sent, parsed. */

static inline void
test_last(const test_peer_t *p, dots_coap_message_t *m)
{
    int  header;

    assert_true(p->nsent > 0);
    assert_int_equal(dots_coap_parse(m, p->sent[p->nsent - 1],
                                     p->len[p->nsent - 1], &header),
                     DOTS_OK);
}

#endif /* SIGNAL_LIST_H */
