/* GoBGP's paths: protobuf to and from what the driver compares. */

#include <arpa/inet.h>
#include <stdio.h>

#include "dots_gobgp.pb-c.h"
#include "dots_gobgp_path.h"


#define DOTS_GOBGP_PATH_TYPE "type.googleapis.com/apipb."

/* AFI and SAFI numbers of IANA; TableType of the API */

#define DOTS_GOBGP_PATH_AFI_IP  1
#define DOTS_GOBGP_PATH_AFI_IP6 2
#define DOTS_GOBGP_PATH_UNICAST 1
#define DOTS_GOBGP_PATH_GLOBAL  0

/* the longest attribute: MP_REACH_NLRI, or all communities at five bytes */
#define DOTS_GOBGP_PATH_VALUE   256


/* A message packed as google.protobuf.Any has it. */

typedef struct {
    Apipb__Any  any;
    uint8_t     value[DOTS_GOBGP_PATH_VALUE];
} dots_gobgp_path_any_t;

typedef struct {
    char                   address[INET6_ADDRSTRLEN];
    Apipb__Family          family;
    dots_gobgp_path_any_t  nlri;
} dots_gobgp_path_nlri_t;


static int
dots_gobgp_path_wrap(dots_gobgp_path_any_t *a, const char *type,
    const ProtobufCMessage *m)
{
    size_t  len;

    len = protobuf_c_message_get_packed_size(m);

    if (len > sizeof(a->value)) {
        return DOTS_ERROR;
    }

    apipb__any__init(&a->any);
    a->any.type_url = (char *) type;
    a->any.value.data = a->value;
    a->any.value.len = protobuf_c_message_pack(m, a->value);

    return DOTS_OK;
}


static int
dots_gobgp_path_address(const dots_prefix_t *p, char text[INET6_ADDRSTRLEN])
{
    return inet_ntop(p->family == 4 ? AF_INET : AF_INET6, p->addr, text,
                     INET6_ADDRSTRLEN)
               ? DOTS_OK
               : DOTS_ERROR;
}


static void
dots_gobgp_path_family(Apipb__Family *f, int family)
{
    apipb__family__init(f);
    f->afi = family == 4 ? DOTS_GOBGP_PATH_AFI_IP : DOTS_GOBGP_PATH_AFI_IP6;
    f->safi = DOTS_GOBGP_PATH_UNICAST;
}


static int
dots_gobgp_path_nlri(dots_gobgp_path_nlri_t *n, const dots_prefix_t *prefix)
{
    Apipb__IPAddressPrefix  p = APIPB__IPADDRESS_PREFIX__INIT;

    if (dots_gobgp_path_address(prefix, n->address) != DOTS_OK) {
        return DOTS_ERROR;
    }

    dots_gobgp_path_family(&n->family, prefix->family);
    p.prefix_len = prefix->length;
    p.prefix = n->address;

    return dots_gobgp_path_wrap(&n->nlri,
                                DOTS_GOBGP_PATH_TYPE "IPAddressPrefix",
                                &p.base);
}


const dots_prefix_t *
dots_gobgp_path_next_hop(const dots_gobgp_conf_t *conf, int family)
{
    const dots_prefix_t  *p;

    p = family == 4 ? &conf->next_hop4 : &conf->next_hop6;

    return p->family == family ? p : NULL;
}


/* NEXT_HOP for IPv4 (RFC 4271), MP_REACH_NLRI for IPv6 (RFC 4760 section 3). */

static int
dots_gobgp_path_wrap_next_hop(dots_gobgp_path_any_t *a,
    const dots_gobgp_conf_t *conf, dots_gobgp_path_nlri_t *nlri, int family)
{
    char                         text[INET6_ADDRSTRLEN], *hops[1];
    Apipb__Any                  *nlris[1];
    const dots_prefix_t         *hop;
    Apipb__NextHopAttribute      next = APIPB__NEXT_HOP_ATTRIBUTE__INIT;
    Apipb__MpReachNLRIAttribute  mp = APIPB__MP_REACH_NLRIATTRIBUTE__INIT;

    hop = dots_gobgp_path_next_hop(conf, family);

    if (hop == NULL || dots_gobgp_path_address(hop, text) != DOTS_OK) {
        return DOTS_ERROR;
    }

    if (family == 4) {
        next.next_hop = text;
        return dots_gobgp_path_wrap(a, DOTS_GOBGP_PATH_TYPE "NextHopAttribute",
                                    &next.base);
    }

    hops[0] = text;
    nlris[0] = &nlri->nlri.any;
    mp.family = &nlri->family;
    mp.n_next_hops = 1;
    mp.next_hops = hops;
    mp.n_nlris = 1;
    mp.nlris = nlris;

    return dots_gobgp_path_wrap(a, DOTS_GOBGP_PATH_TYPE "MpReachNLRIAttribute",
                                &mp.base);
}


static size_t
dots_gobgp_path_pack(const ProtobufCMessage *m, uint8_t *buf, size_t size)
{
    if (protobuf_c_message_get_packed_size(m) > size) {
        return 0;
    }

    return protobuf_c_message_pack(m, buf);
}


/* The configured communities and the tag, each once: how many. */

static size_t
dots_gobgp_path_communities(const dots_gobgp_conf_t *conf,
    uint32_t list[DOTS_GOBGP_COMMUNITIES + 1])
{
    size_t    i, k, n;
    uint32_t  c;

    for (i = 0, n = 0; i <= conf->ncommunities; i++) {
        c = i < conf->ncommunities ? conf->communities[i] : conf->tag;

        for (k = 0; k < n && list[k] != c; k++) { /* void */ }

        if (k == n) {
            list[n++] = c;
        }
    }

    return n;
}


size_t
dots_gobgp_path_add(const dots_gobgp_conf_t *conf, const dots_prefix_t *prefix,
    uint8_t *buf, size_t size)
{
    uint32_t                      list[DOTS_GOBGP_COMMUNITIES + 1];
    Apipb__Any                   *attrs[3];
    Apipb__Path                   path = APIPB__PATH__INIT;
    Apipb__AddPathRequest         request = APIPB__ADD_PATH_REQUEST__INIT;
    Apipb__OriginAttribute        igp = APIPB__ORIGIN_ATTRIBUTE__INIT;
    dots_gobgp_path_any_t         origin, next_hop, communities;
    dots_gobgp_path_nlri_t        nlri;
    Apipb__CommunitiesAttribute   comms = APIPB__COMMUNITIES_ATTRIBUTE__INIT;

    comms.n_communities = dots_gobgp_path_communities(conf, list);
    comms.communities = list;

    if (dots_gobgp_path_nlri(&nlri, prefix) != DOTS_OK
        || dots_gobgp_path_wrap(&origin, DOTS_GOBGP_PATH_TYPE "OriginAttribute",
                                &igp.base) != DOTS_OK
        || dots_gobgp_path_wrap_next_hop(&next_hop, conf, &nlri,
                                         prefix->family) != DOTS_OK
        || dots_gobgp_path_wrap(&communities,
                                DOTS_GOBGP_PATH_TYPE "CommunitiesAttribute",
                                &comms.base) != DOTS_OK)
    {
        return 0;
    }

    attrs[0] = &origin.any;
    attrs[1] = &next_hop.any;
    attrs[2] = &communities.any;

    path.nlri = &nlri.nlri.any;
    path.family = &nlri.family;
    path.n_pattrs = 3;
    path.pattrs = attrs;
    request.table_type = DOTS_GOBGP_PATH_GLOBAL;
    request.path = &path;

    return dots_gobgp_path_pack(&request.base, buf, size);
}


size_t
dots_gobgp_path_delete(const dots_gobgp_path_t *p, uint8_t *buf, size_t size)
{
    Apipb__Path               path = APIPB__PATH__INIT;
    dots_gobgp_path_nlri_t    nlri;
    Apipb__DeletePathRequest  request = APIPB__DELETE_PATH_REQUEST__INIT;

    if (dots_gobgp_path_nlri(&nlri, &p->prefix) != DOTS_OK) {
        return 0;
    }

    path.nlri = &nlri.nlri.any;
    path.family = &nlri.family;
    path.is_withdraw = 1;       /* else GoBGP wants a next hop */
    path.identifier = p->identifier;
    request.table_type = DOTS_GOBGP_PATH_GLOBAL;
    request.family = &nlri.family;
    request.path = &path;

    return dots_gobgp_path_pack(&request.base, buf, size);
}


size_t
dots_gobgp_path_list(int family, uint8_t *buf, size_t size)
{
    Apipb__Family           f;
    Apipb__ListPathRequest  request = APIPB__LIST_PATH_REQUEST__INIT;

    dots_gobgp_path_family(&f, family);
    request.table_type = DOTS_GOBGP_PATH_GLOBAL;
    request.family = &f;

    return dots_gobgp_path_pack(&request.base, buf, size);
}


/* ---- answers ---- */

static int
dots_gobgp_path_is(const Apipb__Any *any, const char *type)
{
    static const char  prefix[] = DOTS_GOBGP_PATH_TYPE;

    return strncmp(any->type_url, prefix, sizeof(prefix) - 1) == 0
           && strcmp(any->type_url + sizeof(prefix) - 1, type) == 0;
}


static int
dots_gobgp_path_prefix(const Apipb__Any *any, dots_prefix_t *prefix)
{
    int                      rc;
    char                     text[DOTS_PREFIX_TEXT];
    size_t                   n;
    Apipb__IPAddressPrefix  *p;

    if (any == NULL || !dots_gobgp_path_is(any, "IPAddressPrefix")) {
        return DOTS_DECLINED;
    }

    p = apipb__ipaddress_prefix__unpack(NULL, any->value.len, any->value.data);
    if (p == NULL) {
        return DOTS_INVALID;
    }

    n = (size_t) snprintf(text, sizeof(text), "%s/%u", p->prefix,
                          p->prefix_len);
    rc = n < sizeof(text) ? dots_prefix_parse(prefix, dots_str(text, n))
                          : DOTS_INVALID;

    apipb__ipaddress_prefix__free_unpacked(p, NULL);

    return rc;
}


static int
dots_gobgp_path_has(const uint32_t *list, size_t n, uint32_t c)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (list[i] == c) {
            return 1;
        }
    }

    return 0;
}


/*
 * Sets "ours"; "same" is nonzero if the communities are exactly those wanted.
 * DOTS_INVALID: they can't be read, for want of memory, say.  The path must not
 * be taken for somebody else's then.
 */

static int
dots_gobgp_path_communities_of(const dots_gobgp_conf_t *conf,
    const Apipb__Any *any, dots_gobgp_path_t *path, int *same)
{
    size_t                        i, n;
    uint32_t                      want[DOTS_GOBGP_COMMUNITIES + 1];
    Apipb__CommunitiesAttribute  *a;

    a = apipb__communities_attribute__unpack(NULL, any->value.len,
                                             any->value.data);
    if (a == NULL) {
        return DOTS_INVALID;
    }

    n = dots_gobgp_path_communities(conf, want);
    *same = a->n_communities == n;
    path->ours = (uint8_t) dots_gobgp_path_has(a->communities,
                                               a->n_communities, conf->tag);

    for (i = 0; i < n && *same; i++) {
        *same = dots_gobgp_path_has(a->communities, n, want[i]);
    }

    apipb__communities_attribute__free_unpacked(a, NULL);

    return DOTS_OK;
}


static int
dots_gobgp_path_same_hop(const dots_gobgp_conf_t *conf, int family,
    const char *text)
{
    dots_prefix_t         hop;
    const dots_prefix_t  *want;

    want = dots_gobgp_path_next_hop(conf, family);

    return want != NULL && text != NULL
           && dots_prefix_parse(&hop, dots_str(text, strlen(text))) == DOTS_OK
           && dots_prefix_cmp(&hop, want) == 0;
}


static int
dots_gobgp_path_next_hop_of(const dots_gobgp_conf_t *conf,
    const Apipb__Any *any, int *same)
{
    Apipb__NextHopAttribute  *a;

    a = apipb__next_hop_attribute__unpack(NULL, any->value.len,
                                          any->value.data);
    if (a == NULL) {
        return DOTS_INVALID;
    }

    *same = dots_gobgp_path_same_hop(conf, 4, a->next_hop);
    apipb__next_hop_attribute__free_unpacked(a, NULL);

    return DOTS_OK;
}


static int
dots_gobgp_path_mp_reach_of(const dots_gobgp_conf_t *conf,
    const Apipb__Any *any, int *same)
{
    Apipb__MpReachNLRIAttribute  *a;

    a = apipb__mp_reach_nlriattribute__unpack(NULL, any->value.len,
                                              any->value.data);
    if (a == NULL) {
        return DOTS_INVALID;
    }

    *same = a->n_next_hops > 0
            && dots_gobgp_path_same_hop(conf, 6, a->next_hops[0]);
    apipb__mp_reach_nlriattribute__free_unpacked(a, NULL);

    return DOTS_OK;
}


/* One attribute: "hop" and "communities" are set if they are those wanted. */

static int
dots_gobgp_path_attribute(const dots_gobgp_conf_t *conf,
    const Apipb__Any *any, dots_gobgp_path_t *path, int *hop, int *communities)
{
    if (dots_gobgp_path_is(any, "CommunitiesAttribute")) {
        return dots_gobgp_path_communities_of(conf, any, path, communities);
    }

    if (dots_gobgp_path_is(any, "NextHopAttribute")
        && path->prefix.family == 4)
    {
        return dots_gobgp_path_next_hop_of(conf, any, hop);
    }

    if (dots_gobgp_path_is(any, "MpReachNLRIAttribute")
        && path->prefix.family == 6)
    {
        return dots_gobgp_path_mp_reach_of(conf, any, hop);
    }

    return DOTS_OK;
}


static int
dots_gobgp_path_read(const dots_gobgp_conf_t *conf, const Apipb__Path *p,
    dots_gobgp_path_t *path)
{
    int     rc, hop, communities;
    size_t  i;

    memset(path, 0, sizeof(dots_gobgp_path_t));

    rc = dots_gobgp_path_prefix(p->nlri, &path->prefix);
    if (rc != DOTS_OK) {
        return rc;
    }

    /* ::ffff:0:0/96 parses as IPv4: no target of ours, so no path either */

    if (p->family == NULL
        || (p->family->afi == DOTS_GOBGP_PATH_AFI_IP)
               != (path->prefix.family == 4))
    {
        return DOTS_DECLINED;
    }

    hop = 0;
    communities = 0;

    for (i = 0; i < p->n_pattrs; i++) {
        rc = dots_gobgp_path_attribute(conf, p->pattrs[i], path, &hop,
                                       &communities);
        if (rc != DOTS_OK) {
            return rc;
        }
    }

    path->identifier = p->identifier;
    path->same = hop && communities && p->identifier == 0;

    return DOTS_OK;
}


/* GoBGP prints the neighbour of a path of its own as Go prints no address. */

static int
dots_gobgp_path_local(const Apipb__Path *p)
{
    uint8_t  addr[16];

    return inet_pton(AF_INET, p->neighbor_ip, addr) != 1
           && inet_pton(AF_INET6, p->neighbor_ip, addr) != 1;
}


int
dots_gobgp_path_each(const dots_gobgp_conf_t *conf, const uint8_t *data,
    size_t len, int (*cb)(void *ctx, const dots_gobgp_path_t *path), void *ctx)
{
    int                        rc;
    size_t                     i;
    Apipb__Destination        *d;
    dots_gobgp_path_t          path;
    Apipb__ListPathResponse   *r;

    r = apipb__list_path_response__unpack(NULL, len, data);
    if (r == NULL) {
        return DOTS_INVALID;
    }

    rc = DOTS_OK;
    d = r->destination;

    for (i = 0; d != NULL && i < d->n_paths && rc == DOTS_OK; i++) {

        if (!dots_gobgp_path_local(d->paths[i])) {
            continue;
        }

        rc = dots_gobgp_path_read(conf, d->paths[i], &path);
        rc = rc == DOTS_OK ? cb(ctx, &path) : rc;
        rc = rc == DOTS_DECLINED ? DOTS_OK : rc;    /* not an address prefix */
    }

    apipb__list_path_response__free_unpacked(r, NULL);

    return rc;
}
