/* A rule's matches as conditions. Matches of one buffer look at one value and become a group: the
 * first of it must hold, so what is negated goes behind. */
#include <rules/import/suricata.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a condition is made with: its match, and where its group stands. */
struct making {
	struct suri_rule *r;
	json_t *list;
	const char *field;
	int64_t before;    /* bytes of the value before what the rule means: "Accept: " */
	bool first, ended; /* of the group: nothing yet; a match with an end was there */
};

static bool is_printable(const struct suri_match *m)
{
	for (size_t i = 0; i < m->len; i++)
		if (m->bytes[i] < 0x20 || m->bytes[i] > 0x7e)
			return false;
	return true;
}

static bool is_relative(const struct suri_match *m)
{
	return m->distance != SURI_NONE || m->within != SURI_NONE || m->relative;
}

static bool is_placed(const struct suri_match *m)
{
	return m->offset != SURI_NONE || m->depth != SURI_NONE || is_relative(m) ||
	       m->after_min > 0 || m->after_max >= 0;
}

/* A packet's length is no value of a group. */
static bool is_apart(const struct suri_match *m)
{
	return m->kind == SURI_LENGTH && strcmp(m->field->field, "payload") == 0;
}

static bool is_stream(const char *field)
{
	return sl_field_info(sl_field_find(field))->stream;
}

static bool is_address(const char *field)
{
	return sl_field_info(sl_field_find(field))->kind == SL_KIND_ADDRESS;
}

static json_t *hex_text(const struct suri_match *m)
{
	char *text = malloc(3 * m->len + 1);
	json_t *json = NULL;
	if (text) {
		for (size_t i = 0; i < m->len; i++)
			sprintf(text + 3 * i, "%02x ", m->bytes[i]);
		text[3 * m->len - 1] = '\0';
		json = json_string(text);
		free(text);
	}
	return json;
}

/* A number alone, or what is given of its two ends. */
static json_t *range_json(int64_t min, int64_t max)
{
	if (min == max)
		return json_integer(min);
	json_t *range = json_object();
	if (min > 0 || max < 0)
		json_object_set_new(range, "min", json_integer(min));
	if (max >= 0)
		json_object_set_new(range, "max", json_integer(max));
	return range;
}

/* Relative to nothing is relative to the value's beginning. */
static void made_absolute(struct suri_rule *r, struct suri_match *m)
{
	int64_t distance = m->distance == SURI_NONE ? 0 : m->distance;
	int64_t offset = distance > 0 ? distance : 0;
	if (m->distance != SURI_NONE && offset > 0)
		m->offset = (int32_t)offset;
	if (m->within != SURI_NONE) {
		int64_t depth = distance + m->within - offset;
		if (depth < (int64_t)m->len && m->kind == SURI_LITERAL) {
			if (!m->negated)
				suri_never(r, "a content does not fit between its distance and within");
			depth = (int64_t)m->len;
		}
		m->depth = (int32_t)(depth > 0 ? depth : 1);
	}
	m->distance = m->within = SURI_NONE;
	m->relative = false;
}

static void places_set(struct making *mk, json_t *c, const struct suri_match *m)
{
	struct suri_rule *r = mk->r;
	bool relative = is_relative(m);
	int64_t offset = m->offset != SURI_NONE ? m->offset : m->starts ? 0 : -1;
	int64_t depth = m->depth != SURI_NONE ? m->depth : m->starts ? (int64_t)m->len : -1;
	int64_t from = offset < 0 ? 0 : offset;
	if (offset > 0 || mk->before || (offset == 0 && depth >= 0))
		suri_set(r, c, "offset", json_integer(from + mk->before));
	if (depth >= 0)
		suri_set(r, c, "depth", json_integer(depth));
	if (m->distance != SURI_NONE || m->relative)
		suri_set(r, c, "distance",
			 json_integer(m->distance != SURI_NONE ? m->distance : 0));
	if (m->within != SURI_NONE)
		suri_set(r, c, "within", json_integer(m->within));
	int64_t after_max = m->ends ? 0 : m->after_max;
	if (m->after_min > 0 || after_max >= 0)
		suri_set(r, c, "after", range_json(m->after_min, after_max));
	if (!mk->first && !relative)
		suri_set(r, c, "same", json_true());
}

static void literal_set(struct making *mk, json_t *c, const struct suri_match *m)
{
	bool text = is_printable(m), bare = text && !is_placed(m) && !mk->before;
	const char *key = "hex";
	if (bare && (m->starts || m->ends))
		key = !m->ends ? "starts" : m->starts ? "equals" : "ends";
	else if (text)
		key = "contains";
	suri_set(mk->r, c, key, text ? json_stringn((const char *)m->bytes, m->len) : hex_text(m));
	if (m->nocase)
		suri_set(mk->r, c, "nocase", json_true());
	if (bare && (m->starts || m->ends)) {
		if (!mk->first)
			suri_set(mk->r, c, "same", json_true());
	} else {
		places_set(mk, c, m);
	}
}

static void regex_set(struct making *mk, json_t *c, const struct suri_match *m)
{
	suri_set(mk->r, c, "regex", json_stringn((const char *)m->bytes, m->len));
	if (m->nocase)
		suri_set(mk->r, c, "nocase", json_true());
	places_set(mk, c, m);
}

static void length_set(struct making *mk, json_t *c, const struct suri_match *m)
{
	bool payload = strcmp(mk->field, "payload") == 0;
	if (is_stream(mk->field) && !payload)
		suri_refuse(mk->r, "the length of %s is not known before its end", mk->field);
	suri_set(mk->r, c, "length",
		 range_json(m->min + mk->before, m->max < 0 ? -1 : m->max + mk->before));
	if (!mk->first && !payload)
		suri_set(mk->r, c, "same", json_true());
}

static json_t *condition_new(struct making *mk, const json_t *transforms)
{
	json_t *c = json_pack("{ss}", "field", mk->field);
	if (c && json_array_size(transforms))
		suri_set(mk->r, c, "transform", json_copy((json_t *)(uintptr_t)transforms));
	return c;
}

static void condition_end(struct making *mk, json_t *c)
{
	if (json_array_append_new(mk->list, c) < 0)
		mk->r->failed = true;
	mk->first = false;
}

static void match_add(struct making *mk, struct suri_match *m)
{
	struct suri_rule *r = mk->r;
	json_t *c = condition_new(mk, m->transforms);
	if (!mk->ended && is_relative(m))
		made_absolute(r, m);
	switch (m->kind) {
	case SURI_LITERAL:
		literal_set(mk, c, m);
		break;
	case SURI_REGEX:
		regex_set(mk, c, m);
		break;
	case SURI_LENGTH:
	case SURI_NUMBER:
		length_set(mk, c, m);
		break;
	case SURI_LIST:
		suri_set(r, c, "in", json_incref(m->list));
		if (!mk->first)
			suri_set(r, c, "same", json_true());
		break;
	case SURI_ABSENT:
		suri_set(r, c, "absent", json_true());
		break;
	}
	if (m->negated)
		suri_set(r, c, "not", json_true());
	mk->ended = mk->ended || (m->kind <= SURI_REGEX && !m->negated);
	bool first = mk->first;
	condition_end(mk, c);
	if (is_apart(m))
		mk->first = first;
	m->taken = true;
}

/* Any value at all: the first of a group that has nothing else that must hold. */
static void any_add(struct making *mk, const json_t *transforms)
{
	json_t *c = condition_new(mk, transforms);
	suri_set(mk->r, c, "length", json_pack("{si}", "min", 0));
	condition_end(mk, c);
}

/* Beginning with a header's name, the line is that header. */
static void header_add(struct making *mk, const struct suri_match *m)
{
	char prefix[64];
	mk->before = snprintf(prefix, sizeof prefix, "%s: ", m->field->header);
	json_t *c = condition_new(mk, NULL);
	suri_set(mk->r, c, "starts", json_string(prefix));
	suri_set(mk->r, c, "nocase", json_true());
	condition_end(mk, c);
}

static bool same_buffer(const struct suri_match *a, const struct suri_match *b)
{
	return a->field == b->field && suri_transforms_equal(a->transforms, b->transforms) &&
	       (!a->field->multi || a->instance == b->instance);
}

static bool is_late(const struct suri_match *m)
{
	return m->negated && !is_relative(m);
}

/* A packet's length stands in front of the group, what must not be anywhere behind it. */
static int turn_of(const struct suri_match *m)
{
	return is_late(m) ? 2 : !is_apart(m);
}

/* What must hold and what is relative stand in the rule's order. */
static void group_add(struct making *mk, struct suri_match *first)
{
	struct suri_rule *r = mk->r;
	struct suri_match *end = r->match + r->matches;
	bool positive = false, alone;
	mk->field = first->field->field;
	mk->before = 0;
	mk->first = true;
	mk->ended = false;
	for (struct suri_match *m = first; m < end; m++)
		positive = positive || (same_buffer(m, first) && !m->negated && !is_apart(m));
	/* A flow has one address of a side; and a stream's length is not known, so that "any value"
	 * has no form. */
	alone = is_address(mk->field) || (!positive && is_stream(mk->field));
	if (first->field->header)
		header_add(mk, first);
	else if (!positive && !alone)
		any_add(mk, first->transforms);
	for (int turn = 0; turn <= 2; turn++)
		for (struct suri_match *m = first; m < end; m++) {
			if (m->taken || !same_buffer(m, first))
				continue;
			if (turn && m->negated && is_relative(m) && !mk->ended)
				made_absolute(r, m);
			if (turn_of(m) != turn)
				continue;
			match_add(mk, m);
			mk->first = mk->first || alone;
		}
}

json_t *suri_conditions(struct suri_rule *r)
{
	struct making mk = { .r = r, .list = json_array() };
	for (size_t i = 0; i < r->matches; i++)
		r->match[i].taken = false;
	for (size_t i = 0; i < r->matches && !r->refused; i++)
		if (!r->match[i].taken)
			group_add(&mk, &r->match[i]);
	return mk.list;
}
