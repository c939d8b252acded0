/* The protocols, how a flow comes to one and leaves it, and datagrams; streams are in stream.c. Per
 * worker. */
#include <netinet/in.h>
#include <sensor/inspect/file.h>
#include <sensor/inspect/inspect_internal.h>
#include <sensor/inspect/tls.h>
#include <stdlib.h>

enum {
	PORT_DNS = 53, /* where one is always looked for */
	PORT_NETBIOS = 137, /* shares DNS's shape, not its names (RFC 1002) */
};

const struct sl_parser *const sl_parsers[SL_APP_COUNT] = {
	[SL_APP_HTTP] = &sl_http_parser,
	[SL_APP_HTTP2] = &sl_http2_parser,
	[SL_APP_TLS] = &sl_tls_parser,
	[SL_APP_DNS] = &sl_dns_parser,
	[SL_APP_QUIC] = &sl_quic_parser,
	[SL_APP_OPENVPN] = &sl_openvpn_parser,
	[SL_APP_SMTP] = &sl_smtp_parser,
	[SL_APP_FTP] = &sl_ftp_parser,
	[SL_APP_FTP_DATA] = &sl_ftp_data_parser,
	[SL_APP_SSH] = &sl_ssh_parser,
	[SL_APP_SOCKS] = &sl_socks_parser,
	[SL_APP_RTSP] = &sl_rtsp_parser,
};

int sl_inspect_new(struct sl_inspect **out, const struct sl_inspect_config *config, struct sl_err *err)
{
	struct sl_inspect *i = malloc(sizeof *i);
	if (!i)
		return sl_fail(err, SL_ENOMEM, "inspect: out of memory");
	memset(i, 0, offsetof(struct sl_inspect, room));
	i->config = *config;
	i->hold_left = config->state_bytes;
	i->spare = SL_SPARE_BYTES;
	int rc = sl_gather_new(&i->gather, config->gather_bytes, config->counters, err);
	if (rc == SL_OK)
		rc = sl_expect_new(&i->expect, config->counters, err);
	if (rc == SL_OK)
		rc = sl_file_hashes_want(i, config->wanted, err);
	if (rc != SL_OK) {
		sl_inspect_free(i);
		return rc;
	}
	*out = i;
	return SL_OK;
}

void sl_inspect_free(struct sl_inspect *i)
{
	if (!i)
		return;
	sl_gather_free(i->gather);
	sl_expect_free(i->expect);
	sl_file_hashes_free(i);
	free(i);
}

int sl_inspect_want(struct sl_inspect *i, const bool wanted[SL_FIELD_COUNT], struct sl_err *err)
{
	int rc = sl_file_hashes_want(i, wanted, err);
	if (rc == SL_OK)
		memcpy(i->config.wanted, wanted, sizeof i->config.wanted);
	return rc;
}

size_t sl_inspect_slot_bytes(void)
{
	return sizeof(struct sl_slot);
}

/* --- protocols come and go --- */

bool sl_talk_found(struct sl_talk *t, enum sl_app app)
{
	size_t bytes = sl_parsers[app]->state_bytes;
	if (bytes) {
		t->slot->state = t->state = sl_hold_state(t->inspect, bytes);
		if (!t->state)
			return false;
	}
	t->flow->app = (uint8_t)app;
	t->parser = sl_parsers[app];
	return true;
}

static void state_drop(struct sl_talk *t)
{
	if (t->parser && t->parser->forget && t->slot->state)
		t->parser->forget(t);
	sl_hold_give(t->inspect, t->slot->state);
	t->slot->state = t->state = NULL;
}

void sl_talk_anew(struct sl_talk *t)
{
	state_drop(t);
	if (t->parser)
		sl_talk_tx_end(t, 0);
	t->parser = NULL;
	if (t->flow->app != SL_APP_NONE)
		t->flow->app_before = t->flow->app & 15u;
	t->flow->app = SL_APP_NONE;
	for (unsigned s = 0; s < 2; s++) {
		if (s != t->side)
			sl_gather_drop(t->inspect->gather, &t->slot->buffer[s]);
		t->slot->side[s] = (struct sl_side){ 0 };
	}
}

/* --- datagrams --- */

static bool on_port(const struct sl_flow *flow, uint16_t port)
{
	return flow->key.low_port == port || flow->key.high_port == port;
}

/* Tries the protocol on a datagram of a flow that is not known yet. */
static bool try_datagram(struct sl_talk *t, enum sl_app app, struct sl_span payload)
{
	const struct sl_parser *p = sl_parsers[app];
	if (!p || !p->datagram || (p->probe_datagram && !p->probe_datagram(t, payload)))
		return false;
	if (p->probe_datagram && !sl_talk_found(t, app))
		return false;
	t->parser = p;
	t->inspect->values_n = 0;
	t->inspect->room_used = 0;
	if (!p->datagram(t, payload)) {
		state_drop(t);
		t->parser = NULL;
		t->flow->app = SL_APP_NONE;
		return false;
	}
	t->flow->app = (uint8_t)app;
	return true;
}

static bool find_datagram(struct sl_talk *t, struct sl_span payload)
{
	for (unsigned a = SL_APP_NONE + 1; a < SL_APP_COUNT; a++)
		if (try_datagram(t, (enum sl_app)a, payload))
			return true;
	return false;
}

/* A flow whose protocol is known, and that had too many datagrams that are none of it: another must be as
 * good as one that makes a flow known. */
static bool good_again(struct sl_talk *t, struct sl_span payload)
{
	const struct sl_parser *p = t->parser;
	uint8_t app = t->flow->app;
	if (!p->datagram || (p->probe_datagram && !p->probe_datagram(t, payload)))
		return false;
	t->flow->app = SL_APP_NONE;
	bool good = p->datagram(t, payload);
	t->flow->app = app;
	return good;
}

void sl_inspect_datagram(struct sl_inspect *i, struct sl_flow *flow, void *slot, unsigned side,
			 struct sl_span payload)
{
	struct sl_talk t = sl_talk_of(i, flow, slot, side);
	if (flow->key.proto != IPPROTO_UDP || !payload.len)
		return;
	t.last = true;
	if (t.at->finished && t.parser) {
		t.at->finished = !good_again(&t, payload);
		return;
	}
	/* media begins with STUN, for as long as it takes, before DTLS */
	if (t.at->finished && !sl_dtls_probe(&t, payload))
		return;
	if (on_port(flow, PORT_NETBIOS)) {
		t.at->finished = true;
		return;
	}
	const struct sl_parser *p = t.parser;
	if (p ? p->datagram && p->datagram(&t, payload) : find_datagram(&t, payload)) {
		t.at->tries = 0;
		t.at->finished = false;
		return;
	}
	t.at->tries = (t.at->tries + 1) & 7;
	if (t.at->tries >= SL_TRIES_MOST) {
		t.at->finished = !on_port(flow, PORT_DNS);
		t.at->tries = 0;
	}
}

void sl_inspect_forget(struct sl_inspect *i, struct sl_flow *flow, void *slot)
{
	struct sl_talk t = sl_talk_of(i, flow, slot, 0);
	state_drop(&t);
	for (unsigned s = 0; s < 2; s++)
		sl_gather_drop(i->gather, &t.slot->buffer[s]);
}
