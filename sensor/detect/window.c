/* Windows: the last bytes of a direction or a body, for groups that are verified there. They grow as
 * bytes come, because most flows are short. */
#include <sensor/detect/detect_internal.h>
#include <stdlib.h>

enum {
	ROOM_FIRST = 2048,
	ROOM_MAX = 2 * SL_WINDOW_BYTES,
	STEPS_OF_BYTE = 8, /* a segment of usual size brings as many as a value has */
};

/* --- which flows have them --- */

enum { PORTS = 65536 };
_Static_assert(SL_APP_COUNT <= 32, "a bit an application");

/* The ports of that place: those named, or all but those that it denies. As sl_where_may says. */
static void want_ports(struct sl_engine *e, uint32_t where, uint32_t apps)
{
	const struct sl_ruleset_range list = e->rs->wheres[where].port;
	const struct sl_ruleset_ports all = { .last = PORTS - 1 };
	bool named = false;
	for (uint32_t i = 0; i < list.n; i++)
		named |= !e->rs->ports[list.first + i].negated;
	for (uint32_t i = 0; i < (named ? list.n : 1); i++) {
		const struct sl_ruleset_ports *ports = named ? &e->rs->ports[list.first + i] : &all;
		for (uint32_t port = ports->first; !ports->negated && port <= ports->last; port++)
			if (sl_where_may_port(e->rs, where, (uint16_t)port))
				e->windowed[port] |= apps;
	}
}

/* *everywhere: the applications that are wanted at all ports already. */
static int want(struct sl_engine *e, uint32_t where, uint32_t *everywhere)
{
	const struct sl_ruleset_where *w = &e->rs->wheres[where];
	uint32_t apps = w->apps ? (uint32_t)w->apps | 1u << SL_APP_NONE : UINT32_MAX;
	if (!e->windowed)
		e->windowed = calloc(PORTS, sizeof *e->windowed);
	if (!e->windowed)
		return SL_ENOMEM;
	if ((apps & ~*everywhere) == 0)
		return SL_OK;
	want_ports(e, where, apps);
	if (!w->port.n && sl_where_may_port(e->rs, where, 0))
		*everywhere |= apps;
	return SL_OK;
}

int sl_windows_init(struct sl_engine *e)
{
	const struct sl_ruleset *rs = e->rs;
	bool *known = calloc(rs->wheres_n + 1, sizeof *known); /* indicators of one place are one */
	uint32_t everywhere = 0;
	int rc = known ? SL_OK : SL_ENOMEM;
	for (uint32_t i = 0; rc == SL_OK && i < rs->conditions_n; i++) {
		const struct sl_ruleset_condition *c = &rs->conditions[i];
		uint32_t where = rs->indicators[c->indicator].where;
		if (!(c->flags & (SL_COND_CONFIRM | SL_COND_PCRE)) || !sl_ruleset_field_streams(c->field))
			continue;
		sl_field_set_add(&e->confirmed, c->field);
		if (c->field == SL_FIELD_PAYLOAD && !known[where])
			rc = want(e, where, &everywhere);
		known[where] |= c->field == SL_FIELD_PAYLOAD;
	}
	free(known);
	return rc;
}

/* --- life --- */

struct sl_window *sl_window_new(struct sl_detect *d)
{
	struct sl_window *w = d->stream_budget >= sizeof *w ? calloc(1, sizeof *w) : NULL;
	if (w) {
		d->stream_budget -= sizeof *w;
		w->steps = SL_VERIFY_STEPS;
	} else {
		sl_count(d->config.counters, SL_COUNT_WINDOWS_FULL);
	}
	return w;
}

void sl_window_free(struct sl_detect *d, struct sl_window *w)
{
	if (!w)
		return;
	d->stream_budget += sizeof *w + w->room;
	free(w->bytes);
	free(w);
}

bool sl_window_would_drop(const struct sl_window *w, size_t n, uint64_t offset)
{
	return w->len && (offset != w->end || n > SL_WINDOW_BYTES || w->len + n > ROOM_MAX);
}

static bool grow(struct sl_detect *d, struct sl_window *w, size_t need)
{
	uint32_t room = w->room ? w->room : ROOM_FIRST;
	while (room < need)
		room *= 2;
	if (room == w->room)
		return true;
	uint8_t *bytes = d->stream_budget >= room - w->room ? realloc(w->bytes, room) : NULL;
	if (!bytes) {
		sl_count(d->config.counters, SL_COUNT_WINDOWS_FULL);
		return false;
	}
	d->stream_budget -= room - w->room;
	w->bytes = bytes;
	w->room = room;
	return true;
}

static void steps_bring(struct sl_window *w, size_t bytes)
{
	uint64_t steps = w->steps + (uint64_t)bytes * STEPS_OF_BYTE;
	w->steps = steps < SL_VERIFY_STEPS ? (uint32_t)steps : SL_VERIFY_STEPS;
}

static void drop_all_but(struct sl_window *w, uint32_t n)
{
	memmove(w->bytes, w->bytes + w->len - n, n);
	w->len = n;
}

void sl_window_add(struct sl_detect *d, struct sl_window *w, struct sl_span bytes, uint64_t offset)
{
	uint64_t end = offset + bytes.len;
	if (offset != w->end)
		w->len = 0;
	w->end = end;
	steps_bring(w, bytes.len);
	if (bytes.len > SL_WINDOW_BYTES) {
		bytes = sl_span_of(bytes.at + bytes.len - SL_WINDOW_BYTES, SL_WINDOW_BYTES);
		w->len = 0;
	}
	if (!bytes.len)
		return;
	if (w->len + bytes.len > ROOM_MAX)
		drop_all_but(w, SL_WINDOW_BYTES);
	if (!grow(d, w, w->len + bytes.len)) {
		w->len = 0;
		w->end = 0; /* what follows begins anew */
		return;
	}
	memcpy(w->bytes + w->len, bytes.at, bytes.len);
	w->len += (uint32_t)bytes.len;
}

struct sl_span sl_window_bytes(const struct sl_window *w, uint64_t end, uint64_t *base)
{
	uint64_t first = w->end - w->len, last = end < w->end ? end : w->end;
	if (last <= first) {
		*base = last;
		return sl_span_of(NULL, 0);
	}
	*base = last - first > SL_WINDOW_BYTES ? last - SL_WINDOW_BYTES : first;
	return sl_span_of(w->bytes + (*base - first), (size_t)(last - *base));
}
