#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "load_coap.h"
#include "load_request.h"


#define LOAD_REQUEST_LIFETIME  3600
#define LOAD_REQUEST_NOBODYS   999999999    /* a mid that nobody has */
#define LOAD_REQUEST_BODY      128

typedef enum {
    LOAD_REQUEST_NO_MID = 0,
    LOAD_REQUEST_FIRST_MID,
    LOAD_REQUEST_NEXT_MID,
    LOAD_REQUEST_NOBODYS_MID
} load_request_mid_t;

typedef enum {
    LOAD_REQUEST_NO_BODY = 0,
    LOAD_REQUEST_ONE_TARGET,    /* an overlap: the new mid takes its place */
    LOAD_REQUEST_NEW_TARGET,
    LOAD_REQUEST_HEARTBEAT
} load_request_body_t;

typedef struct {
    const char           *name;
    const char           *resource;     /* NULL: what the caller names */
    uint8_t               method;
    uint8_t               observe;
    uint8_t               needs;
    uint8_t               targets;      /* keeps the targets of kinds apart */
    load_request_mid_t    mid;
    load_request_body_t   body;
} load_request_entry_t;


static const load_request_entry_t  load_request_table[LOAD_REQUEST_KINDS] = {
    { "get", "mitigate", LOAD_COAP_GET, 0, 1, 0,
      LOAD_REQUEST_FIRST_MID, LOAD_REQUEST_NO_BODY },
    { "unknown", "mitigate", LOAD_COAP_GET, 0, 0, 0,
      LOAD_REQUEST_NOBODYS_MID, LOAD_REQUEST_NO_BODY },
    { "put", "mitigate", LOAD_COAP_PUT, 0, 0, 1,
      LOAD_REQUEST_NEXT_MID, LOAD_REQUEST_ONE_TARGET },
    { "refresh", "mitigate", LOAD_COAP_PUT, 0, 0, 2,
      LOAD_REQUEST_FIRST_MID, LOAD_REQUEST_ONE_TARGET },
    { "fill", "mitigate", LOAD_COAP_PUT, 0, 0, 3,
      LOAD_REQUEST_NEXT_MID, LOAD_REQUEST_NEW_TARGET },
    { "hb", "hb", LOAD_COAP_PUT, 0, 0, 0,
      LOAD_REQUEST_NO_MID, LOAD_REQUEST_HEARTBEAT },
    { "path", NULL, LOAD_COAP_PUT, 0, 0, 0,
      LOAD_REQUEST_NO_MID, LOAD_REQUEST_HEARTBEAT },
    { "pathget", NULL, LOAD_COAP_GET, 0, 0, 0,
      LOAD_REQUEST_NO_MID, LOAD_REQUEST_NO_BODY },
    { "observe", "mitigate", LOAD_COAP_GET, 1, 1, 0,
      LOAD_REQUEST_FIRST_MID, LOAD_REQUEST_NO_BODY }
};

/* {49: {51: true}}, RFC 9132, 4.7 and section 6 */

static const uint8_t  load_request_heartbeat[] = {
    0xa1, 0x18, 0x31, 0xa1, 0x18, 0x33, 0xf5
};


int
load_request_kind(const char *name)
{
    int  kind;

    for (kind = 0; kind < LOAD_REQUEST_KINDS; kind++) {
        if (strcmp(name, load_request_table[kind].name) == 0) {
            return kind;
        }
    }

    return -1;
}


const char *
load_request_name(int kind)
{
    return load_request_table[kind].name;
}


int
load_request_needs(int kind)
{
    return load_request_table[kind].needs;
}


static uint32_t
load_request_mid(const load_request_t *rq, load_request_mid_t mid)
{
    switch (mid) {

    case LOAD_REQUEST_NEXT_MID:
        return ++*rq->mid;

    case LOAD_REQUEST_NOBODYS_MID:
        return LOAD_REQUEST_NOBODYS;

    default:
        return 1;
    }
}


static size_t
load_request_mitigation(const load_request_t *rq,
    const load_request_entry_t *k, uint8_t *buf, size_t size)
{
    char      addr[INET6_ADDRSTRLEN], target[INET6_ADDRSTRLEN + 4];
    uint8_t   a[16] = { 0x20, 0x01, 0x0d, 0xb8, 0x64, 0x01 };
    uint32_t  client, low;

    client = htonl(rq->client + 1);
    low = htonl(k->body == LOAD_REQUEST_NEW_TARGET ? *rq->mid : 1);

    a[7] = k->targets;
    memcpy(a + 8, &client, 4);
    memcpy(a + 12, &low, 4);

    inet_ntop(AF_INET6, a, addr, sizeof(addr));
    snprintf(target, sizeof(target), "%s/128", addr);

    return load_coap_mitigation(buf, size, target, LOAD_REQUEST_LIFETIME);
}


static size_t
load_request_body(const load_request_t *rq, const load_request_entry_t *k,
    uint8_t *buf, size_t size)
{
    switch (k->body) {

    case LOAD_REQUEST_NO_BODY:
        return 0;

    case LOAD_REQUEST_HEARTBEAT:
        memcpy(buf, load_request_heartbeat, sizeof(load_request_heartbeat));
        return sizeof(load_request_heartbeat);

    default:
        return load_request_mitigation(rq, k, buf, size);
    }
}


size_t
load_request_write(load_request_t *rq, uint8_t *buf, size_t size)
{
    char                         cuid[32], mid[32];
    uint8_t                      body[LOAD_REQUEST_BODY];
    load_coap_request_t          r;
    const load_request_entry_t  *k;

    k = &load_request_table[rq->kind];

    memset(&r, 0, sizeof(r));
    r.code = k->method;
    r.observe = k->observe;
    r.id = rq->id;
    r.token = rq->token;
    r.path[0] = rq->name;

    if (k->resource != NULL) {
        r.path[0] = ".well-known";
        r.path[1] = "dots";
        r.path[2] = k->resource;
    }

    if (k->mid != LOAD_REQUEST_NO_MID) {
        snprintf(cuid, sizeof(cuid), "cuid=dz6pHjaADkaFTb%08x", rq->client);
        snprintf(mid, sizeof(mid), "mid=%u", load_request_mid(rq, k->mid));
        r.path[3] = cuid;
        r.path[4] = mid;
    }

    r.len = load_request_body(rq, k, body, sizeof(body));
    r.body = r.len ? body : NULL;

    return load_coap_write(buf, size, &r);
}
