#include "dots_clock.h"


#define DOTS_CLOCK_VERSION  1

/* readings beyond are nonsense; sums of a few of them do not overflow */
#define DOTS_CLOCK_MAX      ((int64_t) 1 << 53)


void
dots_clock_start(dots_clock_t *c, const dots_clock_t *saved)
{
    if (saved == NULL) {
        c->now = c->wall;
        return;
    }

    /*
     * A monotonic clock that went back is another one, though the boot's name
     * is the same: a container may have its own.
     */

    if (memcmp(c->boot, saved->boot, DOTS_CLOCK_BOOT) == 0
        && c->mono >= saved->mono)
    {
        c->now = saved->now + (c->mono - saved->mono);
        return;
    }

    /* a machine without a battery boots in 1970: nothing becomes immortal */

    c->now = c->wall + dots_clock_ahead(saved);

    if (c->now < saved->now) {
        c->now = saved->now;
    }
}


int64_t
dots_clock_offset(const dots_clock_t *c)
{
    return c->now - c->mono;
}


int64_t
dots_clock_ahead(const dots_clock_t *c)
{
    return c->now - c->wall;
}


void
dots_clock_encode(const dots_clock_t *c, uint8_t buf[DOTS_CLOCK_RECORD])
{
    dots_writer_t  w = { buf, buf + DOTS_CLOCK_RECORD, 0 };

    dots_write_u8(&w, DOTS_CLOCK_VERSION);
    dots_write_bytes(&w, c->boot, DOTS_CLOCK_BOOT);
    dots_write_u64(&w, (uint64_t) c->mono);
    dots_write_u64(&w, (uint64_t) c->wall);
    dots_write_u64(&w, (uint64_t) c->now);
}


int
dots_clock_decode(dots_clock_t *c, const uint8_t *buf, size_t len)
{
    const uint8_t  *boot;
    dots_reader_t   r = { buf, buf + len, 0 };

    if (dots_read_u8(&r) != DOTS_CLOCK_VERSION) {
        return DOTS_INVALID;
    }

    boot = dots_read_bytes(&r, DOTS_CLOCK_BOOT);

    c->mono = (int64_t) dots_read_u64(&r);
    c->wall = (int64_t) dots_read_u64(&r);
    c->now = (int64_t) dots_read_u64(&r);

    if (r.failed || r.pos != r.end || boot == NULL
        || c->mono < 0 || c->mono > DOTS_CLOCK_MAX
        || c->wall < 0 || c->wall > DOTS_CLOCK_MAX
        || c->now < 0 || c->now > DOTS_CLOCK_MAX)
    {
        return DOTS_INVALID;
    }

    memcpy(c->boot, boot, DOTS_CLOCK_BOOT);

    return DOTS_OK;
}
