#include "dots_drop.h"


/* All of it: half a blackhole would leave the other family open. */

int
dots_drop_can(uint8_t families, const dots_mitigation_t *m)
{
    size_t   i;
    uint8_t  family;

    for (i = 0; i < m->nresolved; i++) {

        family = m->resolved[i].family == 4 ? DOTS_ACL_IPV4 : DOTS_ACL_IPV6;

        if (!(families & family)) {
            return 0;
        }
    }

    return m->nresolved != 0;
}


void
dots_drop_ability(uint8_t families, dots_acl_needs_t *ability)
{
    ability->families = families;
    ability->actions = DOTS_ACL_DROP;
    ability->fields = dots_acl_bit(DOTS_ACL_DESTINATION);
}
