/*
 * Desired set against what the program was told: a program that has just
 * started gets all of it, one that runs what has changed.  It says what became
 * of each rule; what it says nothing of is pending.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "dots_drop.h"
#include "dots_exec.h"
#include "dots_exec_child.h"


/* milliseconds */

#define DOTS_EXEC_PAUSE_MIN 250     /* between two starts, doubled */
#define DOTS_EXEC_PAUSE_MAX 8000
#define DOTS_EXEC_GOODBYE   500     /* to end by itself */

#define DOTS_EXEC_NOTES     60      /* lines of its stderr ... */
#define DOTS_EXEC_NOTES_PER 60000   /* ... in this time */


typedef struct {
    const dots_exec_conf_t *conf;
    dots_mitigator_log_pt   log;
    void                   *log_ctx;
    dots_exec_child_t       child;
    int                     stopping;   /* interrupted */
    int                     away;       /* has been logged */
    int                     counters;   /* as it says of itself */
    uint32_t                id;         /* of the last question */
    int64_t                 next;       /* no start before */
    int64_t                 pause;
    int64_t                 noted;      /* since when "notes" are counted */
    unsigned                notes;

    /* what it has been told, sorted, with what it has said of it */

    dots_rule_status_t     *told;
    size_t                  ntold;

    dots_exec_kind_t        wanted;     /* the line that ends the answer */
    dots_rule_count_t      *counts;     /* of the count under way */
} dots_exec_t;


/* ---- what the driver can ---- */

static int
dots_exec_can(const void *conf, const dots_mitigation_t *m)
{
    (void) conf;

    return dots_drop_can(DOTS_ACL_IPV4 | DOTS_ACL_IPV6, m);
}


static void
dots_exec_ability(const void *conf, dots_acl_needs_t *ability)
{
    (void) conf;

    dots_drop_ability(DOTS_ACL_IPV4 | DOTS_ACL_IPV6, ability);
}


/* ---- log ---- */

static void
dots_exec_log(dots_exec_t *h, int level, const char *what, const char *more)
{
    char  text[1024];

    (void) snprintf(text, sizeof(text), "exec %s: %s%s", h->conf->argv[0],
                    what, more);
    h->log(h->log_ctx, level, text);
}


/* Its stderr is for the operator, as far as it is not too much of it. */

static void
dots_exec_said(void *ctx, const char *line)
{
    int64_t       now;
    dots_exec_t  *h = ctx;

    now = dots_exec_child_now();

    if (now - h->noted >= DOTS_EXEC_NOTES_PER) {
        h->noted = now;
        h->notes = 0;
    }

    if (h->notes > DOTS_EXEC_NOTES) {
        return;
    }

    if (h->notes++ == DOTS_EXEC_NOTES) {
        dots_exec_log(h, DOTS_LOG_WARN, "writes too much to its stderr, "
                      "nothing more of it in this minute", "");
        return;
    }

    dots_exec_log(h, DOTS_LOG_WARN, "", line);
}


/* ---- start and end ---- */

/*
 * Ends the program, for a reason that is logged once per outage; the next start
 * is at once where it has been well for a while.
 */

static int
dots_exec_failed(dots_exec_t *h)
{
    char         how[DOTS_EXEC_ERROR], more[2 * DOTS_EXEC_ERROR];
    int64_t      now;
    const char  *what;

    if (__atomic_load_n(&h->stopping, __ATOMIC_ACQUIRE)) {
        return DOTS_ERROR;
    }

    how[0] = '\0';
    what = h->child.why;

    if (h->child.pid) {

        /* it says how it ended, if it did */

        if (dots_exec_child_gone(&h->child)) {
            dots_exec_child_end(&h->child, DOTS_EXEC_GOODBYE, how);
            what = how[0] ? how : "closed its stdout";

        } else {
            dots_exec_child_end(&h->child, 0, how);
        }
    }

    now = dots_exec_child_now();

    h->pause = h->pause == 0 ? DOTS_EXEC_PAUSE_MIN : h->pause * 2;

    if (h->pause > DOTS_EXEC_PAUSE_MAX) {
        h->pause = DOTS_EXEC_PAUSE_MAX;
    }

    h->next = now + h->pause;

    if (!h->away) {
        (void) snprintf(more, sizeof(more), "%s; it is started again", what);
        dots_exec_log(h, DOTS_LOG_ERROR, more, "");
        h->away = 1;
    }

    return DOTS_ERROR;
}


static int
dots_exec_hello(void *ctx, const char *data, size_t len)
{
    int                rc;
    dots_exec_t       *h = ctx;
    dots_exec_line_t   line;

    rc = dots_exec_line_read(&line, data, len, h->child.why);

    if (rc == DOTS_OK && line.kind != DOTS_EXEC_HELLO) {
        (void) snprintf(h->child.why, sizeof(h->child.why),
                        "does not say first what it is: "
                        "{\"version\":%d,\"counters\":true}",
                        DOTS_EXEC_VERSION);
        return DOTS_ERROR;
    }

    h->counters = line.counters;

    return rc == DOTS_OK ? DOTS_OK : DOTS_ERROR;
}


static int
dots_exec_start(dots_exec_t *h)
{
    if (dots_exec_child_now() < h->next) {
        return DOTS_ERROR;
    }

    if (dots_exec_child_start(&h->child, h->conf->argv) != DOTS_OK
        || dots_exec_child_talk(&h->child, NULL, 0, (int) h->conf->timeout,
                                dots_exec_hello, h)
           != DOTS_OK)
    {
        return dots_exec_failed(h);
    }

    return DOTS_OK;
}


/* ---- answers ---- */

static int
dots_exec_told_cmp(const void *key, const void *item)
{
    const dots_rule_status_t  *s = item;

    return dots_prefix_cmp(key, &s->rule.prefix);
}


static dots_rule_status_t *
dots_exec_find(dots_exec_t *h, const dots_prefix_t *prefix)
{
    return h->ntold ? bsearch(prefix, h->told, h->ntold,
                              sizeof(dots_rule_status_t), dots_exec_told_cmp)
                    : NULL;
}


/* It may still speak of a rule that it has been told to remove. */

static void
dots_exec_take(dots_exec_t *h, const dots_exec_line_t *line)
{
    size_t               i;
    dots_rule_status_t  *s;

    for (i = 0; i < line->n; i++) {

        s = dots_exec_find(h, &line->rules[i].prefix);

        if (s == NULL) {
            continue;
        }

        if (line->kind == DOTS_EXEC_STATE) {
            s->state = line->state;
            memcpy(s->reason, line->reason, sizeof(s->reason));

        } else if (h->counts != NULL) {
            h->counts[s - h->told] = line->rules[i];
        }
    }
}


static int
dots_exec_answer(void *ctx, const char *data, size_t len)
{
    dots_exec_t       *h = ctx;
    dots_exec_line_t   line;

    if (dots_exec_line_read(&line, data, len, h->child.why) != DOTS_OK) {
        return DOTS_ERROR;
    }

    switch (line.kind) {

    case DOTS_EXEC_STATE:
    case DOTS_EXEC_COUNTS:
        dots_exec_take(h, &line);
        return DOTS_DECLINED;

    default:
        if (line.kind == h->wanted && line.id == h->id) {
            return DOTS_OK;
        }
    }

    (void) snprintf(h->child.why, sizeof(h->child.why),
                    "answers what it was not asked");

    return DOTS_ERROR;
}


/* Asks, behind "text", and frees it. */

static int
dots_exec_ask(dots_exec_t *h, dots_exec_text_t *text, const char *name,
    dots_exec_kind_t wanted)
{
    int  rc;

    h->wanted = wanted;
    h->id++;

    dots_exec_text_ask(text, name, h->id);

    if (text->failed) {
        (void) snprintf(h->child.why, sizeof(h->child.why), "no memory");
        rc = DOTS_ERROR;

    } else {
        rc = dots_exec_child_talk(&h->child, text->data, text->len,
                                  (int) (h->conf->timeout + h->ntold),
                                  dots_exec_answer, h);
    }

    free(text->data);

    return rc == DOTS_OK ? DOTS_OK : dots_exec_failed(h);
}


/* ---- sync ---- */

/*
 * The differences of two sorted sets: "add" or "remove" for what is in one and
 * not in the other.
 */

static void
dots_exec_differ(dots_exec_text_t *text, const char *name,
    const dots_rule_status_t *one, size_t n, const dots_rule_status_t *other,
    size_t m)
{
    int     rc;
    size_t  i, k;

    for (i = 0, k = 0; i < n; i++) {

        for (rc = 1; k < m; k++) {
            rc = dots_prefix_cmp(&other[k].rule.prefix, &one[i].rule.prefix);

            if (rc >= 0) {
                break;
            }
        }

        if (k == m || rc != 0) {
            dots_exec_text_prefix(text, name, &one[i].rule.prefix);
        }
    }

    dots_exec_text_end(text);
}


/* "want" becomes what it has been told; "fresh": it knows nothing yet. */

static int
dots_exec_tell(dots_exec_t *h, const dots_rule_status_t *want, size_t n,
    int fresh, dots_exec_text_t *text)
{
    size_t               i;
    dots_rule_status_t  *told, *s;

    told = calloc(n ? n : 1, sizeof(dots_rule_status_t));

    if (told == NULL) {
        (void) snprintf(h->child.why, sizeof(h->child.why), "no memory");
        return DOTS_ERROR;
    }

    if (fresh) {
        dots_exec_text_set(text);
        dots_exec_differ(text, "add", want, n, NULL, 0);

    } else {
        dots_exec_differ(text, "add", want, n, h->told, h->ntold);
        dots_exec_differ(text, "remove", h->told, h->ntold, want, n);
    }

    for (i = 0; i < n; i++) {
        s = fresh ? NULL : dots_exec_find(h, &want[i].rule.prefix);

        if (s != NULL) {
            told[i] = *s;

        } else {
            told[i].rule = want[i].rule;
        }
    }

    free(h->told);
    h->told = told;
    h->ntold = n;

    return DOTS_OK;
}


static void
dots_exec_recovered(dots_exec_t *h)
{
    if (h->away) {
        dots_exec_log(h, DOTS_LOG_INFO, "in step again", "");
        h->away = 0;
    }

    /* well for as long as the longest pause */

    if (h->pause && dots_exec_child_now() - h->next >= DOTS_EXEC_PAUSE_MAX) {
        h->pause = 0;
    }
}


static int
dots_exec_reconcile(dots_exec_t *h, dots_rule_status_t *want, size_t n)
{
    int               fresh;
    dots_exec_text_t  text = { 0 };

    fresh = h->child.pid == 0;

    if (fresh && dots_exec_start(h) != DOTS_OK) {
        return DOTS_ERROR;
    }

    if (dots_exec_tell(h, want, n, fresh, &text) != DOTS_OK) {
        free(text.data);
        return dots_exec_failed(h);
    }

    if (dots_exec_ask(h, &text, "sync", DOTS_EXEC_SYNCED) != DOTS_OK) {
        return DOTS_ERROR;
    }

    if (n) {
        memcpy(want, h->told, n * sizeof(dots_rule_status_t));
    }

    dots_exec_recovered(h);

    return DOTS_OK;
}


/* Without its program a rule is what it was, perhaps; nobody can tell. */

static int
dots_exec_sync(void *handle, dots_rule_status_t *want, size_t n)
{
    size_t  i;

    if (dots_exec_reconcile(handle, want, n) == DOTS_OK) {
        return DOTS_OK;
    }

    for (i = 0; i < n; i++) {
        if (want[i].state == DOTS_RULE_INSTALLED) {
            want[i].state = DOTS_RULE_PENDING;
        }
    }

    return DOTS_ERROR;
}


/* ---- count ---- */

static int
dots_exec_count(void *handle, dots_rule_count_t *counts, size_t n)
{
    int                rc;
    dots_exec_t       *h = handle;
    dots_exec_text_t   text = { 0 };

    if (h->child.pid == 0 || n != h->ntold) {
        return DOTS_ERROR;
    }

    if (!h->counters) {
        return DOTS_DECLINED;
    }

    h->counts = counts;

    rc = dots_exec_ask(h, &text, "count", DOTS_EXEC_COUNTED);

    h->counts = NULL;

    return rc;
}


/* ---- handle ---- */

static void *
dots_exec_open(const void *conf, dots_mitigator_log_pt log, void *log_ctx)
{
    dots_exec_t  *h;

    h = calloc(1, sizeof(dots_exec_t));
    if (h == NULL) {
        return NULL;
    }

    h->conf = conf;
    h->log = log;
    h->log_ctx = log_ctx;
    h->child.said = dots_exec_said;
    h->child.ctx = h;
    h->child.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    if (h->child.wake == -1) {
        free(h);
        return NULL;
    }

    h->child.in = -1;
    h->child.out = -1;
    h->child.err = -1;
    h->noted = dots_exec_child_now();

    return h;
}


static void
dots_exec_interrupt(void *handle)
{
    uint64_t      one;
    dots_exec_t  *h = handle;

    one = 1;

    __atomic_store_n(&h->stopping, 1, __ATOMIC_RELEASE);
    (void) !write(h->child.wake, &one, sizeof(one));
}


/* The end of its stdin is the word; what it has in place may stay. */

static void
dots_exec_close(void *handle)
{
    char          how[DOTS_EXEC_ERROR];
    dots_exec_t  *h = handle;

    if (h->child.pid) {
        dots_exec_child_end(&h->child, DOTS_EXEC_GOODBYE, how);
    }

    (void) close(h->child.wake);
    free(h->told);
    free(h);
}


const dots_mitigator_driver_t  dots_exec_driver = {
    .name = "exec",
    .open = dots_exec_open,
    .sync = dots_exec_sync,
    .count = dots_exec_count,
    .interrupt = dots_exec_interrupt,
    .close = dots_exec_close,
    .can = dots_exec_can,
    .ability = dots_exec_ability
};
