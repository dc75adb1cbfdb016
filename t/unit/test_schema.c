/* model/dots_schema: loading, messages, children; RFC 9132 section 5. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "dots_schema.h"
#include "dots_yang_compat.h"


#define TEST_DIR SOURCE_DIR "/schemas"


static dots_schema_t  *test_s;


static int
test_setup(void **state)
{
    char  err[512];

    (void) state;

    err[0] = '\0';
    test_s = dots_schema_load(TEST_DIR, err, sizeof(err));

    if (test_s == NULL) {
        fprintf(stderr, "%s\n", err);
    }

    return test_s == NULL;
}


static int
test_teardown(void **state)
{
    (void) state;

    dots_schema_free(test_s);

    return 0;
}


static void
test_load(void **state)
{
    (void) state;

    assert_string_equal(test_s->signal->name, "ietf-dots-signal-channel");
    assert_string_equal(test_s->signal->revision, "2021-09-02");
    assert_string_equal(test_s->data->name, "ietf-dots-data-channel");
    assert_string_equal(test_s->signal_ext->argument, "dots-signal");
}


/* RFC 8040 section 3.7: every module that is loaded can be read. */

static void
test_sources(void **state)
{
    size_t                       i, n;
    uint32_t                     index;
    const struct lys_module     *module;
    const dots_schema_source_t  *source;

    (void) state;

    for (i = 0; i < test_s->nsources; i++) {
        source = &test_s->sources[i];
        n = strlen(source->name);

        module = ly_ctx_get_module(test_s->ctx, source->name,
                                   source->revision);
        assert_non_null(module);

        assert_true(source->text.len > n + 8);
        assert_memory_equal(source->text.data, "module ", 7);
        assert_memory_equal(source->text.data + 7, source->name, n);
    }

    /* but for libyang's own */

    index = 0;
    n = 0;

    while ((module = ly_ctx_get_module_iter(test_s->ctx, &index)) != NULL) {
        n += strcmp(module->name, "yang") != 0
             && strcmp(module->name, "ietf-yang-metadata") != 0
             && strcmp(module->name, "ietf-yang-schema-mount") != 0;
    }

    assert_int_equal(test_s->nsources, n);
    assert_int_equal(strlen(test_s->content_id), 16);
}


/* A reload has both contexts at once. */

static void
test_load_twice(void **state)
{
    char            err[512];
    dots_schema_t  *other;

    (void) state;

    other = dots_schema_load(TEST_DIR, err, sizeof(err));
    assert_non_null(other);
    assert_ptr_not_equal(other->ctx, test_s->ctx);
    dots_schema_free(other);

    assert_non_null(ly_ctx_get_module_implemented(test_s->ctx,
                                                  "ietf-dots-data-channel"));
}


static void
test_load_no_directory(void **state)
{
    char  err[512];

    (void) state;

    assert_null(dots_schema_load("/nonexistent", err, sizeof(err)));
    assert_non_null(strstr(err, "/nonexistent"));
    assert_non_null(strstr(err, "schemas"));

    dots_schema_free(NULL);
}


/* The files of schemas/ but one, by links; "broken" is there but empty. */

static int
test_directory(char *dir, const char *except, const char *broken)
{
    int   rc;
    char  cmd[1024];

    assert_non_null(mkdtemp(dir));

    (void) snprintf(cmd, sizeof(cmd), "ln -s " TEST_DIR "/*.yang %s && "
                    "rm -f %s/%s@*", dir, dir, except ? except : broken);
    rc = system(cmd);

    if (rc == 0 && broken != NULL) {
        (void) snprintf(cmd, sizeof(cmd), "echo 'module x {' >"
                        "%s/%s@2021-09-02.yang", dir, broken);
        rc = system(cmd);
    }

    return rc;
}


static void
test_directory_remove(const char *dir)
{
    char  cmd[256];

    (void) snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
    assert_int_equal(system(cmd), 0);
}


static void
test_load_missing(void **state)
{
    char            err[512], dir[] = "/tmp/test_schema.XXXXXX";
    dots_schema_t  *s;

    (void) state;

    assert_int_equal(test_directory(dir, "ietf-dots-data-channel", NULL), 0);
    s = dots_schema_load(dir, err, sizeof(err));
    test_directory_remove(dir);

    assert_null(s);
    assert_non_null(strstr(err, "ietf-dots-data-channel@2020-05-28.yang"));
    assert_non_null(strstr(err, dir));
}


/* A module of a later RFC may be absent, but what is there has to work. */

static void
test_load_optional(void **state)
{
    char            err[512], dir[] = "/tmp/test_schema.XXXXXX";
    dots_schema_t  *s;

    (void) state;

    assert_int_equal(test_directory(dir, "ietf-dots-telemetry", NULL), 0);
    s = dots_schema_load(dir, err, sizeof(err));
    test_directory_remove(dir);

    assert_non_null(s);
    assert_null(ly_ctx_get_module_implemented(s->ctx, "ietf-dots-telemetry"));
    dots_schema_free(s);
}


static void
test_load_broken(void **state)
{
    char            err[512], dir[] = "/tmp/test_schema.XXXXXX";
    dots_schema_t  *s;

    (void) state;

    assert_int_equal(test_directory(dir, NULL, "ietf-dots-signal-control"), 0);
    s = dots_schema_load(dir, err, sizeof(err));
    test_directory_remove(dir);

    assert_null(s);
    assert_non_null(strstr(err, "\"ietf-dots-signal-control\""));
}


/* libyang would take the newer one for every import. */

static void
test_load_newer(void **state)
{
    char            err[512], cmd[512], dir[] = "/tmp/test_schema.XXXXXX";
    dots_schema_t  *s;

    (void) state;

    assert_int_equal(test_directory(dir, "no-such", NULL), 0);
    (void) snprintf(cmd, sizeof(cmd), "sed 's/revision 2013-07-15/revision "
                    "2025-12-22; &/' %s/ietf-inet-types@2013-07-15.yang >"
                    "%s/ietf-inet-types@2025-12-22.yang", dir, dir);
    assert_int_equal(system(cmd), 0);

    s = dots_schema_load(dir, err, sizeof(err));
    test_directory_remove(dir);

    assert_null(s);
    assert_non_null(strstr(err, "\"ietf-inet-types\""));
    assert_non_null(strstr(err, "2025-12-22"));
}


static void
test_message(void **state)
{
    struct lyd_node         *top;
    const struct lysc_node  *c;

    (void) state;

    assert_int_equal(dots_schema_message(test_s, NULL, "mitigation-scope",
                                         &top), DOTS_OK);
    c = dots_schema_message_case(test_s, top);
    assert_non_null(c);
    assert_string_equal(c->name, "mitigation-scope");
    lyd_free_all(top);

    assert_int_equal(dots_schema_message(test_s, NULL, "scope", &top),
                     DOTS_DECLINED);
    assert_int_equal(dots_schema_message(test_s, "no-such", "scope", &top),
                     DOTS_DECLINED);
    assert_int_equal(dots_schema_message(test_s, "ietf-dots-telemetry",
                                         "telemetry", &top), DOTS_OK);
    lyd_free_all(top);

    assert_null(dots_schema_message_case(test_s, NULL));
}


/* More than one top-level node: libyang alone would never come back. */

static void
test_message_add(void **state)
{
    int               i;
    struct lyd_node  *top, *scope, *node;

    (void) state;

    assert_int_equal(dots_schema_message(test_s, NULL, "mitigation-scope",
                                         &top), DOTS_OK);

    for (i = 0; i < 3; i++) {
        assert_int_equal(dots_schema_message_add(test_s, top, "scope", NULL,
                                                 &scope), DOTS_OK);
        assert_int_equal(lyd_new_term(scope, NULL, "mid", "7", 0, NULL),
                         LY_SUCCESS);
        assert_ptr_equal(lyd_parent(scope), top);
    }

    for (i = 0, node = lyd_child(top); node != NULL; node = node->next) {
        i++;
    }

    assert_int_equal(i, 3);
    assert_ptr_equal(lyd_child(top)->prev, scope);

    assert_int_equal(dots_schema_message_add(test_s, top, "alt-server", "a",
                                             &node), DOTS_ERROR);
    lyd_free_all(top);

    assert_int_equal(dots_schema_message(test_s, NULL, "redirected-signal",
                                         &top), DOTS_OK);
    assert_int_equal(dots_schema_message_add(test_s, top, "alt-server-record",
                                             "x", &node), DOTS_INVALID);
    assert_int_equal(dots_schema_message_add(test_s, top, "alt-server-record",
                                             "::1", &node), DOTS_OK);
    assert_string_equal(lyd_get_value(node), "::1");
    lyd_free_all(top);
}


static void
test_child(void **state)
{
    struct lyd_node         *top;
    const struct lysc_node  *c, *scope, *node;

    (void) state;

    assert_int_equal(dots_schema_message(test_s, NULL, "mitigation-scope",
                                         &top), DOTS_OK);
    c = dots_schema_message_case(test_s, top);
    scope = dots_schema_child(c, "scope");
    assert_non_null(scope);

    /* through the choice "direction" */

    assert_non_null(dots_schema_child(scope, "attack-status"));

    /* acl-list of RFC 9133 needs its module, as in RFC 7951 section 4 */

    assert_null(dots_schema_child(scope, "acl-list"));
    node = dots_schema_child(scope, "ietf-dots-signal-control:acl-list");
    assert_non_null(node);
    assert_non_null(dots_schema_child(node, "activation-type"));
    assert_null(dots_schema_child(scope, "ietf-dots:acl-list"));
    assert_null(dots_schema_child(scope, "lifetim"));

    lyd_free_all(top);
}


/* RFC 8783 section 4.3: the ACL types are there, the device's ACLs are not. */

static void
test_data(void **state)
{
    const struct lys_module  *acl;

    (void) state;

    acl = ly_ctx_get_module_implemented(test_s->ctx,
                                        "ietf-access-control-list");
    assert_non_null(acl);
    assert_null(acl->compiled->data);
    assert_int_equal(lys_feature_value(acl, "ipv4"), LY_SUCCESS);
    assert_int_equal(lys_feature_value(acl, "match-on-eth"), LY_ENOT);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_load_twice),
        cmocka_unit_test(test_load_no_directory),
        cmocka_unit_test(test_load_missing),
        cmocka_unit_test(test_load_optional),
        cmocka_unit_test(test_load_broken),
        cmocka_unit_test(test_load_newer),
        cmocka_unit_test(test_message),
        cmocka_unit_test(test_message_add),
        cmocka_unit_test(test_child),
        cmocka_unit_test(test_data),
    };

    return cmocka_run_group_tests(tests, test_setup, test_teardown);
}
