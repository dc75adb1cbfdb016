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
static char *ngx_dots_conf_gobgp_done(ngx_conf_t *cf, ngx_dots_conf_t *dcf,
    ngx_dots_mitigator_t *mt);
static char *ngx_dots_conf_exec_done(ngx_conf_t *cf, ngx_dots_conf_t *dcf,
    ngx_dots_mitigator_t *mt);
static ngx_int_t ngx_dots_conf_exec_check(ngx_conf_t *cf, ngx_str_t *path);
static ngx_int_t ngx_dots_conf_routes(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_dots_mitigator_t *mt);


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

    mt->gobgp = ngx_pcalloc(cf->pool, sizeof(dots_gobgp_conf_t));
    mt->exec = ngx_pcalloc(cf->pool, sizeof(dots_exec_conf_t));

    if (mt->gobgp == NULL || mt->exec == NULL) {
        return NGX_CONF_ERROR;
    }

    mt->gobgp->timeout = 2000;
    mt->exec->timeout = DOTS_EXEC_TIMEOUT;

    if (dots_gobgp_community(tag, &mt->gobgp->tag) != DOTS_OK) {
        return NGX_CONF_ERROR;
    }

    save = *cf;
    cf->cmd_type = NGX_DOTS_MITIGATOR_CONF;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_dots_conf_end(cf, "mitigator", &mt->name,
                             ngx_dots_conf_mitigator_done(cf, dcf, mt));
}


static char *
ngx_dots_conf_mitigator_done(ngx_conf_t *cf, ngx_dots_conf_t *dcf,
    ngx_dots_mitigator_t *mt)
{
    if (mt->driver == NULL) {
        return "names neither a daemon nor a program: write \"gobgp "
               "unix:/run/gobgp.sock;\", \"gobgp 127.0.0.1:50051;\" or "
               "\"exec /path/to/program;\" into it";
    }

    return mt->driver == &dots_exec_driver
           ? ngx_dots_conf_exec_done(cf, dcf, mt)
           : ngx_dots_conf_gobgp_done(cf, dcf, mt);
}


static char *
ngx_dots_conf_gobgp_done(ngx_conf_t *cf, ngx_dots_conf_t *dcf,
    ngx_dots_mitigator_t *mt)
{
    dots_str_t             blackhole = dots_string("65535:666");
    ngx_uint_t             i;
    ngx_dots_mitigator_t  *other;

    if (mt->gobgp->next_hop4.family == 0 && mt->gobgp->next_hop6.family == 0) {
        return "has no \"next_hop\": write the discard address of each family "
               "that it announces, e.g. \"next_hop 192.0.2.1 2001:db8::1;\"";
    }

    if (mt->gobgp->ncommunities == 0) {

        /* RFC 7999: a blackhole route carries BLACKHOLE */

        if (dots_gobgp_community(blackhole, &mt->gobgp->communities[0])
            != DOTS_OK)
        {
            return NGX_CONF_ERROR;
        }

        mt->gobgp->ncommunities = 1;
    }

    /* two that take the same routes for theirs would withdraw each other's */

    other = dcf->mitigators.elts;

    for (i = 0; i < dcf->mitigators.nelts - 1; i++) {
        if (other[i].driver == mt->driver
            && other[i].gobgp->tag == mt->gobgp->tag
            && ngx_strcmp(other[i].gobgp->target, mt->gobgp->target) == 0)
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


static char *
ngx_dots_conf_exec_done(ngx_conf_t *cf, ngx_dots_conf_t *dcf,
    ngx_dots_mitigator_t *mt)
{
    ngx_uint_t             i, k;
    ngx_dots_mitigator_t  *other;

    /* two of the same would undo each other's rules */

    other = dcf->mitigators.elts;

    for (i = 0; i < dcf->mitigators.nelts - 1; i++) {

        if (other[i].driver != mt->driver) {
            continue;
        }

        for (k = 0; other[i].exec->argv[k] && mt->exec->argv[k]; k++) {
            if (ngx_strcmp(other[i].exec->argv[k], mt->exec->argv[k]) != 0) {
                break;
            }
        }

        if (other[i].exec->argv[k] == mt->exec->argv[k]) {

            /* both at their end */

            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "mitigators \"%V\" and \"%V\" run the same "
                               "program: give one other arguments",
                               &other[i].name, &mt->name);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* What only routes have: not with a program, whichever comes first. */

static ngx_int_t
ngx_dots_conf_routes(ngx_conf_t *cf, ngx_command_t *cmd,
    ngx_dots_mitigator_t *mt)
{
    if (mt->driver == &dots_exec_driver) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is of \"gobgp\" and means nothing to a "
                           "program: remove it from mitigator \"%V\"",
                           &cmd->name, &mt->name);
        return NGX_ERROR;
    }

    mt->routes = cmd->name;

    return NGX_OK;
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
        return mt->exec->argv ? "does not go with \"exec\": a mitigator is a "
                                "daemon or a program, make it two"
                              : "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len >= sizeof(mt->gobgp->target)) {
        return "has a too long address";
    }

    if (ngx_strncmp(value[1].data, "unix:/", 6) == 0) {

        if (value[1].len - 5 >= sizeof(((struct sockaddr_un *) 0)->sun_path)) {
            return "has a too long path: no socket's has more than 107 bytes";
        }

    } else {
        last = value[1].data + value[1].len;

        for (p = last; p > value[1].data && p[-1] != ':'; p--) { /* void */ }

        port = ngx_atoi(p, last - p);

        if (p <= value[1].data + 1 || port < 1 || port > 65535
            || ngx_strlchr(value[1].data, last, '/'))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid gobgp address \"%V\": write "
                               "unix:/absolute/path or host:port", &value[1]);
            return NGX_CONF_ERROR;
        }
    }

    (void) ngx_cpystrn((u_char *) mt->gobgp->target, value[1].data,
                       value[1].len + 1);

    mt->driver = &dots_gobgp_driver;
    mt->conf = mt->gobgp;

    return NGX_CONF_OK;
}


char *
ngx_dots_conf_exec(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    char                 **argv;
    ngx_str_t             *value;
    ngx_uint_t             i;
    ngx_dots_mitigator_t  *mt;

    mt = ngx_dots_conf_current(dcf);

    if (mt->driver) {
        return mt->exec->argv ? "is duplicate"
                              : "does not go with \"gobgp\": a mitigator is a "
                                "daemon or a program, make it two";
    }

    if (mt->routes.len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is of \"gobgp\" and means nothing to a "
                           "program: remove it from mitigator \"%V\"",
                           &mt->routes, &mt->name);
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    if (ngx_dots_conf_exec_check(cf, &value[1]) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    argv = ngx_pcalloc(cf->pool, cf->args->nelts * sizeof(char *));
    if (argv == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {
        argv[i - 1] = (char *) value[i].data;
    }

    mt->exec->argv = argv;
    mt->driver = &dots_exec_driver;
    mt->conf = mt->exec;

    return NGX_CONF_OK;
}


/* Whether nginx's user may run it only the start says. */

static ngx_int_t
ngx_dots_conf_exec_check(ngx_conf_t *cf, ngx_str_t *path)
{
    ngx_file_info_t  fi;

    if (path->data[0] != '/') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the program \"%V\" has no absolute path: write "
                           "\"exec /path/to/program;\"", path);
        return NGX_ERROR;
    }

    if (ngx_file_info(path->data, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "the program \"%V\" is not there", path);
        return NGX_ERROR;
    }

    if (!ngx_is_file(&fi) || access((char *) path->data, X_OK) == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is no program: make it executable "
                           "(chmod 755)", path);
        return NGX_ERROR;
    }

    return NGX_OK;
}


char *
ngx_dots_conf_action(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dots_conf_t *dcf = conf;

    ngx_str_t  *value;

    if (ngx_dots_conf_routes(cf, cmd, ngx_dots_conf_current(dcf)) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

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
    const char            *why;
    dots_prefix_t          p, *hop;
    ngx_dots_mitigator_t  *mt;

    mt = ngx_dots_conf_current(dcf);
    value = cf->args->elts;

    if (ngx_dots_conf_routes(cf, cmd, mt) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

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

        why = dots_prefix_forbidden(&p);

        if (why) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid next hop \"%V\": it is %s; write the "
                               "address that your routers discard what goes to",
                               &value[i], why);
            return NGX_CONF_ERROR;
        }

        hop = (p.family == 4) ? &mt->gobgp->next_hop4 : &mt->gobgp->next_hop6;

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
    n = &mt->gobgp->ncommunities;
    value = cf->args->elts;

    if (ngx_dots_conf_routes(cf, cmd, mt) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (*n == DOTS_GOBGP_COMMUNITIES) {
            return "has too many communities";
        }

        if (dots_gobgp_community(dots_str(value[i].data, value[i].len),
                                 &mt->gobgp->communities[*n])
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

    if (ngx_dots_conf_routes(cf, cmd, mt) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (dots_gobgp_community(dots_str(value[1].data, value[1].len),
                             &mt->gobgp->tag)
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
