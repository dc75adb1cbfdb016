/*
 * What a driver can do that drops everything to a destination, and nothing
 * else: a blackhole route, a program's filter.  Pure; called by the drivers.
 */

#ifndef DOTS_DROP_H
#define DOTS_DROP_H

#include "dots_mitigator.h"

/* "families": those that the driver has, DOTS_ACL_IPV4 and _IPV6. */
int dots_drop_can(uint8_t families, const dots_mitigation_t *m);
void dots_drop_ability(uint8_t families, dots_acl_needs_t *ability);

#endif /* DOTS_DROP_H */
