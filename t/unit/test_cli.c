/*
 * The pure parts of the dots command: cuid and mid (RFC 9132 section 4.4.1.1),
 * the configuration, and what the words of the command line mean.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "dots_cli_config.h"
#include "dots_cli_cuid.h"
#include "dots_cli_host_meta.h"
#include "dots_cli_mid.h"
#include "dots_cli_output.h"
#include "dots_cli_target.h"


#define TEST_CLI_PROCESSES 4
#define TEST_CLI_MIDS      8
#define TEST_CLI_NOBODY    65534

#define TEST_CLI_N(table) (sizeof(table) / sizeof((table)[0]))


/*
 * openssl ecparam -name prime256v1 -genkey -noout -out k.pem
 * openssl req -x509 -new -key k.pem -subj /CN=test -days 36500 -out c.pem
 */

static const char  test_cli_cert[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdjCCARugAwIBAgIUQuYycXrO7Td0P9Ac36eo8y6wHS8wCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjQxNDMzMzhaGA8yMTI2MTAzMTE0MzMz\n"
    "OFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAcK\n"
    "2GofzP7tYnJi6JQ9bU0Nbo0merxAhmaZcn4VMFbqKvzzvOU4Ug8ceEZL6ePmIFKh\n"
    "frwHtI6J5WCGUZ14/iGjUzBRMB0GA1UdDgQWBBRKv4WOIXxNFk8uZwJM2ks8h51b\n"
    "OzAfBgNVHSMEGDAWgBRKv4WOIXxNFk8uZwJM2ks8h51bOzAPBgNVHRMBAf8EBTAD\n"
    "AQH/MAoGCCqGSM49BAMCA0kAMEYCIQCLNcwO3cxNhS8sirgkKfnEjqwJ3qSs5m95\n"
    "3sc0ZvJvuQIhAK9XfflWBe5x8BaNWqxm0FP4/zozq+iU8vpvlil7S2vQ\n"
    "-----END CERTIFICATE-----\n";

/*
 * openssl x509 -in c.pem -noout -pubkey | openssl pkey -pubin -outform DER
 * | openssl dgst -sha256 -binary | head -c 16 | openssl base64
 * | tr '+/' '-_' | tr -d '='
 */

static const char  test_cli_cuid[] = "iTP7kY03WEDSvyXTjOwSDQ";

static const char  test_cli_key[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIAYpIRhGqqYjus4fSNUHsxW0UvOvkganjIEq/cXHZbxboAoGCCqGSM49\n"
    "AwEHoUQDQgAEBwrYah/M/u1icmLolD1tTQ1ujSZ6vECGZplyfhUwVuoq/PO85ThS\n"
    "Dxx4Rkvp4+YgUqF+vAe0jonlYIZRnXj+IQ==\n"
    "-----END EC PRIVATE KEY-----\n";


typedef struct {
    char               dir[64];
    char               path[128];
    dots_cli_config_t  config;
    dots_cli_target_t  target;
    dots_fault_t       f;
} test_cli_t;


static int
test_cli_setup(void **state)
{
    test_cli_t  *t;

    t = calloc(1, sizeof(test_cli_t));
    if (t == NULL) {
        return -1;
    }

    strcpy(t->dir, "/tmp/dots-cli-XXXXXX");

    if (mkdtemp(t->dir) == NULL) {
        free(t);
        return -1;
    }

    dots_cli_target_init(&t->target);
    *state = t;

    return 0;
}


static int
test_cli_teardown(void **state)
{
    int          rc;
    char         command[256];
    test_cli_t  *t = *state;

    (void) snprintf(command, sizeof(command),
                    "chmod -R u+rwx %s && rm -rf %s", t->dir, t->dir);
    rc = system(command);

    dots_cli_config_free(&t->config);
    free(t);

    return rc;
}


static const char *
test_cli_path(test_cli_t *t, const char *name)
{
    (void) snprintf(t->path, sizeof(t->path), "%s/%s", t->dir, name);

    return t->path;
}


static void
test_cli_file(test_cli_t *t, const char *name, const char *text)
{
    FILE  *out;

    out = fopen(test_cli_path(t, name), "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}


/* ---- cuid ---- */

static void
test_cli_cuid_spki(void **state)
{
    char         cuid[DOTS_CLI_CUID_LEN + 1], cert[128], other[128];
    test_cli_t  *t = *state;

    test_cli_file(t, "c.pem", test_cli_cert);
    strcpy(cert, t->path);

    assert_int_equal(dots_cli_cuid(cert, cuid, &t->f), DOTS_OK);
    assert_string_equal(cuid, test_cli_cuid);

    test_cli_file(t, "k.pem", test_cli_key);
    assert_int_equal(dots_cli_cuid_key(cert, t->path, &t->f), DOTS_OK);

    /* a certificate is no key */

    strcpy(other, t->path);
    assert_int_equal(dots_cli_cuid_key(cert, cert, &t->f), DOTS_INVALID);
    assert_non_null(strstr(t->f.message, "is not a private key"));
    assert_int_equal(dots_cli_cuid(other, cuid, &t->f), DOTS_INVALID);
    assert_non_null(strstr(t->f.message, "is not a certificate"));

    assert_int_equal(dots_cli_cuid(test_cli_path(t, "none"), cuid, &t->f),
                     DOTS_INVALID);
    assert_non_null(strstr(t->f.message, "No such file"));
}


static void
test_cli_cuid_fresh(void **state)
{
    char  a[DOTS_CLI_CUID_LEN + 1], b[DOTS_CLI_CUID_LEN + 1];

    (void) state;

    assert_int_equal(dots_cli_cuid_random(a), DOTS_OK);
    assert_int_equal(dots_cli_cuid_random(b), DOTS_OK);
    assert_int_equal(strlen(a), DOTS_CLI_CUID_LEN);
    assert_int_equal(strspn(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                               "uvwxyz0123456789-_"),
                     DOTS_CLI_CUID_LEN);
    assert_string_not_equal(a, b);
}


/* ---- times and numbers ---- */

static void
test_cli_durations(void **state)
{
    size_t   i;
    int32_t  seconds;

    static const struct {
        const char *text;
        int32_t     seconds;
    } good[] = {
        { "90", 90 }, { "30s", 30 }, { "5m", 300 }, { "1h", 3600 },
        { "2d", 172800 }, { "1h30m", 5400 }, { "1", 1 }, { "007", 7 },
        { "2147483647", INT32_MAX }, { "forever", -1 }, { "-1", -1 }
    };

    static const char *const  bad[] = {
        "", "0", "0s", "0h0m", "-2", "-1s", "+5", " 5", "5 ", "1.5h", "1e3",
        "h", "s5", "1x", "1H", "1h30", "1hm", "1h-1m", "2147483648",
        "24856d", "99999999999999999999", "1h99999999999999999999m",
        "Forever", "forever "
    };

    (void) state;

    for (i = 0; i < TEST_CLI_N(good); i++) {
        assert_int_equal(dots_cli_target_lifetime(good[i].text, &seconds),
                         DOTS_OK);
        assert_int_equal(seconds, good[i].seconds);
    }

    for (i = 0; i < TEST_CLI_N(bad); i++) {
        if (dots_cli_target_lifetime(bad[i], &seconds) != DOTS_INVALID) {
            fail_msg("\"%s\" is a lifetime", bad[i]);
        }
    }

    /* a pause has an end */

    assert_int_equal(dots_cli_target_duration("-1", &seconds), DOTS_INVALID);
    assert_int_equal(dots_cli_target_duration("forever", &seconds),
                     DOTS_INVALID);
}


static void
test_cli_numbers(void **state)
{
    uint64_t  n;

    (void) state;

    assert_int_equal(dots_cli_target_number("0", 5, &n), DOTS_OK);
    assert_int_equal(dots_cli_target_number("4294967295", UINT32_MAX, &n),
                     DOTS_OK);
    assert_int_equal(n, UINT32_MAX);
    assert_int_equal(dots_cli_target_number("4294967296", UINT32_MAX, &n),
                     DOTS_INVALID);
    assert_int_equal(dots_cli_target_number("9", 5, &n), DOTS_INVALID);
    assert_int_equal(dots_cli_target_number("", 5, &n), DOTS_INVALID);
    assert_int_equal(dots_cli_target_number("-1", 5, &n), DOTS_INVALID);
    assert_int_equal(dots_cli_target_number("1 ", 5, &n), DOTS_INVALID);
}


/* ---- targets ---- */

typedef int (*test_cli_add_pt)(dots_cli_target_t *t, const char *text,
    dots_fault_t *f);


/* Each is refused, says what is wrong, and leaves nothing behind. */

static void
test_cli_refused(test_cli_t *t, test_cli_add_pt add, const char *attribute,
    const char *const *texts)
{
    for ( /* void */ ; *texts != NULL; texts++) {
        dots_cli_target_init(&t->target);
        t->f.message[0] = '\0';

        if (add(&t->target, *texts, &t->f) != DOTS_INVALID) {
            fail_msg("\"%s\" is accepted", *texts);
        }

        assert_true(strlen(t->f.message) > 10);

        if (t->f.attribute != NULL) {
            assert_string_equal(t->f.attribute, attribute);
        }

        assert_true(dots_target_empty(&t->target.target));
        assert_int_equal(t->target.target.nports, 0);
        assert_int_equal(t->target.target.nprotocols, 0);
    }
}


static void
test_cli_prefixes(void **state)
{
    char         text[DOTS_PREFIX_TEXT];
    test_cli_t  *t = *state;

    static const char *const  bad[] = {
        "", "192.0.2", "192.0.2.7/33", "192.0.2.7/-1", "2001:db8::/129",
        "www.example.com", "192.0.2.7/24", "2001:db8::1/64", "192.0.2.0/24 ",
        "fe80::1%lo", NULL
    };

    test_cli_refused(t, dots_cli_target_prefix, "target-prefix", bad);

    (void) dots_cli_target_prefix(&t->target, "192.0.2.7/24", &t->f);
    assert_non_null(strstr(t->f.message, "write 192.0.2.0/24"));

    assert_int_equal(dots_cli_target_prefix(&t->target, "192.0.2.7", &t->f),
                     DOTS_OK);
    assert_int_equal(dots_cli_target_prefix(&t->target, "2001:DB8::/32",
                                            &t->f), DOTS_OK);
    assert_int_equal(dots_cli_target_prefix(&t->target, "192.0.2.7/32",
                                            &t->f), DOTS_OK);

    /* a leaf-list has no entry twice: RFC 7950 section 7.7 */

    assert_int_equal(t->target.target.nprefixes, 2);
    (void) dots_prefix_print(&t->target.prefixes[0], text);
    assert_string_equal(text, "192.0.2.7/32");
    (void) dots_prefix_print(&t->target.prefixes[1], text);
    assert_string_equal(text, "2001:db8::/32");
}


static void
test_cli_ports(void **state)
{
    test_cli_t         *t = *state;
    dots_port_range_t  *p;

    static const char *const  bad[] = {
        "", ",", "80-", "-80", "65536", "90-80", "http", "80-90-100",
        "8 0", "99999999999999999999999999999999999999", NULL
    };

    test_cli_refused(t, dots_cli_target_ports, "target-port-range", bad);

    assert_int_equal(dots_cli_target_ports(&t->target, "80,443,8000-8080,80",
                                           &t->f), DOTS_OK);
    assert_int_equal(dots_cli_target_ports(&t->target, "0-65535", &t->f),
                     DOTS_OK);
    assert_int_equal(t->target.target.nports, 4);

    p = t->target.ports;
    assert_true(p[0].lower == 80 && p[0].upper == 80 && !p[0].has_upper);
    assert_true(p[1].lower == 443);
    assert_true(p[2].lower == 8000 && p[2].upper == 8080 && p[2].has_upper);
    assert_true(p[3].lower == 0 && p[3].upper == 65535);

    /* lower-port is the key of the list: RFC 9132 section 5.3 */

    assert_int_equal(dots_cli_target_ports(&t->target, "80-90", &t->f),
                     DOTS_INVALID);
    assert_non_null(strstr(t->f.message, "port 80"));
    assert_int_equal(dots_cli_target_ports(&t->target, "81,", &t->f),
                     DOTS_INVALID);
}


static void
test_cli_protocols(void **state)
{
    test_cli_t  *t = *state;

    static const char *const  bad[] = {
        "", "tcpp", "256", "-1", ",", "6 ", NULL
    };

    static const uint8_t  numbers[] = { 6, 17, 0, 255, 58 };

    test_cli_refused(t, dots_cli_target_protocols, "target-protocol", bad);

    assert_int_equal(dots_cli_target_protocols(&t->target,
                                               "tcp,17,UDP,6,0,255,icmpv6",
                                               &t->f), DOTS_OK);
    assert_int_equal(t->target.target.nprotocols, sizeof(numbers));
    assert_memory_equal(t->target.protocols, numbers, sizeof(numbers));

    assert_string_equal(dots_cli_target_protocol_name(58), "ipv6-icmp");
    assert_null(dots_cli_target_protocol_name(255));
}


static void
test_cli_names(void **state)
{
    char         longest[DOTS_TARGET_STRING + 2];
    test_cli_t  *t = *state;

    static const char *const  names[] = {
        "", "192.0.2.1", "2001:db8::1", "-a.example", "a..example",
        "b\xc3\xbc" "cher.example", "a.example/x", "\xff.example", NULL
    };

    static const char *const  uris[] = {
        "", "www.example.com", "mailto:a@example.com", "https://",
        "https://a b/", "https://example.com:99999/",
        "https://[2001:db8::1/", NULL
    };

    static const char *const  aliases[] = { "", "\xc3", NULL };

    test_cli_refused(t, dots_cli_target_fqdn, "target-fqdn", names);
    test_cli_refused(t, dots_cli_target_uri, "target-uri", uris);
    test_cli_refused(t, dots_cli_target_alias, "alias-name", aliases);

    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(dots_cli_target_alias(&t->target, longest, &t->f),
                     DOTS_INVALID);
    longest[DOTS_TARGET_STRING] = '\0';
    assert_int_equal(dots_cli_target_alias(&t->target, longest, &t->f),
                     DOTS_OK);

    assert_int_equal(dots_cli_target_fqdn(&t->target, "www.example.com",
                                          &t->f), DOTS_OK);
    assert_int_equal(dots_cli_target_fqdn(&t->target, "www.example.com",
                                          &t->f), DOTS_OK);
    assert_int_equal(dots_cli_target_uri(&t->target,
                                         "https://[2001:db8::1]:8443/a?b",
                                         &t->f), DOTS_OK);
    assert_int_equal(dots_cli_target_alias(&t->target, "b\xc3\xbc" "ro",
                                           &t->f), DOTS_OK);

    assert_int_equal(t->target.target.nfqdns, 1);
    assert_int_equal(t->target.target.nuris, 1);
    assert_int_equal(t->target.target.naliases, 2);
}


static void
test_cli_too_many(void **state)
{
    int          i;
    char         text[32];
    test_cli_t  *t = *state;

    for (i = 0; i < DOTS_TARGET_MAX; i++) {
        (void) snprintf(text, sizeof(text), "192.0.%d.%d", i / 256, i % 256);
        assert_int_equal(dots_cli_target_prefix(&t->target, text, &t->f),
                         DOTS_OK);
    }

    assert_int_equal(dots_cli_target_prefix(&t->target, "192.0.9.1", &t->f),
                     DOTS_INVALID);
    assert_non_null(strstr(t->f.message, "several requests"));
    assert_int_equal(t->target.target.nprefixes, DOTS_TARGET_MAX);
}


/* ---- configuration ---- */

static int
test_cli_read(test_cli_t *t, const char *text)
{
    int    rc;
    FILE  *in;

    dots_cli_config_free(&t->config);
    t->f.message[0] = '\0';

    in = tmpfile();
    assert_non_null(in);
    assert_true(fputs(text, in) >= 0);
    rewind(in);

    rc = dots_cli_config_read(&t->config, in, "/etc/x/dots.conf", &t->f);

    (void) fclose(in);

    return rc;
}


static void
test_cli_config_keys(void **state)
{
    test_cli_t  *t = *state;

    assert_int_equal(test_cli_read(t,
        "# whom we ask\n"
        "\n"
        "server = dots.example:4647   # with its port\n"
        "  data=https://dots.example:8443/\r\n"
        "name = dots#1.example\n"
        "ca = /pki/ca.crt\n"
        "cert = \"my certs/a.crt\"  # a quoted one\n"
        "key = \"/pki/a#1 .key\"\n"
        "cuid = abc\n"
        "state = state\n"
        "schemas = ../schemas"), DOTS_OK);

    assert_string_equal(t->config.server, "dots.example:4647");
    assert_string_equal(t->config.data, "https://dots.example:8443/");
    assert_string_equal(t->config.name, "dots#1.example");
    assert_string_equal(t->config.ca, "/pki/ca.crt");
    assert_string_equal(t->config.cert, "/etc/x/my certs/a.crt");
    assert_string_equal(t->config.key, "/pki/a#1 .key");
    assert_string_equal(t->config.cuid, "abc");
    assert_string_equal(t->config.state, "/etc/x/state");
    assert_string_equal(t->config.schemas, "/etc/x/../schemas");
}


static void
test_cli_config_wrong(void **state)
{
    size_t       i;
    test_cli_t  *t = *state;

    static const struct {
        const char *text;
        const char *message;
    } wrong[] = {
        { "\n\nservr = a\n", ":3: unknown setting \"servr\"" },
        { "server\n", ":1: write \"setting = value\"" },
        { "server =\n", ":1: server \"\": write HOST or HOST:PORT" },
        { "name = # none\n", ":1: name \"\": write" },
        { "# x\nserver = a:0\n", ":2: server \"a:0\": write" },
        { "server = a:65536\n", ":1: server" },
        { "server = https://a\n", ":1: server" },
        { "data = http://a\n", ":1: data \"http://a\": write https://" },
        { "data = https://a/restconf\n", ":1: data" },
        { "data = https://u@a\n", ":1: data" },
        { "cuid = a b\n", ":1: cuid" },
        { "ca = \"/x\n", ":1: ca: the closing quote is missing" },
        { "ca = \"/x\" y\n", ":1: ca: text after the closing quote" },
        { "ca = /x\nkey = /y\nca = /x\n", ":3: ca is set twice" },
    };

    for (i = 0; i < TEST_CLI_N(wrong); i++) {
        assert_int_equal(test_cli_read(t, wrong[i].text), DOTS_INVALID);

        if (strncmp(t->f.message, "/etc/x/dots.conf:", 17) != 0
            || strstr(t->f.message, wrong[i].message) == NULL)
        {
            fail_msg("\"%s\": %s", wrong[i].text, t->f.message);
        }

        /* all of it or nothing */

        assert_null(t->config.ca);
    }
}


static void
test_cli_config_long(void **state)
{
    char         text[2 * DOTS_CLI_CONFIG_LINE];
    test_cli_t  *t = *state;

    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "name = ", 7);
    text[DOTS_CLI_CONFIG_LINE - 2] = '\n';
    text[DOTS_CLI_CONFIG_LINE - 1] = '\0';
    assert_int_equal(test_cli_read(t, text), DOTS_OK);
    assert_int_equal(strlen(t->config.name), DOTS_CLI_CONFIG_LINE - 9);

    text[DOTS_CLI_CONFIG_LINE - 2] = 'x';
    text[DOTS_CLI_CONFIG_LINE - 1] = '\n';
    text[DOTS_CLI_CONFIG_LINE] = '\0';
    assert_int_equal(test_cli_read(t, text), DOTS_INVALID);
    assert_non_null(strstr(t->f.message, ":1: the line is too long"));

    /* a path that does not fit where it is needed */

    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "ca = ", 5);
    text[DOTS_CLI_CONFIG_LINE - 2] = '\0';
    assert_int_equal(test_cli_read(t, text), DOTS_INVALID);
    assert_non_null(strstr(t->f.message, ":1: ca is too long"));
}


/* As nobody where we are root, for whom nothing is unreadable. */

static int
test_cli_as_user(test_cli_t *t, int (*run)(test_cli_t *t))
{
    int    status;
    pid_t  pid;

    pid = fork();
    assert_true(pid >= 0);

    if (pid == 0) {
        if (geteuid() == 0 && (setgid(TEST_CLI_NOBODY) == -1
                               || setuid(TEST_CLI_NOBODY) == -1))
        {
            _exit(2);
        }

        _exit(run(t));
    }

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));

    return WEXITSTATUS(status);
}


static int
test_cli_load_unreadable(test_cli_t *t)
{
    return dots_cli_config_load(&t->config, t->path, &t->f) != DOTS_INVALID
           || strstr(t->f.message, "Permission denied") == NULL;
}


static void
test_cli_config_files(void **state)
{
    test_cli_t  *t = *state;

    assert_int_equal(dots_cli_config_load(&t->config,
                                          test_cli_path(t, "none"), &t->f),
                     DOTS_INVALID);
    assert_non_null(strstr(t->f.message, "/none: No such file"));

    assert_int_equal(dots_cli_config_load(&t->config, t->dir, &t->f),
                     DOTS_INVALID);
    assert_non_null(strstr(t->f.message, "Is a directory"));

    test_cli_file(t, "dots.conf", "server = [2001:db8::1]:99\nca = ca.crt\n");

    /* what an option has set stays; the rest has defaults */

    assert_int_equal(dots_cli_config_set(&t->config, "ca", "/my", &t->f),
                     DOTS_OK);
    assert_int_equal(dots_cli_config_load(&t->config, t->path, &t->f),
                     DOTS_OK);
    assert_string_equal(t->config.ca, "/my");
    assert_string_equal(t->config.name, "2001:db8::1");
    assert_non_null(t->config.schemas);

    assert_int_equal(chmod(t->dir, 0755), 0);
    assert_int_equal(chmod(t->path, 0), 0);
    assert_int_equal(test_cli_as_user(t, test_cli_load_unreadable), 0);
}


static void
test_cli_config_servers(void **state)
{
    char    host[DOTS_CLI_CONFIG_HOST], port[DOTS_CLI_CONFIG_PORT];
    size_t  i;

    static const struct {
        const char *text;
        const char *host;
        const char *port;
    } good[] = {
        { "a.example", "a.example", "4646" },
        { "a.example:99", "a.example", "99" },
        { "192.0.2.1:65535", "192.0.2.1", "65535" },
        { "[2001:db8::1]", "2001:db8::1", "4646" },
        { "[2001:db8::1]:99", "2001:db8::1", "99" },
        { "2001:db8::1", "2001:db8::1", "4646" }
    };

    static const char *const  bad[] = {
        "", ":99", "a:", "a:x", "a:0", "a:65536", "a:+1", "[", "[]", "[::1",
        "[::1]x", "[::1]:"
    };

    (void) state;

    for (i = 0; i < TEST_CLI_N(good); i++) {
        assert_int_equal(dots_cli_config_server(good[i].text, host, port),
                         DOTS_OK);
        assert_string_equal(host, good[i].host);
        assert_string_equal(port, good[i].port);
    }

    for (i = 0; i < TEST_CLI_N(bad); i++) {
        if (dots_cli_config_server(bad[i], host, port) != DOTS_INVALID) {
            fail_msg("\"%s\" is a server", bad[i]);
        }
    }
}


/* ---- mid ---- */

static int
test_cli_next(test_cli_t *t, uint32_t *mid)
{
    return dots_cli_mid_next(t->dir, "s", "c", mid, &t->f);
}


static void
test_cli_mid_counts(void **state)
{
    char         deep[128];
    uint32_t     mid;
    test_cli_t  *t = *state;

    assert_int_equal(test_cli_next(t, &mid), DOTS_OK);
    assert_int_equal(mid, 1);
    assert_int_equal(test_cli_next(t, &mid), DOTS_OK);
    assert_int_equal(mid, 2);

    /* mids are per cuid and server: RFC 9132 section 4.4.1.1 */

    assert_int_equal(dots_cli_mid_next(t->dir, "s", "d", &mid, &t->f),
                     DOTS_OK);
    assert_int_equal(mid, 1);

    assert_int_equal(dots_cli_mid_used(t->dir, "s", "c", 50, &t->f), DOTS_OK);
    assert_int_equal(dots_cli_mid_used(t->dir, "s", "c", 7, &t->f), DOTS_OK);
    assert_int_equal(test_cli_next(t, &mid), DOTS_OK);
    assert_int_equal(mid, 51);

    /* folders are made */

    (void) snprintf(deep, sizeof(deep), "%s/a/b", t->dir);
    assert_int_equal(dots_cli_mid_next(deep, "s", "c", &mid, &t->f), DOTS_OK);
    assert_int_equal(mid, 1);
}


/* 3/4 of 2^32-1: "the DOTS client MUST reset 'mid' to 0", without an attack */

static void
test_cli_mid_rollover(void **state)
{
    uint32_t     mid;
    test_cli_t  *t = *state;

    assert_int_equal(dots_cli_mid_used(t->dir, "s", "c", 3221225470U, &t->f),
                     DOTS_OK);
    assert_int_equal(test_cli_next(t, &mid), DOTS_OK);
    assert_true(mid == DOTS_CLI_MID_ROLLOVER);
    assert_int_equal(test_cli_next(t, &mid), DOTS_OK);
    assert_true(mid == 3221225472U);

    assert_int_equal(dots_cli_mid_restart(t->dir, "s", "c", &mid, &t->f),
                     DOTS_OK);
    assert_int_equal(mid, 0);

    /* another run, which had one beyond the rollover, too */

    assert_int_equal(dots_cli_mid_restart(t->dir, "s", "c", &mid, &t->f),
                     DOTS_OK);
    assert_int_equal(mid, 1);

    /* during an attack they go on to the end, and never around by themselves */

    assert_int_equal(dots_cli_mid_used(t->dir, "s", "c", UINT32_MAX, &t->f),
                     DOTS_OK);
    assert_int_equal(test_cli_next(t, &mid), DOTS_FULL);
    assert_non_null(strstr(t->f.message, "withdraw"));
    assert_int_equal(dots_cli_mid_restart(t->dir, "s", "c", &mid, &t->f),
                     DOTS_OK);
    assert_int_equal(mid, 0);
}


static void
test_cli_mid_take(test_cli_t *t, int out)
{
    int       i;
    uint32_t  mid;

    for (i = 0; i < TEST_CLI_MIDS; i++) {
        if (test_cli_next(t, &mid) != DOTS_OK
            || write(out, &mid, sizeof(mid)) != sizeof(mid))
        {
            _exit(1);
        }
    }

    _exit(0);
}


static void
test_cli_mid_parallel(void **state)
{
    int          i, status, fd[2];
    char         seen[TEST_CLI_PROCESSES * TEST_CLI_MIDS + 1];
    pid_t        pids[TEST_CLI_PROCESSES];
    uint32_t     mid;
    test_cli_t  *t = *state;

    memset(seen, 0, sizeof(seen));
    assert_int_equal(pipe(fd), 0);

    for (i = 0; i < TEST_CLI_PROCESSES; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);

        if (pids[i] == 0) {
            test_cli_mid_take(t, fd[1]);
        }
    }

    for (i = 0; i < TEST_CLI_PROCESSES; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }

    (void) close(fd[1]);

    for (i = 0; i < TEST_CLI_PROCESSES * TEST_CLI_MIDS; i++) {
        assert_int_equal(read(fd[0], &mid, sizeof(mid)), sizeof(mid));
        assert_in_range(mid, 1, sizeof(seen) - 1);
        assert_int_equal(seen[mid]++, 0);
    }

    (void) close(fd[0]);
}


static void
test_cli_mid_damaged(void **state)
{
    FILE        *list;
    char         command[128], name[128];
    size_t       i;
    uint32_t     mid;
    test_cli_t  *t = *state;

    static const char *const  damaged[] = {
        "", "x\n", "12", "12x\n", "-1\n", "4294967296\n", "12\n13\n",
        "99999999999999999999999\n"
    };

    assert_int_equal(test_cli_next(t, &mid), DOTS_OK);

    (void) snprintf(command, sizeof(command), "ls %s | grep -v lock", t->dir);
    list = popen(command, "r");
    assert_non_null(list);
    assert_int_equal(fscanf(list, "%127s", name), 1);
    assert_int_equal(pclose(list), 0);

    for (i = 0; i < TEST_CLI_N(damaged); i++) {
        test_cli_file(t, name, damaged[i]);
        assert_int_equal(test_cli_next(t, &mid), DOTS_INVALID);
        assert_non_null(strstr(t->f.message, t->path));
        assert_non_null(strstr(t->f.message, "damaged: say --mid N"));
    }

    /* which repairs it */

    assert_int_equal(dots_cli_mid_used(t->dir, "s", "c", 12, &t->f), DOTS_OK);
    assert_int_equal(test_cli_next(t, &mid), DOTS_OK);
    assert_int_equal(mid, 13);
}


static int
test_cli_mid_denied(test_cli_t *t)
{
    uint32_t  mid;

    return test_cli_next(t, &mid) != DOTS_INVALID
           || strstr(t->f.message, "say --state DIR, or --mid N") == NULL;
}


static void
test_cli_mid_read_only(void **state)
{
    uint32_t     mid;
    test_cli_t  *t = *state;

    assert_int_equal(chmod(t->dir, 0555), 0);
    assert_int_equal(test_cli_as_user(t, test_cli_mid_denied), 0);
    assert_int_equal(chmod(t->dir, 0700), 0);

    test_cli_file(t, "file", "");
    assert_int_equal(dots_cli_mid_next(t->path, "s", "c", &mid, &t->f),
                     DOTS_INVALID);
    assert_non_null(strstr(t->f.message, "Not a directory"));
}


/* ---- host-meta: RFC 8040 section 3.1 ---- */

static void
test_cli_host_meta(void **state)
{
    char    root[16];
    size_t  i;

    static const struct {
        const char *xrd;
        const char *root;
    } docs[] = {
        { "<XRD><Link rel='restconf' href='/a'/></XRD>", "/a" },
        { "<Link\n href=\"/restconf\"\t rel=\"restconf\" />", "/restconf" },
        { "<Link rel='x' href='/x'/><Link rel='restconf' href='/b'/>", "/b" },
        { "<Link rel='restconf'/><Link href='/x'/>", "-" },
        { "<Link rel='restconf' href='/0123456789abcdef'/>", "-" },
        { "<Link rel='restconf' href='https://other/'/>", "-" },
        { "<Link rel='restconf' href='/a", "-" },
        { "<Link rel=restconf href=/a>", "-" },
        { "<Link xrel='restconf' href='/a'/>", "-" },
        { "<Link", "-" },
        { "", "-" }
    };

    (void) state;

    for (i = 0; i < TEST_CLI_N(docs); i++) {
        strcpy(root, "-");
        assert_int_equal(dots_cli_host_meta(docs[i].xrd, root, sizeof(root)),
                         docs[i].root[0] == '-' ? DOTS_DECLINED : DOTS_OK);
        assert_string_equal(root, docs[i].root);
    }
}


/* What a server says does not move the cursor: C0, C1, DEL, no UTF-8. */

static void
test_cli_clean(void **state)
{
    size_t  i;
    char    text[64];

    static const char *const  cases[][2] = {
        { "www.example.com", "www.example.com" },
        { "http://a/\n\t\r\x1b[2J\x7f", "http://a/????[2J?" },
        { "a\xc2\x9b" "31m", "a??31m" },
        { "\xc2\x80\xc2\x9f\xc2\xa0", "????\xc2\xa0" },
        { "\xc3\xbc\xc3\x9f \xe2\x82\xac", "\xc3\xbc\xc3\x9f \xe2\x82\xac" },
        { "a\x9b" "31m\xc2", "a?31m?" },
    };

    (void) state;

    for (i = 0; i < TEST_CLI_N(cases); i++) {
        (void) snprintf(text, sizeof(text), "%s", cases[i][0]);
        dots_cli_output_clean(text);
        assert_string_equal(text, cases[i][1]);
    }
}


#define test_cli(f)                                                           \
    cmocka_unit_test_setup_teardown(f, test_cli_setup, test_cli_teardown)

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        test_cli(test_cli_cuid_spki),
        test_cli(test_cli_cuid_fresh),
        test_cli(test_cli_clean),
        test_cli(test_cli_durations),
        test_cli(test_cli_numbers),
        test_cli(test_cli_prefixes),
        test_cli(test_cli_ports),
        test_cli(test_cli_protocols),
        test_cli(test_cli_names),
        test_cli(test_cli_too_many),
        test_cli(test_cli_config_keys),
        test_cli(test_cli_config_wrong),
        test_cli(test_cli_config_long),
        test_cli(test_cli_config_files),
        test_cli(test_cli_config_servers),
        test_cli(test_cli_mid_counts),
        test_cli(test_cli_mid_rollover),
        test_cli(test_cli_mid_parallel),
        test_cli(test_cli_mid_damaged),
        test_cli(test_cli_mid_read_only),
        test_cli(test_cli_host_meta),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
