/* Where an indicator may hold: what is cheap to refuse is asked first. Ends are told by the packet of
 * the hit: `from` is who sent it. A list holds if one that is not negated fits, if there is any, and
 * none that is. */
#include <netinet/in.h>
#include <sensor/detect/detect_internal.h>

static bool has_proto(const struct sl_ruleset_where *w, uint8_t proto)
{
	uint64_t any = w->protos[0] | w->protos[1] | w->protos[2] | w->protos[3];
	return !any || w->protos[proto / 64] >> proto % 64 & 1;
}

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

static bool ports_fit(const struct sl_ruleset *rs, struct sl_ruleset_range list, uint8_t proto, uint16_t port)
{
	bool wanted = false, found = false;
	if (list.n && !has_ports(proto))
		return false;
	for (uint32_t i = 0; i < list.n; i++) {
		const struct sl_ruleset_ports *p = &rs->ports[list.first + i];
		bool in = port >= p->first && port <= p->last;
		if (in && p->negated)
			return false;
		wanted |= !p->negated;
		found |= in;
	}
	return found || !wanted;
}

static bool in_network(const struct sl_ruleset_network *n, uint8_t family, const uint8_t *address)
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;
	if (n->family != family || memcmp(n->bytes, address, whole) != 0)
		return false;
	return !rest || (n->bytes[whole] ^ address[whole]) >> (8 - rest) == 0;
}

static bool networks_fit(const struct sl_ruleset *rs, struct sl_ruleset_range list, const struct sl_flow_key *key,
			 bool high)
{
	bool wanted = false, found = false;
	const uint8_t *address = high ? key->high : key->low;
	for (uint32_t i = 0; i < list.n; i++) {
		const struct sl_ruleset_network *n = &rs->networks[list.first + i];
		if (n->negated ? in_network(n, key->family, address)
			       : !found && in_network(n, key->family, address)) {
			if (n->negated)
				return false;
			found = true;
		}
		wanted |= !n->negated;
	}
	return found || !wanted;
}

static uint16_t port_of(const struct sl_flow_key *key, bool high)
{
	return high ? key->high_port : key->low_port;
}

static bool packet_fits(const struct sl_ruleset_where *w, const struct sl_sighting *at, uint8_t proto)
{
	bool icmp = proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
	if ((w->flags_set | w->flags_clear) &&
	    (proto != IPPROTO_TCP || (at->tcp_flags & w->flags_set) != w->flags_set || at->tcp_flags & w->flags_clear))
		return false;
	if (w->flags & SL_WHERE_ICMP &&
	    (!icmp || at->icmp_type < w->icmp_type_min || at->icmp_type > w->icmp_type_max ||
	     at->icmp_code < w->icmp_code_min || at->icmp_code > w->icmp_code_max))
		return false;
	if (at->tunnel_kinds & w->tunnel_none || (w->tunnel_any && !(at->tunnel_kinds & w->tunnel_any)))
		return false;
	return !(w->flags & SL_WHERE_VNI) || (at->has_vni && at->vni == w->vni);
}

static bool flow_fits(const struct sl_ruleset_where *w, const struct sl_hit *hit)
{
	const struct sl_flow_moment *now = &hit->at->flow;
	bool to_client = hit->side != now->client;
	bool answered = now->seen == (SL_SEEN_TO_SERVER | SL_SEEN_TO_CLIENT);
	if (w->apps && !(now->app && w->apps >> now->app & 1))
		return false;
	if (w->apps_before && !(w->apps_before >> now->app_before & 1))
		return false;
	if (w->direction && (w->direction == SL_WHERE_TO_CLIENT) != to_client)
		return false;
	return !w->part || (w->part == SL_WHERE_ANSWERED) == answered;
}

bool sl_where_fits(const struct sl_detect *d, const struct sl_hit *hit)
{
	const struct sl_ruleset *rs = d->lane[hit->lane].rs;
	uint32_t row = rs->indicators[hit->indicator].where;
	const struct sl_ruleset_where *w = &rs->wheres[row];
	const struct sl_flow_key *key = &hit->flow->key;
	bool client = hit->at->flow.client, from = hit->side;
	uint8_t proto = key->proto;
	if (!row)
		return true;
	return has_proto(w, proto) && flow_fits(w, hit) && packet_fits(w, hit->at, proto) &&
	       ports_fit(rs, w->port, proto, port_of(key, !client)) &&
	       ports_fit(rs, w->client_port, proto, port_of(key, client)) &&
	       ports_fit(rs, w->from_port, proto, port_of(key, from)) &&
	       ports_fit(rs, w->to_port, proto, port_of(key, !from)) &&
	       networks_fit(rs, w->client, key, client) && networks_fit(rs, w->server, key, !client) &&
	       networks_fit(rs, w->from, key, from) && networks_fit(rs, w->to, key, !from);
}

/* Which end is the client may turn out later, so either will do. */
bool sl_where_may(const struct sl_lane *lane, uint32_t indicator, const struct sl_flow *flow)
{
	uint32_t row = lane->rs->indicators[indicator].where;
	const struct sl_ruleset_where *w = &lane->rs->wheres[row];
	const struct sl_flow_key *key = &flow->key;
	if (!row)
		return true;
	if (!has_proto(w, key->proto) || (w->apps && flow->app && !(w->apps >> flow->app & 1)))
		return false;
	return ports_fit(lane->rs, w->port, key->proto, key->low_port) ||
	       ports_fit(lane->rs, w->port, key->proto, key->high_port);
}

bool sl_where_may_port(const struct sl_ruleset *rs, uint32_t where, uint16_t port)
{
	const struct sl_ruleset_where *w = &rs->wheres[where];
	return has_proto(w, IPPROTO_TCP) && ports_fit(rs, w->port, IPPROTO_TCP, port);
}

/* --- marks --- */

bool sl_where_asks_marks(const struct sl_ruleset *rs, const struct sl_ruleset_indicator *ind)
{
	const struct sl_ruleset_where *w = &rs->wheres[ind->where];
	return w->marked.n || w->marked_any.n || w->not_marked.n;
}

static unsigned marks_set(const struct sl_detect *d, const struct sl_ruleset *rs, struct sl_ruleset_range list,
			  const struct sl_ledger *flow)
{
	unsigned n = 0;
	for (uint32_t i = 0; i < list.n; i++)
		n += sl_mark_is_set(d, flow, rs->marks[list.first + i]);
	return n;
}

bool sl_where_marks_fit(const struct sl_detect *d, const struct sl_hit *hit, const struct sl_ledger *flow)
{
	const struct sl_ruleset *rs = d->lane[hit->lane].rs;
	const struct sl_ruleset_where *w = &rs->wheres[rs->indicators[hit->indicator].where];
	return marks_set(d, rs, w->marked, flow) == w->marked.n &&
	       (!w->marked_any.n || marks_set(d, rs, w->marked_any, flow)) &&
	       !marks_set(d, rs, w->not_marked, flow);
}
