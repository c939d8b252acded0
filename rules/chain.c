/* A{gap}B{gap}C over any bytes, with \A in front where an offset or a depth counts from the value's
 * start, and what must follow behind. What cannot be said exactly (overlaps, `within` of an
 * expression whose length varies, anchors inside) does not fit: it is confirmed on the value
 * instead. */
#include <rules/chain.h>
#include <rules/expression.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	GAP_MAX = 1000,  /* bytes; a bounded repeat of more takes long to compile */
	GAPS_MAX = 1500, /* of all of a chain */
	EXTRAS = 96, /* characters around a condition: groups, gap, anchors */
};

static bool given(int32_t number)
{
	return number != SL_NOT_GIVEN;
}

bool sl_chain_follows(const struct sl_condition *c)
{
	return c->positioned && (given(c->position.distance) || given(c->position.within));
}

static bool bound_to_start(const struct sl_condition *c)
{
	return c->positioned && (given(c->position.offset) || given(c->position.depth));
}

static bool has_after(const struct sl_condition *c)
{
	return c->positioned && (c->position.after_min != 0 || c->position.after_max != UINT32_MAX);
}

/* Anchors and borders of words would look at the whole stream and not from the place in the chain.
 */
static bool regex_embeds(const struct sl_condition *c)
{
	const char *text = (const char *)c->bytes;
	return c->search == SL_SEARCH_EXACT && !strpbrk(text, "^$") && !strstr(text, "\\A") &&
	       !strstr(text, "\\z") && !strstr(text, "\\Z") && !strstr(text, "\\b") &&
	       !strstr(text, "\\B") && !strstr(text, "(*") && !strstr(text, "(?#");
}

/* The gap in front: from the value's start, or from the end of the condition before. */
struct gap {
	int64_t least, most; /* most < 0: any */
};

static struct gap gap_of(const struct sl_condition *c)
{
	const struct sl_position *p = &c->position;
	bool follows = sl_chain_follows(c);
	int32_t least = follows ? p->distance : p->offset, window = follows ? p->within : p->depth;
	struct gap gap = { given(least) ? least : 0, -1 };
	if (given(window))
		gap.most = gap.least + window - (int64_t)c->len;
	return gap;
}

static bool gap_fits(const struct sl_condition *c)
{
	if (!sl_chain_follows(c) && !bound_to_start(c))
		return true;
	if (sl_chain_follows(c) && bound_to_start(c))
		return false;
	struct gap gap = gap_of(c);
	bool bounded = given(sl_chain_follows(c) ? c->position.within : c->position.depth);
	if (bounded && (c->op == SL_OP_REGEX || gap.most < gap.least || gap.most > GAP_MAX))
		return false;
	return gap.least >= 0 && gap.least <= GAP_MAX;
}

static bool after_fits(const struct sl_condition *c)
{
	const struct sl_position *p = &c->position;
	return !has_after(c) || (p->after_min <= GAP_MAX &&
				 (p->after_max == UINT32_MAX ||
				  (p->after_max <= GAP_MAX && p->after_min <= p->after_max)));
}

/* Bytes that the expression counts: in front of the condition, and behind it. */
static int64_t counted(const struct sl_condition *c)
{
	struct gap gap = gap_of(c);
	int64_t after =
		c->position.after_max == UINT32_MAX ? c->position.after_min : c->position.after_max;
	return (gap.most > gap.least ? gap.most : gap.least) + after;
}

bool sl_chain_fits(const struct sl_condition *c, size_t n)
{
	if (n == 1 && !c->positioned)
		return c->op < SL_OP_REGEX ||
		       (c->op == SL_OP_REGEX && c->search == SL_SEARCH_EXACT);
	int64_t gaps = 0;
	for (size_t i = 0; i < n; i++) {
		bool literal = c[i].op == SL_OP_CONTAINS;
		bool regex = c[i].op == SL_OP_REGEX && regex_embeds(&c[i]);
		if (!(literal || regex) || !gap_fits(&c[i]) || !after_fits(&c[i]))
			return false;
		if (has_after(&c[i]) && i + 1 < n)
			return false;
		gaps += c[i].positioned ? counted(&c[i]) : 0;
	}
	return gaps <= GAPS_MAX;
}

size_t sl_chain_room(const struct sl_condition *c, size_t n)
{
	size_t room = 1;
	for (size_t i = 0; i < n; i++)
		room += (c[i].op == SL_OP_REGEX ? c[i].len : sl_literal_room(c[i].len)) + EXTRAS;
	return room;
}

static char *any_bytes(char *out, int64_t least, int64_t most)
{
	if (least == 0 && most == 0)
		return out;
	if (most < 0)
		return out + sprintf(out, "(?s:.{%lld,})", (long long)least);
	return out + sprintf(out, "(?s:.{%lld,%lld})", (long long)least, (long long)most);
}

static char *condition_write(char *out, const struct sl_condition *c)
{
	out = stpcpy(out, c->flags & SL_COND_NOCASE ? "(?i:" : "(?:");
	if (c->op == SL_OP_REGEX)
		out = stpcpy(out, (const char *)c->bytes);
	else
		sl_literal_escape(out, sl_span_of(c->bytes, c->len), false, false);
	return stpcpy(out + strlen(out), ")");
}

static char *after_write(char *out, const struct sl_condition *c)
{
	const struct sl_position *p = &c->position;
	if (!has_after(c))
		return out;
	if (p->after_max != UINT32_MAX)
		return stpcpy(any_bytes(out, p->after_min, p->after_max), "\\z");
	return any_bytes(out, p->after_min, p->after_min);
}

void sl_chain_write(char *out, const struct sl_condition *c, size_t n)
{
	*out = '\0';
	for (size_t i = 0; i < n; i++) {
		struct gap gap = gap_of(&c[i]);
		if (bound_to_start(&c[i]))
			out = stpcpy(out, "\\A");
		if (bound_to_start(&c[i]) || sl_chain_follows(&c[i]))
			out = any_bytes(out, gap.least, gap.most);
		out = condition_write(out, &c[i]);
		out = after_write(out, &c[i]);
	}
}

/* How far behind what it follows what must not be there may end; 0: not bounded, or too far to
 * wait for. */
static unsigned negated_reach(const struct sl_condition *c)
{
	const struct sl_position *p = &c->position;
	if (!(c->flags & SL_COND_NOT) || !sl_chain_follows(c) || !given(p->within))
		return 0;
	int64_t end = (given(p->distance) ? p->distance : 0) + (int64_t)p->within;
	return end > 0 && end <= SL_WAIT_MAX ? (unsigned)end : 0;
}

unsigned sl_chain_wait(const struct sl_condition *c, size_t n, size_t trigger)
{
	const struct sl_condition *t = &c[trigger];
	unsigned wait =
		t->positioned && t->position.after_min <= SL_WAIT_MAX ? t->position.after_min : 0;
	for (size_t i = 0; i < n; i++) {
		unsigned reach = negated_reach(&c[i]);
		wait = reach > wait ? reach : wait;
	}
	return wait;
}
