/* Redirected signaling: RFC 9132 section 4.6. */

#include "signal_peer.h"


/* {46: {47: "alt-server.example", 48: ["2001:db8:6401::1", ...]}}, Figure 26 */

#define ALT_SERVER  "18 2f 72 616c742d7365727665722e6578616d706c65 "
#define RECORDS                                                               \
    "18 30 82 70 323030313a6462383a363430313a3a31 "                           \
    "70 323030313a6462383a363430313a3a32 "
#define FIGURE_26   "a1 18 2e a2 " ALT_SERVER RECORDS

/* NON 5.03, the token, Content-Format 271, Max-Age */

#define ANSWER      "52 a3 ???? aabb c2 010f "


static const dots_redirect_t  test_redirect = {
    "alt-server.example", 2, { "2001:db8:6401::1", "2001:db8:6401::2" }, 300
};


static const dots_redirect_t  test_largest = {
    NULL, DOTS_REDIRECT_RECORDS,
    { "2001:db8:6401:ffff:ffff:ffff:ffff:fff1",
      "2001:db8:6401:ffff:ffff:ffff:ffff:fff2",
      "2001:db8:6401:ffff:ffff:ffff:ffff:fff3",
      "2001:db8:6401:ffff:ffff:ffff:ffff:fff4",
      "2001:db8:6401:ffff:ffff:ffff:ffff:fff5",
      "2001:db8:6401:ffff:ffff:ffff:ffff:fff6",
      "2001:db8:6401:ffff:ffff:ffff:ffff:fff7",
      "2001:db8:6401:ffff:ffff:ffff:ffff:fff8" },
    0
};


static void
test_redirected(const dots_redirect_t *redirect, const char *request,
    const char *answer)
{
    test_peer_t  p;

    test_customer->redirect = redirect;

    test_open(&p);
    test_input(&p, request);

    assert_int_equal(p.nsent, 1);
    test_sent(&p, 0, answer);

    assert_int_equal(p.nsubmits, 0);
    assert_int_equal(p.audit_code, dots_coap_code(5, 3));

    /* who repeats the request hears the same */

    test_input(&p, request);
    test_same(&p, 0, 1);
    assert_int_equal(p.nsubmits, 0);

    dots_signal_close(p.signal);

    test_customer->redirect = NULL;
}


static void
test_redirect_figure_26(void **state)
{
    (void) state;

    test_redirected(&test_redirect, PUT(NON, "0001"),
                    ANSWER "22 012c ff " FIGURE_26);
    test_redirected(&test_redirect, PUT(CON, "0001"),
                    "62 a3 0001 aabb c2 010f 22 012c ff " FIGURE_26);
}


static void
test_redirect_max_age(void **state)
{
    dots_redirect_t  redirect;

    (void) state;

    redirect = test_redirect;
    redirect.nrecords = 0;

    /* this request only; RFC 7252 section 3.2: zero is an empty uint */

    redirect.max_age = 0;
    test_redirected(&redirect, PUT(NON, "0001"),
                    ANSWER "20 ff a1 18 2e a1 " ALT_SERVER);

    /* for ever */

    redirect.max_age = UINT32_MAX;
    test_redirected(&redirect, PUT(NON, "0001"),
                    ANSWER "24 ffffffff ff a1 18 2e a1 " ALT_SERVER);
}


static void
test_redirect_largest(void **state)
{
    size_t           i;
    char             name[254];
    test_peer_t      p;
    dots_redirect_t  redirect;

    (void) state;

    memset(name, 'a', sizeof(name));
    name[sizeof(name) - 1] = '\0';

    for (i = 63; i < sizeof(name) - 1; i += 64) {
        name[i] = '.';
    }

    redirect = test_largest;
    redirect.alt_server = name;

    test_customer->redirect = &redirect;

    test_open(&p);
    test_input(&p, PUT(NON, "0001"));

    assert_int_equal(p.nsent, 1);
    assert_int_equal(p.sent[0][1], dots_coap_code(5, 3));
    assert_true(p.len[0] > 253 + DOTS_REDIRECT_RECORDS * 38);

    dots_signal_close(p.signal);

    test_customer->redirect = NULL;
}


/* What is there can be seen and withdrawn. */

static void
test_redirect_not(void **state)
{
    (void) state;

    test_customer->redirect = &test_redirect;

    test_answer(DELETE(NON, "0001"), dots_coap_code(5, 0), NULL, 1);
    test_answer(GET(NON, "0001"), dots_coap_code(5, 0), NULL, 1);

    test_customer->redirect = NULL;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_redirect_figure_26),
        cmocka_unit_test(test_redirect_max_age),
        cmocka_unit_test(test_redirect_largest),
        cmocka_unit_test(test_redirect_not),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
