#include <ngx_http.h>

#include "ngx_dots.h"
#include "ngx_http_dots_via.h"


static ngx_int_t ngx_http_dots_via_add(ngx_array_t *names, ngx_str_t *name);
static ngx_uint_t ngx_http_dots_via_plain(ngx_http_server_name_t *sn);


char *
ngx_http_dots_via(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t     *value;
    ngx_uint_t     i;
    ngx_array_t  **names;

    names = (ngx_array_t **) ((u_char *) conf + cmd->offset);

    if (*names) {
        return "is duplicate";
    }

    *names = ngx_array_create(cf->pool, cf->args->nelts, sizeof(dots_str_t));
    if (*names == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0 || ngx_strlchr(value[i].data,
                                             value[i].data + value[i].len, ','))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid name \"%V\": write what stands in Via, "
                               "e.g. dots.example.com or [2001:db8::1]:443",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        if (ngx_http_dots_via_add(*names, &value[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_dots_via_merge(ngx_conf_t *cf, ngx_array_t *prev, ngx_array_t **names)
{
    ngx_uint_t                 i;
    ngx_http_server_name_t    *sn;
    ngx_http_core_srv_conf_t  *cscf;

    if (*names == NULL) {
        *names = prev;
    }

    if (*names) {
        return NGX_OK;
    }

    cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);

    *names = ngx_array_create(cf->pool, cscf->server_names.nelts + 1,
                              sizeof(dots_str_t));
    if (*names == NULL) {
        return NGX_ERROR;
    }

    sn = cscf->server_names.elts;

    for (i = 0; i < cscf->server_names.nelts; i++) {

        if (ngx_http_dots_via_plain(&sn[i])
            && ngx_http_dots_via_add(*names, &sn[i].name) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_dots_via_add(ngx_array_t *names, ngx_str_t *name)
{
    dots_str_t  *s;

    s = ngx_array_push(names);
    if (s == NULL) {
        return NGX_ERROR;
    }

    *s = dots_str(name->data, name->len);

    return NGX_OK;
}


/* No pattern of any kind, nor the name of who has none. */

static ngx_uint_t
ngx_http_dots_via_plain(ngx_http_server_name_t *sn)
{
    if (sn->name.len == 0 || sn->name.data[0] == '.') {
        return 0;
    }

#if (NGX_PCRE)
    if (sn->regex) {
        return 0;
    }
#endif

    return ngx_strlchr(sn->name.data, sn->name.data + sn->name.len, '*')
           == NULL;
}
