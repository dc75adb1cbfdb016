#include "ngx_dots_conf.h"


#define NGX_DOTS_CONF_SESSION_OFTEN  15     /* s, RFC 8085 section 3.1.2 */


static ngx_int_t ngx_dots_conf_session_range(dots_session_parameter_t k,
    ngx_str_t *text, dots_session_range_t *range);
static ngx_int_t ngx_dots_conf_session_max_age(dots_session_conf_t *session,
    ngx_str_t *text);
static ngx_int_t ngx_dots_conf_session_set(dots_session_conf_t *session,
    ngx_uint_t first, ngx_uint_t last, ngx_str_t *arg);


/* "[mitigating|idle] NAME=MIN..MAX/CURRENT ... [max-age=TIME]" */

char *
ngx_dots_conf_session(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i, first, last;

    value = cf->args->elts;
    first = 0;
    last = DOTS_SESSION_SETS - 1;
    i = 1;

    if (ngx_strcmp(value[1].data, "mitigating") == 0) {
        last = DOTS_SESSION_MITIGATING;
        i++;

    } else if (ngx_strcmp(value[1].data, "idle") == 0) {
        first = DOTS_SESSION_IDLE;
        i++;
    }

    if (i == cf->args->nelts) {
        return "has no parameter: write what the set shall have, such as "
               "heartbeat-interval=15..240/30";
    }

    for (/* void */; i < cf->args->nelts; i++) {

        if (ngx_dots_conf_session_set(&dcf->session, first, last, &value[i])
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\": write NAME=MIN..MAX/"
                               "CURRENT with MIN <= CURRENT <= MAX, such as "
                               "heartbeat-interval=15..240/30 (or /0: off), "
                               "missing-hb-allowed=3..20/15, "
                               "probing-rate=5..20/5, max-retransmit=2..15/3, "
                               "ack-timeout=1.00..30.00/2.00, "
                               "ack-random-factor=1.10..4.00/1.50, or "
                               "max-age=TIME", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    for (i = first; i <= last; i++) {

        if (dcf->session.sets[i][DOTS_SESSION_HEARTBEAT_INTERVAL].min
            < NGX_DOTS_CONF_SESSION_OFTEN)
        {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "heartbeats more often than every %d seconds "
                               "are for trials only (RFC 9132, 4.5.2): begin "
                               "the range with heartbeat-interval=15",
                               NGX_DOTS_CONF_SESSION_OFTEN);
            break;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_dots_conf_session_set(dots_session_conf_t *session, ngx_uint_t first,
    ngx_uint_t last, ngx_str_t *arg)
{
    ngx_str_t             s;
    ngx_uint_t            i, k;
    dots_session_range_t  range;

    if (ngx_dots_conf_param(arg, "max-age", &s)) {
        return ngx_dots_conf_session_max_age(session, &s);
    }

    for (k = 0; k < DOTS_SESSION_PARAMETERS; k++) {

        if (!ngx_dots_conf_param(arg, dots_session_parameters[k].name, &s)) {
            continue;
        }

        if (ngx_dots_conf_session_range(k, &s, &range) != NGX_OK) {
            return NGX_ERROR;
        }

        for (i = first; i <= last; i++) {
            session->sets[i][k] = range;
        }

        return NGX_OK;
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_dots_conf_session_range(dots_session_parameter_t k, ngx_str_t *text,
    dots_session_range_t *range)
{
    u_char                               *dots, *slash, *last;
    const dots_session_parameter_info_t  *info;

    info = &dots_session_parameters[k];
    last = text->data + text->len;

    dots = ngx_strlcasestrn(text->data, last, (u_char *) "..", 2 - 1);
    slash = dots ? ngx_strlchr(dots, last, '/') : NULL;

    if (slash == NULL
        || dots_session_parse(k, dots_str(text->data, dots - text->data),
                              &range->min)
           != DOTS_OK
        || dots_session_parse(k, dots_str(dots + 2, slash - dots - 2),
                              &range->max)
           != DOTS_OK
        || dots_session_parse(k, dots_str(slash + 1, last - slash - 1),
                              &range->current)
           != DOTS_OK)
    {
        return NGX_ERROR;
    }

    if (range->min < info->least || range->max > info->most
        || range->min > range->max)
    {
        return NGX_ERROR;
    }

    if (range->current == 0 && info->disable) {
        return NGX_OK;
    }

    return (range->current >= range->min && range->current <= range->max)
           ? NGX_OK : NGX_ERROR;
}


/* "It is NOT RECOMMENDED to return a Max-Age Option set to 0", 4.5.3. */

static ngx_int_t
ngx_dots_conf_session_max_age(dots_session_conf_t *session, ngx_str_t *text)
{
    ngx_int_t  n;

    n = ngx_parse_time(text, 1);

    if (n == (ngx_int_t) NGX_ERROR || n == 0 || (uint64_t) n > UINT32_MAX) {
        return NGX_ERROR;
    }

    session->max_age = (uint32_t) n;

    return NGX_OK;
}
