#include "ngx_dots.h"
#include "ngx_dots_conf.h"
#include "ngx_dots_manager.h"
#include "ngx_dots_psk.h"
#include "ngx_dots_zone.h"


static void *ngx_dots_create_conf(ngx_cycle_t *cycle);
static char *ngx_dots_init_conf(ngx_cycle_t *cycle, void *conf);
static ngx_int_t ngx_dots_check_events(ngx_cycle_t *cycle,
    ngx_dots_conf_t *dcf);
static ngx_int_t ngx_dots_init_module(ngx_cycle_t *cycle);


static ngx_core_module_t  ngx_dots_module_ctx = {
    ngx_string("dots"),
    ngx_dots_create_conf,
    ngx_dots_init_conf
};


ngx_module_t  ngx_dots_module = {
    NGX_MODULE_V1,
    &ngx_dots_module_ctx,                  /* module context */
    ngx_dots_conf_commands,                /* module directives */
    NGX_CORE_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_dots_init_module,                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void *
ngx_dots_create_conf(ngx_cycle_t *cycle)
{
    ngx_dots_conf_t  *dcf;

    dcf = ngx_pcalloc(cycle->pool, sizeof(ngx_dots_conf_t));
    if (dcf == NULL) {
        return NULL;
    }

    /* "enable" stays 0 without a dots {} block, and nothing of us runs */

    dcf->state_size = NGX_CONF_UNSET;
    dcf->lookup = NGX_CONF_UNSET_MSEC;

    return dcf;
}


static char *
ngx_dots_init_conf(ngx_cycle_t *cycle, void *conf)
{
    ngx_dots_conf_t  *dcf = conf;

    if ((dcf->udp || dcf->data) && !dcf->enable) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "\"%s\" needs a \"dots { ... }\" block on the main "
                      "level: add one with zone, state_path, a mitigator and "
                      "the customers", dcf->udp ? "dots_signal" : "dots_data");
        return NGX_CONF_ERROR;
    }

    if (dcf->enable && !dcf->udp && !dcf->data) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                      "nobody can reach \"dots { ... }\": write "
                      "\"dots_signal;\" into a server of \"stream { ... }\"");
    }

    if (ngx_dots_check_events(cycle, dcf) != NGX_OK
        || ngx_dots_psk_enable(dcf, cycle->log) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * With multi_accept nginx reads a UDP socket until it is empty.  A flood that
 * is faster than the worker never lets it be: no timer, no commit, no answer to
 * a PUT comes to its turn, on the very day that DOTS is for.
 */

static ngx_int_t
ngx_dots_check_events(ngx_cycle_t *cycle, ngx_dots_conf_t *dcf)
{
    ngx_event_conf_t  *ecf;

    ecf = ngx_event_get_conf(cycle->conf_ctx, ngx_event_core_module);

    if (dcf->udp && ecf->multi_accept) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "\"multi_accept on\" in the \"events\" block lets a "
                      "flood of datagrams stop the worker of \"dots_signal\": "
                      "remove it");
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * Nothing here may fail: on a reload the master would exit and leave the
 * workers behind.  What could fail was done while the configuration was read.
 */

static ngx_int_t
ngx_dots_init_module(ngx_cycle_t *cycle)
{
    ngx_dots_conf_t  *dcf;

    dcf = ngx_dots_get_conf(cycle);

    ngx_dots_zone_attach(dcf->enable ? dcf->zone : NULL);

    return NGX_OK;
}
