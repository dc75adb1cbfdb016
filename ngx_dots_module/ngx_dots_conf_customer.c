#include "ngx_dots.h"
#include "ngx_dots_conf.h"
#include "ngx_dots_psk.h"


/* What is checked only when all is read remembers where it stands. */

typedef struct {
    dots_customer_t   *customer;
    dots_prefix_t      prefix;
    ngx_uint_t         shared;
    ngx_dots_place_t   place;
} ngx_dots_conf_owned_t;

typedef struct {
    ngx_str_t          name;
    ngx_dots_place_t   place;
} ngx_dots_conf_wanted_t;

typedef struct {
    dots_customer_t   *customer;     /* whose block is being read */
    ngx_uint_t         identities;   /* in this block */
    ngx_uint_t         gateways;     /* in all */
    ngx_uint_t         cdids;
    ngx_dots_place_t   cdid;         /* of the last */
    ngx_array_t        owned;        /* of ngx_dots_conf_owned_t */
    ngx_array_t        wanted;       /* mitigators: ngx_dots_conf_wanted_t */
    ngx_array_t        psks;         /* identities: ngx_dots_conf_wanted_t */
} ngx_dots_conf_customers_t;


static ngx_dots_conf_customers_t *ngx_dots_conf_customers(ngx_conf_t *cf,
    ngx_dots_conf_t *dcf);
static char *ngx_dots_conf_customer_done(ngx_dots_conf_customers_t *ccs);
static ngx_int_t ngx_dots_conf_want(ngx_conf_t *cf, ngx_array_t *array,
    ngx_str_t *name);
static ngx_int_t ngx_dots_conf_fingerprint(ngx_str_t *text, u_char raw[32]);
static void ngx_dots_conf_low_bits(ngx_conf_t *cf, ngx_str_t *text,
    dots_prefix_t *prefix);
static char *ngx_dots_conf_psks(ngx_conf_t *cf, ngx_dots_conf_t *dcf,
    ngx_dots_conf_customers_t *ccs);
static char *ngx_dots_conf_fault(ngx_conf_t *cf, int rc, ngx_str_t *what,
    dots_fault_t *f);
static char *ngx_dots_conf_overlap(ngx_conf_t *cf, ngx_array_t *owned,
    dots_fault_t *f);


static struct {
    const char            *name;
    dots_identity_kind_t   kind;
} ngx_dots_conf_identities[] = {
    { "dns:", DOTS_IDENTITY_DNS },
    { "uri:", DOTS_IDENTITY_URI },
    { "cn:", DOTS_IDENTITY_CN },
    { "sha256:", DOTS_IDENTITY_FINGERPRINT },
    { "psk:", DOTS_IDENTITY_PSK },
    { "cdid:", DOTS_IDENTITY_CDID },
    { NULL, 0 }
};


static ngx_dots_conf_customers_t *
ngx_dots_conf_customers(ngx_conf_t *cf, ngx_dots_conf_t *dcf)
{
    ngx_dots_conf_customers_t  *ccs;

    if (dcf->reading) {
        return dcf->reading;
    }

    ccs = ngx_pcalloc(cf->temp_pool, sizeof(ngx_dots_conf_customers_t));

    if (ccs == NULL
        || ngx_array_init(&ccs->owned, cf->temp_pool, 64,
                          sizeof(ngx_dots_conf_owned_t))
           != NGX_OK
        || ngx_array_init(&ccs->wanted, cf->temp_pool, 16,
                          sizeof(ngx_dots_conf_wanted_t))
           != NGX_OK
        || ngx_array_init(&ccs->psks, cf->temp_pool, 16,
                          sizeof(ngx_dots_conf_wanted_t))
           != NGX_OK)
    {
        return NULL;
    }

    dcf->reading = ccs;

    return ccs;
}


char *
ngx_dots_conf_customer(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    char                       *rv;
    ngx_str_t                  *value, name;
    ngx_conf_t                  save;
    dots_fault_t                f;
    ngx_dots_conf_customers_t  *ccs;

    ccs = ngx_dots_conf_customers(cf, dcf);
    if (ccs == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    ccs->identities = 0;
    ccs->customer = dots_customers_add(dcf->customers,
                                       dots_str(value[1].data, value[1].len),
                                       &f);
    if (ccs->customer == NULL) {
        return ngx_dots_conf_fault(cf, DOTS_INVALID, &value[1], &f);
    }

    ngx_dots_conf_limit_defaults(ccs->customer);

    save = *cf;
    cf->cmd_type = NGX_DOTS_CUSTOMER_CONF;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    name.data = (u_char *) ccs->customer->name.data;
    name.len = ccs->customer->name.len;

    return ngx_dots_conf_end(cf, "customer", &name,
                             ngx_dots_conf_customer_done(ccs));
}


static char *
ngx_dots_conf_customer_done(ngx_dots_conf_customers_t *ccs)
{
    if (ccs->identities == 0) {
        return "has no \"identity\", so nobody can be this customer: write "
               "e.g. \"identity dns:client.example.com;\"";
    }

    if (ccs->customer->gateway && ccs->customer->nprefixes == 0) {

        /* it asks for others only */

        return NGX_CONF_OK;
    }

    if (ccs->customer->nprefixes == 0) {
        return "has no \"prefix\", so it can protect nothing: write e.g. "
               "\"prefix 192.0.2.0/24;\"";
    }

    if (ccs->customer->nmitigators == 0) {
        return "has no \"mitigate\", so nothing would act for it: name a "
               "mitigator, e.g. \"mitigate rtbh;\"";
    }

    return NGX_CONF_OK;
}


char *
ngx_dots_conf_identity(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    int                         rc;
    u_char                      raw[32];
    size_t                      len;
    ngx_str_t                  *value, s;
    ngx_uint_t                  i, k;
    dots_str_t                  id;
    dots_fault_t                f;
    ngx_dots_conf_customers_t  *ccs;

    ccs = dcf->reading;
    value = cf->args->elts;

    len = 0;

    for (i = 1; i < cf->args->nelts; i++) {

        for (k = 0; ngx_dots_conf_identities[k].name; k++) {

            len = ngx_strlen(ngx_dots_conf_identities[k].name);

            if (value[i].len > len
                && ngx_strncmp(value[i].data, ngx_dots_conf_identities[k].name,
                               len) == 0)
            {
                break;
            }
        }

        if (ngx_dots_conf_identities[k].name == NULL) {
            goto invalid;
        }

        s.data = value[i].data + len;
        s.len = value[i].len - len;
        id = dots_str(s.data, s.len);

        if (ngx_dots_conf_identities[k].kind == DOTS_IDENTITY_FINGERPRINT) {

            if (ngx_dots_conf_fingerprint(&s, raw) != NGX_OK) {
                goto invalid;
            }

            id = dots_str(raw, sizeof(raw));
        }

        rc = dots_customers_add_identity(dcf->customers, ccs->customer,
                                         ngx_dots_conf_identities[k].kind, id,
                                         &f);
        if (rc != DOTS_OK) {
            return ngx_dots_conf_fault(cf, rc, &value[i], &f);
        }

        if (ngx_dots_conf_identities[k].kind == DOTS_IDENTITY_PSK
            && ngx_dots_conf_want(cf, &ccs->psks, &s) != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        if (ngx_dots_conf_identities[k].kind == DOTS_IDENTITY_CDID) {
            ngx_dots_conf_place(cf, &ccs->cdid);
            ccs->cdids++;
        }

        ccs->identities++;
    }

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid identity \"%V\": write dns:NAME or uri:URI (of "
                       "the certificate's subjectAltName), cn:NAME, "
                       "sha256:FINGERPRINT (64 hex digits), psk:NAME, or "
                       "cdid:VALUE",
                       &value[i]);
    return NGX_CONF_ERROR;
}


/* What is named here may be defined below. */

static ngx_int_t
ngx_dots_conf_want(ngx_conf_t *cf, ngx_array_t *array, ngx_str_t *name)
{
    ngx_dots_conf_wanted_t  *wanted;

    wanted = ngx_array_push(array);
    if (wanted == NULL) {
        return NGX_ERROR;
    }

    wanted->name = *name;
    ngx_dots_conf_place(cf, &wanted->place);

    return NGX_OK;
}


/* 64 hex digits, colons between bytes allowed as "openssl x509" prints them */

static ngx_int_t
ngx_dots_conf_fingerprint(ngx_str_t *text, u_char raw[32])
{
    size_t      i, n;
    ngx_int_t   b;

    for (i = 0, n = 0; i + 1 < text->len; i += 2) {

        if (text->data[i] == ':' && n > 0) {
            i--;
            continue;
        }

        b = ngx_hextoi(&text->data[i], 2);

        if (b == NGX_ERROR || n == 32) {
            return NGX_ERROR;
        }

        raw[n++] = (u_char) b;
    }

    return (n == 32 && i == text->len) ? NGX_OK : NGX_ERROR;
}


char *
ngx_dots_conf_prefix(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    int                         rc;
    ngx_str_t                  *value;
    ngx_uint_t                  i, n, shared;
    dots_fault_t                f;
    dots_prefix_t               p;
    ngx_dots_conf_owned_t      *owned;
    ngx_dots_conf_customers_t  *ccs;

    ccs = dcf->reading;
    value = cf->args->elts;
    n = cf->args->nelts;

    shared = (ngx_strcmp(value[n - 1].data, "shared") == 0);

    if (shared) {
        n--;
    }

    for (i = 1; i < n; i++) {

        if (dots_prefix_parse(&p, dots_str(value[i].data, value[i].len))
            != DOTS_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid prefix \"%V\": write it like "
                               "192.0.2.0/24 or 2001:db8::/32", &value[i]);
            return NGX_CONF_ERROR;
        }

        ngx_dots_conf_low_bits(cf, &value[i], &p);

        owned = ngx_array_push(&ccs->owned);
        if (owned == NULL) {
            return NGX_CONF_ERROR;
        }

        owned->customer = ccs->customer;
        owned->prefix = p;
        owned->shared = shared;
        ngx_dots_conf_place(cf, &owned->place);

        rc = dots_customers_add_prefix(dcf->customers, ccs->customer, &p,
                                       shared, &f);
        if (rc != DOTS_OK) {
            return ngx_dots_conf_fault(cf, rc, &value[i], &f);
        }
    }

    return n > 1 ? NGX_CONF_OK : "names no prefix before \"shared\"";
}


/* Said as nginx does of "allow" and "geo": one address may have been meant. */

static void
ngx_dots_conf_low_bits(ngx_conf_t *cf, ngx_str_t *text, dots_prefix_t *prefix)
{
    u_char         *slash;
    dots_prefix_t   host;

    slash = ngx_strlchr(text->data, text->data + text->len, '/');

    if (slash == NULL
        || dots_prefix_parse(&host, dots_str(text->data, slash - text->data))
           != DOTS_OK
        || host.family != prefix->family
        || ngx_memcmp(host.addr, prefix->addr, sizeof(host.addr)) == 0)
    {
        return;
    }

    ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                       "low address bits of %V are meaningless", text);
}


char *
ngx_dots_conf_name(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    int                         rc;
    ngx_str_t                  *value;
    ngx_uint_t                  i;
    dots_fault_t                f;
    ngx_dots_conf_customers_t  *ccs;

    ccs = dcf->reading;
    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        rc = dots_customers_add_name(dcf->customers, ccs->customer,
                                     dots_str(value[i].data, value[i].len),
                                     &f);
        if (rc != DOTS_OK) {
            return ngx_dots_conf_fault(cf, rc, &value[i], &f);
        }
    }

    return NGX_CONF_OK;
}


/* The mitigators may stand below the customers: looked up at the end. */

char *
ngx_dots_conf_mitigate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    int                         rc;
    ngx_str_t                  *value;
    ngx_uint_t                  i;
    dots_fault_t                f;
    ngx_dots_conf_customers_t  *ccs;

    ccs = dcf->reading;
    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_dots_conf_want(cf, &ccs->wanted, &value[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

        rc = dots_customers_add_mitigator(dcf->customers, ccs->customer,
                                          dots_str(value[i].data,
                                                   value[i].len),
                                          &f);
        if (rc != DOTS_OK) {
            return ngx_dots_conf_fault(cf, rc, &value[i], &f);
        }
    }

    return NGX_CONF_OK;
}


/* RFC 9132 section 4.4.1.2: "trusted to supply 'cdid' attributes" */

char *
ngx_dots_conf_gateway(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    ngx_dots_conf_customers_t  *ccs;

    ccs = dcf->reading;

    if (ccs->customer->gateway) {
        return "is duplicate";
    }

    ccs->customer->gateway = 1;
    ccs->gateways++;

    return NGX_CONF_OK;
}


dots_customer_t *
ngx_dots_conf_customer_read(ngx_dots_conf_t *dcf)
{
    ngx_dots_conf_customers_t  *ccs;

    ccs = dcf->reading;

    return ccs->customer;
}


/* RFC 8783 section 7.2 has a field that is not supported refused. */

char *
ngx_dots_conf_filters(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    ngx_str_t  *value;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "any") == 0) {
        ngx_dots_conf_customer_read(dcf)->unenforced = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "enforced") == 0) {
        ngx_dots_conf_customer_read(dcf)->unenforced = 0;
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid filters \"%V\": write \"filters enforced;\" "
                       "(ACLs that a mitigator can apply) or \"filters any;\" "
                       "(the others are kept, too)", &value[1]);
    return NGX_CONF_ERROR;
}


/* The names are known to be there by now. */

static void
ngx_dots_conf_ability(void *ctx, dots_str_t mitigator,
    dots_acl_needs_t *ability)
{
    ngx_dots_conf_t *dcf = ctx;

    ngx_str_t              name;
    ngx_dots_mitigator_t  *mt;

    name.len = mitigator.len;
    name.data = (u_char *) mitigator.data;

    mt = ngx_dots_conf_find_mitigator(dcf, &name);

    mt->driver->ability(mt->conf, ability);
}


char *
ngx_dots_conf_customers_done(ngx_conf_t *cf, ngx_dots_conf_t *dcf)
{
    int                         rc;
    ngx_uint_t                  i;
    dots_fault_t                f;
    ngx_dots_conf_wanted_t     *wanted;
    ngx_dots_conf_customers_t  *ccs;

    ccs = dcf->reading;
    dcf->reading = NULL;

    if (ccs) {
        wanted = ccs->wanted.elts;

        for (i = 0; i < ccs->wanted.nelts; i++) {
            if (ngx_dots_conf_find_mitigator(dcf, &wanted[i].name) == NULL) {
                return ngx_dots_conf_error(cf, &wanted[i].place,
                                           "unknown mitigator \"%V\": define "
                                           "it with \"mitigator %V { ... }\"",
                                           &wanted[i].name, &wanted[i].name);
            }
        }
    }

    if (ngx_dots_conf_psks(cf, dcf, ccs) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (ccs && ccs->cdids && ccs->gateways == 0) {
        return ngx_dots_conf_error(cf, &ccs->cdid,
                                   "nobody may send a cdid: write \"gateway;\" "
                                   "into the customer block of the gateway "
                                   "that does");
    }

    dots_customers_redirect(dcf->customers, dcf->redirect);

    if (dots_customers_abilities(dcf->customers, ngx_dots_conf_ability, dcf)
        != DOTS_OK)
    {
        return NGX_CONF_ERROR;
    }

    rc = dots_customers_finish(dcf->customers, &f);

    if (rc == DOTS_INVALID && ccs) {
        return ngx_dots_conf_overlap(cf, &ccs->owned, &f);
    }

    return rc == DOTS_OK ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* A PSK identity and its key come together or not at all. */

static char *
ngx_dots_conf_psks(ngx_conf_t *cf, ngx_dots_conf_t *dcf,
    ngx_dots_conf_customers_t *ccs)
{
    ngx_uint_t               i, n;
    ngx_dots_conf_wanted_t  *wanted;

    wanted = ccs ? ccs->psks.elts : NULL;
    n = ccs ? ccs->psks.nelts : 0;

    for (i = 0; i < n; i++) {

        if (!ngx_dots_psk_known(dcf, wanted[i].name.data, wanted[i].name.len))
        {
            return ngx_dots_conf_error(cf, &wanted[i].place,
                                       "no key for the identity \"psk:%V\": "
                                       "write a line \"%V:HEXKEY\" into the "
                                       "file that \"psk_file FILE;\" names",
                                       &wanted[i].name, &wanted[i].name);
        }
    }

    return ngx_dots_psk_check(cf, dcf);
}


static char *
ngx_dots_conf_fault(ngx_conf_t *cf, int rc, ngx_str_t *what, dots_fault_t *f)
{
    if (rc == DOTS_INVALID) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": %s", what,
                           f->message);
    }

    return NGX_CONF_ERROR;
}


/*
 * The fault says which prefixes overlap; this finds their line.  It compares
 * all pairs, but runs only when the configuration is refused.
 */

static char *
ngx_dots_conf_overlap(ngx_conf_t *cf, ngx_array_t *owned, dots_fault_t *f)
{
    ngx_uint_t              i, j;
    ngx_dots_conf_owned_t  *o;

    o = owned->elts;

    for (i = 1; i < owned->nelts; i++) {
        for (j = 0; j < i; j++) {

            if (o[i].customer != o[j].customer
                && !(o[i].shared && o[j].shared)
                && dots_prefix_overlaps(&o[i].prefix, &o[j].prefix))
            {
                return ngx_dots_conf_error(cf, &o[i].place, "%s", f->message);
            }
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", f->message);

    return NGX_CONF_ERROR;
}
