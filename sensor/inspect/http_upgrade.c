/* The upgrade from HTTP/1 to HTTP/2 in the clear (RFC 7540, section 3.2): the request that asked for it
 * is kept until the server agrees, and is then stream 1 of HTTP/2, whose response comes there. Per
 * worker. */
#include <sensor/inspect/http2.h>
#include <sensor/inspect/inspect_internal.h>

enum { HEAD_MOST = 16 * 1024 /* of a request that is kept */ };

/* What speaks of the connection is not part of the request (RFC 9113, section 8.2.2). */
static bool of_connection(struct sl_span name)
{
	static const char *const names[] = { "connection", "upgrade",          "http2-settings",
					     "keep-alive", "proxy-connection", "transfer-encoding" };
	bool is = false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		is = is || sl_http_is(name, names[i]);
	return is;
}

/* The next header's name and value; folded lines are passed over. False: no more. */
static bool header_next(struct sl_span *in, struct sl_span *name, struct sl_span *value)
{
	struct sl_span line;
	while (sl_http_line(in, &line) && line.len) {
		if (!sl_http_is_header(line))
			continue;
		size_t n = (size_t)((const uint8_t *)memchr(line.at, ':', line.len) - line.at);
		*name = sl_span_of(line.at, n);
		*value = sl_http_trim(sl_span_of(line.at + n + 1, line.len - n - 1));
		return true;
	}
	return false;
}

/* "h2c", with the settings that make it valid (section 3.2.1). */
static bool asks(const struct sl_http_head *h, struct sl_span in)
{
	struct sl_span line, name, value;
	if (!sl_http_has_element(h->kept[SL_KEPT_UPGRADE], "h2c") || !sl_http_line(&in, &line))
		return false;
	while (header_next(&in, &name, &value))
		if (sl_http_is(name, "http2-settings"))
			return true;
	return false;
}

void sl_http_upgrade_keep(struct sl_talk *t, const struct sl_http_head *h, struct sl_span in)
{
	struct sl_http *http = t->state;
	sl_hold_give(t->inspect, http->upgrade);
	http->upgrade = NULL;
	if (in.len > HEAD_MOST || !asks(h, in))
		return;
	http->upgrade = sl_hold_take(t->inspect, sizeof *http->upgrade + in.len);
	if (!http->upgrade)
		return;
	http->upgrade->tx = t->tx;
	http->upgrade->len = in.len;
	memcpy(http->upgrade->head, in.at, in.len);
}

/* The head in the form of HTTP/2: pseudo-headers for the start line, names in lower case. */
static void block_fill(struct sl_talk *t, struct sl_http_upgrade *u)
{
	struct sl_h2_block *b = &sl_h2_side_of(t)->block;
	struct sl_span in = sl_span_of(u->head, u->len), line, name, value, host = { NULL, 0 };
	sl_http_line(&in, &line);
	const uint8_t *first = memchr(line.at, ' ', line.len), *end = line.at + line.len;
	const uint8_t *last = first ? memrchr(line.at, ' ', line.len) : NULL;
	if (!first || last <= first)
		return;
	for (struct sl_span rest = in; !host.len && header_next(&rest, &name, &value);)
		if (sl_http_is(name, "host"))
			host = value;
	sl_h2_earn(t, (size_t)(end - u->head) + in.len);
	sl_h2_block_add(t, b, sl_span_str(":method"), sl_span_of(line.at, (size_t)(first - line.at)));
	sl_h2_block_add(t, b, sl_span_str(":path"), sl_http_trim(sl_span_of(first, (size_t)(last - first))));
	sl_h2_block_add(t, b, sl_span_str(":authority"), host);
	while (header_next(&in, &name, &value)) {
		for (size_t i = 0; i < name.len; i++)
			u->head[name.at - u->head + (ptrdiff_t)i] = (uint8_t)tolower(name.at[i]);
		if (!of_connection(name) && !sl_http_is(name, "host"))
			sl_h2_block_add(t, b, name, value);
	}
}

bool sl_http_upgrade(struct sl_talk *t, const struct sl_http_head *h)
{
	struct sl_http *http = t->state;
	struct sl_http_upgrade *u = http->upgrade;
	if (!u || u->tx != t->tx || !sl_http_has_element(h->kept[SL_KEPT_UPGRADE], "h2c"))
		return false;
	http->upgrade = NULL;
	sl_talk_anew(t);
	t->inspect->values_n = 0;
	t->inspect->room_used = 0;
	if (sl_talk_found(t, SL_APP_HTTP2)) {
		struct sl_talk client = *t;
		client.side = !t->side;
		client.at = &t->slot->side[client.side];
		block_fill(&client, u);
		sl_h2_side_of(&client)->block_ends = true;
		sl_h2_message(&client, 1);
	}
	sl_hold_give(t->inspect, u);
	return true;
}
