/*
 * The first step to an answer in pieces, and what it consists of.  Called by
 * dots_data_pieces.c alone, whose header says more.
 */

#ifndef DOTS_DATA_SURVEY_H
#define DOTS_DATA_SURVEY_H

#include "dots_restconf_exchange.h"

/* Of an entry: its name and entity are at "at" of the names. */

typedef struct {
    int64_t   rank;
    uint32_t  at;
} dots_pieces_item_t;

typedef struct {
    size_t              client;
    dots_change_kind_t  kind;
    size_t              first;     /* of its items */
    size_t              n;
    int64_t             lost;
    dots_entity_t       entity;
    char                mark[32];  /* what names its entry in the skeleton */
    unsigned            shown:1;   /* which is there: from "start" to "end" */
    size_t              start;
    size_t              end;
    size_t              before;    /* bytes around an entry that is alone */
    size_t              after;
} dots_pieces_list_t;

struct dots_pieces_s {
    size_t              nclients;
    dots_client_t      *clients;   /* in x->arena */
    int64_t             clients_lost;
    size_t              nlists;
    dots_pieces_list_t *lists;
    dots_pieces_item_t *items;
    size_t              nitems;
    size_t              maxitems;
    uint8_t            *names;
    size_t              len;
    size_t              size;
    size_t              list;      /* where survey, sum and answer are */
    size_t              item;
    char                last[DOTS_ACL_NAME + 1];
    size_t              nlast;
    dots_str_t          text;      /* the skeleton */
    size_t              sent;
};

/*
 * The first turn; when the last is over dots_data_pieces_answer() follows.
 * DOTS_OK, DOTS_INVALID, DOTS_ERROR.
 */
int dots_data_survey(dots_exchange_t *x);
int dots_data_pieces_answer(dots_exchange_t *x);

/* By what all of it is known. */
int dots_data_survey_entity(dots_exchange_t *x, dots_entity_t *e);

/* The i-th item, as it was. */
void dots_data_survey_item(const dots_pieces_t *p, size_t i, dots_str_t *name,
    dots_entity_t *e);

/* A request for an entry of the list, or for all of them: no name. */
int dots_data_survey_fetch(dots_exchange_t *x, const dots_pieces_list_t *l,
    dots_str_t name);

#endif /* DOTS_DATA_SURVEY_H */
