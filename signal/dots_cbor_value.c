#include <inttypes.h>
#include <stdio.h>

#include "dots_cbor_item.h"


#define DOTS_CBOR_VALUE_DECIMAL 4 /* tag, RFC 8949 section 3.4.4 */
#define DOTS_CBOR_VALUE_DIGITS  19 /* of an int64_t */


/* The CBOR types that RFC 9132 Table 5 gives to the YANG types it uses. */

static const struct {
    LY_DATA_TYPE      base;
    dots_cbor_type_t  type;
    uint8_t           negative;
} dots_cbor_value_types[] = {
    { LY_TYPE_STRING, DOTS_CBOR_STRING, 0 },
    { LY_TYPE_IDENT, DOTS_CBOR_STRING, 0 },
    { LY_TYPE_UINT8, DOTS_CBOR_UINT, 0 },
    { LY_TYPE_UINT16, DOTS_CBOR_UINT, 0 },
    { LY_TYPE_UINT32, DOTS_CBOR_UINT, 0 },
    { LY_TYPE_UINT64, DOTS_CBOR_UINT, 0 },
    { LY_TYPE_INT8, DOTS_CBOR_UINT, 1 },
    { LY_TYPE_INT16, DOTS_CBOR_UINT, 1 },
    { LY_TYPE_INT32, DOTS_CBOR_UINT, 1 },
    { LY_TYPE_INT64, DOTS_CBOR_UINT, 1 },
    { LY_TYPE_ENUM, DOTS_CBOR_UINT, 0 },
    { LY_TYPE_BOOL, DOTS_CBOR_BOOL, 0 },
    { LY_TYPE_DEC64, DOTS_CBOR_TAG, 0 },
};

#define DOTS_CBOR_VALUE_NTYPES                                                \
    (sizeof(dots_cbor_value_types) / sizeof(dots_cbor_value_types[0]))


static const char  *dots_cbor_value_names[] = {
    "an unsigned integer",
    "a negative integer",
    "a byte string",
    "a text string",
    "an array",
    "a map",
    "a decimal fraction (tag 4)",
    "a boolean",
    "another simple value",
    "a break"
};


/* ---- which type ---- */

static int
dots_cbor_value_fits(const struct lysc_type *type,
    const dots_cbor_item_t *item)
{
    size_t  i;

    for (i = 0; i < DOTS_CBOR_VALUE_NTYPES; i++) {

        if (dots_cbor_value_types[i].base == type->basetype) {
            return item->type == dots_cbor_value_types[i].type
                   || (dots_cbor_value_types[i].negative
                       && item->type == DOTS_CBOR_NEGINT);
        }
    }

    return 0;
}


static const struct lysc_type *
dots_cbor_value_real(const struct lysc_type *type)
{
    if (type->basetype == LY_TYPE_LEAFREF) {
        return ((const struct lysc_type_leafref *) type)->realtype;
    }

    return type;
}


/* The first type of the leaf, a union's included, that has this CBOR type. */

static const struct lysc_type *
dots_cbor_value_type(const struct lysc_node *schema,
    const dots_cbor_item_t *item)
{
    LY_ARRAY_COUNT_TYPE       i;
    const struct lysc_type   *type, *member;
    struct lysc_type        **types;

    type = dots_cbor_value_real(
        ((const struct lysc_node_leaf *) schema)->type);

    if (type->basetype != LY_TYPE_UNION) {
        return dots_cbor_value_fits(type, item) ? type : NULL;
    }

    types = ((const struct lysc_type_union *) type)->types;

    LY_ARRAY_FOR(types, i) {
        member = dots_cbor_value_real(types[i]);

        if (dots_cbor_value_fits(member, item)) {
            return member;
        }
    }

    return NULL;
}


/* ---- item to value ---- */

static int
dots_cbor_value_integer(const dots_cbor_item_t *item, const char *attribute,
    char *buf, dots_fault_t *f)
{
    if (item->type == DOTS_CBOR_UINT) {
        (void) snprintf(buf, DOTS_CBOR_TEXT, "%" PRIu64, item->value);
        return DOTS_OK;
    }

    if (item->value > INT64_MAX) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, attribute,
                          "%s: out of range", attribute);
    }

    (void) snprintf(buf, DOTS_CBOR_TEXT, "%" PRId64,
                    -1 - (int64_t) item->value);

    return DOTS_OK;
}


static int
dots_cbor_value_enum(const struct lysc_type *type,
    const dots_cbor_item_t *item, const char *attribute, char *buf,
    dots_fault_t *f)
{
    LY_ARRAY_COUNT_TYPE                  i;
    const struct lysc_type_bitenum_item *enums;

    enums = ((const struct lysc_type_enum *) type)->enums;

    LY_ARRAY_FOR(enums, i) {
        if (enums[i].value >= 0 && (uint64_t) enums[i].value == item->value) {
            (void) snprintf(buf, DOTS_CBOR_TEXT, "%s", enums[i].name);
            return DOTS_OK;
        }
    }

    return dots_fault(f, DOTS_FAULT_INVALID_VALUE, attribute,
                      "%s: unknown code %" PRIu64, attribute, item->value);
}


/*
 * RFC 8783 and RFC 9132 print identities without their module, which RFC 7951
 * section 6.8 and libyang demand: then it is that of the base.
 */

static int
dots_cbor_value_text(const struct lysc_type *type,
    const dots_cbor_item_t *item, const char *attribute, char *buf,
    dots_fault_t *f)
{
    int          n;
    const char  *module, *colon;

    if (item->text.len == 0) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, attribute,
                          "%s: an empty value must not be present", attribute);
    }

    if (!dots_cbor_item_utf8(item->text, 1)) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, attribute,
                          "%s: a character that YANG does not allow",
                          attribute);
    }

    module = "";
    colon = "";

    if (type->basetype == LY_TYPE_IDENT
        && memchr(item->text.data, ':', item->text.len) == NULL)
    {
        module = ((const struct lysc_type_identityref *) type)
                     ->bases[0]->module->name;
        colon = ":";
    }

    n = item->text.len < DOTS_CBOR_TEXT
            ? snprintf(buf, DOTS_CBOR_TEXT, "%s%s%.*s", module, colon,
                       (int) item->text.len, (const char *) item->text.data)
            : DOTS_CBOR_TEXT;

    if (n < 0 || n >= DOTS_CBOR_TEXT) {
        return dots_fault(f, DOTS_FAULT_TOO_BIG, attribute,
                          "%s: longer than %d bytes", attribute,
                          DOTS_CBOR_TEXT - 1);
    }

    return DOTS_OK;
}


/* ---- decimal fractions ---- */

/* The two integers of [exponent, mantissa], RFC 8949 section 3.4.4. */

static int
dots_cbor_value_pair(dots_cbor_reader_t *r, int64_t pair[2], dots_fault_t *f)
{
    int               i, rc, indefinite;
    dots_cbor_item_t  item;

    rc = dots_cbor_item_read(r, &item, f);
    if (rc != DOTS_OK) {
        return rc;
    }

    if (item.type != DOTS_CBOR_ARRAY || (!item.indefinite && item.value != 2)) {
        return DOTS_DECLINED;
    }

    indefinite = item.indefinite;

    for (i = 0; i < 2; i++) {

        rc = dots_cbor_item_read(r, &item, f);
        if (rc != DOTS_OK) {
            return rc;
        }

        if (item.type > DOTS_CBOR_NEGINT || item.value > INT64_MAX) {
            return DOTS_DECLINED;
        }

        pair[i] = item.type == DOTS_CBOR_UINT ? (int64_t) item.value
                                              : -1 - (int64_t) item.value;
    }

    if (!indefinite) {
        return DOTS_OK;
    }

    rc = dots_cbor_item_read(r, &item, f);

    return rc == DOTS_OK && item.type != DOTS_CBOR_BREAK ? DOTS_DECLINED : rc;
}


/* *v = mantissa * 10^shift; 0: not exact, or out of range. */

static int
dots_cbor_value_scale(int64_t mantissa, int64_t shift, int64_t *v)
{
    int  i;

    for (i = 0; mantissa != 0 && shift != 0 && i < DOTS_CBOR_VALUE_DIGITS;
         i++)
    {

        if (shift > 0) {

            if (__builtin_mul_overflow(mantissa, (int64_t) 10, &mantissa)) {
                return 0;
            }

            shift--;
            continue;
        }

        if (mantissa % 10 != 0) {
            return 0;
        }

        mantissa /= 10;
        shift++;
    }

    *v = mantissa;

    return mantissa == 0 || shift == 0;
}


static void
dots_cbor_value_decimal_text(int64_t v, uint8_t digits, char *buf)
{
    uint64_t  unit, magnitude;

    for (unit = 1; digits; digits--) {
        unit *= 10;
    }

    magnitude = v < 0 ? -(uint64_t) v : (uint64_t) v;

    /* the unit and its remainder have the same number of digits, less one */

    (void) snprintf(buf, DOTS_CBOR_TEXT, "%s%" PRIu64 ".%" PRIu64,
                    v < 0 ? "-" : "", magnitude / unit,
                    unit + magnitude % unit);

    buf = strchr(buf, '.') + 1;
    memmove(buf, buf + 1, strlen(buf));
}


static int
dots_cbor_value_decimal(dots_cbor_reader_t *r, const struct lysc_type *type,
    const dots_cbor_item_t *item, const char *attribute, char *buf,
    dots_fault_t *f)
{
    int      rc;
    int64_t  pair[2], v;
    uint8_t  digits;

    digits = ((const struct lysc_type_dec *) type)->fraction_digits;

    rc = item->value == DOTS_CBOR_VALUE_DECIMAL
             ? dots_cbor_value_pair(r, pair, f)
             : DOTS_DECLINED;

    if (rc == DOTS_DECLINED) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, attribute,
                          "%s: not tag 4 with two integers", attribute);
    }

    if (rc != DOTS_OK) {
        return rc;
    }

    if (pair[0] < INT32_MIN || pair[0] > INT32_MAX
        || !dots_cbor_value_scale(pair[1], pair[0] + digits, &v))
    {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, attribute,
                          "%s: out of range or more than %d decimals",
                          attribute, digits);
    }

    dots_cbor_value_decimal_text(v, digits, buf);

    return DOTS_OK;
}


int
dots_cbor_value_read(dots_cbor_reader_t *r, const dots_cbor_item_t *item,
    const struct lysc_node *schema, const char *attribute, char *buf,
    dots_fault_t *f)
{
    const struct lysc_type  *type;

    type = dots_cbor_value_type(schema, item);

    if (type == NULL) {
        return dots_fault(f, DOTS_FAULT_INVALID_VALUE, attribute,
                          "%s: must not be %s", attribute,
                          dots_cbor_value_names[item->type]);
    }

    switch (type->basetype) {

    case LY_TYPE_STRING:
    case LY_TYPE_IDENT:
        return dots_cbor_value_text(type, item, attribute, buf, f);

    case LY_TYPE_ENUM:
        return dots_cbor_value_enum(type, item, attribute, buf, f);

    case LY_TYPE_BOOL:
        (void) snprintf(buf, DOTS_CBOR_TEXT, "%s",
                        item->value ? "true" : "false");
        return DOTS_OK;

    case LY_TYPE_DEC64:
        return dots_cbor_value_decimal(r, type, item, attribute, buf, f);

    default:
        return dots_cbor_value_integer(item, attribute, buf, f);
    }
}


/* ---- value to item ---- */

static void
dots_cbor_value_write_integer(dots_cbor_writer_t *w, int64_t v)
{
    if (v < 0) {
        dots_cbor_item_write(w, DOTS_CBOR_NEGINT, (uint64_t) (-1 - v));
        return;
    }

    dots_cbor_item_write(w, DOTS_CBOR_UINT, (uint64_t) v);
}


/* [-fraction-digits, integer]: [-2, integer] for all that DOTS has. */

static void
dots_cbor_value_write_decimal(dots_cbor_writer_t *w,
    const struct lyd_value *value)
{
    const struct lysc_type_dec  *type;

    type = (const struct lysc_type_dec *) value->realtype;

    dots_cbor_item_write(w, DOTS_CBOR_TAG, DOTS_CBOR_VALUE_DECIMAL);
    dots_cbor_item_write(w, DOTS_CBOR_ARRAY, 2);
    dots_cbor_value_write_integer(w, -(int64_t) type->fraction_digits);
    dots_cbor_value_write_integer(w, value->dec64);
}


static int
dots_cbor_value_write_number(dots_cbor_writer_t *w,
    const struct lyd_value *value)
{
    switch (value->realtype->basetype) {

    case LY_TYPE_UINT8:
        dots_cbor_item_write(w, DOTS_CBOR_UINT, value->uint8);
        return DOTS_OK;

    case LY_TYPE_UINT16:
        dots_cbor_item_write(w, DOTS_CBOR_UINT, value->uint16);
        return DOTS_OK;

    case LY_TYPE_UINT32:
        dots_cbor_item_write(w, DOTS_CBOR_UINT, value->uint32);
        return DOTS_OK;

    case LY_TYPE_UINT64:
        dots_cbor_item_write(w, DOTS_CBOR_UINT, value->uint64);
        return DOTS_OK;

    case LY_TYPE_INT8:
        dots_cbor_value_write_integer(w, value->int8);
        return DOTS_OK;

    case LY_TYPE_INT16:
        dots_cbor_value_write_integer(w, value->int16);
        return DOTS_OK;

    case LY_TYPE_INT32:
        dots_cbor_value_write_integer(w, value->int32);
        return DOTS_OK;

    case LY_TYPE_INT64:
        dots_cbor_value_write_integer(w, value->int64);
        return DOTS_OK;

    default:
        return DOTS_ERROR;
    }
}


int
dots_cbor_value_write(dots_cbor_writer_t *w, const struct lyd_node *node)
{
    const char              *text;
    const struct lyd_value  *value;

    value = &((const struct lyd_node_term *) node)->value;

    if (value->realtype->basetype == LY_TYPE_UNION) {
        value = &value->subvalue->value;
    }

    switch (value->realtype->basetype) {

    case LY_TYPE_STRING:
    case LY_TYPE_IDENT:
        text = lyd_get_value(node);
        dots_cbor_item_write_text(w, dots_str(text, strlen(text)));
        return DOTS_OK;

    case LY_TYPE_ENUM:
        dots_cbor_value_write_integer(w, value->enum_item->value);
        return DOTS_OK;

    case LY_TYPE_BOOL:
        dots_cbor_item_write(w, DOTS_CBOR_BOOL, value->boolean != 0);
        return DOTS_OK;

    case LY_TYPE_DEC64:
        dots_cbor_value_write_decimal(w, value);
        return DOTS_OK;

    default:
        return dots_cbor_value_write_number(w, value);
    }
}
