#include "dots_stream_filter.h"


#define DOTS_STREAM_FILTER_ATOMS  32 /* comparisons of an expression */
#define DOTS_STREAM_FILTER_CODE   96 /* these, and what joins them */
#define DOTS_STREAM_FILTER_NESTED 32 /* operators that wait for their right */
#define DOTS_STREAM_FILTER_TESTS  4  /* predicates, and what follows the leaf */
#define DOTS_STREAM_FILTER_DIGITS 18 /* that fit an int64_t */

typedef enum {
    DOTS_STREAM_FILTER_EXISTS = 0,
    DOTS_STREAM_FILTER_EQ,
    DOTS_STREAM_FILTER_NE,
    DOTS_STREAM_FILTER_LT,
    DOTS_STREAM_FILTER_LE,
    DOTS_STREAM_FILTER_GT,
    DOTS_STREAM_FILTER_GE,
    DOTS_STREAM_FILTER_CONTAINS
} dots_stream_filter_op_t;

typedef struct {
    dots_str_t               leaf;
    dots_stream_filter_op_t  op;
    dots_str_t               value;
} dots_stream_filter_test_t;

/* A path with what is asked of it: true if all of its tests are. */

typedef struct {
    dots_str_t                 name;    /* empty: any notification */
    size_t                     n;
    dots_stream_filter_test_t  tests[DOTS_STREAM_FILTER_TESTS];
} dots_stream_filter_atom_t;

/* Postfix: an index of an atom, or an operator; these by their precedence. */

enum {
    DOTS_STREAM_FILTER_OPEN = -5,
    DOTS_STREAM_FILTER_OR,
    DOTS_STREAM_FILTER_AND,
    DOTS_STREAM_FILTER_NOT,      /* a function, with its parenthesis */
    DOTS_STREAM_FILTER_UNION
};

struct dots_stream_filter_s {
    size_t                     natoms;
    size_t                     ncode;
    dots_stream_filter_atom_t  atoms[DOTS_STREAM_FILTER_ATOMS];
    int                        code[DOTS_STREAM_FILTER_CODE];
};

typedef struct {
    dots_stream_filter_t *filter;
    const char           *module;
    const uint8_t        *pos;
    const uint8_t        *end;
    int                   stack[DOTS_STREAM_FILTER_NESTED];
    size_t                nstack;
    int                   failed;
} dots_stream_filter_parser_t;


static const struct {
    const char               *text;
    dots_stream_filter_op_t   op;
} dots_stream_filter_ops[] = {
    { "=", DOTS_STREAM_FILTER_EQ },
    { "!=", DOTS_STREAM_FILTER_NE },
    { "<=", DOTS_STREAM_FILTER_LE },
    { "<", DOTS_STREAM_FILTER_LT },
    { ">=", DOTS_STREAM_FILTER_GE },
    { ">", DOTS_STREAM_FILTER_GT },
};


/* ---- words ---- */

static void
dots_stream_filter_spaces(dots_stream_filter_parser_t *p)
{
    while (p->pos < p->end && (*p->pos == ' ' || *p->pos == '\t')) {
        p->pos++;
    }
}


static int
dots_stream_filter_is_name(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
           || c == '-' || c == '_' || c == '.';
}


/* Steps over "text" if it is next; a word has to end there. */

static int
dots_stream_filter_skip(dots_stream_filter_parser_t *p, const char *text)
{
    size_t  n;

    dots_stream_filter_spaces(p);

    n = strlen(text);

    if ((size_t) (p->end - p->pos) < n || memcmp(p->pos, text, n) != 0
        || (dots_stream_filter_is_name((uint8_t) text[n - 1])
            && p->pos + n < p->end && dots_stream_filter_is_name(p->pos[n])))
    {
        return 0;
    }

    p->pos += n;

    return 1;
}


static void
dots_stream_filter_expect(dots_stream_filter_parser_t *p, const char *text)
{
    if (!dots_stream_filter_skip(p, text)) {
        p->failed = 1;
    }
}


static dots_str_t
dots_stream_filter_word(dots_stream_filter_parser_t *p)
{
    const uint8_t  *start;

    for (start = p->pos;
         p->pos < p->end && dots_stream_filter_is_name(*p->pos);
         p->pos++)
    {
        /* void */
    }

    p->failed |= (p->pos == start);

    return dots_str(start, (size_t) (p->pos - start));
}


/* NameTest: [module ":"] name, "*" for any (empty), if "any". */

static dots_str_t
dots_stream_filter_name(dots_stream_filter_parser_t *p, int any)
{
    dots_str_t  name;

    if (any && dots_stream_filter_skip(p, "*")) {
        return dots_str(NULL, 0);
    }

    dots_stream_filter_spaces(p);

    name = dots_stream_filter_word(p);

    if (p->pos == p->end || *p->pos != ':') {
        return name;
    }

    p->failed |= !dots_str_eq(name, dots_str(p->module, strlen(p->module)));
    p->pos++;

    if (any && p->pos < p->end && *p->pos == '*') {
        p->pos++;
        return dots_str(NULL, 0);
    }

    return dots_stream_filter_word(p);
}


/* 'text', "text", or an integer as it is. */

static dots_str_t
dots_stream_filter_value(dots_stream_filter_parser_t *p)
{
    dots_str_t      value;
    const uint8_t  *start, *close;

    dots_stream_filter_spaces(p);

    if (p->pos == p->end) {
        p->failed = 1;
        return dots_str(NULL, 0);
    }

    if (*p->pos == '\'' || *p->pos == '"') {
        close = memchr(p->pos + 1, *p->pos, (size_t) (p->end - p->pos) - 1);

        if (close == NULL) {
            p->failed = 1;
            return dots_str(NULL, 0);
        }

        value = dots_str(p->pos + 1, (size_t) (close - p->pos) - 1);
        p->pos = close + 1;

        return value;
    }

    for (start = p->pos;
         p->pos < p->end && *p->pos >= '0' && *p->pos <= '9';
         p->pos++)
    {
        /* void */
    }

    p->failed |= (p->pos == start);

    return dots_str(start, (size_t) (p->pos - start));
}


/* ---- a path and what is asked of it ---- */

static void
dots_stream_filter_test(dots_stream_filter_parser_t *p,
    dots_stream_filter_atom_t *atom, dots_str_t leaf)
{
    size_t                      i, n;
    dots_stream_filter_test_t  *test;

    if (atom->n == DOTS_STREAM_FILTER_TESTS) {
        p->failed = 1;
        return;
    }

    test = &atom->tests[atom->n++];
    test->leaf = leaf;

    n = sizeof(dots_stream_filter_ops) / sizeof(dots_stream_filter_ops[0]);

    for (i = 0; i < n; i++) {

        if (dots_stream_filter_skip(p, dots_stream_filter_ops[i].text)) {
            test->op = dots_stream_filter_ops[i].op;
            test->value = dots_stream_filter_value(p);
            return;
        }
    }
}


/* As far as the leaf; nonzero: there is one, which is not tested yet. */

static int
dots_stream_filter_path(dots_stream_filter_parser_t *p,
    dots_stream_filter_atom_t *atom, dots_str_t *leaf)
{
    dots_stream_filter_expect(p, "/");

    atom->name = dots_stream_filter_name(p, 1);

    while (!p->failed && dots_stream_filter_skip(p, "[")) {
        dots_stream_filter_test(p, atom, dots_stream_filter_name(p, 0));
        dots_stream_filter_expect(p, "]");
    }

    if (p->failed || !dots_stream_filter_skip(p, "/")) {
        return 0;
    }

    *leaf = dots_stream_filter_name(p, 0);

    return 1;
}


/* contains(path, value) */

static void
dots_stream_filter_contains(dots_stream_filter_parser_t *p,
    dots_stream_filter_atom_t *atom)
{
    dots_str_t                  leaf;
    dots_stream_filter_test_t  *test;

    dots_stream_filter_expect(p, "(");

    if (!dots_stream_filter_path(p, atom, &leaf)
        || atom->n == DOTS_STREAM_FILTER_TESTS)
    {
        p->failed = 1;
        return;
    }

    dots_stream_filter_expect(p, ",");

    test = &atom->tests[atom->n++];
    test->leaf = leaf;
    test->op = DOTS_STREAM_FILTER_CONTAINS;
    test->value = dots_stream_filter_value(p);

    dots_stream_filter_expect(p, ")");
}


/* ---- the expression: operators wait on a stack for their right side ---- */

static void
dots_stream_filter_emit(dots_stream_filter_parser_t *p, int code)
{
    if (p->filter->ncode == DOTS_STREAM_FILTER_CODE) {
        p->failed = 1;
        return;
    }

    p->filter->code[p->filter->ncode++] = code;
}


static void
dots_stream_filter_push(dots_stream_filter_parser_t *p, int operator)
{
    /* a union waits for a path, for nothing else */

    if (p->nstack == DOTS_STREAM_FILTER_NESTED
        || (p->nstack > 0
            && p->stack[p->nstack - 1] == DOTS_STREAM_FILTER_UNION))
    {
        p->failed = 1;
        return;
    }

    p->stack[p->nstack++] = operator;
}


/* What binds at least as closely as "operator" has its right side now. */

static void
dots_stream_filter_reduce(dots_stream_filter_parser_t *p, int operator)
{
    while (p->nstack > 0 && p->stack[p->nstack - 1] >= operator
           && p->stack[p->nstack - 1] != DOTS_STREAM_FILTER_OPEN
           && p->stack[p->nstack - 1] != DOTS_STREAM_FILTER_NOT)
    {
        dots_stream_filter_emit(p, p->stack[--p->nstack]);
    }
}


static void
dots_stream_filter_close(dots_stream_filter_parser_t *p)
{
    dots_stream_filter_reduce(p, DOTS_STREAM_FILTER_OR);

    if (p->nstack == 0) {
        p->failed = 1;
        return;
    }

    if (p->stack[--p->nstack] == DOTS_STREAM_FILTER_NOT) {
        dots_stream_filter_emit(p, DOTS_STREAM_FILTER_NOT);
    }
}


/* A comparison; the sides of "|" are paths, nothing else. */

static void
dots_stream_filter_operand(dots_stream_filter_parser_t *p, int *bare)
{
    dots_str_t                  leaf;
    dots_stream_filter_atom_t  *atom;

    if (p->filter->natoms == DOTS_STREAM_FILTER_ATOMS) {
        p->failed = 1;
        return;
    }

    atom = &p->filter->atoms[p->filter->natoms];
    *bare = 0;

    if (dots_stream_filter_skip(p, "contains")) {
        dots_stream_filter_contains(p, atom);

    } else if (dots_stream_filter_path(p, atom, &leaf)) {
        dots_stream_filter_test(p, atom, leaf);
        *bare = atom->tests[atom->n - 1].op == DOTS_STREAM_FILTER_EXISTS;

    } else {
        *bare = 1;
    }

    if (p->nstack > 0 && p->stack[p->nstack - 1] == DOTS_STREAM_FILTER_UNION) {
        p->failed |= !*bare;
    }

    dots_stream_filter_emit(p, (int) p->filter->natoms++);
}


/* What may stand before an operand. */

static int
dots_stream_filter_prefix(dots_stream_filter_parser_t *p)
{
    if (dots_stream_filter_skip(p, "(")) {
        dots_stream_filter_push(p, DOTS_STREAM_FILTER_OPEN);
        return 1;
    }

    if (dots_stream_filter_skip(p, "not")) {
        dots_stream_filter_expect(p, "(");
        dots_stream_filter_push(p, DOTS_STREAM_FILTER_NOT);
        return 1;
    }

    return 0;
}


/* Nonzero: an operator, after which an operand has to come. */

static int
dots_stream_filter_infix(dots_stream_filter_parser_t *p, int bare)
{
    int  operator;

    if (dots_stream_filter_skip(p, "and")) {
        operator = DOTS_STREAM_FILTER_AND;

    } else if (dots_stream_filter_skip(p, "or")) {
        operator = DOTS_STREAM_FILTER_OR;

    } else if (dots_stream_filter_skip(p, "|")) {
        operator = DOTS_STREAM_FILTER_UNION;
        p->failed |= !bare;

    } else {
        return 0;
    }

    dots_stream_filter_reduce(p, operator);
    dots_stream_filter_push(p, operator);

    return 1;
}


static void
dots_stream_filter_expression(dots_stream_filter_parser_t *p)
{
    int  bare = 0;

    do {
        while (!p->failed && dots_stream_filter_prefix(p)) {
            /* void */
        }

        if (!p->failed) {
            dots_stream_filter_operand(p, &bare);
        }

        while (!p->failed && dots_stream_filter_skip(p, ")")) {
            dots_stream_filter_close(p);
            bare = 0;
        }

    } while (!p->failed && dots_stream_filter_infix(p, bare));

    dots_stream_filter_reduce(p, DOTS_STREAM_FILTER_OR);
    dots_stream_filter_spaces(p);

    p->failed |= p->nstack != 0 || p->pos != p->end;
}


int
dots_stream_filter_parse(dots_stream_filter_t **filter, dots_str_t text,
    const char *module, dots_arena_t *a, size_t *position)
{
    dots_stream_filter_parser_t  p;

    memset(&p, 0, sizeof(p));

    *filter = dots_arena_alloc(a, sizeof(dots_stream_filter_t));

    /* the filter outlives the request's bytes */

    if (*filter == NULL || dots_arena_dup(a, &text, text) != DOTS_OK) {
        return DOTS_ERROR;
    }

    p.filter = *filter;
    p.module = module;
    p.pos = text.data;
    p.end = text.data + text.len;
    p.failed = text.len > DOTS_STREAM_FILTER_LEN;

    if (!p.failed) {
        dots_stream_filter_expression(&p);
    }

    if (p.failed) {
        *position = (size_t) (p.pos - text.data);
        return DOTS_INVALID;
    }

    return DOTS_OK;
}


/* ---- matching ---- */

static int
dots_stream_filter_number(dots_str_t s, int64_t *n)
{
    size_t  i;

    if (s.len == 0 || s.len > DOTS_STREAM_FILTER_DIGITS) {
        return 0;
    }

    *n = 0;

    for (i = 0; i < s.len; i++) {

        if (s.data[i] < '0' || s.data[i] > '9') {
            return 0;
        }

        *n = *n * 10 + (s.data[i] - '0');
    }

    return 1;
}


static int
dots_stream_filter_has(dots_str_t s, dots_str_t part)
{
    return part.len == 0
           || (s.len >= part.len
               && memmem(s.data, s.len, part.data, part.len) != NULL);
}


static int
dots_stream_filter_compare(const dots_stream_filter_test_t *t, dots_str_t value)
{
    int      numbers, equal;
    int64_t  left, right;

    left = right = 0;

    numbers = dots_stream_filter_number(value, &left)
              && dots_stream_filter_number(t->value, &right);

    equal = numbers ? left == right : dots_str_eq(value, t->value);

    switch (t->op) {

    case DOTS_STREAM_FILTER_EXISTS:
        return 1;

    case DOTS_STREAM_FILTER_EQ:
        return equal;

    case DOTS_STREAM_FILTER_NE:
        return !equal;

    case DOTS_STREAM_FILTER_LT:
        return numbers && left < right;

    case DOTS_STREAM_FILTER_LE:
        return numbers && left <= right;

    case DOTS_STREAM_FILTER_GT:
        return numbers && left > right;

    case DOTS_STREAM_FILTER_GE:
        return numbers && left >= right;

    default:
        return dots_stream_filter_has(value, t->value);
    }
}


static int
dots_stream_filter_passes(const dots_stream_filter_test_t *t,
    const dots_stream_leaf_t *leaves, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {

        if (dots_str_eq(t->leaf, dots_str(leaves[i].name,
                                          strlen(leaves[i].name))))
        {
            return dots_stream_filter_compare(t, leaves[i].value);
        }
    }

    return 0;
}


static int
dots_stream_filter_atom(const dots_stream_filter_atom_t *atom, const char *name,
    const dots_stream_leaf_t *leaves, size_t n)
{
    size_t  i;

    if (atom->name.len
        && !dots_str_eq(atom->name, dots_str(name, strlen(name))))
    {
        return 0;
    }

    for (i = 0; i < atom->n; i++) {

        if (!dots_stream_filter_passes(&atom->tests[i], leaves, n)) {
            return 0;
        }
    }

    return 1;
}


int
dots_stream_filter_match(const dots_stream_filter_t *filter, const char *name,
    const dots_stream_leaf_t *leaves, size_t n)
{
    int     value[DOTS_STREAM_FILTER_CODE];
    size_t  i, top;

    top = 0;

    for (i = 0; i < filter->ncode; i++) {

        switch (filter->code[i]) {

        case DOTS_STREAM_FILTER_NOT:
            value[top - 1] = !value[top - 1];
            break;

        case DOTS_STREAM_FILTER_AND:
            top--;
            value[top - 1] = value[top - 1] && value[top];
            break;

        case DOTS_STREAM_FILTER_OR:
        case DOTS_STREAM_FILTER_UNION:
            top--;
            value[top - 1] = value[top - 1] || value[top];
            break;

        default:
            value[top++] = dots_stream_filter_atom(
                                          &filter->atoms[filter->code[i]],
                                          name, leaves, n);
        }
    }

    return value[0];
}
