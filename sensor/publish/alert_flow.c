/* Alert: the flow, the tunnels and the link of a match. Any thread. */
#include "alert_internal.h"

#include <netinet/in.h>
#include <sensor/decode/decode.h>
#include <stdio.h>

static void write_proto(struct sl_json *j, uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		sl_json_text(j, "proto", "tcp");
		break;
	case IPPROTO_UDP:
		sl_json_text(j, "proto", "udp");
		break;
	case IPPROTO_SCTP:
		sl_json_text(j, "proto", "sctp");
		break;
	case IPPROTO_ICMP:
		sl_json_text(j, "proto", "icmp");
		break;
	case IPPROTO_ICMPV6:
		sl_json_text(j, "proto", "icmpv6");
		break;
	default:
		sl_json_u64(j, "proto", proto);
	}
}

static void write_end(struct sl_json *j, const char *key, const struct sl_address *address,
		      const uint16_t *port)
{
	char text[SL_ADDRESS_TEXT];

	if (address->family == 0)
		return;
	sl_json_open(j, key, '{');
	sl_json_text(j, "ip", sl_address_format(text, address));
	if (port)
		sl_json_u64(j, "port", *port);
	sl_json_close(j, '}');
}

static void write_address(struct sl_json *j, const char *key, const struct sl_address *a)
{
	char text[SL_ADDRESS_TEXT];

	if (a->family)
		sl_json_text(j, key, sl_address_format(text, a));
}

/* What each kind of tunnel calls the number that tells its tunnels apart. */
static const char *tunnel_number(enum sl_layer layer)
{
	switch (layer) {
	case SL_LAYER_GTP_U:
		return "teid";
	case SL_LAYER_VXLAN:
	case SL_LAYER_GENEVE:
		return "vni";
	case SL_LAYER_GRE:
		return "key";
	case SL_LAYER_NSH:
		return "path";
	default:
		return "session";
	}
}

static void write_tunnels(struct sl_json *j, const struct sl_match *m)
{
	if (!m->tunnels)
		return;
	sl_json_open(j, "tunnel", '[');
	for (size_t i = 0; i < m->tunnels && i < SL_TUNNELS_MAX; i++) {
		const struct sl_tunnel *t = &m->tunnel[i];
		sl_json_open(j, NULL, '{');
		sl_json_text(j, "type", sl_layer_text((enum sl_layer)t->layer));
		write_address(j, "src", &t->src);
		write_address(j, "dst", &t->dst);
		if (t->has_id)
			sl_json_u64(j, tunnel_number((enum sl_layer)t->layer), t->id);
		sl_json_close(j, '}');
	}
	sl_json_close(j, ']');
}

void sl_alert_flow(struct sl_json *j, const struct sl_match *m, uint16_t community_seed)
{
	const struct sl_flow_view *f = &m->flow;
	bool ports = f->proto == IPPROTO_TCP || f->proto == IPPROTO_UDP || f->proto == IPPROTO_SCTP;
	char id[SL_COMMUNITY_ID_TEXT];

	sl_json_open(j, "flow", '{');
	sl_alert_text(j, "community_id", sl_community_id(id, f, community_seed));
	write_proto(j, f->proto);
	sl_alert_text(j, "app", f->app);
	write_tunnels(j, m);
	if (f->vlans) {
		sl_json_open(j, "vlan", '[');
		for (size_t i = 0; i < f->vlans && i < SL_VIEW_VLANS; i++)
			sl_json_u64(j, NULL, f->vlan[i]);
		sl_json_close(j, ']');
	}
	write_end(j, "src", &f->src, ports ? &f->sport : NULL);
	write_end(j, "dst", &f->dst, ports ? &f->dport : NULL);
	sl_json_text(j, "direction", m->to_client ? "to_client" : "to_server");
	if (f->seen == (SL_SEEN_TO_SERVER | SL_SEEN_TO_CLIENT))
		sl_json_text(j, "seen", "both");
	else if (f->seen)
		sl_json_text(j, "seen", f->seen == SL_SEEN_TO_SERVER ? "to_server" : "to_client");
	sl_json_time(j, "start", f->start);
	sl_json_u64(j, "packets", f->packets[0] + f->packets[1]);
	sl_json_u64(j, "bytes", f->bytes[0] + f->bytes[1]);
	sl_json_close(j, '}');
}

static void write_mac(struct sl_json *j, const char *key, const uint8_t mac[6])
{
	char text[18];
	snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		 mac[4], mac[5]);
	sl_json_text(j, key, text);
}

void sl_alert_link(struct sl_json *j, const struct sl_match *m)
{
	if (!m->interface && !m->has_mac)
		return;
	sl_json_open(j, "link", '{');
	sl_alert_text(j, "interface", m->interface);
	if (m->has_mac) {
		write_mac(j, "src_mac", m->src_mac);
		write_mac(j, "dst_mac", m->dst_mac);
	}
	sl_json_close(j, '}');
}
