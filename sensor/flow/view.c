/* What others see of a flow: a copy of it, now or as it was at an earlier packet, and its state as a
 * word. */
#include <netinet/in.h>
#include <sensor/flow/flow.h>
#include <string.h>

static void set_address(struct sl_address *a, const struct sl_flow *f, const uint8_t bytes[16])
{
	a->family = f->key.family;
	memcpy(a->bytes, bytes, 16);
}

void sl_flow_view(const struct sl_flow *f, struct sl_flow_view *v)
{
	struct sl_flow_moment now;
	sl_flow_moment(f, &now);
	sl_flow_view_at(f, &now, v);
}

void sl_flow_view_at(const struct sl_flow *f, const struct sl_flow_moment *m, struct sl_flow_view *v)
{
	bool high = m->client, icmp = f->key.proto == IPPROTO_ICMP || f->key.proto == IPPROTO_ICMPV6;
	memset(v, 0, sizeof *v);
	set_address(&v->src, f, high ? f->key.high : f->key.low);
	set_address(&v->dst, f, high ? f->key.low : f->key.high);
	v->sport = icmp ? f->icmp >> 8 : high ? f->key.high_port : f->key.low_port;
	v->dport = icmp ? f->icmp & 0xff : high ? f->key.low_port : f->key.high_port;
	v->proto = f->key.proto;
	v->seen = (uint8_t)((m->seen >> high & 1 ? SL_SEEN_TO_SERVER : 0) |
			    (m->seen >> !high & 1 ? SL_SEEN_TO_CLIENT : 0));
	v->vlans = f->vlans;
	memcpy(v->vlan, f->vlan, sizeof v->vlan);
	v->app = sl_app_text((enum sl_app)m->app);
	v->start = f->start;
	v->last = m->last;
	for (unsigned i = 0; i < 2; i++) {
		v->packets[i] = m->packets[i ^ high];
		v->bytes[i] = m->bytes[i ^ high];
	}
}

const char *sl_flow_state_text(const struct sl_flow *f)
{
	if ((f->side[0].flags | f->side[1].flags) & SL_SIDE_BEYOND)
		return "beyond-depth"; /* from some byte on only counted */
	switch (f->state) {
	case SL_FLOW_CLOSED:
		return f->reset ? "reset" : "closed";
	case SL_FLOW_TCP_ESTABLISHED:
	case SL_FLOW_ESTABLISHED:
		return "established";
	default:
		return "new";
	}
}
