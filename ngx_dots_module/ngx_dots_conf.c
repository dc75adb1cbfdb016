#include "ngx_dots.h"
#include "ngx_dots_conf.h"
#include "ngx_dots_limit.h"
#include "ngx_dots_manager.h"
#include "ngx_dots_psk.h"
#include "ngx_dots_zone.h"
#include "../store/dots_store_file.h"


#define NGX_DOTS_SCHEMAS      "/usr/share/nginx-mod-dots/schemas"
#define NGX_DOTS_ZONE_MIN     (1024 * 1024)
#define NGX_DOTS_STATE_MIN    (1024 * 1024)

#define NGX_DOTS_CONF_DATA_LIFETIME_MAX  (10 * 365 * 86400)  /* s */


static char *ngx_dots_conf_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_dots_conf_done(ngx_conf_t *cf, ngx_dots_conf_t *dcf);
static ngx_uint_t ngx_dots_conf_moved(ngx_conf_t *cf, ngx_dots_conf_t *dcf);
static ngx_int_t ngx_dots_conf_check_store(ngx_conf_t *cf,
    ngx_dots_conf_t *dcf);
static ngx_int_t ngx_dots_conf_threads(ngx_conf_t *cf, ngx_dots_conf_t *dcf);
static char *ngx_dots_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_dots_conf_state_path(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_dots_conf_schemas(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_dots_conf_load_schemas(ngx_conf_t *cf, ngx_dots_conf_t *dcf);
static char *ngx_dots_conf_data_lifetime(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_dots_conf_lifetime(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_dots_conf_log(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_dots_conf_state_size(ngx_conf_t *cf, void *post, void *data);
static char *ngx_dots_conf_lookup(ngx_conf_t *cf, void *post, void *data);
static void ngx_dots_conf_cleanup(void *data);


static ngx_conf_post_t  ngx_dots_conf_state_size_post = {
    ngx_dots_conf_state_size
};

static ngx_conf_post_t  ngx_dots_conf_lookup_post = { ngx_dots_conf_lookup };


ngx_command_t  ngx_dots_conf_commands[] = {

    { ngx_string("dots"),
      NGX_MAIN_CONF|NGX_DIRECT_CONF|NGX_CONF_BLOCK|NGX_CONF_NOARGS,
      ngx_dots_conf_block,
      0,
      0,
      NULL },

    { ngx_string("zone"),
      NGX_DOTS_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE2,
      ngx_dots_conf_zone,
      0,
      0,
      NULL },

    { ngx_string("state_path"),
      NGX_DOTS_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_dots_conf_state_path,
      0,
      0,
      NULL },

    { ngx_string("state_size"),
      NGX_DOTS_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_off_slot,
      0,
      offsetof(ngx_dots_conf_t, state_size),
      &ngx_dots_conf_state_size_post },

    { ngx_string("schemas"),
      NGX_DOTS_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_dots_conf_schemas,
      0,
      0,
      NULL },

    { ngx_string("vendor_mapping"),
      NGX_DOTS_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_dots_conf_vendor,
      0,
      0,
      NULL },

    { ngx_string("lifetime"),
      NGX_DOTS_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_dots_conf_lifetime,
      0,
      0,
      NULL },

    { ngx_string("session_config"),
      NGX_DOTS_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_dots_conf_session,
      0,
      0,
      NULL },

    { ngx_string("data_lifetime"),
      NGX_DOTS_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_dots_conf_data_lifetime,
      0,
      0,
      NULL },

    { ngx_string("lookup_interval"),
      NGX_DOTS_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      0,
      offsetof(ngx_dots_conf_t, lookup),
      &ngx_dots_conf_lookup_post },

    { ngx_string("log"),
      NGX_DOTS_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_dots_conf_log,
      0,
      0,
      NULL },

    { ngx_string("psk_file"),
      NGX_DOTS_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_dots_psk_file,
      0,
      0,
      NULL },

    { ngx_string("limit_source"),
      NGX_DOTS_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE12,
      ngx_dots_conf_limit_source,
      0,
      0,
      NULL },

    { ngx_string("redirect"),
      NGX_DOTS_CONF|NGX_DOTS_CUSTOMER_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_dots_conf_redirect,
      0,
      0,
      NULL },

    { ngx_string("mitigator"),
      NGX_DOTS_CONF|NGX_DIRECT_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_dots_conf_mitigator,
      0,
      0,
      NULL },

    { ngx_string("gobgp"),
      NGX_DOTS_MITIGATOR_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_dots_conf_gobgp,
      0,
      0,
      NULL },

    { ngx_string("exec"),
      NGX_DOTS_MITIGATOR_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_dots_conf_exec,
      0,
      0,
      NULL },

    { ngx_string("action"),
      NGX_DOTS_MITIGATOR_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_dots_conf_action,
      0,
      0,
      NULL },

    { ngx_string("next_hop"),
      NGX_DOTS_MITIGATOR_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE12,
      ngx_dots_conf_next_hop,
      0,
      0,
      NULL },

    { ngx_string("community"),
      NGX_DOTS_MITIGATOR_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_dots_conf_community,
      0,
      0,
      NULL },

    { ngx_string("tag"),
      NGX_DOTS_MITIGATOR_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_dots_conf_tag,
      0,
      0,
      NULL },

    { ngx_string("customer"),
      NGX_DOTS_CONF|NGX_DIRECT_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_dots_conf_customer,
      0,
      0,
      NULL },

    { ngx_string("identity"),
      NGX_DOTS_CUSTOMER_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_dots_conf_identity,
      0,
      0,
      NULL },

    { ngx_string("prefix"),
      NGX_DOTS_CUSTOMER_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_dots_conf_prefix,
      0,
      0,
      NULL },

    { ngx_string("name"),
      NGX_DOTS_CUSTOMER_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_dots_conf_name,
      0,
      0,
      NULL },

    { ngx_string("mitigate"),
      NGX_DOTS_CUSTOMER_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_dots_conf_mitigate,
      0,
      0,
      NULL },

    { ngx_string("gateway"),
      NGX_DOTS_CUSTOMER_CONF|NGX_DIRECT_CONF|NGX_CONF_NOARGS,
      ngx_dots_conf_gateway,
      0,
      0,
      NULL },

    { ngx_string("filters"),
      NGX_DOTS_CUSTOMER_CONF|NGX_DIRECT_CONF|NGX_CONF_TAKE1,
      ngx_dots_conf_filters,
      0,
      0,
      NULL },

    { ngx_string("limits"),
      NGX_DOTS_CUSTOMER_CONF|NGX_DIRECT_CONF|NGX_CONF_1MORE,
      ngx_dots_conf_limits,
      0,
      0,
      NULL },

      ngx_null_command
};


static ngx_str_t  ngx_dots_conf_default_zone = ngx_string("dots");


static char *
ngx_dots_conf_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    char                *rv;
    ngx_conf_t           save;
    ngx_pool_cleanup_t  *cln;

    static ngx_str_t     block = ngx_string("dots");

    if (dcf->enable) {
        return "is duplicate";
    }

    dcf->session = dots_session_default;

    dcf->data_lifetime = DOTS_ACL_LIFETIME;
    dcf->lifetime.dflt = 3600;       /* RFC 9132 section 4.4.1.1 */
    dcf->lifetime.min = 30;
    dcf->lifetime.max = 86400;
    dcf->lifetime.terminating = 120; /* RFC 9132 section 4.4.4 */

    dcf->source_handshakes = NGX_DOTS_LIMIT_SOURCE_HANDSHAKES;
    dcf->source_requests = NGX_DOTS_LIMIT_SOURCE_REQUESTS;

    if (ngx_array_init(&dcf->mitigators, cf->pool, 4,
                       sizeof(ngx_dots_mitigator_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_dots_conf_cleanup;
    cln->data = dcf;

    dcf->customers = dots_customers_create();
    if (dcf->customers == NULL) {
        return NGX_CONF_ERROR;
    }

    dcf->enable = 1;

    save = *cf;
    cf->cmd_type = NGX_DOTS_CONF;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_dots_conf_end(cf, "block", &block, ngx_dots_conf_done(cf, dcf));
}


static char *
ngx_dots_conf_done(ngx_conf_t *cf, ngx_dots_conf_t *dcf)
{
    if (dcf->state == NULL) {
        return "has no \"state_path\": say where mitigations are kept, "
               "e.g. \"state_path /var/lib/nginx/dots;\"";
    }

    if (dcf->zone == NULL
        && ngx_dots_zone_add(cf, dcf, &ngx_dots_conf_default_zone,
                             16 * 1024 * 1024)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    dcf->zone->noreuse = ngx_dots_conf_moved(cf, dcf);

    ngx_conf_init_value(dcf->state_size, 1024 * 1024 * 1024);
    ngx_conf_init_msec_value(dcf->lookup, 60000);

    if (dcf->schemas.data == NULL) {
        ngx_str_set(&dcf->schemas, NGX_DOTS_SCHEMAS);
    }

    if (ngx_dots_conf_load_schemas(cf, dcf) != NGX_CONF_OK
        || ngx_dots_conf_vendor_done(cf, dcf) != NGX_OK
        || ngx_dots_conf_customers_done(cf, dcf) != NGX_CONF_OK
        || ngx_dots_conf_threads(cf, dcf) != NGX_OK
        || ngx_dots_conf_check_store(cf, dcf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * A reload with another store, of which the zone in use knows nothing: there is
 * to be another zone, too.
 */

static ngx_uint_t
ngx_dots_conf_moved(ngx_conf_t *cf, ngx_dots_conf_t *dcf)
{
    ngx_dots_conf_t  *old;

    if (ngx_is_init_cycle(cf->cycle->old_cycle)) {
        return 0;
    }

    old = ngx_dots_get_conf(cf->cycle->old_cycle);

    return old != NULL && old->enable
           && ngx_strcmp(old->state->name.data, dcf->state->name.data) != 0;
}


/*
 * Nothing is begun on a damaged store, or goes on to one.  What can't be seen
 * from here, such as a folder that only the workers may read, they say
 * themselves.  Reads only, and not through LMDB: this may be root.
 */

static ngx_int_t
ngx_dots_conf_check_store(ngx_conf_t *cf, ngx_dots_conf_t *dcf)
{
    int                  rc;
    const char          *path;
    dots_store_report_t  r;

    path = (const char *) dcf->state->name.data;

    if (access(path, W_OK) == -1 && ngx_errno == EROFS) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, EROFS,
                           "the store in \"%s\" can't be written: remount its "
                           "file system or choose another \"state_path\"",
                           path);
        return NGX_ERROR;
    }

    rc = dots_store_check(path, 0, NULL, NULL, &r);

    if (rc == DOTS_STORE_DAMAGED) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the store \"%s\" is damaged: %s; \"dots-admin "
                           "store check %s\" says more, \"dots-admin store "
                           "restore %s BACKUP\" puts a backup in its place",
                           r.file, r.text, path, path);
        return NGX_ERROR;
    }

    if (rc == DOTS_STORE_NEWER) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the store \"%s\" is %s; use that version, or "
                           "\"dots-admin store restore %s BACKUP\" with a "
                           "backup of this one's", r.file, r.text, path);
        return NGX_ERROR;
    }

    /* the next workers would make an empty one, and the zone is not empty */

    if (rc == DOTS_STORE_DECLINED && !dcf->zone->noreuse
        && ngx_dots_shared && ngx_dots_zone_loaded())
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the store in \"%s\" was removed while in use: stop "
                           "nginx, put a good one there (dots-admin store "
                           "restore) and start again", path);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_dots_conf_threads(ngx_conf_t *cf, ngx_dots_conf_t *dcf)
{
#if (NGX_THREADS)

    dcf->thread_pool = ngx_thread_pool_add(cf, NULL);

    return dcf->thread_pool ? NGX_OK : NGX_ERROR;

#else

    return NGX_OK;

#endif
}


static char *
ngx_dots_conf_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    ssize_t     size;
    ngx_str_t  *value;

    if (dcf->zone) {
        return "is duplicate";
    }

    value = cf->args->elts;

    size = ngx_parse_size(&value[2]);

    if (size < NGX_DOTS_ZONE_MIN) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid size \"%V\" of zone \"%V\": write at least "
                           "1m (about 400 bytes a mitigation)",
                           &value[2], &value[1]);
        return NGX_CONF_ERROR;
    }

    if (ngx_dots_zone_add(cf, dcf, &value[1], size) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * An ngx_path_t: nginx makes the directory (0700, owned by the worker's user)
 * and, for its manager callback, the process that the manager lives in.
 */

static char *
ngx_dots_conf_state_path(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    ngx_str_t        *value;
    ngx_path_t       *path;
    ngx_file_info_t   fi;

    if (dcf->state) {
        return "is duplicate";
    }

    value = cf->args->elts;

    path = ngx_pcalloc(cf->pool, sizeof(ngx_path_t));
    if (path == NULL) {
        return NGX_CONF_ERROR;
    }

    path->name = value[1];

    if (ngx_conf_full_name(cf->cycle, &path->name, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    /* nginx would make it, or give to its workers what is there */

    if (ngx_file_info(path->name.data, &fi) != NGX_FILE_ERROR
        && !ngx_is_dir(&fi))
    {
        return "needs a folder, and this is none";
    }

    path->manager = ngx_dots_manager;
    path->data = dcf;
    path->conf_file = cf->conf_file->file.name.data;
    path->line = cf->conf_file->line;

    if (ngx_add_path(cf, &path) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    dcf->state = path;

    return NGX_CONF_OK;
}


static char *
ngx_dots_conf_schemas(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    ngx_str_t  *value;

    if (dcf->schemas.data) {
        return "is duplicate";
    }

    value = cf->args->elts;
    dcf->schemas = value[1];

    /* ngx_conf_full_name() leaves a NUL behind the name */

    if (ngx_conf_full_name(cf->cycle, &dcf->schemas, 0) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_dots_conf_load_schemas(ngx_conf_t *cf, ngx_dots_conf_t *dcf)
{
    char  err[512];

    dcf->schema = dots_schema_load((char *) dcf->schemas.data, err,
                                   sizeof(err));

    if (dcf->schema == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the YANG modules can't be used: %s", err);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_dots_conf_state_size(ngx_conf_t *cf, void *post, void *data)
{
    off_t *size = data;

    return *size < NGX_DOTS_STATE_MIN ? "must be at least 1m" : NGX_CONF_OK;
}


static char *
ngx_dots_conf_lookup(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t *interval = data;

    return *interval < 1000 ? "must be at least 1s" : NGX_CONF_OK;
}


/* RFC 8783 sections 6.1 and 7.2: at least a week, unless it is for a trial. */

static char *
ngx_dots_conf_data_lifetime(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    time_t      s;
    ngx_str_t  *value;

    value = cf->args->elts;
    s = ngx_parse_time(&value[1], 1);

    if (s == (time_t) NGX_ERROR || s < 1
        || s > NGX_DOTS_CONF_DATA_LIFETIME_MAX)
    {
        return "has an invalid value: write a time like 7d or 30d, up to 10y";
    }

    dcf->data_lifetime = (int64_t) s * 1000;

    if (dcf->data_lifetime < DOTS_ACL_LIFETIME) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"data_lifetime %V\" is less than the week that "
                           "RFC 8783 has clients expect", &value[1]);
    }

    return NGX_CONF_OK;
}


static char *
ngx_dots_conf_lifetime(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    ngx_int_t         n;
    ngx_str_t        *value, s;
    ngx_uint_t        i, k;
    dots_lifetime_t  *lf;

    struct {
        const char  *name;
        uint32_t    *where;
    } params[4];

    lf = &dcf->lifetime;
    value = cf->args->elts;

    params[0].name = "default";
    params[0].where = &lf->dflt;
    params[1].name = "min";
    params[1].where = &lf->min;
    params[2].name = "max";
    params[2].where = &lf->max;
    params[3].name = "terminating";
    params[3].where = &lf->terminating;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_dots_conf_param(&value[i], "indefinite", &s)) {

            if (s.len == 2 && ngx_strncmp(s.data, "on", 2) == 0) {
                lf->indefinite = 1;
                continue;
            }

            if (s.len == 3 && ngx_strncmp(s.data, "off", 3) == 0) {
                lf->indefinite = 0;
                continue;
            }

            goto invalid;
        }

        for (k = 0; k < 4; k++) {
            if (ngx_dots_conf_param(&value[i], params[k].name, &s)) {
                break;
            }
        }

        if (k == 4) {
            goto invalid;
        }

        n = ngx_atoi(s.data, s.len);

        if (n == NGX_ERROR || n > NGX_MAX_INT32_VALUE) {
            goto invalid;
        }

        *params[k].where = n;
    }

    if (lf->min == 0 || lf->min > lf->dflt || lf->dflt > lf->max) {
        return "needs 0 < min <= default <= max, in seconds";
    }

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\": write "
                       "default=, min=, max= or terminating= with seconds, "
                       "or indefinite=on|off", &value[i]);
    return NGX_CONF_ERROR;
}


static char *
ngx_dots_conf_log(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    ngx_str_t  *value;

    if (dcf->log) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0
        || ngx_strncmp(value[1].data, "syslog:", 7) == 0)
    {
        return "needs the name of a file; for no audit log remove it";
    }

    dcf->log = ngx_conf_open_file(cf->cycle, &value[1]);

    return dcf->log ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static void
ngx_dots_conf_cleanup(void *data)
{
    ngx_dots_conf_t  *dcf = data;

    dots_customers_destroy(dcf->customers);
    dots_schema_free(dcf->schema);
}
