#include <stdlib.h>

#include "dots_signal_look.h"


#define DOTS_SIGNAL_LOOKS 16    /* a place each; the newer one has it */


struct dots_signal_looks_s {
    dots_signal_look_t  *looks[DOTS_SIGNAL_LOOKS];
};


dots_signal_looks_t *
dots_signal_looks_create(void)
{
    return calloc(1, sizeof(dots_signal_looks_t));
}


void
dots_signal_looks_destroy(dots_signal_looks_t *looks)
{
    dots_signal_look_forget(looks, NULL);
    free(looks);
}


static dots_signal_look_t **
dots_signal_look_place(dots_signal_looks_t *looks,
    const dots_signal_look_key_t *key)
{
    uint64_t  hash;

    hash = key->customer ^ key->cuid ^ key->knew ^ key->mid;
    hash ^= hash >> 32;
    hash ^= hash >> 8;

    return &looks->looks[hash % DOTS_SIGNAL_LOOKS];
}


static int
dots_signal_look_same(const dots_signal_look_key_t *a,
    const dots_signal_look_key_t *b)
{
    return a->whose == b->whose && a->customer == b->customer
           && a->cuid == b->cuid && a->has_mid == b->has_mid
           && a->mid == b->mid && a->knew == b->knew
           && dots_str_eq(a->options, b->options);
}


const dots_signal_look_t *
dots_signal_look_find(dots_signal_looks_t *looks,
    const dots_signal_look_key_t *key, int64_t now)
{
    const dots_signal_look_t  *look;

    if (looks == NULL) {
        return NULL;
    }

    look = *dots_signal_look_place(looks, key);

    if (look == NULL || now < look->made
        || now - look->made > DOTS_SIGNAL_LOOK_FRESH
        || !dots_signal_look_same(&look->key, key))
    {
        return NULL;
    }

    return look;
}


/* One block: the look, its list, its request's options, its body. */

void
dots_signal_look_keep(dots_signal_looks_t *looks,
    const dots_signal_look_key_t *key, const dots_signal_told_t *told,
    dots_str_t body, int64_t now)
{
    size_t                    list;
    uint8_t                  *p;
    dots_signal_look_t       *look, **place;

    if (looks == NULL || told->list == NULL) {
        return;
    }

    place = dots_signal_look_place(looks, key);

    free(*place);

    list = told->n * sizeof(dots_signal_observed_t);
    look = malloc(sizeof(dots_signal_look_t) + list + key->options.len
                  + body.len);
    *place = look;

    if (look == NULL) {
        return;
    }

    p = (uint8_t *) (look + 1);

    look->key = *key;
    look->made = now;
    look->told = *told;
    look->told.list = (const dots_signal_observed_t *) p;

    if (told->n) {
        memcpy(p, told->list, list);
    }

    p += list;
    memcpy(p, key->options.data, key->options.len);
    look->key.options.data = p;

    p += key->options.len;
    look->body = dots_str(p, body.len);

    if (body.len) {
        memcpy(p, body.data, body.len);
    }
}


void
dots_signal_look_forget(dots_signal_looks_t *looks,
    const dots_registry_change_t *change)
{
    size_t                         i;
    const dots_signal_look_key_t  *key;

    for (i = 0; looks != NULL && i < DOTS_SIGNAL_LOOKS; i++) {

        if (looks->looks[i] == NULL) {
            continue;
        }

        key = &looks->looks[i]->key;

        if (change == NULL
            || (change->customer == key->customer && change->cuid == key->cuid
                && (!key->has_mid || change->mid == key->mid)))
        {
            free(looks->looks[i]);
            looks->looks[i] = NULL;
        }
    }
}
