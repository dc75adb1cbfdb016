/*
 * Any method, URI and body, one a line, as requests of two customers and of a
 * gateway, which one of them is known to by a cdid, to one host; a "P" before a
 * PATCH makes it a YANG Patch, a "C" before any method a condition that holds
 * for what is there.  Every answer has to be complete: a status, and where it
 * is an error a body in the form of RFC 8040 section 7.1 or of RFC 8072; any
 * text has to be JSON.  Nobody but a gateway asks for somebody else.
 */

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "../unit/restconf_host.h"


#define FUZZ_REQUESTS  8
#define FUZZ_CUSTOMERS 3
#define FUZZ_GATEWAY   2

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static dots_schema_t    *fuzz_schema;
static dots_customers_t *fuzz_customers;
static dots_customer_t  *fuzz_customer[FUZZ_CUSTOMERS];
static host_t            fuzz_host;
static int               fuzz_dones;


static dots_customer_t *
fuzz_add(const char *name, const char *prefix, const char *domain)
{
    dots_prefix_t     p;
    dots_customer_t  *c;

    c = dots_customers_add(fuzz_customers, dots_str(name, strlen(name)), NULL);

    if (c == NULL
        || dots_prefix_parse(&p, dots_str(prefix, strlen(prefix))) != DOTS_OK
        || dots_customers_add_prefix(fuzz_customers, c, &p, 0, NULL) != DOTS_OK
        || dots_customers_add_name(fuzz_customers, c,
                                   dots_str(domain, strlen(domain)), NULL)
           != DOTS_OK)
    {
        abort();
    }

    c->unenforced = 1;   /* any ACL is taken */

    return c;
}


int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char  err[256];

    (void) argc;
    (void) argv;

    fuzz_schema = dots_schema_load(SOURCE_DIR "/schemas", err, sizeof(err));
    fuzz_customers = dots_customers_create();

    if (fuzz_schema == NULL || fuzz_customers == NULL) {
        abort();
    }

    fuzz_customer[0] = fuzz_add("a", "192.0.2.0/24", "example.com");
    fuzz_customer[1] = fuzz_add("b", "198.51.100.0/24", "example.net");
    fuzz_customer[FUZZ_GATEWAY] = dots_customers_add(fuzz_customers,
                                                     dots_str("g", 1), NULL);

    if (fuzz_customer[FUZZ_GATEWAY] == NULL
        || dots_customers_add_identity(fuzz_customers, fuzz_customer[1],
                                       DOTS_IDENTITY_CDID, dots_str("b", 1),
                                       NULL)
           != DOTS_OK)
    {
        abort();
    }

    fuzz_customer[FUZZ_GATEWAY]->gateway = 1;

    if (dots_customers_finish(fuzz_customers, NULL) != DOTS_OK) {
        abort();
    }

    return 0;
}


static void
fuzz_done(dots_restconf_t *rc)
{
    json_t  *text;

    fuzz_dones++;

    if (rc->status < 200 || rc->status > 599
        || (rc->status >= 400 && rc->text.len == 0)
        || (rc->media.len != 0) != (rc->text.len != 0
                                    || rc->subscription != NULL)
        || (rc->status == 201 && !dots_str_eq(rc->method, dots_str("PUT", 3))
            && rc->location.len == 0))
    {
        abort();
    }

    /* the text of a module is what it is */

    if (rc->text.len == 0
        || dots_str_eq(rc->media, dots_str("application/yang", 16)))
    {
        return;
    }

    if (rc->xml) {

        if (rc->text.data[0] != '<' || rc->text.data[rc->text.len - 1] != '>'
            || (rc->status >= 400 && rc->text.len > 7
                && memcmp(rc->text.data, "<errors ", 8) != 0
                && memcmp(rc->text.data, "<yang-p", 7) != 0))
        {
            abort();
        }

        return;
    }

    text = json_loadb((const char *) rc->text.data, rc->text.len,
                      JSON_REJECT_DUPLICATES, NULL);

    if (text == NULL
        || (rc->status >= 400
            && json_object_get(text, "ietf-restconf:errors") == NULL
            && json_object_get(text, "ietf-yang-patch:yang-patch-status")
               == NULL))
    {
        abort();
    }

    json_decref(text);
}


/* Up to the next "stop" or the end. */

static dots_str_t
fuzz_piece(dots_reader_t *r, char stop)
{
    dots_str_t      s;
    const uint8_t  *end;

    end = r->pos < r->end ? memchr(r->pos, stop, (size_t) (r->end - r->pos))
                          : NULL;

    if (end == NULL) {
        end = r->end;
    }

    s = dots_str(r->pos, (size_t) (end - r->pos));
    r->pos = end < r->end ? end + 1 : end;

    return s;
}


static int
fuzz_registered(dots_restconf_t *rc, dots_str_t cuid,
    const dots_customer_t **customer)
{
    size_t      i;
    host_t     *h;
    dots_str_t  none = { 0, NULL };

    h = rc->host;
    i = host_find(h, DOTS_CHANGE_CLIENT, NULL, cuid, none);

    *customer = i < h->n ? h->records[i].customer : NULL;

    return DOTS_OK;
}


/* A body that looks like XML is, and the answer as well. */

static dots_str_t
fuzz_xml(const dots_restconf_t *rc)
{
    static const dots_str_t  xml = dots_string("application/yang-data+xml");
    static const dots_str_t  patch = dots_string("application/yang-patch+xml");

    return rc->body.len > 5 && memcmp(rc->body.data, "<yang", 5) == 0 ? patch
                                                                      : xml;
}


static void
fuzz_request(dots_reader_t *r, const dots_customer_t *customer)
{
    int                      refused;
    dots_restconf_t          rc;
    static const dots_str_t  root = dots_string("/restconf");
    static const dots_str_t  json = dots_string("application/yang-data+json");
    static const dots_str_t  xml = dots_string("application/yang-data+xml");
    static const dots_str_t  patch = dots_string("application/yang-patch+json");
    static const dots_str_t  any = dots_string("*");

    memset(&rc, 0, sizeof(rc));

    rc.content_type = json;

    if (r->pos < r->end && *r->pos == 'C') {
        rc.conditions.match = any;
        r->pos++;
    }

    if (r->end - r->pos > 1 && r->pos[0] == 'P' && r->pos[1] == 'P') {
        rc.content_type = patch;
        r->pos++;
    }

    rc.schema = fuzz_schema;
    rc.customer = customer;
    rc.method = fuzz_piece(r, ' ');
    rc.uri = fuzz_piece(r, '\n');
    rc.body = fuzz_piece(r, '\0');
    rc.root = root;

    if (rc.body.len && rc.body.data[0] == '<') {
        rc.content_type = fuzz_xml(&rc);
        rc.accept = xml;
    }

    rc.now = 1700000000000LL;
    rc.customers = fuzz_customers;
    rc.registered = fuzz_registered;
    rc.submit = host_submit;
    rc.done = fuzz_done;
    rc.host = &fuzz_host;

    fuzz_dones = 0;
    refused = dots_restconf_refuses(&rc);
    dots_restconf_handle(&rc);

    if (fuzz_dones != 1
        || (refused && rc.status < 400)
        || (rc.customer != customer
            && (!customer->gateway || rc.customer != fuzz_customer[1])))
    {
        abort();
    }

    dots_restconf_free(&rc);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int            i;
    dots_reader_t  r = { data, data + size, 0 };

    for (i = 0; i < FUZZ_REQUESTS && r.pos < r.end; i++) {
        fuzz_request(&r, fuzz_customer[i % FUZZ_CUSTOMERS]);
    }

    host_reset(&fuzz_host);

    return 0;
}
