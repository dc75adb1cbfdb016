/*
 * What differs between nginx versions, in one place.
 */

#ifndef _NGX_DOTS_COMPAT_H_INCLUDED_
#define _NGX_DOTS_COMPAT_H_INCLUDED_

#include <ngx_config.h>
#include <ngx_core.h>

#if (nginx_version >= 1025005)
#define ngx_stream_ssl_conf_t  ngx_stream_ssl_srv_conf_t
#endif

#endif /* _NGX_DOTS_COMPAT_H_INCLUDED_ */
