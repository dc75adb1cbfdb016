#include "ngx_dots_conf.h"
#include "../model/dots_hostname.h"


#define NGX_DOTS_CONF_REDIRECT_TTL  300     /* s */


static ngx_int_t ngx_dots_conf_redirect_server(ngx_conf_t *cf,
    dots_redirect_t *redirect, ngx_str_t *name);
static ngx_int_t ngx_dots_conf_redirect_record(ngx_conf_t *cf,
    dots_redirect_t *redirect, ngx_str_t *text);
static ngx_int_t ngx_dots_conf_redirect_ttl(dots_redirect_t *redirect,
    ngx_str_t *text);


/* In dots {} it is for all customers that have none of their own. */

char *
ngx_dots_conf_redirect(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    ngx_str_t               *value, s;
    ngx_int_t                rc;
    ngx_uint_t               i;
    dots_redirect_t         *redirect;
    const dots_redirect_t  **where;

    where = (cf->cmd_type == NGX_DOTS_CUSTOMER_CONF)
            ? &ngx_dots_conf_customer_read(dcf)->redirect : &dcf->redirect;

    if (*where) {
        return "is duplicate";
    }

    redirect = ngx_pcalloc(cf->pool, sizeof(dots_redirect_t));
    if (redirect == NULL) {
        return NGX_CONF_ERROR;
    }

    redirect->max_age = NGX_DOTS_CONF_REDIRECT_TTL;

    value = cf->args->elts;

    rc = ngx_dots_conf_redirect_server(cf, redirect, &value[1]);

    for (i = 2; rc == NGX_OK && i < cf->args->nelts; i++) {

        if (ngx_dots_conf_param(&value[i], "ttl", &s)) {
            rc = ngx_dots_conf_redirect_ttl(redirect, &s);

        } else {
            rc = ngx_dots_conf_redirect_record(cf, redirect, &value[i]);
        }

        if (rc == NGX_DECLINED) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\": behind the name "
                               "write up to %d addresses that clients can "
                               "reach, and ttl=TIME, at most 4294967295 "
                               "seconds", &value[i], DOTS_REDIRECT_RECORDS);
        }
    }

    if (rc != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    *where = redirect;

    return NGX_CONF_OK;
}


/* RFC 9132 section 4.6: "alt-server: FQDN of an alternate DOTS server." */

static ngx_int_t
ngx_dots_conf_redirect_server(ngx_conf_t *cf, dots_redirect_t *redirect,
    ngx_str_t *name)
{
    size_t   len;
    uint8_t  buf[DOTS_HOSTNAME_MAX];
    char    *copy;

    if (dots_hostname_normalize(dots_str(name->data, name->len), buf, &len)
        != DOTS_OK
        || ngx_strlchr(buf, buf + len, '.') == NULL)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid server \"%V\": write the fully qualified "
                           "name of the other DOTS server, such as "
                           "dots.provider.example", name);
        return NGX_ERROR;
    }

    copy = ngx_pcalloc(cf->pool, len + 1);
    if (copy == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(copy, buf, len);
    redirect->alt_server = copy;

    return NGX_OK;
}


static ngx_int_t
ngx_dots_conf_redirect_record(ngx_conf_t *cf, dots_redirect_t *redirect,
    ngx_str_t *text)
{
    char            *record, *slash;
    dots_prefix_t    p;

    if (redirect->nrecords == DOTS_REDIRECT_RECORDS
        || ngx_strlchr(text->data, text->data + text->len, '/') != NULL
        || dots_prefix_parse(&p, dots_str(text->data, text->len)) != DOTS_OK
        || dots_prefix_forbidden(&p) != NULL)
    {
        return NGX_DECLINED;
    }

    record = ngx_pcalloc(cf->pool, DOTS_PREFIX_TEXT);
    if (record == NULL) {
        return NGX_ERROR;
    }

    dots_prefix_print(&p, record);

    slash = strchr(record, '/');
    if (slash) {
        *slash = '\0';
    }

    redirect->records[redirect->nrecords++] = record;

    return NGX_OK;
}


static ngx_int_t
ngx_dots_conf_redirect_ttl(dots_redirect_t *redirect, ngx_str_t *text)
{
    ngx_int_t  ttl;

    ttl = ngx_parse_time(text, 1);

    if (ttl == (ngx_int_t) NGX_ERROR || (uint64_t) ttl > UINT32_MAX) {
        return NGX_DECLINED;
    }

    redirect->max_age = (uint32_t) ttl;

    return NGX_OK;
}
