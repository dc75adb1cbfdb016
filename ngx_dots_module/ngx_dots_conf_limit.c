#include "ngx_dots_conf.h"
#include "ngx_dots_limit.h"


#define NGX_DOTS_CONF_LIMIT_RATE  1000000   /* r/s */

/* how a limit is written */

#define NGX_DOTS_CONF_LIMIT_NUMBER    0     /* N */
#define NGX_DOTS_CONF_LIMIT_OR_OFF    1     /* N or off */
#define NGX_DOTS_CONF_LIMIT_PER_TIME  2     /* Nr/s, Nr/m, or off */


typedef struct {
    const char  *name;
    ngx_uint_t   form;
    size_t       offset;
    ngx_int_t    most;      /* of a number; 0: any */
} ngx_dots_conf_limit_t;


static ngx_int_t ngx_dots_conf_limit_set(const ngx_dots_conf_limit_t *limits,
    void *where, ngx_str_t *arg);
static ngx_int_t ngx_dots_conf_limit_value(const ngx_dots_conf_limit_t *limit,
    ngx_str_t *text, uint32_t *value);


static const ngx_dots_conf_limit_t  ngx_dots_conf_limit_customer[] = {
    { "mitigations", NGX_DOTS_CONF_LIMIT_NUMBER,
      offsetof(dots_customer_t, max_mitigations), 0 },
    { "aliases", NGX_DOTS_CONF_LIMIT_NUMBER,
      offsetof(dots_customer_t, max_aliases), 0 },
    { "acls", NGX_DOTS_CONF_LIMIT_NUMBER,
      offsetof(dots_customer_t, max_acls), 0 },
    { "clients", NGX_DOTS_CONF_LIMIT_NUMBER,
      offsetof(dots_customer_t, max_clients), NGX_DOTS_LIMIT_CLIENTS },
    { "vendors", NGX_DOTS_CONF_LIMIT_NUMBER,
      offsetof(dots_customer_t, max_vendors), 0 },
    { "sessions", NGX_DOTS_CONF_LIMIT_OR_OFF,
      offsetof(dots_customer_t, max_sessions), 0 },
    { "observers", NGX_DOTS_CONF_LIMIT_OR_OFF,
      offsetof(dots_customer_t, max_observers), 0 },
    { "streams", NGX_DOTS_CONF_LIMIT_OR_OFF,
      offsetof(dots_customer_t, max_streams), 0 },
    { "rate", NGX_DOTS_CONF_LIMIT_PER_TIME,
      offsetof(dots_customer_t, rate), 0 },
    { "data_rate", NGX_DOTS_CONF_LIMIT_PER_TIME,
      offsetof(dots_customer_t, data_rate), 0 },
    { "handshakes", NGX_DOTS_CONF_LIMIT_PER_TIME,
      offsetof(dots_customer_t, handshakes), 0 },
    { NULL, 0, 0, 0 }
};

static const ngx_dots_conf_limit_t  ngx_dots_conf_limit_sources[] = {
    { "handshakes", NGX_DOTS_CONF_LIMIT_PER_TIME,
      offsetof(ngx_dots_conf_t, source_handshakes), 0 },
    { "requests", NGX_DOTS_CONF_LIMIT_PER_TIME,
      offsetof(ngx_dots_conf_t, source_requests), 0 },
    { NULL, 0, 0, 0 }
};


void
ngx_dots_conf_limit_defaults(dots_customer_t *customer)
{
    customer->max_clients = NGX_DOTS_LIMIT_CLIENTS;
    customer->max_vendors = NGX_DOTS_LIMIT_VENDORS;
    customer->max_sessions = NGX_DOTS_LIMIT_SESSIONS;
    customer->max_observers = NGX_DOTS_LIMIT_OBSERVERS;
    customer->max_streams = NGX_DOTS_LIMIT_STREAMS;
    customer->rate = NGX_DOTS_LIMIT_RATE;
    customer->data_rate = NGX_DOTS_LIMIT_DATA_RATE;
    customer->handshakes = NGX_DOTS_LIMIT_HANDSHAKES;
}


char *
ngx_dots_conf_limits(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_dots_conf_limit_set(ngx_dots_conf_limit_customer,
                                    ngx_dots_conf_customer_read(dcf),
                                    &value[i])
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid limit \"%V\": write "
                               "mitigations=NUMBER, aliases=NUMBER, "
                               "acls=NUMBER, clients=NUMBER (up to 1000), "
                               "vendors=NUMBER, sessions=NUMBER|off, "
                               "observers=NUMBER|off, streams=NUMBER|off, "
                               "rate=NUMBERr/s|off, "
                               "data_rate=NUMBERr/s|off, "
                               "handshakes=NUMBERr/s|off (or r/m)", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_dots_conf_limit_source(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t   *value;
    ngx_uint_t   i;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_dots_conf_limit_set(ngx_dots_conf_limit_sources, conf,
                                    &value[i])
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid limit \"%V\": write "
                               "handshakes=NUMBERr/s|off and "
                               "requests=NUMBERr/s|off (or r/m)", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_dots_conf_limit_set(const ngx_dots_conf_limit_t *limits, void *where,
    ngx_str_t *arg)
{
    ngx_str_t                     s;
    const ngx_dots_conf_limit_t  *limit;

    for (limit = limits; limit->name; limit++) {

        if (ngx_dots_conf_param(arg, limit->name, &s)) {
            return ngx_dots_conf_limit_value(limit, &s,
                              (uint32_t *) ((u_char *) where + limit->offset));
        }
    }

    return NGX_ERROR;
}


/* Rates become thousandths a second; 0 is no limit. */

static ngx_int_t
ngx_dots_conf_limit_value(const ngx_dots_conf_limit_t *limit, ngx_str_t *text,
    uint32_t *value)
{
    size_t      len;
    ngx_int_t   n;
    ngx_uint_t  scale;

    if (limit->form != NGX_DOTS_CONF_LIMIT_NUMBER && text->len == 3
        && ngx_strncmp(text->data, "off", 3) == 0)
    {
        *value = 0;
        return NGX_OK;
    }

    len = text->len;
    scale = 0;

    if (limit->form == NGX_DOTS_CONF_LIMIT_PER_TIME) {

        if (len < 4 || ngx_strncmp(text->data + len - 3, "r/", 2) != 0) {
            return NGX_ERROR;
        }

        scale = text->data[len - 1] == 's' ? 1
                : text->data[len - 1] == 'm' ? 60 : 0;

        if (scale == 0) {
            return NGX_ERROR;
        }

        len -= 3;
    }

    n = ngx_atoi(text->data, len);

    if (limit->most && n > limit->most) {
        return NGX_ERROR;
    }

    if (n < 1 || n > (scale ? NGX_DOTS_CONF_LIMIT_RATE : NGX_MAX_INT32_VALUE))
    {
        return NGX_ERROR;
    }

    *value = scale ? (uint32_t) ((n * 1000 + scale - 1) / scale)
                   : (uint32_t) n;

    return NGX_OK;
}
