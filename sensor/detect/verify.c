/* A group of conditions on one value, with positions.
 *
 * Conditions are tried in order. A positive one takes its first place; one that is relative to it
 * (distance, within) and finds none sends it on to its next place, so that all places are tried. A
 * negated one must have no place where it is looked for. Every search costs steps, of which a value
 * has so many: a hostile value cannot stall a worker, and what is left undecided is counted. */
#include <ctype.h>
#include <sensor/detect/verify.h>

enum { CONDITIONS_MAX = 32, MATCH_LIMIT = 20000, DEPTH_LIMIT = 1000 };

bool sl_verifier_init(struct sl_verifier *v)
{
	*v = (struct sl_verifier){ .data = pcre2_match_data_create(1, NULL),
				   .context = pcre2_match_context_create(NULL) };
	if (!v->data || !v->context)
		return false;
	pcre2_set_match_limit(v->context, MATCH_LIMIT);
	pcre2_set_depth_limit(v->context, DEPTH_LIMIT);
	return true;
}

void sl_verifier_fini(struct sl_verifier *v)
{
	pcre2_match_data_free(v->data);
	pcre2_match_context_free(v->context);
}

uint32_t sl_group_first(const struct sl_ruleset *rs, uint32_t c)
{
	while (rs->conditions[c].flags & SL_COND_SAME)
		c--;
	return c;
}

unsigned sl_group_size(const struct sl_ruleset *rs, uint32_t first)
{
	const struct sl_ruleset_indicator *ind = &rs->indicators[rs->conditions[first].indicator];
	uint32_t end = ind->condition + ind->conditions_n, c = first + 1;
	while (c < end && rs->conditions[c].flags & SL_COND_SAME)
		c++;
	return c - first;
}

/* A condition while it is looked for. */
struct element {
	const struct sl_ruleset_condition *c;
	const struct sl_ruleset_position *p;
	struct sl_span bytes;
	bool negated, relative;
	size_t from, to;  /* where it matched */
	size_t next;      /* where its next place is looked for */
	size_t before;    /* where the last positive one before it ended */
	int32_t anchor;   /* the element that it is relative to; -1: none */
};

struct search {
	struct sl_verifier *v;
	const struct sl_engine *e;
	struct sl_span value;
	struct element element[CONDITIONS_MAX];
	unsigned n;
};

static bool step(struct sl_verifier *v, size_t cost)
{
	if (v->steps < cost) {
		v->steps = 0;
		v->limited = true;
		return false;
	}
	v->steps -= (uint32_t)cost;
	return true;
}

/* --- where an element may lie --- */

struct room {
	size_t lo, hi;   /* it begins at lo or later, and ends at hi or before */
	size_t first, last; /* its end lies between these, for `after` */
};

static int64_t given(int32_t n)
{
	return n == SL_NOT_GIVEN ? 0 : n;
}

/* False: there is no room at all. */
static bool room_of(const struct search *s, const struct element *el, struct room *r)
{
	const struct sl_ruleset_position *p = el->p;
	int64_t base = (int64_t)s->v->base, before = (int64_t)el->before;
	int64_t lo = given(p->offset) - base, hi = (int64_t)s->value.len;
	if (p->depth != SL_NOT_GIVEN && given(p->offset) + p->depth - base < hi)
		hi = given(p->offset) + p->depth - base;
	if (el->relative && before + given(p->distance) > lo)
		lo = before + given(p->distance);
	if (p->within != SL_NOT_GIVEN && before + given(p->distance) + p->within < hi)
		hi = before + given(p->distance) + p->within;
	if (lo < 0)
		lo = 0;
	if (hi < lo || (uint64_t)p->after_min > s->value.len)
		return false;
	r->lo = (size_t)lo;
	r->hi = (size_t)hi;
	r->last = s->value.len - p->after_min;
	r->first = s->value.len > p->after_max ? s->value.len - p->after_max : 0;
	if (el->c->op == SL_OP_ENDS)
		r->first = s->value.len;
	return r->first <= r->last;
}

/* --- searching --- */

static size_t find_nocase(struct sl_span in, struct sl_span what)
{
	int first = what.at[0];
	for (size_t i = 0; i + what.len <= in.len; i++) {
		size_t k = 0;
		if (tolower(in.at[i]) != first)
			continue;
		while (k < what.len && tolower(in.at[i + k]) == what.at[k])
			k++;
		if (k == what.len)
			return i;
	}
	return SIZE_MAX;
}

static size_t find(struct sl_span in, struct sl_span what, bool nocase)
{
	if (what.len > in.len)
		return SIZE_MAX;
	if (nocase && what.len)
		return find_nocase(in, what);
	const uint8_t *at = memmem(in.at, in.len, what.at, what.len);
	return at ? (size_t)(at - in.at) : SIZE_MAX;
}

/* The literal's first place at or after `from`. */
static bool find_literal(struct search *s, struct element *el, const struct room *r, size_t from)
{
	size_t len = el->bytes.len, last = r->hi < r->last ? r->hi : r->last;
	size_t lo = from > r->lo ? from : r->lo;
	if (r->first > len && lo < r->first - len)
		lo = r->first - len;
	if (el->c->op == SL_OP_STARTS) {
		if (lo > 0 || s->v->base > 0)
			return false;
		last = last < len ? last : len;
	}
	if (lo > last || !step(s->v, 1))
		return false;
	size_t at =
		find(sl_span_of(s->value.at + lo, last - lo), el->bytes, el->c->flags & SL_COND_NOCASE);
	bool found = at != SIZE_MAX;
	step(s->v, (found ? at : last - lo) / SL_VERIFY_BYTES);
	if (!found)
		return false;
	el->from = lo + at;
	el->to = el->from + len;
	return true;
}

/* An expression sees the bytes from where it may begin to where it must have ended: ^ and $
 * hold there. */
static bool find_expression(struct search *s, struct element *el, const struct room *r, size_t from)
{
	pcre2_code *code = sl_engine_expression(s->e, (uint32_t)(el->c - s->e->rs->conditions));
	const size_t *at = pcre2_get_ovector_pointer(s->v->data);
	uint32_t options = r->first == s->value.len && r->hi == s->value.len ? PCRE2_ENDANCHORED : 0;
	size_t lo = from > r->lo ? from : r->lo, len = r->hi - r->lo;
	for (; code && lo <= r->hi; lo = r->lo + at[0] + 1) {
		if (!step(s->v, SL_VERIFY_PCRE + len / SL_VERIFY_BYTES))
			return false;
		int rc = pcre2_match(code, s->value.at + r->lo, len, lo - r->lo, options, s->v->data,
				     s->v->context);
		if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
			s->v->limited = true;
		if (rc < 0)
			return false;
		el->from = r->lo + at[0];
		el->to = r->lo + at[1];
		if (el->to >= r->first && el->to <= r->last)
			return true;
	}
	return false;
}

static bool is_number(struct sl_span v, uint64_t *n)
{
	*n = 0;
	for (size_t i = 0; i < v.len; i++) {
		if (!isdigit(v.at[i]) || *n > (UINT64_MAX - 9) / 10)
			return false;
		*n = *n * 10 + (uint64_t)(v.at[i] - '0');
	}
	return v.len != 0;
}

static bool equals(struct sl_span value, struct sl_span what, bool nocase)
{
	return value.len == what.len && (value.len == 0 || find(value, what, nocase) == 0);
}

/* A list's values stand in the tables, and not with the condition. */
static bool in_list(const struct sl_engine *e, const struct sl_ruleset_condition *c,
		    struct sl_span value)
{
	uint8_t key[1 + 4096];
	bool nocase = c->flags & SL_COND_NOCASE;
	if (value.len >= sizeof key)
		return false;
	key[0] = c->field;
	for (size_t i = 0; i < value.len; i++)
		key[i + 1] = nocase ? (uint8_t)tolower(value.at[i]) : value.at[i];
	struct sl_postings found = sl_table_get(nocase ? &e->rs->equals_nocase : &e->rs->equals,
						sl_span_of(key, value.len + 1));
	for (uint32_t i = 0; i < found.n; i++)
		if (found.value[i] == (uint32_t)(c - e->rs->conditions))
			return true;
	return false;
}

/* Of the value as a whole: it has one place or none. */
static bool find_whole(struct search *s, struct element *el, size_t from)
{
	uint64_t n;
	el->from = 0;
	el->to = s->value.len;
	if (from > 0 || !step(s->v, 1))
		return false;
	switch (el->c->op) {
	case SL_OP_EQUALS:
		return equals(s->value, el->bytes, el->c->flags & SL_COND_NOCASE);
	case SL_OP_IN:
		return in_list(s->e, el->c, s->value);
	case SL_OP_LENGTH:
		return s->value.len >= el->p->min && s->value.len <= el->p->max;
	case SL_OP_NUMBER:
		return is_number(s->value, &n) && n >= el->p->min && n <= el->p->max;
	default:
		return false;
	}
}

static bool has_place(const struct element *el)
{
	return el->c->op >= SL_OP_CONTAINS && el->c->op <= SL_OP_REGEX;
}

static bool find_element(struct search *s, struct element *el, size_t from)
{
	struct room r;
	if (!has_place(el))
		return find_whole(s, el, from);
	if (!room_of(s, el, &r))
		return false;
	return el->c->op == SL_OP_REGEX ? find_expression(s, el, &r, from)
					: find_literal(s, el, &r, from);
}

/* What must not be there reaches beyond what has come: the trigger that waits for it will ask again. */
static bool is_undecided(const struct search *s, const struct element *el)
{
	const struct sl_ruleset_position *p = el->p;
	int64_t reach = given(p->distance) + given(p->within);
	return el->negated && s->v->open && p->within != SL_NOT_GIVEN && reach <= SL_WAIT_MAX &&
	       (int64_t)el->before + reach > (int64_t)s->value.len;
}

/* --- the group --- */

static void search_fill(struct search *s, uint32_t first)
{
	const struct sl_ruleset *rs = s->e->rs;
	s->n = sl_group_size(rs, first);
	if (s->n > CONDITIONS_MAX)
		s->n = CONDITIONS_MAX;
	for (unsigned i = 0; i < s->n; i++) {
		const struct sl_ruleset_condition *c = &rs->conditions[first + i];
		const struct sl_ruleset_position *p = &rs->positions[c->position];
		s->element[i] = (struct element){
			.c = c,
			.p = p,
			.bytes = sl_span_of(rs->strings + c->bytes, c->len),
			.negated = i && c->flags & SL_COND_NOT,
			.relative = p->distance != SL_NOT_GIVEN || p->within != SL_NOT_GIVEN,
			.anchor = -1,
		};
	}
}

/* Makes the element ready to be looked for behind those before it. */
static void element_enter(struct search *s, unsigned i)
{
	struct element *el = &s->element[i];
	el->next = 0;
	el->before = 0;
	el->anchor = -1;
	for (unsigned k = i; k-- > 0;) {
		if (s->element[k].negated || !has_place(&s->element[k]))
			continue;
		el->before = s->element[k].to;
		el->anchor = (int32_t)k;
		break;
	}
}

/* Element i has no place: the one that it is relative to goes on to its next. False: there is none, or
 * where that one lies does not matter to i. */
static bool go_back(struct search *s, unsigned *i)
{
	const struct element *el = &s->element[*i];
	if (!el->relative || el->anchor < 0)
		return false;
	*i = (unsigned)el->anchor;
	s->element[*i].next = s->element[*i].from + 1;
	return true;
}

static void report(const struct search *s, struct sl_found *found)
{
	*found = (struct sl_found){ 0, s->value.len };
	for (unsigned i = 0; i < s->n; i++)
		if (!s->element[i].negated && has_place(&s->element[i])) {
			*found = (struct sl_found){ s->element[i].from,
						    s->element[i].to - s->element[i].from };
			return;
		}
}

bool sl_verify(struct sl_verifier *v, const struct sl_engine *e, uint32_t first, struct sl_span value,
	       struct sl_found *found)
{
	struct search s = { .v = v, .e = e, .value = value };
	unsigned i = 0;
	search_fill(&s, first);
	element_enter(&s, 0);
	while (i < s.n) {
		struct element *el = &s.element[i];
		if (find_element(&s, el, el->next) != el->negated && !(el->negated && v->limited) &&
		    !is_undecided(&s, el)) {
			if (++i < s.n)
				element_enter(&s, i);
			continue;
		}
		/* an element that went on to its last place sends back the one before it in turn */
		if (v->limited || !go_back(&s, &i))
			return false;
	}
	report(&s, found);
	return true;
}
