/* The runner and the gobgp driver against a real gobgpd (GoBGP 3.x). */

#include "gobgp_world.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "dots_gobgp.pb-c.h"
#include "dots_gobgp_path.h"


#define TEST_MANY 2000


/* Below those that the kernel gives to clients, who could have it meanwhile. */

static int
free_port(void)
{
    int                 fd, rc, port;
    struct sockaddr_in  sin = { .sin_family = AF_INET };

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    port = 10000 + getpid() % 20000;

    do {
        sin.sin_port = htons((uint16_t) ++port);
        fd = socket(AF_INET, SOCK_STREAM, 0);
        rc = bind(fd, (struct sockaddr *) &sin, sizeof(sin));
        close(fd);
    } while (rc == -1 && port < 32000);

    assert_int_equal(rc, 0);

    return port;
}


static void
test_community(void **state)
{
    size_t    i;
    uint32_t  c;

    static const struct {
        const char *text;
        uint32_t    value;
    } good[] = {
        { "65535:666", 0xffff029a }, { "blackhole", 0xffff029a },
        { "no-export", 0xffffff01 }, { "no-advertise", 0xffffff02 },
        { "no-export-subconfed", 0xffffff03 }, { "no-peer", 0xffffff04 },
        { "graceful-shutdown", 0xffff0000 }, { "0:0", 0 },
        { "4294967295", 0xffffffff }, { "65001:1", TEST_TAG }
    };
    static const char *const  bad[] = {
        "", ":", "1:", ":1", "65536:1", "1:65536", "4294967296", "-1", "1:2:3",
        " 1", "1 ", "0x10", "Blackhole", "blackhol", "99999999999:1"
    };

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(dots_gobgp_community(
                             dots_str(good[i].text, strlen(good[i].text)), &c),
                         DOTS_OK);
        assert_int_equal(c, good[i].value);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (dots_gobgp_community(dots_str(bad[i], strlen(bad[i])), &c)
            != DOTS_INVALID)
        {
            fail_msg("\"%s\" is accepted", bad[i]);
        }
    }
}


static void
test_can(void **state)
{
    test_t            *t = *state;
    dots_prefix_t      both[2];
    dots_mitigation_t  m = { .nresolved = 2, .resolved = both };

    both[0] = runner_prefix("192.0.2.7");
    both[1] = runner_prefix("2001:db8::7");

    assert_true(dots_gobgp_driver.can(&t->conf, &m));
    t->conf.next_hop6.family = 0;
    assert_false(dots_gobgp_driver.can(&t->conf, &m));
    m.nresolved = 1;
    assert_true(dots_gobgp_driver.can(&t->conf, &m));
    m.nresolved = 0;
    assert_false(dots_gobgp_driver.can(&t->conf, &m));
}


/* RFC 7999: the BLACKHOLE community; RFC 4760: IPv6 in MP_REACH_NLRI. */

static void
test_announce_withdraw(void **state)
{
    test_t    *t = *state;
    uint64_t   generation;

    gobgpd_start(t);
    runner_start(t);
    want(t, 5, "203.0.113.7", "2001:db8:1::7", "198.51.100.0/24",
         "2001:db8:2::/48", "203.0.113.7/32");

    becomes(t, "203.0.113.7", DOTS_RULE_INSTALLED);
    becomes(t, "2001:db8:1::7", DOTS_RULE_INSTALLED);
    becomes(t, "198.51.100.0/24", DOTS_RULE_INSTALLED);
    becomes(t, "2001:db8:2::/48", DOTS_RULE_INSTALLED);

    shows(t, "ipv4", "203.0.113.7/32", "192.0.2.1 ");
    shows(t, "ipv4", "203.0.113.7/32", "{Origin: i}");
    shows(t, "ipv4", "203.0.113.7/32",
          "{Communities: blackhole, no-export, 65001:1}");
    shows(t, "ipv4", "198.51.100.0/24", "192.0.2.1 ");
    shows(t, "ipv6", "2001:db8:1::7/128", " 100::1 ");
    shows(t, "ipv6", "2001:db8:1::7/128",
          "{Communities: blackhole, no-export, 65001:1}");
    shows(t, "ipv6", "2001:db8:2::/48", " 100::1 ");

    /* the same set again is nothing new */

    generation = dots_mitigator_generation(t->mt);
    want(t, 4, "2001:db8:2::/48", "203.0.113.7", "2001:db8:1::7",
         "198.51.100.0/24");
    want(t, 1, "2001:db8:1::7");
    goes(t, "ipv4", "203.0.113.7/32");
    goes(t, "ipv4", "198.51.100.0/24");
    goes(t, "ipv6", "2001:db8:2::/48");
    shows(t, "ipv6", "2001:db8:1::7/128", " 100::1 ");
    becomes(t, "203.0.113.7", DOTS_RULE_PENDING);
    assert_true(dots_mitigator_generation(t->mt) > generation);

    want(t, 0);
    goes(t, "ipv6", "2001:db8:1::7/128");
    assert_int_equal(logged(t, DOTS_LOG_ERROR), 0);
}


/* What the operator put there is neither changed nor deleted. */

static void
test_foreign(void **state)
{
    char     reason[DOTS_REASON_MAX];
    test_t  *t = *state;

    gobgpd_start(t);
    (void) ask(t, "global rib add -a ipv4 203.0.113.9/32 nexthop 192.0.2.99 "
                  "community 65535:666");
    (void) ask(t, "global rib add -a ipv6 2001:db8:1::9/128 nexthop 100::99");
    runner_start(t);

    want(t, 3, "203.0.113.9", "203.0.113.7", "2001:db8:1::9");
    becomes(t, "203.0.113.9", DOTS_RULE_REFUSED);
    becomes(t, "2001:db8:1::9", DOTS_RULE_REFUSED);
    becomes(t, "203.0.113.7", DOTS_RULE_INSTALLED);
    (void) state_of(t, "203.0.113.9", reason);
    assert_non_null(strstr(reason, "operator"));
    shows(t, "ipv4", "203.0.113.9/32", "192.0.2.99 ");
    shows(t, "ipv6", "2001:db8:1::9/128", " 100::99 ");

    want(t, 0);
    goes(t, "ipv4", "203.0.113.7/32");
    shows(t, "ipv4", "203.0.113.9/32", "192.0.2.99 ");
    shows(t, "ipv6", "2001:db8:1::9/128", " 100::99 ");

    /* the operator takes it away: ours takes its place */

    want(t, 1, "203.0.113.9");
    becomes(t, "203.0.113.9", DOTS_RULE_REFUSED);
    (void) ask(t, "global rib del -a ipv4 203.0.113.9/32");
    becomes(t, "203.0.113.9", DOTS_RULE_INSTALLED);
    shows(t, "ipv4", "203.0.113.9/32", "192.0.2.1 ");
    assert_int_equal(logged(t, DOTS_LOG_ERROR), 0);
}


/* Of a former run: unwanted ones go, different ones are replaced. */

static void
test_takeover(void **state)
{
    test_t  *t = *state;

    gobgpd_start(t);
    (void) ask(t, "global rib add -a ipv4 203.0.113.1/32 nexthop 192.0.2.1 "
                  "community 65535:666,65001:1");
    (void) ask(t, "global rib add -a ipv4 203.0.113.2/32 nexthop 192.0.2.77 "
                  "community 65535:666,65535:65281,65001:1");
    (void) ask(t, "global rib add -a ipv4 203.0.113.3/32 nexthop 192.0.2.1 "
                  "community 65001:1");
    (void) ask(t, "global rib add -a ipv6 2001:db8:1::2/128 nexthop 100::77 "
                  "community 65535:666,65535:65281,65001:1");
    runner_start(t);
    want(t, 3, "203.0.113.2", "203.0.113.3", "2001:db8:1::2");

    becomes(t, "203.0.113.2", DOTS_RULE_INSTALLED);
    becomes(t, "203.0.113.3", DOTS_RULE_INSTALLED);
    becomes(t, "2001:db8:1::2", DOTS_RULE_INSTALLED);
    shows(t, "ipv4", "203.0.113.2/32", " 192.0.2.1 ");
    shows(t, "ipv4", "203.0.113.3/32", "blackhole, no-export, 65001:1");
    shows(t, "ipv6", "2001:db8:1::2/128", " 100::1 ");
    assert_null(route(t, "ipv4", "203.0.113.1/32"));

    /* the end of the runner leaves the routes to the next one */

    dots_mitigator_stop(t->mt);
    t->mt = NULL;
    shows(t, "ipv4", "203.0.113.2/32", " 192.0.2.1 ");

    /* which knows nothing before it has looked */

    gobgpd_hang(t);
    runner_start(t);
    want(t, 1, "203.0.113.2");
    assert_int_equal(state_of(t, "203.0.113.2", NULL), DOTS_RULE_UNKNOWN);
    assert_int_equal(kill(t->pid, SIGCONT), 0);
    becomes(t, "203.0.113.2", DOTS_RULE_INSTALLED);
}


static void
test_no_next_hop(void **state)
{
    char     reason[DOTS_REASON_MAX];
    test_t  *t = *state;

    gobgpd_start(t);
    memset(&t->conf.next_hop6, 0, sizeof(dots_prefix_t));
    (void) ask(t, "global rib add -a ipv6 2001:db8:1::7/128 nexthop 100::1 "
                  "community 65001:1");
    runner_start(t);
    want(t, 2, "203.0.113.7", "2001:db8:1::7");
    becomes(t, "203.0.113.7", DOTS_RULE_INSTALLED);
    becomes(t, "2001:db8:1::7", DOTS_RULE_REFUSED);
    (void) state_of(t, "2001:db8:1::7", reason);
    assert_string_equal(reason, "no IPv6 next hop is configured");
    assert_null(route(t, "ipv6", "2001:db8:1::7/128"));
}


/* A family that the operator left out of GoBGP's configuration. */

static void
test_no_family(void **state)
{
    char     reason[DOTS_REASON_MAX];
    char     config[512];
    test_t  *t = *state;

    snprintf(config, sizeof(config),
             "%s[[global.afi-safis]]\n[global.afi-safis.config]\n"
             "afi-safi-name = \"ipv4-unicast\"\n", test_global);
    gobgpd_spawn(t, config);
    gobgpd_ready(t);
    runner_start(t);
    want(t, 2, "203.0.113.7", "2001:db8:1::7");
    becomes(t, "203.0.113.7", DOTS_RULE_INSTALLED);
    becomes(t, "2001:db8:1::7", DOTS_RULE_REFUSED);
    (void) state_of(t, "2001:db8:1::7", reason);
    assert_non_null(strstr(reason, "not supported"));
}


static void
test_away_at_start(void **state)
{
    int       port;
    int64_t   began;
    test_t   *t = *state;

    runner_start(t);
    want(t, 1, "203.0.113.7");

    for (began = now_ms(); logged(t, DOTS_LOG_ERROR) == 0; breathe()) {
        assert_true(now_ms() - began < TEST_PATIENCE);
    }

    assert_int_equal(state_of(t, "203.0.113.7", NULL), DOTS_RULE_PENDING);
    assert_non_null(strstr(t->last, "cannot list the routes"));
    assert_non_null(strstr(t->last, "(No such file or directory)"));

    /* it runs but has not been told its AS number: still away */

    gobgpd_spawn(t, "");

    for (began = now_ms(); now_ms() - began < TEST_PATIENCE; breathe()) {
        if (run("gobgp --target %s global rib 2>&1 | grep -q started",
                t->target))
        {
            break;
        }
    }

    began = now_ms();

    while (now_ms() - began < 700) {
        assert_int_equal(state_of(t, "203.0.113.7", NULL), DOTS_RULE_PENDING);
        breathe();
    }

    /* told twice it would refuse: whether it has been told it says itself */

    port = free_port();

    for (began = now_ms(); !knows(t); breathe()) {
        assert_true(now_ms() - began < TEST_PATIENCE);
        (void) run("gobgp --target %s global as 65001 router-id 192.0.2.254 "
                   "listen-port %d listen-addresses 127.0.0.1 2>&1",
                   t->target, port);
    }

    becomes(t, "203.0.113.7", DOTS_RULE_INSTALLED);
    assert_int_equal(logged(t, DOTS_LOG_ERROR), 1);
    assert_int_equal(logged(t, DOTS_LOG_INFO), 1);
}


static void
test_restart(void **state)
{
    test_t  *t = *state;

    gobgpd_start(t);
    runner_start(t);
    want(t, 2, "203.0.113.7", "2001:db8:1::7");
    becomes(t, "203.0.113.7", DOTS_RULE_INSTALLED);
    becomes(t, "2001:db8:1::7", DOTS_RULE_INSTALLED);

    gobgpd_stop(t);
    becomes(t, "203.0.113.7", DOTS_RULE_PENDING);
    gobgpd_start(t);
    becomes(t, "203.0.113.7", DOTS_RULE_INSTALLED);
    becomes(t, "2001:db8:1::7", DOTS_RULE_INSTALLED);
    shows(t, "ipv4", "203.0.113.7/32", "192.0.2.1 ");
    shows(t, "ipv6", "2001:db8:1::7/128", " 100::1 ");
    assert_int_equal(logged(t, DOTS_LOG_ERROR), 1);
    assert_int_equal(logged(t, DOTS_LOG_INFO), 1);
}


/* Restarted between two checks: nobody was away, the routes are. */

static void
test_lost_route(void **state)
{
    int64_t  end;
    test_t  *t = *state;

    gobgpd_start(t);
    runner_start(t);
    want(t, 1, "203.0.113.7");
    becomes(t, "203.0.113.7", DOTS_RULE_INSTALLED);
    (void) ask(t, "global rib del -a ipv4 203.0.113.7/32");

    for (end = now_ms() + TEST_PATIENCE; now_ms() < end; breathe()) {
        if (route(t, "ipv4", "203.0.113.7/32") != NULL) {
            return;
        }
    }

    fail_msg("the route does not come back");
}


/* A daemon that hangs holds nobody up for longer than the timeout. */

static void
test_hangs(void **state)
{
    int64_t  began;
    test_t  *t = *state;

    t->conf.timeout = 1000;

    gobgpd_start(t);
    runner_start(t);
    want(t, 1, "203.0.113.7");
    becomes(t, "203.0.113.7", DOTS_RULE_INSTALLED);

    gobgpd_hang(t);
    began = now_ms();
    want(t, 1, "203.0.113.8");

    while (logged(t, DOTS_LOG_ERROR) == 0) {
        assert_true(now_ms() - began < TEST_PATIENCE);
        breathe();
    }

    assert_int_equal(state_of(t, "203.0.113.8", NULL), DOTS_RULE_PENDING);

    assert_int_equal(kill(t->pid, SIGCONT), 0);
    becomes(t, "203.0.113.8", DOTS_RULE_INSTALLED);
}


/* A path that can't be read is no other's: nothing is decided by it. */

static int
on_path(void *ctx, const dots_gobgp_path_t *path)
{
    (void) path;
    ++*(int *) ctx;

    return DOTS_OK;
}


static void
test_unread(void **state)
{
    int      n;
    size_t   i, k, len;
    test_t  *t = *state;
    uint8_t  buf[1024];
    uint8_t  prefix[32], bad[] = { 0x0a, 0x7f };

    static const struct {
        const char *attribute;
        const char *address;
        unsigned    afi;
    } cases[] = {
        { "CommunitiesAttribute", "203.0.113.7", 1 },
        { "NextHopAttribute", "203.0.113.7", 1 },
        { "MpReachNLRIAttribute", "2001:db8:1::7", 2 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char                      type[64];
        Apipb__Any                nlri = APIPB__ANY__INIT, *attrs[1];
        Apipb__Any                attr = APIPB__ANY__INIT;
        Apipb__Path               path = APIPB__PATH__INIT, *paths[1];
        Apipb__Family             family = APIPB__FAMILY__INIT;
        Apipb__Destination        d = APIPB__DESTINATION__INIT;
        Apipb__IPAddressPrefix    p = APIPB__IPADDRESS_PREFIX__INIT;
        Apipb__ListPathResponse   r = APIPB__LIST_PATH_RESPONSE__INIT;

        p.prefix = (char *) cases[i].address;
        p.prefix_len = cases[i].afi == 1 ? 32 : 128;
        nlri.type_url = "type.googleapis.com/apipb.IPAddressPrefix";
        nlri.value.len = apipb__ipaddress_prefix__pack(&p, prefix);
        nlri.value.data = prefix;
        snprintf(type, sizeof(type), "type.googleapis.com/apipb.%s",
                 cases[i].attribute);
        attr.type_url = type;
        attr.value.data = bad;
        family.afi = cases[i].afi;
        family.safi = 1;
        attrs[0] = &attr;
        path.nlri = &nlri;
        path.family = &family;
        path.n_pattrs = 1;
        path.pattrs = attrs;
        paths[0] = &path;
        d.n_paths = 1;
        d.paths = paths;
        r.destination = &d;

        /* a length beyond the end; and nothing, which can be read */

        for (k = 0; k < 2; k++) {
            attr.value.len = k == 0 ? sizeof(bad) : 0;
            assert_true(apipb__list_path_response__get_packed_size(&r)
                        <= sizeof(buf));
            len = apipb__list_path_response__pack(&r, buf);
            n = 0;
            assert_int_equal(dots_gobgp_path_each(&t->conf, buf, len, on_path,
                                                  &n),
                             k == 0 ? DOTS_INVALID : DOTS_OK);
            assert_int_equal(n, (int) k);
        }
    }
}


/* A daemon that hangs does not hold up a manager that is told to leave. */

static void
test_interrupted(void **state)
{
    test_t   *t = *state;
    int64_t   began;

    t->conf.timeout = 60000;

    gobgpd_start(t);
    runner_start(t);
    want(t, 1, "203.0.113.7");
    becomes(t, "203.0.113.7", DOTS_RULE_INSTALLED);

    gobgpd_hang(t);
    began = now_ms();
    want(t, 1, "203.0.113.8");
    dots_mitigator_stop(t->mt);
    t->mt = NULL;

    assert_true(now_ms() - began < t->conf.timeout / 2);
    assert_int_equal(logged(t, DOTS_LOG_ERROR), 0);
}


/* What answers is no gRPC server: an error in words, no harm. */

static void *
babble(void *arg)
{
    int          fd, c;
    char         buf[512];
    static char  junk[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

    fd = *(int *) arg;

    while ((c = accept(fd, NULL, NULL)) != -1) {
        if (read(c, buf, sizeof(buf)) > 0) {
            (void) !write(c, junk, sizeof(junk) - 1);
        }

        close(c);
    }

    return NULL;
}


static void
test_not_grpc(void **state)
{
    int                 fd;
    test_t             *t = *state;
    int64_t             began;
    pthread_t           tid;
    socklen_t           len;
    struct sockaddr_in  sin = { .sin_family = AF_INET };

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    len = sizeof(sin);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *) &sin, len), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) &sin, &len), 0);
    assert_int_equal(pthread_create(&tid, NULL, babble, &fd), 0);

    snprintf(t->conf.target, sizeof(t->conf.target), "127.0.0.1:%d",
             ntohs(sin.sin_port));
    runner_start(t);
    want(t, 1, "203.0.113.7");

    for (began = now_ms(); logged(t, DOTS_LOG_ERROR) == 0; breathe()) {
        assert_true(now_ms() - began < TEST_PATIENCE);
    }

    assert_int_equal(state_of(t, "203.0.113.7", NULL), DOTS_RULE_PENDING);
    dots_mitigator_stop(t->mt);
    t->mt = NULL;
    shutdown(fd, SHUT_RDWR);
    pthread_join(tid, NULL);
    close(fd);
}


static size_t
lines(test_t *t, const char *needle)
{
    char    *p;
    size_t   n;

    n = 0;

    for (p = rib(t, "ipv4"); (p = strstr(p, needle)) != NULL; p++) {
        n++;
    }

    return n;
}


static void
test_many(void **state)
{
    char          text[32];
    size_t        i;
    int64_t       began, took;
    test_t       *t = *state;
    dots_rule_t  *rules;

    rules = calloc(TEST_MANY, sizeof(dots_rule_t));
    assert_non_null(rules);

    for (i = 0; i < TEST_MANY; i++) {
        snprintf(text, sizeof(text), "10.0.%zu.%zu", i >> 8, i & 255);
        rules[i].prefix = runner_prefix(text);
    }

    gobgpd_start(t);
    runner_start(t);
    began = now_ms();
    assert_int_equal(dots_mitigator_want(t->mt, rules, TEST_MANY), DOTS_OK);
    becomes(t, "10.0.0.0", DOTS_RULE_INSTALLED);
    took = now_ms() - began;

    for (i = 0; i < TEST_MANY; i++) {
        assert_int_equal(dots_mitigator_state(t->mt, &rules[i].prefix, NULL),
                         DOTS_RULE_INSTALLED);
    }

    assert_int_equal(lines(t, "blackhole"), TEST_MANY);

    began = now_ms();
    assert_int_equal(dots_mitigator_want(t->mt, rules, 1), DOTS_OK);
    becomes(t, "10.0.0.1", DOTS_RULE_PENDING);
    print_message("%d routes: added in %lld ms, deleted in %lld ms\n",
                  TEST_MANY, (long long) took, (long long) (now_ms() - began));
    assert_int_equal(lines(t, "blackhole"), 1);
    free(rules);
}


/* The same prefix from a neighbour is no obstacle and is left alone. */

static void
test_neighbour(void **state)
{
    int      port;
    char     config[768];
    test_t  *t = *state;
    int64_t  end;

    port = free_port();
    t->peer = test_new();
    snprintf(config, sizeof(config),
             "[global.config]\nas = 65001\nrouter-id = \"192.0.2.253\"\n"
             "port = %d\nlocal-address-list = [\"127.0.0.1\"]\n"
             "[[neighbors]]\n[neighbors.config]\n"
             "neighbor-address = \"127.0.0.1\"\npeer-as = 65001\n"
             "[neighbors.transport.config]\npassive-mode = true\n", port);
    gobgpd_spawn(t->peer, config);
    gobgpd_ready(t->peer);
    (void) ask(t->peer, "global rib add -a ipv4 203.0.113.7/32 nexthop "
                        "192.0.2.88 community 65001:1");

    snprintf(config, sizeof(config),
             "%s[[neighbors]]\n[neighbors.config]\n"
             "neighbor-address = \"127.0.0.1\"\npeer-as = 65001\n"
             "[neighbors.transport.config]\nremote-port = %d\n"
             "[neighbors.timers.config]\nconnect-retry = 1\n",
             test_global, port);
    gobgpd_spawn(t, config);
    gobgpd_ready(t);

    end = now_ms() + 2 * TEST_PATIENCE;

    while (route(t, "ipv4", "203.0.113.7/32") == NULL && now_ms() < end) {
        breathe();
    }

    shows(t, "ipv4", "203.0.113.7/32", "192.0.2.88");

    runner_start(t);
    want(t, 1, "203.0.113.7");
    becomes(t, "203.0.113.7", DOTS_RULE_INSTALLED);
    assert_int_equal(lines(t, "203.0.113.7/32"), 2);
    want(t, 0);

    while (lines(t, "203.0.113.7/32") != 1 && now_ms() < end) {
        breathe();
    }

    shows(t, "ipv4", "203.0.113.7/32", "192.0.2.88");
}


#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)


int
main(void)
{
    const struct CMUnitTest  pure[] = {
        test(test_community),
        test(test_can),
        test(test_unread),
        test(test_interrupted),
        test(test_not_grpc),
    };
    const struct CMUnitTest  real[] = {
        test(test_announce_withdraw),
        test(test_foreign),
        test(test_takeover),
        test(test_no_next_hop),
        test(test_no_family),
        test(test_away_at_start),
        test(test_restart),
        test(test_lost_route),
        test(test_hangs),
        test(test_many),
        test(test_neighbour),
    };

    int  rc;

    rc = cmocka_run_group_tests(pure, NULL, NULL);

    if (system("command -v gobgpd >/dev/null && command -v gobgp >/dev/null")
        != 0)
    {
        printf("skipped: gobgpd is not installed (Debian: gobgpd)\n");
        return rc;
    }

    return rc + cmocka_run_group_tests(real, NULL, NULL);
}
