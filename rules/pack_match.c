/* The conditions of a `match`: a field, one operator, and what goes with it. The parts are read by
 * pack_pattern.c, pack_position.c, pack_transform.c and pack_list.c; here is what fits together. */
#include <rules/reader.h>

#include <selat/text.h>
#include <stdlib.h>
#include <string.h>

enum { NOCASE = 1, NOT = 2, SAME = 4, PLACE = 8, DISTANCE = 16, TRANSFORM = 32 };
enum { WHOLE = NOT | SAME | TRANSFORM, TEXT = WHOLE | NOCASE, PART = TEXT | PLACE };

static const struct {
	const char *key;
	enum sl_op op;
	uint8_t flags;
	uint8_t takes; /* the other keys that make sense with it */
} ops[] = {
	{ "equals", SL_OP_EQUALS, 0, TEXT },
	{ "contains", SL_OP_CONTAINS, 0, PART | DISTANCE },
	{ "starts", SL_OP_STARTS, 0, PART },
	{ "ends", SL_OP_ENDS, 0, PART },
	{ "regex", SL_OP_REGEX, 0, PART | DISTANCE },
	{ "hex", SL_OP_CONTAINS, SL_COND_HEX, PART | DISTANCE },
	{ "in", SL_OP_IN, 0, TEXT },
	{ "length", SL_OP_LENGTH, 0, WHOLE },
	{ "number", SL_OP_NUMBER, 0, WHOLE },
	{ "absent", SL_OP_ABSENT, 0, 0 },
};
enum { OPS = sizeof ops / sizeof ops[0] };
#define OPS_TEXT "equals, contains, starts, ends, regex, hex, in, length, number, absent"

const char *sl_condition_key(const struct sl_condition *c)
{
	return c->flags & SL_COND_HEX ? "hex" : sl_op_text(c->op);
}

static bool field_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_condition *c = into;
	const char *name;
	if (!sl_reader_text(r, key, value, 256, false, &name))
		return false;
	c->field = sl_field_find(name);
	if (c->field != SL_FIELD_COUNT)
		return true;
	const char *nearest = sl_text_nearest(name, sl_field_names());
	if (nearest)
		return sl_reader_fail(r, key, "unknown field \"%s\", did you mean \"%s\"?", name,
				      nearest);
	return sl_reader_fail(r, key, "unknown field \"%s\"; selat-sensor --list-fields lists them",
			      name);
}

static bool flag_read(struct sl_reader *r, const char *key, const json_t *value,
		      struct sl_condition *c, uint8_t flag)
{
	bool on;
	if (!sl_reader_bool(r, key, value, &on))
		return false;
	if (on)
		c->flags |= flag;
	return true;
}

static bool nocase_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return flag_read(r, key, value, into, SL_COND_NOCASE);
}

static bool not_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return flag_read(r, key, value, into, SL_COND_NOT);
}

static bool same_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return flag_read(r, key, value, into, SL_COND_SAME);
}

static const struct sl_key condition_keys[] = {
	{ "field", field_read },
	{ "equals", NULL },
	{ "contains", NULL },
	{ "starts", NULL },
	{ "ends", NULL },
	{ "regex", NULL },
	{ "hex", NULL },
	{ "in", NULL },
	{ "length", NULL },
	{ "number", NULL },
	{ "absent", NULL },
	{ "nocase", nocase_read },
	{ "not", not_read },
	{ "same", same_read },
	{ "offset", sl_offset_read },
	{ "depth", sl_depth_read },
	{ "distance", sl_distance_read },
	{ "within", sl_within_read },
	{ "after", sl_after_read },
	{ "transform", sl_transform_read },
	{ NULL, NULL },
};

/* Finds the one operator of a condition, a row of ops; -1 after a complaint. */
static int op_find(struct sl_reader *r, const json_t *object, struct sl_condition *c)
{
	int found = -1;
	for (int i = 0; i < OPS; i++) {
		if (!json_object_get(object, ops[i].key))
			continue;
		if (found >= 0) {
			sl_reader_fail(r, ops[i].key,
				       "the condition has \"%s\" too; make two of it",
				       ops[found].key);
			return -1;
		}
		found = i;
	}
	if (found < 0) {
		sl_reader_fail(r, NULL, "a condition needs one of " OPS_TEXT);
		return -1;
	}
	c->op = ops[found].op;
	c->flags |= ops[found].flags;
	return found;
}

/* "contains, starts, ends, regex and hex": the operators that take a key. */
static const char *takers_text(char *out, size_t room, uint8_t key)
{
	size_t n = 0, k = 0, used = 0;
	for (size_t i = 0; i < OPS; i++)
		n += (ops[i].takes & key) != 0;
	for (size_t i = 0; i < OPS && used < room; i++) {
		if (!(ops[i].takes & key))
			continue;
		const char *before = k == 0 ? "" : k + 1 == n ? " and " : ", ";
		used += (size_t)snprintf(out + used, room - used, "%s%s", before, ops[i].key);
		k++;
	}
	return out;
}

static bool keys_fit(struct sl_reader *r, const json_t *object, int op)
{
	static const struct {
		const char *key;
		uint8_t bit;
	} bound[] = {
		{ "nocase", NOCASE },     { "not", NOT },         { "same", SAME },
		{ "offset", PLACE },      { "depth", PLACE },     { "after", PLACE },
		{ "distance", DISTANCE }, { "within", DISTANCE }, { "transform", TRANSFORM },
	};
	bool ok = true;
	char takers[128];
	for (size_t i = 0; i < sizeof bound / sizeof bound[0]; i++)
		if (!(ops[op].takes & bound[i].bit) && json_object_get(object, bound[i].key))
			ok = sl_reader_fail(r, bound[i].key,
					    "does not go with \"%s\"; it goes with %s", ops[op].key,
					    takers_text(takers, sizeof takers, bound[i].bit));
	return ok;
}

/* What an operator asks of the field. */
static bool field_fits(struct sl_reader *r, const struct sl_condition *c)
{
	const struct sl_field_info *field = sl_field_info(c->field);
	const char *key = sl_condition_key(c);
	if (field->kind == SL_KIND_ADDRESS && c->transforms)
		return sl_reader_fail(r, "transform",
				      "%s is an address: there is no text to transform",
				      field->name);
	if (field->kind == SL_KIND_ADDRESS && c->op != SL_OP_IN)
		return sl_reader_fail(
			r, "field",
			"%s is an address: use an \"address\" indicator, or \"in\" with a "
			"list of addresses",
			field->name);
	if (c->transforms)
		return true;
	if (c->op == SL_OP_NUMBER && (field->kind != SL_KIND_TEXT || sl_field_is_name(c->field)))
		return sl_reader_fail(r, key, "%s holds no numbers", field->name);
	if (c->op == SL_OP_IN && field->stream)
		return sl_reader_fail(r, key,
				      "%s is a stream, never whole: use contains, or a transform",
				      field->name);
	if (c->op == SL_OP_LENGTH && field->stream && c->field != SL_FIELD_PAYLOAD)
		return sl_reader_fail(r, key, "%s is a stream: its length cannot be asked",
				      field->name);
	if (c->op == SL_OP_LENGTH && c->field == SL_FIELD_PAYLOAD && c->flags & SL_COND_SAME)
		return sl_reader_fail(
			r, "same",
			"the length of payload is a packet's, which is no value that others "
			"share; use scope packet");
	return true;
}

static bool condition_read(struct sl_reader *r, const json_t *object, struct sl_condition *c)
{
	c->field = SL_FIELD_COUNT;
	c->text = "";
	c->position = sl_position_none();
	if (!json_is_object(object))
		return sl_reader_fail(r, NULL, "a condition must be an object");
	size_t errors = r->problems->errors;
	if (!json_object_get(object, "field"))
		sl_reader_fail(r, NULL, "a condition needs \"field\"");
	sl_reader_object(r, object, condition_keys, c);
	int op = op_find(r, object, c);
	bool fits = op >= 0 && keys_fit(r, object, op) && c->field != SL_FIELD_COUNT &&
		    field_fits(r, c);
	if (fits || (op >= 0 && c->op != SL_OP_IN)) /* a list is read as its field asks */
		sl_pattern_read(r, json_object_get(object, ops[op].key), c);
	return r->problems->errors == errors && sl_pattern_finish(r, c) && sl_position_check(r, c);
}

bool sl_match_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_indicator *ind = into;
	size_t n = json_array_size(value);
	if (!json_is_array(value))
		return sl_reader_fail(r, key, "must be a list of conditions");
	if (n > SL_CONDITIONS_MAX)
		return sl_reader_fail(r, key, "has %zu conditions; at most %d are possible", n,
				      SL_CONDITIONS_MAX);
	if (n == 0 || ind->condition)
		return true; /* whether that will do is said where all keys are known */
	ind->condition = calloc(n, sizeof *ind->condition);
	if (!ind->condition)
		return sl_reader_fail(r, key, "out of memory");
	ind->conditions = n;
	bool ok = true;
	for (size_t i = 0; i < n; i++) {
		snprintf(r->inside, sizeof r->inside, "match\n%zu\n", i);
		ok = condition_read(r, json_array_get(value, i), &ind->condition[i]) && ok;
		r->inside[0] = '\0';
	}
	return ok && sl_groups_check(r, ind);
}
