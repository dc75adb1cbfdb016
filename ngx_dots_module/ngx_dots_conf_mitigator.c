#include "ngx_dots.h"
#include "ngx_dots_conf.h"


/*
 * The community that marks a route as ours: 64512 is the first private AS
 * number (RFC 6996), the other half is "DO" in ASCII.
 */
#define NGX_DOTS_TAG  "64512:17487"


static ngx_dots_mitigator_t *ngx_dots_conf_current(ngx_dots_conf_t *dcf);
static char *ngx_dots_conf_mitigator_done(ngx_conf_t *cf,
    ngx_dots_conf_t *dcf, ngx_dots_mitigator_t *mt);


static ngx_dots_mitigator_t *
ngx_dots_conf_current(ngx_dots_conf_t *dcf)
{
    ngx_dots_mitigator_t  *mt;

    mt = dcf->mitigators.elts;

    return &mt[dcf->mitigators.nelts - 1];
}


ngx_dots_mitigator_t *
ngx_dots_conf_find_mitigator(ngx_dots_conf_t *dcf, ngx_str_t *name)
{
    ngx_uint_t             i;
    ngx_dots_mitigator_t  *mt;

    mt = dcf->mitigators.elts;

    for (i = 0; i < dcf->mitigators.nelts; i++) {
        if (mt[i].name.len == name->len
            && ngx_strncmp(mt[i].name.data, name->data, name->len) == 0)
        {
            return &mt[i];
        }
    }

    return NULL;
}


char *
ngx_dots_conf_mitigator(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    char                  *rv;
    dots_str_t             tag = dots_string(NGX_DOTS_TAG);
    ngx_str_t             *value;
    ngx_conf_t             save;
    ngx_dots_mitigator_t  *mt;

    value = cf->args->elts;

    if (ngx_dots_conf_find_mitigator(dcf, &value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate mitigator \"%V\": give it another name",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    mt = ngx_array_push(&dcf->mitigators);
    if (mt == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(mt, sizeof(ngx_dots_mitigator_t));

    mt->name = value[1];
    mt->file = cf->conf_file->file.name.data;
    mt->line = cf->conf_file->line;
    mt->gobgp.timeout = 2000;

    if (dots_gobgp_community(tag, &mt->gobgp.tag) != DOTS_OK) {
        return NGX_CONF_ERROR;
    }

    save = *cf;
    cf->cmd_type = NGX_DOTS_MITIGATOR_CONF;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_dots_conf_mitigator_done(cf, dcf, mt);
}


static char *
ngx_dots_conf_mitigator_done(ngx_conf_t *cf, ngx_dots_conf_t *dcf,
    ngx_dots_mitigator_t *mt)
{
    dots_str_t             blackhole = dots_string("65535:666");
    ngx_uint_t             i;
    ngx_dots_mitigator_t  *other;

    if (mt->driver == NULL) {
        return "names no daemon: write \"gobgp unix:/run/gobgp.sock;\" or "
               "\"gobgp 127.0.0.1:50051;\" into it";
    }

    if (mt->gobgp.next_hop4.family == 0 && mt->gobgp.next_hop6.family == 0) {
        return "has no \"next_hop\": write the discard address of each family "
               "that it announces, e.g. \"next_hop 192.0.2.1 2001:db8::1;\"";
    }

    if (mt->gobgp.ncommunities == 0) {

        /* RFC 7999: a blackhole route carries BLACKHOLE */

        if (dots_gobgp_community(blackhole, &mt->gobgp.communities[0])
            != DOTS_OK)
        {
            return NGX_CONF_ERROR;
        }

        mt->gobgp.ncommunities = 1;
    }

    /* two that take the same routes for theirs would withdraw each other's */

    other = dcf->mitigators.elts;

    for (i = 0; i < dcf->mitigators.nelts - 1; i++) {
        if (other[i].gobgp.tag == mt->gobgp.tag
            && ngx_strcmp(other[i].gobgp.target, mt->gobgp.target) == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "mitigators \"%V\" and \"%V\" share a daemon "
                               "and a tag: give one another \"tag\"",
                               &other[i].name, &mt->name);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_dots_conf_gobgp(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    ngx_int_t              port;
    ngx_str_t             *value;
    u_char                *p, *last;
    ngx_dots_mitigator_t  *mt;

    mt = ngx_dots_conf_current(dcf);

    if (mt->driver) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len >= sizeof(mt->gobgp.target)) {
        return "has a too long address";
    }

    if (ngx_strncmp(value[1].data, "unix:/", 6) != 0) {

        last = value[1].data + value[1].len;

        for (p = last; p > value[1].data && p[-1] != ':'; p--) { /* void */ }

        port = ngx_atoi(p, last - p);

        if (p <= value[1].data + 1 || port < 1 || port > 65535) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid gobgp address \"%V\": write "
                               "unix:/absolute/path or host:port", &value[1]);
            return NGX_CONF_ERROR;
        }
    }

    (void) ngx_cpystrn((u_char *) mt->gobgp.target, value[1].data,
                       value[1].len + 1);

    mt->driver = &dots_gobgp_driver;

    return NGX_CONF_OK;
}


char *
ngx_dots_conf_action(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "blackhole") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown action \"%V\": write \"action blackhole;\"",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    /* the only one there is; the directive says so in the configuration */

    return NGX_CONF_OK;
}


char *
ngx_dots_conf_next_hop(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    ngx_str_t             *value;
    ngx_uint_t             i;
    dots_prefix_t          p, *hop;
    ngx_dots_mitigator_t  *mt;

    mt = ngx_dots_conf_current(dcf);
    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strlchr(value[i].data, value[i].data + value[i].len, '/')
            || dots_prefix_parse(&p, dots_str(value[i].data, value[i].len))
               != DOTS_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid next hop \"%V\": write one IPv4 and/or "
                               "one IPv6 address", &value[i]);
            return NGX_CONF_ERROR;
        }

        hop = (p.family == 4) ? &mt->gobgp.next_hop4 : &mt->gobgp.next_hop6;

        if (hop->family) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "second IPv%ui next hop \"%V\": a family has "
                               "one", (ngx_uint_t) p.family, &value[i]);
            return NGX_CONF_ERROR;
        }

        *hop = p;
    }

    return NGX_CONF_OK;
}


char *
ngx_dots_conf_community(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    size_t                *n;
    ngx_str_t             *value;
    ngx_uint_t             i;
    ngx_dots_mitigator_t  *mt;

    mt = ngx_dots_conf_current(dcf);
    n = &mt->gobgp.ncommunities;
    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (*n == DOTS_GOBGP_COMMUNITIES) {
            return "has too many communities";
        }

        if (dots_gobgp_community(dots_str(value[i].data, value[i].len),
                                 &mt->gobgp.communities[*n])
            != DOTS_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid community \"%V\": write it like "
                               "65535:666, or a well-known name like "
                               "blackhole or no-export", &value[i]);
            return NGX_CONF_ERROR;
        }

        (*n)++;
    }

    return NGX_CONF_OK;
}


char *
ngx_dots_conf_tag(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    ngx_str_t             *value;
    ngx_dots_mitigator_t  *mt;

    mt = ngx_dots_conf_current(dcf);
    value = cf->args->elts;

    if (dots_gobgp_community(dots_str(value[1].data, value[1].len),
                             &mt->gobgp.tag)
        != DOTS_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid tag \"%V\": write a community of your own, "
                           "like 64512:1, that no other route carries",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
