/* Where in the value a pattern may match: offset, depth, distance, within, after. */
#include <rules/reader.h>

enum { PLACE_MAX = 1 << 30 };

static bool place_read(struct sl_reader *r, const char *key, const json_t *value,
		       struct sl_condition *c, int64_t min, int32_t *out)
{
	int64_t n;
	if (!sl_reader_integer(r, key, value, min, PLACE_MAX, &n))
		return false;
	*out = (int32_t)n;
	c->positioned = true;
	return true;
}

bool sl_offset_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_condition *c = into;
	return place_read(r, key, value, c, 0, &c->position.offset);
}

bool sl_depth_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_condition *c = into;
	return place_read(r, key, value, c, 1, &c->position.depth);
}

bool sl_distance_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_condition *c = into;
	c->flags |= SL_COND_SAME;
	return place_read(r, key, value, c, -PLACE_MAX, &c->position.distance);
}

bool sl_within_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_condition *c = into;
	c->flags |= SL_COND_SAME;
	return place_read(r, key, value, c, 1, &c->position.within);
}

bool sl_after_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_condition *c = into;
	uint64_t min, max;
	if (!sl_reader_range(r, key, value, PLACE_MAX, &min, &max))
		return false;
	c->position.after_min = (uint32_t)min;
	c->position.after_max = max == PLACE_MAX ? UINT32_MAX : (uint32_t)max;
	c->positioned = true;
	return true;
}

static bool room_check(struct sl_reader *r, const char *key, const struct sl_condition *c,
		       int32_t room)
{
	if (room == SL_NOT_GIVEN || c->op == SL_OP_REGEX || (size_t)room >= c->len)
		return true;
	return sl_reader_fail(r, key,
			      "%d bytes have no room for the %zu of \"%s\": it would never hold",
			      (int)room, c->len, sl_condition_key(c));
}

bool sl_position_check(struct sl_reader *r, const struct sl_condition *c)
{
	const struct sl_position *p = &c->position;
	if (!c->positioned)
		return true;
	if (c->op == SL_OP_STARTS && p->offset > 0)
		return sl_reader_fail(r, "offset",
				      "what starts a value is at its byte 0; use contains");
	if (c->op == SL_OP_ENDS && p->after_min > 0)
		return sl_reader_fail(r, "after",
				      "what ends a value has nothing after it; use contains");
	return room_check(r, "depth", c, p->depth) && room_check(r, "within", c, p->within);
}
