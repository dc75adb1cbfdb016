#include <stdio.h>
#include <stdlib.h>

#include "dots_cli_list.h"
#include "dots_cli_output.h"
#include "dots_coap.h"
#include "dots_prefix.h"


#define DOTS_CLI_LIST_CONTENT   dots_coap_code(2, 5)
#define DOTS_CLI_LIST_NONE      dots_coap_code(4, 4)
#define DOTS_CLI_LIST_TOO_LARGE dots_coap_code(5, 1)

/* Both families, and an upper half for each bit of an address. */

#define DOTS_CLI_LIST_PARTS     (2 + 128)


typedef struct {
    dots_prefix_t          prefix;
    unsigned               lower:1;  /* the upper half is the next one */
    unsigned               large:1;  /* known without asking */
} dots_cli_list_part_t;

/*
 * A list that is too large for one answer is asked for in parts: those that
 * protect an address in a prefix (Uri-Query, RFC 9244 sections 8.3 and 9.2).  A
 * part that is still too large is halved, the lower half is next.
 */

typedef struct {
    json_t                *scopes;
    dots_cli_list_part_t   asked;    /* of the request under way */
    unsigned               parts:1;
    unsigned               done:1;   /* all of it is here */
    size_t                 n;
    dots_cli_list_part_t   todo[DOTS_CLI_LIST_PARTS];
    char                   query[sizeof("target-prefix=") + DOTS_PREFIX_TEXT];
} dots_cli_list_t;


static void
dots_cli_list_add(dots_cli_list_t *list, dots_cli_answer_t *answer)
{
    json_t  *tree;

    tree = dots_cli_output_tree(answer->tree);

    (void) json_array_extend(list->scopes, json_object_get(tree, "scope"));

    json_decref(tree);
    lyd_free_all(answer->tree);
    answer->tree = NULL;
}


/* ---- parts ---- */

static void
dots_cli_list_push(dots_cli_list_t *list, const dots_prefix_t *prefix,
    unsigned lower)
{
    dots_cli_list_part_t  *part;

    part = &list->todo[list->n++];

    part->prefix = *prefix;
    part->lower = lower;
    part->large = 0;
}


/* DOTS_FULL: a single address has too many. */

static int
dots_cli_list_halve(dots_cli_list_t *list, const dots_prefix_t *prefix)
{
    dots_prefix_t  half;

    half = *prefix;

    if (half.length == (half.family == 4 ? 32 : 128)
        || list->n + 2 > DOTS_CLI_LIST_PARTS)
    {
        return DOTS_FULL;
    }

    half.addr[half.length / 8] |= (uint8_t) (0x80 >> half.length % 8);
    half.length++;
    dots_cli_list_push(list, &half, 0);

    half = *prefix;
    half.length++;
    dots_cli_list_push(list, &half, 1);

    return DOTS_OK;
}


static void
dots_cli_list_whole(dots_cli_list_t *list)
{
    dots_prefix_t  all = { 6, 0, { 0 } };

    list->parts = 1;

    dots_cli_list_push(list, &all, 0);
    all.family = 4;
    dots_cli_list_push(list, &all, 1);
}


/* The next part to ask for; 0: that was all. */

static int
dots_cli_list_next(dots_cli_list_t *list, dots_cli_request_t *rq)
{
    char                  text[DOTS_PREFIX_TEXT];
    dots_cli_list_part_t  part;

    while (list->n) {

        part = list->todo[--list->n];

        if (part.large && dots_cli_list_halve(list, &part.prefix) == DOTS_OK) {
            continue;
        }

        list->asked = part;

        (void) dots_prefix_print(&part.prefix, text);
        (void) snprintf(list->query, sizeof(list->query), "target-prefix=%s",
                        text);
        rq->query = list->query;

        return 1;
    }

    return 0;
}


/* See dots_cli_request_t. */

static int
dots_cli_list_more(dots_cli_request_t *rq, dots_cli_answer_t *answer)
{
    dots_cli_list_t  *list = rq->data;

    if (answer->code == DOTS_CLI_LIST_CONTENT && answer->tree != NULL) {
        dots_cli_list_add(list, answer);

    } else if (answer->code == DOTS_CLI_LIST_TOO_LARGE && rq->mid < 0) {

        if (!list->parts) {
            dots_cli_list_whole(list);

        } else if (dots_cli_list_halve(list, &list->asked.prefix) != DOTS_OK) {
            return 0;
        }

    } else if (answer->code == DOTS_CLI_LIST_NONE && list->parts) {

        /* what the lower half lacks is all in the upper one */

        if (list->asked.lower) {
            list->todo[list->n - 1].large = 1;
        }

    } else {
        return 0;
    }

    if (dots_cli_list_next(list, rq)) {
        return 1;
    }

    /* in parts: all have ended meanwhile, or the last part had none */

    list->done = json_array_size(list->scopes) != 0;
    answer->code = list->done ? DOTS_CLI_LIST_CONTENT : DOTS_CLI_LIST_NONE;

    return 0;
}


/* ---- the whole ---- */

static int
dots_cli_list_cmp(const void *a, const void *b)
{
    json_int_t  x, y;

    x = json_integer_value(json_object_get(*(json_t *const *) a, "mid"));
    y = json_integer_value(json_object_get(*(json_t *const *) b, "mid"));

    return (x > y) - (x < y);
}


/* A mitigation of several prefixes may be in several parts. */

static json_t *
dots_cli_list_merge(json_t *scopes)
{
    size_t    i, n;
    json_t   *merged, *scope, **all;

    n = json_array_size(scopes);

    all = calloc(n + 1, sizeof(json_t *));
    if (all == NULL) {
        return scopes;
    }

    json_array_foreach(scopes, i, scope) {
        all[i] = scope;
    }

    qsort(all, n, sizeof(json_t *), dots_cli_list_cmp);

    merged = json_array();

    for (i = 0; i < n; i++) {
        if (i == 0 || dots_cli_list_cmp(&all[i - 1], &all[i]) != 0) {
            (void) json_array_append(merged, all[i]);
        }
    }

    free(all);
    json_decref(scopes);

    return merged;
}


int
dots_cli_list(dots_cli_t *cli, int64_t mid, dots_cli_answer_t *answer,
    json_t **scopes)
{
    int                 rc;
    dots_cli_list_t     list;
    dots_cli_request_t  rq = { .method = DOTS_COAP_GET, .mid = mid };

    memset(&list, 0, sizeof(list));

    list.scopes = json_array();
    rq.more = dots_cli_list_more;
    rq.data = &list;

    rc = dots_cli_signal(cli, &rq, answer);

    *scopes = list.parts ? dots_cli_list_merge(list.scopes) : list.scopes;

    if (!list.done) {
        json_decref(*scopes);
        *scopes = NULL;
    }

    return rc;
}
