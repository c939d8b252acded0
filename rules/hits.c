/* Alerts by indicator, and where in the bytes of each the match is. The sensor is trusted no more
 * than any other input: all that its JSON may lack is checked. */
#include <rules/hits.h>

#include <openssl/evp.h>
#include <selat/text.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 4096 };

int sl_hits_init(struct sl_hits *h, const struct sl_pack *pack, struct sl_err *err)
{
	*h = (struct sl_hits){
		.pack = pack,
		.by_id = json_object(),
		.of = calloc(pack->n + 1, sizeof *h->of),
	};
	if (!h->by_id || !h->of)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	for (size_t i = 0; i < pack->n; i++)
		if (json_object_set_new(h->by_id, pack->indicator[i].id,
					json_integer((json_int_t)i)) < 0)
			return sl_fail(err, SL_ENOMEM, "out of memory");
	return SL_OK;
}

void sl_hits_fini(struct sl_hits *h)
{
	for (size_t i = 0; h->of && i < h->pack->n; i++)
		for (size_t k = 0; k < h->of[i].kept; k++) {
			free(h->of[i].seen[k].field);
			free(h->of[i].seen[k].bytes);
		}
	free(h->of);
	json_decref(h->by_id);
	*h = (struct sl_hits){ 0 };
}

/* An empty result is NULL with *len 0. */
static uint8_t *base64_decode(const char *text, size_t *len)
{
	size_t n = text ? strlen(text) : 0, padding = 0;
	*len = 0;
	if (n == 0 || n % 4 || n > BYTES_MAX)
		return NULL;
	while (padding < 2 && text[n - 1 - padding] == '=')
		padding++;
	uint8_t *out = malloc(n / 4 * 3 + 1);
	int got = out ? EVP_DecodeBlock(out, (const uint8_t *)text, (int)n) : -1;
	if (got < 0) {
		free(out);
		return NULL;
	}
	*len = (size_t)got - padding;
	return out;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Marks the first place of what in the hit's bytes, whatever the case. */
static bool mark(struct sl_hit_seen *seen, struct sl_span what)
{
	for (size_t at = 0; what.len && at + what.len <= seen->len; at++) {
		size_t i = 0;
		while (i < what.len && lower(seen->bytes[at + i]) == lower(what.at[i]))
			i++;
		if (i == what.len) {
			seen->from = at;
			seen->to = at + what.len;
			return true;
		}
	}
	return false;
}

/* A literal of the field, else the value the sensor gives (on payload it is the matched part),
 * else the value the indicator has. */
static void match_find(struct sl_hit_seen *seen, const struct sl_indicator *ind, const char *value)
{
	for (size_t i = 0; i < ind->conditions; i++) {
		const struct sl_condition *c = &ind->condition[i];
		if (c->op != SL_OP_REGEX && !(c->flags & SL_COND_NOT) &&
		    strcmp(sl_field_info(c->field)->name, seen->field) == 0 &&
		    mark(seen, sl_span_of(c->bytes, c->len)))
			return;
	}
	if (ind->normal && mark(seen, sl_span_str(ind->normal)))
		return;
	uint8_t *bytes = value ? malloc(strlen(value) + 1) : NULL;
	if (bytes)
		mark(seen, sl_span_of(bytes, sl_text_unescape(bytes, value)));
	free(bytes);
}

static uint64_t number_get(const json_t *object, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(object, key));
	return n > 0 ? (uint64_t)n : 0;
}

int sl_hits_add(void *hits, const json_t *alert, struct sl_err *err)
{
	struct sl_hits *h = hits;
	const json_t *match = json_object_get(alert, "match");
	const char *id =
		json_string_value(json_object_get(json_object_get(alert, "indicator"), "id"));
	const json_t *place = id ? json_object_get(h->by_id, id) : NULL;
	if (!place)
		return sl_fail(err, SL_EFAIL, "selat-sensor named an indicator that is not in %s",
			       h->pack->source.path);
	size_t i = (size_t)json_integer_value(place);
	h->alerts++;
	if (h->of[i].n++ >= SL_HITS_KEPT)
		return SL_OK;
	const char *field = json_string_value(json_object_get(match, "field"));
	const char *value = json_string_value(json_object_get(match, "value"));
	struct sl_hit_seen *seen = &h->of[i].seen[h->of[i].kept];
	*seen = (struct sl_hit_seen){
		.field = strdup(field ? field : ""),
		.packet = number_get(match, "packet"),
		.offset = number_get(match, "offset"),
	};
	if (!seen->field)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	h->of[i].kept++;
	seen->bytes = base64_decode(json_string_value(json_object_get(match, "bytes")), &seen->len);
	if (!seen->bytes && value) { /* of an address there is nothing around */
		seen->bytes = malloc(strlen(value) + 1);
		seen->len = seen->bytes ? sl_text_unescape(seen->bytes, value) : 0;
	}
	match_find(seen, &h->pack->indicator[i], value);
	return SL_OK;
}
