/*
 * What differs between nginx versions, in one place.
 */

#ifndef _NGX_DOTS_COMPAT_H_INCLUDED_
#define _NGX_DOTS_COMPAT_H_INCLUDED_

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#if (NGX_THREADS)
#include <ngx_thread_pool.h>
#else
typedef struct ngx_thread_pool_s  ngx_thread_pool_t;
#endif

#if (nginx_version >= 1025005)
#define ngx_stream_ssl_conf_t  ngx_stream_ssl_srv_conf_t
#endif


/* What ngx_ssl_create() prepares for ngx_ssl_certificate(). */

static ngx_inline ngx_int_t
ngx_dots_ssl_certs_init(ngx_conf_t *cf, ngx_ssl_t *ssl)
{
#if (nginx_version >= 1027002)

    return ngx_array_init(&ssl->certs, cf->pool, 2, sizeof(X509 *));

#else

    if (SSL_CTX_set_ex_data(ssl->ctx, ngx_ssl_certificate_index, NULL) == 0) {
        ngx_ssl_error(NGX_LOG_EMERG, cf->log, 0,
                      "SSL_CTX_set_ex_data() failed");
        return NGX_ERROR;
    }

    return NGX_OK;

#endif
}

#endif /* _NGX_DOTS_COMPAT_H_INCLUDED_ */
