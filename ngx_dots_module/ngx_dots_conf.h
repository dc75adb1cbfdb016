/*
 * The dots {} block: its directives, their checks and what they become.  Runs
 * in the master (and under nginx -t) only.
 */

#ifndef _NGX_DOTS_CONF_H_INCLUDED_
#define _NGX_DOTS_CONF_H_INCLUDED_

#include "ngx_dots.h"

extern ngx_command_t  ngx_dots_conf_commands[];

/* ngx_dots_conf_read.c: what directives share */

void ngx_dots_conf_place(ngx_conf_t *cf, ngx_dots_place_t *place);

/* Logs as nginx does, with the file and the line of "place". */
char *ngx_dots_conf_error(ngx_conf_t *cf, ngx_dots_place_t *place,
    const char *fmt, ...);

/*
 * What a block lacks, found at its end ("rv", if it is a text), as nginx says
 * it of a directive: it would name the last one in the block.
 */
char *ngx_dots_conf_end(ngx_conf_t *cf, const char *block, ngx_str_t *name,
    char *rv);

/* "key=value" with this key: the value is in "value". */
ngx_uint_t ngx_dots_conf_param(ngx_str_t *arg, const char *key,
    ngx_str_t *value);

/*
 * A file that a directive names, of up to "max" bytes (whole megabytes), in
 * cf->temp_pool with room for a NUL.  NGX_OK or NGX_ERROR, which is logged.
 */
ngx_int_t ngx_dots_conf_file(ngx_conf_t *cf, ngx_str_t *name, off_t max,
    ngx_file_info_t *fi, ngx_str_t *text);

/* ngx_dots_conf_customer.c */

char *ngx_dots_conf_customer(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_dots_conf_identity(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_dots_conf_prefix(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_dots_conf_name(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_dots_conf_mitigate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_dots_conf_gateway(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_dots_conf_filters(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_dots_conf_customers_done(ngx_conf_t *cf, ngx_dots_conf_t *dcf);

/* Of the customer whose block is being read. */
dots_customer_t *ngx_dots_conf_customer_read(ngx_dots_conf_t *dcf);

/* ngx_dots_conf_limit.c */

char *ngx_dots_conf_limits(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_dots_conf_limit_source(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
void ngx_dots_conf_limit_defaults(dots_customer_t *customer);

/* ngx_dots_conf_redirect.c */

char *ngx_dots_conf_redirect(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* ngx_dots_conf_vendor.c */

char *ngx_dots_conf_vendor(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t ngx_dots_conf_vendor_done(ngx_conf_t *cf, ngx_dots_conf_t *dcf);

/* ngx_dots_conf_session.c */

char *ngx_dots_conf_session(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* ngx_dots_conf_mitigator.c */

char *ngx_dots_conf_mitigator(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_dots_conf_gobgp(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_dots_conf_exec(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_dots_conf_action(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_dots_conf_next_hop(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_dots_conf_community(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_dots_conf_tag(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_dots_mitigator_t *ngx_dots_conf_find_mitigator(ngx_dots_conf_t *dcf,
    ngx_str_t *name);

/*
 * The blocks below dots {}.  They share the core modules' type, so their bits
 * only have to differ from NGX_MAIN_CONF.
 */

#define NGX_DOTS_CONF            0x02000000
#define NGX_DOTS_MITIGATOR_CONF  0x04000000
#define NGX_DOTS_CUSTOMER_CONF   0x08000000

#endif /* _NGX_DOTS_CONF_H_INCLUDED_ */
