/* Whose session it is, over all processes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dots_digest.h"
#include "dots_directory.h"


#define TEST_SIZE    (64 * 1024)
#define TEST_KILLS   200
#define TEST_TAGS    512


static const uint8_t  test_secret[DOTS_DIRECTORY_SECRET] = {
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
    0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f
};


static dots_directory_t *
test_create(size_t size)
{
    void              *memory;
    dots_directory_t  *d;

    memory = malloc(size);
    assert_non_null(memory);

    memset(memory, 0xee, size);

    d = dots_directory_create(memory, size, test_secret);
    assert_non_null(d);

    return d;
}


static int
test_all(void *ctx, const dots_directory_owner_t *owner)
{
    (void) ctx;
    (void) owner;

    return 1;
}


static int
test_but(void *ctx, const dots_directory_owner_t *owner)
{
    return owner->pid != *(uint32_t *) ctx;
}


static int
test_put(dots_directory_t *d, uint64_t tag, uint32_t pid, uint32_t slot)
{
    dots_directory_owner_t  owner = { pid, slot, pid * 1000ull + slot };

    return dots_directory_put(d, tag, &owner, test_all, NULL);
}


static uint32_t
test_owner(dots_directory_t *d, uint64_t tag)
{
    dots_directory_owner_t  owner;

    if (dots_directory_find(d, tag, &owner) != DOTS_OK) {
        return 0;
    }

    assert_int_equal(owner.hello, owner.pid * 1000ull + owner.slot);

    return owner.pid;
}


static void
test_sizes(void **state)
{
    uint64_t  memory[1024];

    (void) state;

    assert_null(dots_directory_create(memory, 16, test_secret));
    assert_null(dots_directory_create(memory, 256, test_secret));
    assert_non_null(dots_directory_create(memory, sizeof(memory),
                                          test_secret));
}


/*
 * Key and message of the paper's own vector; its words are those of a
 * little-endian machine.  Python's hash() agrees on SipHash-1-3.
 */

static void
test_tags(void **state)
{
    size_t             i;
    uint8_t            address[15], other[15];
    dots_directory_t  *d;

    (void) state;

    d = test_create(TEST_SIZE);

    for (i = 0; i < sizeof(address); i++) {
        address[i] = (uint8_t) i;
    }

    assert_true(dots_directory_tag(d, address, sizeof(address))
                == 0xd320d86d2a519956ull);

    memcpy(other, address, sizeof(other));
    other[14] ^= 1;

    assert_true(dots_directory_tag(d, other, sizeof(other))
                != dots_directory_tag(d, address, sizeof(address)));
    assert_true(dots_directory_tag(d, address, 14)
                != dots_directory_tag(d, address, 15));

    free(d);
}


static void
test_owners(void **state)
{
    dots_directory_t  *d;

    (void) state;

    d = test_create(TEST_SIZE);

    assert_int_equal(test_owner(d, 7), 0);
    assert_int_equal(test_put(d, 7, 100, 1), DOTS_OK);
    assert_int_equal(test_owner(d, 7), 100);
    assert_int_equal(dots_directory_used(d), 1);

    /* another takes it over, and the first can't take it back by leaving */

    assert_int_equal(test_put(d, 7, 200, 2), DOTS_OK);
    assert_int_equal(test_owner(d, 7), 200);
    assert_int_equal(dots_directory_used(d), 1);

    dots_directory_remove(d, 7, 100);
    assert_int_equal(test_owner(d, 7), 200);

    dots_directory_remove(d, 7, 200);
    assert_int_equal(test_owner(d, 7), 0);
    assert_int_equal(dots_directory_used(d), 0);

    dots_directory_remove(d, 7, 200);

    free(d);
}


/* A full set refuses, and counts; the dead make room. */

static void
test_full(void **state)
{
    uint64_t                i;
    uint32_t                dead;
    dots_directory_t       *d;
    dots_directory_owner_t  owner = { 300, 3, 300003 };

    (void) state;

    d = test_create(512);   /* one set */

    for (i = 1; i <= DOTS_DIRECTORY_WAYS; i++) {
        assert_int_equal(test_put(d, i, (uint32_t) (100 + i), 1), DOTS_OK);
    }

    assert_int_equal(test_put(d, 99, 300, 3), DOTS_FULL);
    assert_int_equal(test_owner(d, 99), 0);
    assert_int_equal(dots_directory_refused(d), 1);

    dead = 104;
    assert_int_equal(dots_directory_put(d, 99, &owner, test_but, &dead),
                     DOTS_OK);
    assert_int_equal(test_owner(d, 99), 300);
    assert_int_equal(test_owner(d, 4), 0);
    assert_int_equal(test_owner(d, 5), 105);

    dots_directory_reap(d, 105);
    assert_int_equal(test_owner(d, 5), 0);
    assert_int_equal(dots_directory_used(d), DOTS_DIRECTORY_WAYS - 1);

    free(d);
}


/* Three fifths of the table can be used before it refuses anybody. */

static void
test_room(void **state)
{
    uint64_t           i, n;
    dots_directory_t  *d;

    (void) state;

    d = test_create(1024 * 1024);
    n = 1024 * 1024 / 32 / 5 * 3;

    for (i = 0; i < n; i++) {
        assert_int_equal(test_put(d, dots_directory_tag(d, &i, sizeof(i)), 100,
                                  1),
                         DOTS_OK);
    }

    assert_int_equal(dots_directory_used(d), n);

    free(d);
}


static void
test_shares(void **state)
{
    size_t             i;
    dots_directory_t  *d;

    (void) state;

    d = test_create(TEST_SIZE);

    assert_false(dots_directory_admit(d, 7, 1, 32));

    assert_int_equal(test_put(d, 7, 100, 1), DOTS_OK);
    assert_int_equal(test_put(d, 8, 100, 1), DOTS_OK);

    for (i = 0; i < 32; i++) {
        assert_true(dots_directory_admit(d, 7, 1, 32));
    }

    assert_false(dots_directory_admit(d, 7, 1, 32));

    /* others have theirs, and it has one again in the next turn */

    assert_true(dots_directory_admit(d, 8, 1, 32));
    assert_true(dots_directory_admit(d, 7, 2, 32));

    free(d);
}


/* A writer for ever: what its entries say is of it alone. */

static void
test_writer(dots_directory_t *d)
{
    uint32_t  pid;
    uint64_t  tag;

    pid = (uint32_t) getpid();

    for (tag = 1;; tag = tag % TEST_TAGS + 1) {

        (void) test_put(d, tag, pid, (uint32_t) tag);

        if (tag % 3 == 0) {
            dots_directory_remove(d, tag, pid);
        }
    }
}


/*
 * kill -9 at any moment: an entry is whole or not there, the table goes on, and
 * nothing of the dead is left.
 */

static void
test_kills(void **state)
{
    int                i;
    void              *memory;
    pid_t              pid;
    uint64_t           tag, seed;
    uint32_t           owner;
    dots_directory_t  *d;

    (void) state;

    seed = getenv("DOTS_SEED") ? strtoull(getenv("DOTS_SEED"), NULL, 0)
                               : (uint64_t) getpid();
    printf("DOTS_SEED=%llu\n", (unsigned long long) seed);
    srandom((unsigned) seed);

    memory = mmap(NULL, TEST_SIZE, PROT_READ|PROT_WRITE,
                  MAP_SHARED|MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);

    d = dots_directory_create(memory, TEST_SIZE, test_secret);
    assert_non_null(d);

    for (i = 0; i < TEST_KILLS; i++) {

        pid = fork();
        assert_true(pid >= 0);

        if (pid == 0) {
            test_writer(d);
        }

        /* readers beside it need no lock */

        for (tag = 1; dots_directory_used(d) == 0; tag++) {
            /* until it is at work */
        }

        for (tag = random() % 20000; tag > 0; tag--) {
            owner = test_owner(d, tag % TEST_TAGS + 1);
            assert_true(owner == 0 || owner == (uint32_t) pid);
        }

        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);

        for (tag = 1; tag <= TEST_TAGS; tag++) {
            owner = test_owner(d, tag);
            assert_true(owner == 0 || owner == (uint32_t) pid);
        }

        dots_directory_reap(d, (uint32_t) pid);
        assert_int_equal(dots_directory_used(d), 0);
    }

    munmap(memory, TEST_SIZE);
}


/* What is told apart: values, their order, where one ends. */

static void
test_digests(void **state)
{
    uint64_t  d = DOTS_DIGEST_BASIS;

    (void) state;

    assert_true(dots_digest_text(dots_digest_text(d, "ab"), "c")
                != dots_digest_text(dots_digest_text(d, "a"), "bc"));
    assert_true(dots_digest_text(d, "") != dots_digest_text(d, NULL));
    assert_true(dots_digest_text(d, "") != d);
    assert_true(dots_digest_number(dots_digest_number(d, 1), 2)
                != dots_digest_number(dots_digest_number(d, 2), 1));
    assert_true(dots_digest_text(d, "a") == dots_digest_text(d, "a"));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_owners),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_kills),
        cmocka_unit_test(test_digests)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
