#include <stdlib.h>

#include "dots_customer_space.h"


#define DOTS_CUSTOMER_SPACE_DEPTH 129 /* lengths that can nest: 0..128 */


/* One prefix line of the configuration, for the sweep over all of them. */

typedef struct {
    dots_prefix_t    prefix;
    uint8_t          shared;
    size_t           order;
    dots_customer_t *customer;
} dots_customer_space_line_t;

/*
 * What the sweep knows of a prefix and of all around it: lines of two different
 * customers, and one that is not shared.
 */

typedef struct {
    const dots_customer_space_line_t *line;
    const dots_customer_space_line_t *any[2];
    const dots_customer_space_line_t *exclusive;
} dots_customer_space_frame_t;


static int
dots_customer_space_line_cmp(const void *one, const void *two)
{
    int                                rc;
    const dots_customer_space_line_t  *a, *b;

    a = one;
    b = two;
    rc = dots_prefix_cmp(&a->prefix, &b->prefix);

    return rc ? rc : (a->order > b->order) - (a->order < b->order);
}


static size_t
dots_customer_space_lines(dots_customer_t **list, size_t ncustomers,
    dots_customer_space_line_t *lines)
{
    size_t            i, j, n;
    dots_customer_t  *c;

    for (n = 0, i = 0; i < ncustomers; i++) {
        c = list[i];

        for (j = 0; j < c->nprefixes; j++, n++) {
            if (lines != NULL) {
                lines[n].prefix = c->prefixes[j];
                lines[n].shared = c->shared[j];
                lines[n].order = n;
                lines[n].customer = c;
            }
        }
    }

    return n;
}


/* The line around "l" that forbids it: of another, unless both are shared. */

static const dots_customer_space_line_t *
dots_customer_space_conflict(const dots_customer_space_frame_t *fr,
    const dots_customer_space_line_t *l)
{
    size_t  i;

    if (l->shared) {
        return fr->exclusive && fr->exclusive->customer != l->customer
               ? fr->exclusive : NULL;
    }

    for (i = 0; i < 2; i++) {
        if (fr->any[i] && fr->any[i]->customer != l->customer) {
            return fr->any[i];
        }
    }

    return NULL;
}


static void
dots_customer_space_note(dots_customer_space_frame_t *fr,
    const dots_customer_space_line_t *l)
{
    fr->line = l;

    if (fr->any[0] == NULL) {
        fr->any[0] = l;

    } else if (fr->any[1] == NULL && fr->any[0]->customer != l->customer) {
        fr->any[1] = l;
    }

    if (!l->shared) {
        fr->exclusive = l;
    }
}


static int
dots_customer_space_overlap(const dots_customer_space_line_t *a,
    const dots_customer_space_line_t *b, dots_fault_t *f)
{
    char  one[DOTS_PREFIX_TEXT], two[DOTS_PREFIX_TEXT];

    dots_prefix_print(&a->prefix, one);
    dots_prefix_print(&b->prefix, two);

    return dots_fault(f, DOTS_FAULT_INVALID_VALUE, NULL,
                      "prefix %s of customer %.*s overlaps %s of customer %.*s:"
                      " say 'shared' at the end of both prefix lines or remove"
                      " one", one, (int) a->customer->name.len,
                      a->customer->name.data, two,
                      (int) b->customer->name.len, b->customer->name.data);
}


/*
 * Sorted, a prefix comes right after those around it: the stack holds the ones
 * that contain the line at hand, outermost first, equal ones in one frame.
 */

static int
dots_customer_space_sweep(const dots_customer_space_line_t *lines, size_t n,
    dots_fault_t *f)
{
    size_t                             i, depth;
    dots_customer_space_frame_t       *top;
    dots_customer_space_frame_t        stack[DOTS_CUSTOMER_SPACE_DEPTH + 1];
    const dots_customer_space_line_t  *l, *other;

    memset(&stack[0], 0, sizeof(stack[0]));

    for (depth = 0, i = 0; i < n; i++) {
        l = &lines[i];

        while (depth
               && !dots_prefix_contains(&stack[depth].line->prefix, &l->prefix))
        {
            depth--;
        }

        other = dots_customer_space_conflict(&stack[depth], l);

        if (other != NULL) {
            return dots_customer_space_overlap(l, other, f);
        }

        top = &stack[depth];

        if (depth == 0 || dots_prefix_cmp(&top->line->prefix, &l->prefix) != 0)
        {
            stack[++depth] = *top;
        }

        dots_customer_space_note(&stack[depth], l);
    }

    return DOTS_OK;
}


/* Both halves of the same prefix, in order. */

static int
dots_customer_space_siblings(const dots_prefix_t *a, const dots_prefix_t *b)
{
    dots_prefix_t  parent;

    parent = *a;
    parent.length--;

    return a->length == b->length && dots_prefix_contains(&parent, a)
           && dots_prefix_contains(&parent, b)
           && dots_prefix_cmp(a, b) != 0;
}


/*
 * Takes the next prefix in order.  Halves become one, so that a target that
 * spans two neighbouring prefixes of the customer is inside; what remains is
 * disjoint and one binary search answers.
 */

static void
dots_customer_space_cover(dots_customer_t *c, const dots_prefix_t *p)
{
    dots_prefix_t  *last;

    if (c->nspace && dots_prefix_contains(&c->space[c->nspace - 1], p)) {
        return;
    }

    c->space[c->nspace++] = *p;

    while (c->nspace > 1) {
        last = &c->space[c->nspace - 1];

        if (!dots_customer_space_siblings(last - 1, last)) {
            return;
        }

        /* the lower half has the address of the whole */

        last[-1].length--;
        c->nspace--;
    }
}


static int
dots_customer_space_reset(dots_customer_t **list, size_t n, dots_arena_t *a)
{
    size_t            i;
    dots_customer_t  *c;

    for (i = 0; i < n; i++) {
        c = list[i];

        c->space = dots_arena_array(a, c->nprefixes, sizeof(dots_prefix_t));
        if (c->space == NULL) {
            return DOTS_ERROR;
        }

        c->nspace = 0;
        c->nprefixes = 0;
    }

    return DOTS_OK;
}


/* The lines are in order: so are the prefixes of each customer. */

static void
dots_customer_space_assign(const dots_customer_space_line_t *lines, size_t n)
{
    size_t            i;
    dots_customer_t  *c;

    for (i = 0; i < n; i++) {
        c = lines[i].customer;

        c->prefixes[c->nprefixes] = lines[i].prefix;
        c->shared[c->nprefixes] = lines[i].shared;
        c->nprefixes++;

        dots_customer_space_cover(c, &lines[i].prefix);
    }
}


int
dots_customer_space_build(dots_customer_t **list, size_t n, dots_arena_t *a,
    dots_fault_t *f)
{
    int                          rc;
    size_t                       nlines;
    dots_customer_space_line_t  *lines;

    nlines = dots_customer_space_lines(list, n, NULL);

    lines = calloc(nlines + 1, sizeof(dots_customer_space_line_t));
    if (lines == NULL) {
        return DOTS_ERROR;
    }

    (void) dots_customer_space_lines(list, n, lines);
    qsort(lines, nlines, sizeof(dots_customer_space_line_t),
          dots_customer_space_line_cmp);

    rc = dots_customer_space_sweep(lines, nlines, f);

    if (rc == DOTS_OK) {
        rc = dots_customer_space_reset(list, n, a);
    }

    if (rc == DOTS_OK) {
        dots_customer_space_assign(lines, nlines);
    }

    free(lines);

    return rc;
}
