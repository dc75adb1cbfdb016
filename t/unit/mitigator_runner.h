/*
 * What the tests of the drivers share: rules that a runner is to want, by the
 * texts of their prefixes.
 */

#ifndef MITIGATOR_RUNNER_H
#define MITIGATOR_RUNNER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "dots_mitigator.h"

#define RUNNER_RULES 16


static inline dots_prefix_t
runner_prefix(const char *text)
{
    dots_prefix_t  p;

    assert_int_equal(dots_prefix_parse(&p, dots_str(text, strlen(text))),
                     DOTS_OK);

    return p;
}


static inline void
runner_want(dots_mitigator_t *mt, size_t n, va_list args)
{
    size_t       i;
    dots_rule_t  rules[RUNNER_RULES];

    assert_true(n <= RUNNER_RULES);

    for (i = 0; i < n; i++) {
        rules[i].prefix = runner_prefix(va_arg(args, const char *));
    }

    assert_int_equal(dots_mitigator_want(mt, rules, n), DOTS_OK);
}

#endif /* MITIGATOR_RUNNER_H */
