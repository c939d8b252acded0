/* Groups: runs of conditions that look at one value, linked by `same`, `distance` or `within`. */
#include <rules/reader.h>

#include <string.h>

static bool has_end(const struct sl_condition *c)
{
	return !(c->flags & SL_COND_NOT) && (c->op == SL_OP_CONTAINS || c->op == SL_OP_STARTS ||
					     c->op == SL_OP_ENDS || c->op == SL_OP_REGEX);
}

static bool transforms_equal(const struct sl_condition *a, const struct sl_condition *b)
{
	return a->transforms == b->transforms &&
	       memcmp(a->transform, b->transform, sizeof a->transform) == 0;
}

/* The key by which the author linked it to the one before. */
static const char *link_key(const struct sl_condition *c)
{
	if (c->position.distance != SL_NOT_GIVEN)
		return "distance";
	return c->position.within != SL_NOT_GIVEN ? "within" : "same";
}

/* c is linked to the condition before it. *ends: a condition of its group has a match's end. */
static bool link_check(struct sl_reader *r, const struct sl_condition *c,
		       const struct sl_condition *before, bool ends)
{
	const char *key = link_key(c);
	if (!before)
		return sl_reader_fail(r, key, "there is no condition before this one");
	if (before->field != c->field)
		return sl_reader_fail(
			r, key,
			"the condition before looks at %s, this one at %s: they share no value",
			sl_field_info(before->field)->name, sl_field_info(c->field)->name);
	if (!transforms_equal(before, c))
		return sl_reader_fail(
			r, key, "the condition before has other transforms: they share no value");
	if (before->op == SL_OP_ABSENT)
		return sl_reader_fail(r, key,
				      "the condition before is \"absent\": there is no value");
	if (before->flags & SL_COND_NOT && !(before->flags & SL_COND_SAME))
		return sl_reader_fail(
			r, key,
			"the group begins with a \"not\"; put a condition that must hold first");
	if (before->op == SL_OP_LENGTH && before->field == SL_FIELD_PAYLOAD)
		return sl_reader_fail(r, key,
				      "the condition before is the length of a packet's payload: "
				      "they share no value");
	if (ends || strcmp(key, "same") == 0)
		return true;
	return sl_reader_fail(
		r, key,
		"no condition before it in its group has an end to count from (contains, starts, "
		"ends, hex or regex, without \"not\")");
}

bool sl_groups_check(struct sl_reader *r, const struct sl_indicator *ind)
{
	bool ok = true, ends = false;
	for (size_t i = 0; i < ind->conditions; i++) {
		const struct sl_condition *c = &ind->condition[i];
		snprintf(r->inside, sizeof r->inside, "match\n%zu\n", i);
		if (!(c->flags & SL_COND_SAME))
			ends = false;
		else
			ok = link_check(r, c, i ? c - 1 : NULL, ends) && ok;
		ends = ends || has_end(c);
		r->inside[0] = '\0';
	}
	return ok;
}
