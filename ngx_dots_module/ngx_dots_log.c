#include "ngx_dots.h"


#define NGX_DOTS_LOG_LINE    2048
#define NGX_DOTS_LOG_SCOPE   512
#define NGX_DOTS_LOG_NUMBER  32    /* ,"status":N at most */
#define NGX_DOTS_LOG_SILENCE 60000 /* ms between reports that it fails */


static void ngx_dots_log_write(ngx_open_file_t *file, u_char *line,
    size_t len);
static u_char *ngx_dots_log_member(u_char *p, u_char *last, const char *name,
    ngx_str_t *value);
static u_char *ngx_dots_log_string(u_char *p, u_char *last, u_char *s,
    size_t len);


/*
 * One line, one write() with O_APPEND: lines of several processes do not mix.
 * A line that would be longer is cut inside of a string, never of its JSON.
 */

void
ngx_dots_log(ngx_dots_log_t *entry)
{
    u_char            line[NGX_DOTS_LOG_LINE], *p, *last;
    char              scope[NGX_DOTS_LOG_SCOPE];
    ngx_str_t         s;
    ngx_dots_conf_t  *dcf;

    dcf = ngx_dots_get_conf(ngx_cycle);

    if (dcf->log == NULL) {
        return;
    }

    last = line + NGX_DOTS_LOG_LINE - 64;

    p = ngx_snprintf(line, NGX_DOTS_LOG_LINE, "{\"time\":\"%V\"",
                     &ngx_cached_http_log_iso8601);

    p = ngx_dots_log_member(p, last, "channel", &entry->channel);
    p = ngx_dots_log_member(p, last, "peer", &entry->peer);

    s.data = (u_char *) entry->customer.data;
    s.len = entry->customer.len;
    p = ngx_dots_log_member(p, last, "customer", &s);

    s.data = (u_char *) entry->cuid.data;
    s.len = entry->cuid.len;
    p = ngx_dots_log_member(p, last, "cuid", &s);

    if (entry->has_mid && last - p >= NGX_DOTS_LOG_NUMBER) {
        p = ngx_slprintf(p, last, ",\"mid\":%uD", entry->mid);
    }

    p = ngx_dots_log_member(p, last, "method", &entry->method);
    p = ngx_dots_log_member(p, last, "code", &entry->code);

    if (entry->status && last - p >= NGX_DOTS_LOG_NUMBER) {
        p = ngx_slprintf(p, last, ",\"status\":%ui", entry->status);
    }

    if (entry->attack && last - p >= NGX_DOTS_LOG_NUMBER) {
        p = ngx_slprintf(p, last, ",\"attack-status\":%ui", entry->attack);
    }

    p = ngx_dots_log_member(p, last, "reason", &entry->reason);

    if (entry->scope) {
        s.data = (u_char *) scope;
        s.len = dots_target_text(entry->scope, scope, sizeof(scope));
        p = ngx_dots_log_member(p, last, "scope", &s);
    }

    *p++ = '}';
    *p++ = LF;

    ngx_dots_log_write(dcf->log, line, p - line);
}


/* As of nginx's access log: a full disk stops nobody, and is not silent. */

static void
ngx_dots_log_write(ngx_open_file_t *file, u_char *line, size_t len)
{
    ssize_t        n;
    ngx_err_t      err;

    static ngx_msec_t  reported;

    n = ngx_write_fd(file->fd, line, len);

    if (n == (ssize_t) len) {
        return;
    }

    err = (n == -1) ? ngx_errno : 0;

    if (reported && ngx_current_msec - reported < NGX_DOTS_LOG_SILENCE) {
        return;
    }

    reported = ngx_current_msec;

    ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, err,
                  "dots: " ngx_write_fd_n " to \"%V\" wrote %z of %uz bytes",
                  &file->name, n, len);
}


static u_char *
ngx_dots_log_member(u_char *p, u_char *last, const char *name,
    ngx_str_t *value)
{
    size_t  len;

    len = ngx_strlen(name);

    if (value->len == 0 || (size_t) (last - p) < len + 16) {
        return p;
    }

    *p++ = ',';
    *p++ = '"';
    p = ngx_cpymem(p, name, len);
    p = ngx_cpymem(p, "\":\"", sizeof("\":\"") - 1);
    p = ngx_dots_log_string(p, last - 1, value->data, value->len);
    *p++ = '"';

    return p;
}


static u_char *
ngx_dots_log_string(u_char *p, u_char *last, u_char *s, size_t len)
{
    size_t  i;

    for (i = 0; i < len && last - p >= 6; i++) {

        if (s[i] == '"' || s[i] == '\\') {
            *p++ = '\\';
            *p++ = s[i];

        } else if (s[i] < 0x20 || s[i] >= 0x7f) {

            /* names may be any bytes: the line stays ASCII and valid */

            p = ngx_slprintf(p, last, "\\u00%02xd", s[i]);

        } else {
            *p++ = s[i];
        }
    }

    return p;
}
