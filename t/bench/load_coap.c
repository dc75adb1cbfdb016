#include <string.h>

#include "load_coap.h"


/* Option numbers, RFC 7252 section 12.2 and RFC 7641 section 2 */

#define LOAD_COAP_OPTION_OBSERVE  6
#define LOAD_COAP_OPTION_PATH     11
#define LOAD_COAP_OPTION_FORMAT   12

#define LOAD_COAP_NON     0x50  /* version 1, type 1 */
#define LOAD_COAP_TOKEN   4
#define LOAD_COAP_HEADER  4

typedef struct {
    uint8_t        *pos;
    uint8_t        *end;
    unsigned        option;     /* the last one's number */
    int             full;
} load_coap_writer_t;

typedef struct {
    const uint8_t  *pos;
    const uint8_t  *end;
    int             failed;
} load_coap_reader_t;


/* ---- out ---- */

static void
load_coap_put(load_coap_writer_t *w, const void *data, size_t len)
{
    if ((size_t) (w->end - w->pos) < len) {
        w->full = 1;
        return;
    }

    memcpy(w->pos, data, len);
    w->pos += len;
}


static void
load_coap_byte(load_coap_writer_t *w, unsigned byte)
{
    uint8_t  b;

    b = (uint8_t) byte;

    load_coap_put(w, &b, 1);
}


/* Deltas here are below 13, values below 269 (RFC 7252 section 3.1). */

static void
load_coap_option(load_coap_writer_t *w, unsigned number, const void *value,
    size_t len)
{
    unsigned  delta;

    delta = number - w->option;
    w->option = number;

    if (len >= 13) {
        load_coap_byte(w, delta << 4 | 13);
        load_coap_byte(w, (unsigned) len - 13);

    } else {
        load_coap_byte(w, delta << 4 | (unsigned) len);
    }

    load_coap_put(w, value, len);
}


size_t
load_coap_write(uint8_t *buf, size_t size, const load_coap_request_t *r)
{
    size_t              i;
    load_coap_writer_t  w = { buf, buf + size, 0, 0 };

    static const uint8_t  format[] = { LOAD_COAP_FORMAT >> 8,
                                       LOAD_COAP_FORMAT & 0xff };

    load_coap_byte(&w, LOAD_COAP_NON | LOAD_COAP_TOKEN);
    load_coap_byte(&w, r->code);
    load_coap_byte(&w, r->id >> 8);
    load_coap_byte(&w, r->id);
    load_coap_put(&w, &r->token, LOAD_COAP_TOKEN);

    if (r->observe) {
        load_coap_option(&w, LOAD_COAP_OPTION_OBSERVE, "", 0);
    }

    for (i = 0; i < LOAD_COAP_PATHS && r->path[i] != NULL; i++) {
        load_coap_option(&w, LOAD_COAP_OPTION_PATH, r->path[i],
                         strlen(r->path[i]));
    }

    if (r->body != NULL) {
        load_coap_option(&w, LOAD_COAP_OPTION_FORMAT, format, sizeof(format));
        load_coap_byte(&w, 0xff);
        load_coap_put(&w, r->body, r->len);
    }

    return w.full ? 0 : (size_t) (w.pos - buf);
}


void
load_coap_ack(uint8_t *buf, uint16_t id)
{
    buf[0] = 0x60;
    buf[1] = 0;
    buf[2] = (uint8_t) (id >> 8);
    buf[3] = (uint8_t) id;
}


size_t
load_coap_mitigation(uint8_t *buf, size_t size, const char *target,
    uint16_t lifetime)
{
    size_t              len;
    load_coap_writer_t  w = { buf, buf + size, 0, 0 };

    len = strlen(target);

    load_coap_put(&w, "\xa1\x01\xa1\x02\x81\xa2\x06\x81", 8);

    if (len > 23) {                     /* RFC 8949 section 3 */
        load_coap_byte(&w, 0x78);
        load_coap_byte(&w, (unsigned) len);

    } else {
        load_coap_byte(&w, 0x60 | (unsigned) len);
    }

    load_coap_put(&w, target, len);
    load_coap_put(&w, "\x0e\x19", 2);
    load_coap_byte(&w, lifetime >> 8);
    load_coap_byte(&w, lifetime);

    return w.full ? 0 : (size_t) (w.pos - buf);
}


/* ---- in ---- */

static unsigned
load_coap_next(load_coap_reader_t *r)
{
    if (r->pos == r->end) {
        r->failed = 1;
        return 0;
    }

    return *r->pos++;
}


static unsigned
load_coap_extended(load_coap_reader_t *r, unsigned nibble)
{
    unsigned  high;

    switch (nibble) {

    case 13:
        return 13 + load_coap_next(r);

    case 14:
        high = load_coap_next(r);
        return 269 + (high << 8 | load_coap_next(r));

    case 15:
        r->failed = 1;
        return 0;

    default:
        return nibble;
    }
}


static int
load_coap_has_observe(const uint8_t *pos, const uint8_t *end)
{
    unsigned            byte, option, len;
    load_coap_reader_t  r = { pos, end, 0 };

    option = 0;

    while (r.pos < r.end && *r.pos != 0xff) {
        byte = load_coap_next(&r);
        option += load_coap_extended(&r, byte >> 4);
        len = load_coap_extended(&r, byte & 0x0f);

        if (r.failed || (size_t) (r.end - r.pos) < len
            || option > LOAD_COAP_OPTION_OBSERVE)
        {
            return 0;
        }

        if (option == LOAD_COAP_OPTION_OBSERVE) {
            return 1;
        }

        r.pos += len;
    }

    return 0;
}


int
load_coap_read(load_coap_answer_t *a, const uint8_t *data, size_t len)
{
    const uint8_t  *options;

    if (len < LOAD_COAP_HEADER + LOAD_COAP_TOKEN || data[0] >> 6 != 1
        || (data[0] & 0x0f) != LOAD_COAP_TOKEN)
    {
        return 0;
    }

    a->type = data[0] >> 4 & 3;
    a->code = data[1];
    a->id = (uint16_t) (data[2] << 8 | data[3]);
    memcpy(&a->token, data + LOAD_COAP_HEADER, LOAD_COAP_TOKEN);

    options = data + LOAD_COAP_HEADER + LOAD_COAP_TOKEN;
    a->observe = (uint8_t) load_coap_has_observe(options, data + len);

    return 1;
}
