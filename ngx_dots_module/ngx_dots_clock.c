#include <openssl/rand.h>

#include "ngx_dots_clock.h"
#include "ngx_dots_state.h"
#include "ngx_dots_zone.h"


#define NGX_DOTS_CLOCK_FILE   "/proc/sys/kernel/random/boot_id"
#define NGX_DOTS_CLOCK_SAVE   300000   /* ms between saves without a reason */
#define NGX_DOTS_CLOCK_RETRY  1000     /* ms: a disk that fails */
#define NGX_DOTS_CLOCK_JUMP   1000     /* ms: the wall clock was set */


typedef struct {
    int64_t        offset;    /* to the monotonic clock; 0: none yet */
    dots_clock_t   saved;     /* by this process; now 0: nothing */
    ngx_msec_t     tried;
} ngx_dots_clock_t;

typedef struct {
    dots_clock_t   clock;
    unsigned       read:1;
} ngx_dots_clock_found_t;


static int ngx_dots_clock_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value);
static void ngx_dots_clock_read(dots_clock_t *c);
static ngx_int_t ngx_dots_clock_boot(u_char boot[DOTS_CLOCK_BOOT]);
static int64_t ngx_dots_clock_ms(clockid_t id);


/* before the store's other records, so that a dump can use it for them */

static const dots_store_slice_t  ngx_dots_clock_key = { "T", 1 };

static ngx_dots_clock_t  ngx_dots_clock;     /* of this process */


void
ngx_dots_clock_init_process(ngx_cycle_t *cycle)
{
    ngx_memzero(&ngx_dots_clock, sizeof(ngx_dots_clock_t));

    (void) ngx_dots_clock_start(cycle->log);
}


/* Whoever of the zone comes first decides for all. */

ngx_int_t
ngx_dots_clock_start(ngx_log_t *log)
{
    ngx_int_t                rc;
    dots_clock_t             c;
    ngx_dots_clock_found_t   found;

    if (ngx_dots_clock.offset) {
        return NGX_OK;
    }

    ngx_dots_zone_hold();
    c = ngx_dots_shared->clock;
    ngx_dots_zone_release();

    if (c.now == 0) {

        found.read = 0;

        rc = ngx_dots_state_get(ngx_dots_clock_key, ngx_dots_clock_found,
                                &found);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_ABORT || (rc == NGX_OK && !found.read)) {
            ngx_log_error(NGX_LOG_ERR, log, 0, "dots: the clock's record in "
                          "the store can't be read: deadlines are taken for "
                          "wall time");
        }

        ngx_dots_clock_read(&c);
        dots_clock_start(&c, found.read ? &found.clock : NULL);

        ngx_dots_zone_hold();

        if (ngx_dots_shared->clock.now == 0) {
            ngx_dots_shared->clock = c;
        }

        c = ngx_dots_shared->clock;
        ngx_dots_zone_release();
    }

    ngx_dots_clock.offset = dots_clock_offset(&c);

    return NGX_OK;
}


static int
ngx_dots_clock_found(void *ctx, dots_store_slice_t key,
    dots_store_slice_t value)
{
    ngx_dots_clock_found_t *found = ctx;

    found->read = dots_clock_decode(&found->clock, value.data, value.len)
                  == DOTS_OK;
    return 0;
}


int64_t
ngx_dots_now(void)
{
    /* time in which the machine is suspended counts: the attack goes on */

    if (ngx_dots_clock.offset) {
        return ngx_dots_clock_ms(CLOCK_BOOTTIME) + ngx_dots_clock.offset;
    }

    return ngx_dots_clock_ms(CLOCK_REALTIME);
}


int64_t
ngx_dots_clock_ahead(void)
{
    return ngx_dots_now() - ngx_dots_clock_ms(CLOCK_REALTIME);
}


void
ngx_dots_clock_save(ngx_log_t *log)
{
    u_char               record[DOTS_CLOCK_RECORD];
    int64_t              jump;
    dots_clock_t         c, *saved;
    dots_store_op_t      op;
    dots_store_txn_t     txn, *list;

    saved = &ngx_dots_clock.saved;

    ngx_memcpy(c.boot, ngx_dots_shared->clock.boot, DOTS_CLOCK_BOOT);
    c.mono = ngx_dots_clock_ms(CLOCK_BOOTTIME);
    c.wall = ngx_dots_clock_ms(CLOCK_REALTIME);
    c.now = c.mono + ngx_dots_clock.offset;

    jump = saved->now ? dots_clock_ahead(saved) - dots_clock_ahead(&c) : 0;

    if (saved->now && c.mono - saved->mono < NGX_DOTS_CLOCK_SAVE
        && jump < NGX_DOTS_CLOCK_JUMP && jump > -NGX_DOTS_CLOCK_JUMP)
    {
        return;
    }

    if (ngx_dots_clock.tried
        && ngx_current_msec - ngx_dots_clock.tried < NGX_DOTS_CLOCK_RETRY)
    {
        return;
    }

    ngx_dots_clock.tried = ngx_current_msec;

    dots_clock_encode(&c, record);

    ngx_memzero(&op, sizeof(dots_store_op_t));
    ngx_memzero(&txn, sizeof(dots_store_txn_t));

    op.action = DOTS_STORE_PUT;
    op.key = ngx_dots_clock_key;
    op.value.data = record;
    op.value.len = sizeof(record);

    txn.ops = &op;
    txn.nops = 1;
    list = &txn;

    ngx_dots_state_commit_now(&list, 1);

    if (txn.result != DOTS_STORE_OK) {
        return;
    }

    if (jump >= NGX_DOTS_CLOCK_JUMP || jump <= -NGX_DOTS_CLOCK_JUMP) {
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "dots: the wall clock was set by %L ms, deadlines stay "
                      "where they are", jump);
    }

    *saved = c;
}


/* ---- readings ---- */

static void
ngx_dots_clock_read(dots_clock_t *c)
{
    ngx_memzero(c, sizeof(dots_clock_t));

    if (ngx_dots_clock_boot(c->boot) != NGX_OK) {

        /* unknown: like no other boot */

        (void) RAND_bytes(c->boot, DOTS_CLOCK_BOOT);
    }

    c->mono = ngx_dots_clock_ms(CLOCK_BOOTTIME);
    c->wall = ngx_dots_clock_ms(CLOCK_REALTIME);
}


/* 32 hexadecimal digits with hyphens */

static ngx_int_t
ngx_dots_clock_boot(u_char boot[DOTS_CLOCK_BOOT])
{
    u_char      text[64];
    ssize_t     n, i;
    ngx_fd_t    fd;
    ngx_int_t   digit;
    ngx_uint_t  digits;

    fd = ngx_open_file((u_char *) NGX_DOTS_CLOCK_FILE, NGX_FILE_RDONLY,
                       NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        return NGX_ERROR;
    }

    n = ngx_read_fd(fd, text, sizeof(text));

    (void) ngx_close_file(fd);

    digits = 0;

    for (i = 0; i < n && digits < 2 * DOTS_CLOCK_BOOT; i++) {

        digit = ngx_hextoi(&text[i], 1);

        if (digit != NGX_ERROR) {
            boot[digits / 2] = (u_char) (boot[digits / 2] << 4 | digit);
            digits++;
        }
    }

    return digits == 2 * DOTS_CLOCK_BOOT ? NGX_OK : NGX_ERROR;
}


static int64_t
ngx_dots_clock_ms(clockid_t id)
{
    struct timespec  ts;

    (void) clock_gettime(id, &ts);

    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
