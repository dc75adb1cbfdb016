#include "ngx_dots_conf.h"
#include "../restconf/dots_data_vendor.h"


#define NGX_DOTS_CONF_VENDOR_SIZE  (1024 * 1024)  /* of one answer's text */


/* The server's own mapping (RFC 9244 section 8.1.6), a file in RFC 7951. */

char *
ngx_dots_conf_vendor(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    ngx_str_t        *value;
    ngx_file_info_t   fi;

    if (dcf->vendor_file.data) {
        return "is duplicate";
    }

    value = cf->args->elts;
    dcf->vendor_file = value[1];

    if (ngx_conf_full_name(cf->cycle, &dcf->vendor_file, 1) != NGX_OK
        || ngx_dots_conf_file(cf, &dcf->vendor_file, NGX_DOTS_CONF_VENDOR_SIZE,
                              &fi, &dcf->vendor_text)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_dots_conf_place(cf, &dcf->vendor_place);

    return NGX_CONF_OK;
}


/* The schema is there when the block is over. */

ngx_int_t
ngx_dots_conf_vendor_done(ngx_conf_t *cf, ngx_dots_conf_t *dcf)
{
    int            rc;
    char           err[512];
    u_char        *p;
    dots_str_t     vendors;
    dots_arena_t  *a;

    if (dcf->vendor_file.data == NULL) {
        return NGX_OK;
    }

    a = dots_arena_create(4 * NGX_DOTS_CONF_VENDOR_SIZE);
    if (a == NULL) {
        return NGX_ERROR;
    }

    rc = dots_data_vendor_load(dcf->schema,
                               dots_str(dcf->vendor_text.data,
                                        dcf->vendor_text.len),
                               a, &vendors, err, sizeof(err));

    p = (rc == DOTS_OK) ? ngx_pnalloc(cf->pool, vendors.len) : NULL;

    if (p) {
        ngx_memcpy(p, vendors.data, vendors.len);
        dcf->vendors = dots_str(p, vendors.len);
    }

    dots_arena_destroy(a);

    if (rc != DOTS_OK) {
        (void) ngx_dots_conf_error(cf, &dcf->vendor_place,
                                   "\"vendor_mapping %V\" can't be used: %s",
                                   &dcf->vendor_file, err);
    }

    return p ? NGX_OK : NGX_ERROR;
}
