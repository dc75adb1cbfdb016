/*
 * signal/dots_signal_scope, the bodies of responses: written without a tree,
 * they have to be what libyang makes of the same.  Records at random: each body
 * is read against the schema, which names what is wrong, and the tree that
 * comes of it is encoded again, to the same bytes.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dots_cbor.h"
#include "dots_count.h"
#include "dots_signal_scope.h"
#include "dots_signal_uri.h"


#define TEST_SIZE   65536
#define TEST_LIST   12          /* entries of a clause, at most */
#define TEST_ROUNDS 1500


typedef int (*test_body_pt)(dots_cbor_body_t *b, const dots_request_t *rq,
    unsigned content);

typedef struct {
    dots_schema_t *schema;
    dots_arena_t  *arena;
    uint64_t       state;       /* of the random numbers */
} test_scope_t;


static int
test_setup(void **state)
{
    char           err[512];
    test_scope_t  *t;

    t = calloc(1, sizeof(test_scope_t));
    assert_non_null(t);

    t->schema = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));

    if (t->schema == NULL) {
        fprintf(stderr, "%s\n", err);
        free(t);
        return 1;
    }

    t->state = getenv("DOTS_SEED") ? strtoull(getenv("DOTS_SEED"), NULL, 0)
                                   : 9132;
    *state = t;

    return 0;
}


static int
test_teardown(void **state)
{
    test_scope_t  *t = *state;

    dots_schema_free(t->schema);
    free(t);

    return 0;
}


/* ---- records at random ---- */

static uint64_t
test_random(test_scope_t *t, uint64_t below)
{
    t->state ^= t->state << 13;
    t->state ^= t->state >> 7;
    t->state ^= t->state << 17;

    return t->state % below;
}


/* Of each length that a CBOR head may have. */

static uint64_t
test_number(test_scope_t *t, unsigned bits)
{
    uint64_t  n;

    n = test_random(t, UINT64_MAX) >> (64 - bits);

    return n >> test_random(t, bits);
}


static dots_str_t
test_text(test_scope_t *t, const char *fmt, size_t i)
{
    int    n;
    char  *p;

    p = dots_arena_alloc(t->arena, 64);
    assert_non_null(p);

    n = snprintf(p, 64, fmt, (unsigned) i, (unsigned) test_random(t, 100000));

    return dots_str(p, (size_t) n);
}


/* Bytes that are often zero: runs of "::" of each kind. */

static void
test_prefix(test_scope_t *t, size_t i, dots_prefix_t *p)
{
    size_t   n;
    uint8_t  addr[16];
    char     text[DOTS_PREFIX_TEXT], host[DOTS_PREFIX_TEXT];

    for (n = 0; n < 16; n++) {
        addr[n] = test_random(t, 3) ? 0 : (uint8_t) test_random(t, 256);
    }

    /* no two of a list are the same, whatever their length */

    addr[0] = (uint8_t) (0x20 + i);

    dots_prefix_host(p, test_random(t, 2) ? 4 : 6, addr);
    n = dots_prefix_print(p, host);

    while (host[n] != '/') {
        n--;
    }

    n = (size_t) snprintf(text, sizeof(text), "%.*s/%u", (int) n, host,
                          (unsigned) (8 + test_random(t, p->length - 7)));

    assert_int_equal(dots_prefix_parse(p, dots_str(text, n)), DOTS_OK);
}


static size_t
test_count(test_scope_t *t)
{
    return test_random(t, 2) ? test_random(t, 3)
                             : test_random(t, TEST_LIST + 1);
}


static void
test_target_strings(test_scope_t *t, size_t *n, dots_str_t **list,
    const char *fmt)
{
    size_t  i;

    *n = test_count(t);
    *list = dots_arena_array(t->arena, *n, sizeof(dots_str_t));
    assert_non_null(*list);

    for (i = 0; i < *n; i++) {
        (*list)[i] = test_text(t, fmt, i);
    }
}


static void
test_target(test_scope_t *t, dots_target_t *target)
{
    size_t  i;

    target->nprefixes = test_count(t);
    target->nports = test_count(t);
    target->nprotocols = test_count(t);

    target->prefixes = dots_arena_array(t->arena, target->nprefixes,
                                        sizeof(dots_prefix_t));
    target->ports = dots_arena_array(t->arena, target->nports,
                                     sizeof(dots_port_range_t));
    target->protocols = dots_arena_array(t->arena, target->nprotocols, 1);

    assert_true(target->prefixes && target->ports && target->protocols);

    for (i = 0; i < target->nprefixes; i++) {
        test_prefix(t, i, &target->prefixes[i]);
    }

    for (i = 0; i < target->nports; i++) {
        target->ports[i].lower = (uint16_t) (i * 5000 + test_random(t, 5000));
        target->ports[i].has_upper = (uint8_t) test_random(t, 2);
        target->ports[i].upper = target->ports[i].lower;

        if (target->ports[i].has_upper) {
            target->ports[i].upper += (uint16_t) test_random(t, 300);
        }
    }

    for (i = 0; i < target->nprotocols; i++) {
        target->protocols[i] = (uint8_t) (i * 20 + test_random(t, 20));
    }

    test_target_strings(t, &target->nfqdns, &target->fqdns,
                        "h%u-%u.example.com");
    test_target_strings(t, &target->nuris, &target->uris,
                        "https://h%u.example.com:%u/\xc3\xa4?x=\"y\"");
    test_target_strings(t, &target->naliases, &target->aliases,
                        "alias %u \xe2\x82\xac %u");
}


static void
test_conflict(test_scope_t *t, dots_conflict_t *c)
{
    c->cause = DOTS_CONFLICT_OVERLAP;
    c->status = (uint8_t) test_random(t, 4);
    c->same_client = (uint8_t) test_random(t, 2);
    c->mid = (uint32_t) test_number(t, 32);
    c->retry = test_random(t, 2) ? (uint32_t) test_number(t, 32) : 0;

    if (test_random(t, 4)) {
        test_target(t, &c->scope);
    }
}


static void
test_mitigation(test_scope_t *t, dots_mitigation_t *m)
{
    dots_count_t  *c;

    test_target(t, &m->target);

    m->mid = (uint32_t) test_number(t, 32);
    m->lifetime = (int32_t) test_number(t, 31);
    m->trigger = test_random(t, 3) != 0;
    m->status = (dots_status_t) (1 + test_random(t, 8));
    m->start = test_random(t, 4) ? (int64_t) test_number(t, 63) : 0;
    m->expires = test_random(t, 4) ? (int64_t) test_number(t, 40)
                                   : DOTS_FOREVER;
    m->terminates = (int64_t) test_number(t, 40);
    m->conflicted = (int64_t) test_number(t, 40);

    if (test_random(t, 3) == 0) {
        test_conflict(t, &m->conflict);
    }

    if (test_random(t, 2)) {
        c = dots_arena_alloc(t->arena, sizeof(dots_count_t));
        assert_non_null(c);

        c->packets = test_number(t, 64);
        c->octets = test_number(t, 64);
        c->since = (int64_t) test_number(t, 40);
        c->until = c->since + (int64_t) test_number(t, 30);
        c->whole = c->since;
        m->dropped = c;
    }
}


static void
test_request(test_scope_t *t, dots_request_t *rq)
{
    size_t  i;

    rq->now = (int64_t) test_number(t, 40);
    rq->mid = (uint32_t) test_number(t, 32);
    rq->nmitigations = 1 + test_random(t, 4);

    rq->mitigations = dots_arena_array(t->arena, rq->nmitigations,
                                       sizeof(dots_mitigation_t));
    assert_non_null(rq->mitigations);

    for (i = 0; i < rq->nmitigations; i++) {
        test_mitigation(t, &rq->mitigations[i]);
    }

    rq->mitigation = rq->mitigations;
    test_conflict(t, &rq->conflict);
}


/* ---- what they are encoded to ---- */

static int
test_write(test_body_pt body, const dots_request_t *rq, unsigned content,
    uint8_t *buf, size_t size, size_t *len)
{
    dots_cbor_body_t  b;

    dots_signal_scope_start(&b, buf, size);
    assert_int_equal(body(&b, rq, content), DOTS_OK);

    return dots_cbor_body_finish(&b, len);
}


static void
test_same(test_scope_t *t, test_body_pt body, const dots_request_t *rq,
    unsigned content)
{
    size_t            len, again;
    dots_fault_t      f;
    struct lyd_node  *tree;

    static uint8_t  buf[TEST_SIZE], out[TEST_SIZE];

    assert_int_equal(test_write(body, rq, content, buf, sizeof(buf), &len),
                     DOTS_OK);

    if (dots_cbor_decode(t->schema, buf, len, &tree, &f) != DOTS_OK) {
        fail_msg("%s", f.message);
    }

    assert_int_equal(dots_cbor_encode(tree, out, sizeof(out), &again),
                     DOTS_OK);
    assert_int_equal(again, len);
    assert_memory_equal(out, buf, len);

    lyd_free_all(tree);
}


static void
test_scope_random(void **state)
{
    size_t           i;
    test_scope_t    *t = *state;
    dots_request_t  *rq;

    for (i = 0; i < TEST_ROUNDS; i++) {

        t->arena = dots_arena_create(1024 * 1024);
        assert_non_null(t->arena);

        rq = dots_arena_alloc(t->arena, sizeof(dots_request_t));
        assert_non_null(rq);

        test_request(t, rq);

        test_same(t, dots_signal_scope_found, rq,
                  1 + (unsigned) test_random(t, 3));
        test_same(t, dots_signal_scope_granted, rq, 0);
        test_same(t, dots_signal_scope_conflict, rq, 0);
        test_same(t, dots_signal_scope_collision, rq, 0);

        dots_arena_destroy(t->arena);
    }
}


/* RFC 9132 section 10.6: the codes are those of the names in the schema. */

static void
test_scope_codes(void **state)
{
    size_t             len;
    uint8_t            buf[256];
    dots_fault_t       f;
    test_scope_t      *t = *state;
    dots_request_t     rq;
    struct lyd_node   *tree, *node;
    dots_mitigation_t  m;

    memset(&m, 0, sizeof(m));
    memset(&rq, 0, sizeof(rq));

    m.status = DOTS_STATUS_WITHDRAWN;
    m.conflict.cause = DOTS_CONFLICT_OVERLAP;
    m.conflict.status = 1;
    rq.nmitigations = 1;
    rq.mitigations = &m;

    assert_int_equal(test_write(dots_signal_scope_found, &rq,
                                DOTS_SIGNAL_URI_STATE, buf, sizeof(buf),
                                &len),
                     DOTS_OK);
    assert_int_equal(dots_cbor_decode(t->schema, buf, len, &tree, &f),
                     DOTS_OK);

    node = lyd_child(lyd_child(tree));

    while (strcmp(LYD_NAME(node), "status") != 0) {
        node = node->next;
    }

    assert_string_equal(lyd_get_value(node), "attack-mitigation-withdrawn");

    /* there is nothing of the conflict's scope: it is not there */

    node = lyd_child(node->next);
    assert_string_equal(lyd_get_value(node), "request-inactive-other-active");
    assert_string_equal(lyd_get_value(node->next), "overlapping-targets");
    assert_null(node->next->next);

    lyd_free_all(tree);

    assert_int_equal(test_write(dots_signal_scope_collision, &rq, 0, buf,
                                sizeof(buf), &len),
                     DOTS_OK);
    assert_int_equal(dots_cbor_decode(t->schema, buf, len, &tree, &f),
                     DOTS_OK);

    node = lyd_child(lyd_child(lyd_child(tree)));
    assert_string_equal(lyd_get_value(node), "cuid-collision");

    lyd_free_all(tree);
}


/* Each size that is too small is said to be. */

static void
test_scope_full(void **state)
{
    size_t           i, n, len;
    uint8_t         *exact;
    test_scope_t    *t = *state;
    dots_request_t   rq;

    static uint8_t  buf[TEST_SIZE];

    t->arena = dots_arena_create(1024 * 1024);
    assert_non_null(t->arena);

    memset(&rq, 0, sizeof(rq));
    test_request(t, &rq);

    assert_int_equal(test_write(dots_signal_scope_found, &rq,
                                DOTS_SIGNAL_URI_CONFIG
                                | DOTS_SIGNAL_URI_STATE,
                                buf, sizeof(buf), &n),
                     DOTS_OK);

    for (i = 0; i <= n; i++) {

        exact = malloc(i ? i : 1);
        assert_non_null(exact);

        assert_int_equal(test_write(dots_signal_scope_found, &rq,
                                    DOTS_SIGNAL_URI_CONFIG
                                    | DOTS_SIGNAL_URI_STATE,
                                    exact, i, &len),
                         i < n ? DOTS_FULL : DOTS_OK);
        free(exact);
    }

    dots_arena_destroy(t->arena);
}


/* What the table does not have and what no map of ours holds is no body. */

static void
test_scope_failed(void **state)
{
    int                i;
    size_t             len;
    uint8_t            buf[256];
    dots_request_t     rq;
    dots_cbor_body_t   b;
    dots_mitigation_t  m;

    (void) state;

    dots_signal_scope_start(&b, buf, sizeof(buf));
    dots_cbor_body_uint(&b, "no-such-name", 1);
    assert_int_equal(dots_cbor_body_finish(&b, &len), DOTS_ERROR);

    dots_signal_scope_start(&b, buf, sizeof(buf));

    for (i = 0; i < 24; i++) {
        dots_cbor_body_uint(&b, "mid", 1);
    }

    assert_int_equal(dots_cbor_body_finish(&b, &len), DOTS_ERROR);

    dots_signal_scope_start(&b, buf, sizeof(buf));

    for (i = 0; i < DOTS_CBOR_DEPTH; i++) {
        dots_cbor_body_map(&b, "conflict-scope");
    }

    for (i = 0; i < DOTS_CBOR_DEPTH; i++) {
        dots_cbor_body_end(&b);
    }

    assert_int_equal(dots_cbor_body_finish(&b, &len), DOTS_ERROR);

    dots_signal_scope_start(&b, buf, sizeof(buf));
    dots_cbor_body_map(&b, "conflict-scope");
    assert_int_equal(dots_cbor_body_finish(&b, &len), DOTS_ERROR);

    /* a status that is none */

    memset(&m, 0, sizeof(m));
    memset(&rq, 0, sizeof(rq));
    m.status = (dots_status_t) 9;
    rq.nmitigations = 1;
    rq.mitigations = &m;

    dots_signal_scope_start(&b, buf, sizeof(buf));
    assert_int_equal(dots_signal_scope_found(&b, &rq, DOTS_SIGNAL_URI_STATE),
                     DOTS_ERROR);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_scope_random),
        cmocka_unit_test(test_scope_codes),
        cmocka_unit_test(test_scope_full),
        cmocka_unit_test(test_scope_failed),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
