/* Printing what a test found: for people with the matched part in colour, or as JSON. */
#include <rules/hits.h>
#include <rules/output.h>

#include <selat/digest.h>
#include <selat/time.h>
#include <stdlib.h>

#define RED_ON  "\033[1;31m"
#define RED_OFF "\033[0m"

static void seen_print(const struct sl_hit_seen *s, bool colour)
{
	printf("    packet %llu", (unsigned long long)s->packet);
	if (*s->field) {
		fputs("  ", stdout);
		sl_out_text(stdout, s->field);
	}
	if (s->len) {
		printf(" at %llu  ", (unsigned long long)s->offset);
		sl_out_bytes(stdout, sl_span_of(s->bytes, s->from));
	}
	if (s->to > s->from) {
		fputs(colour ? RED_ON : ">>", stdout);
		sl_out_bytes(stdout, sl_span_of(s->bytes + s->from, s->to - s->from));
		fputs(colour ? RED_OFF : "<<", stdout);
	}
	if (s->len > s->to)
		sl_out_bytes(stdout, sl_span_of(s->bytes + s->to, s->len - s->to));
	putchar('\n');
}

/* Why an indicator could not match, whatever the traffic. */
static const char *reason_text(const struct sl_indicator *ind)
{
	int64_t now = (int64_t)(sl_time_now() / UINT64_C(1000000000));
	if (ind->meta.valid_until < now)
		return "  (expired)";
	return ind->meta.valid_from > now ? "  (not valid yet)" : "";
}

int sl_hits_print(const struct sl_hits *h, bool colour)
{
	size_t matched = 0;
	for (size_t i = 0; i < h->pack->n; i++) {
		if (!h->of[i].n)
			continue;
		matched++;
		sl_out_text(stdout, h->pack->indicator[i].id);
		printf(": %zu %s\n", h->of[i].n, h->of[i].n == 1 ? "alert" : "alerts");
		for (size_t k = 0; k < h->of[i].kept; k++)
			seen_print(&h->of[i].seen[k], colour);
		if (h->of[i].n > h->of[i].kept)
			printf("    and %zu more\n", h->of[i].n - h->of[i].kept);
	}
	printf("%s%zu of %zu indicators matched\n", matched ? "\n" : "", matched, h->pack->n);
	for (size_t i = 0; i < h->pack->n; i++) {
		if (h->of[i].n)
			continue;
		fputs("  no match: ", stdout);
		sl_out_text(stdout, h->pack->indicator[i].id);
		printf("%s\n", reason_text(&h->pack->indicator[i]));
	}
	return SL_OK;
}

static json_t *seen_json(const struct sl_hit_seen *s)
{
	json_t *out = json_pack("{so sI sI}", "field", sl_out_string(s->field), "packet",
				(json_int_t)s->packet, "offset", (json_int_t)s->offset);
	char *text = malloc(4 * ((s->len + 2) / 3) + 1);
	if (text && s->len) {
		sl_base64(text, sl_span_of(s->bytes, s->len));
		json_object_set_new(out, "bytes", json_string(text));
	}
	if (s->to > s->from) {
		json_object_set_new(out, "from", json_integer((json_int_t)s->from));
		json_object_set_new(out, "to", json_integer((json_int_t)s->to));
	}
	free(text);
	return out;
}

json_t *sl_hits_json(const struct sl_hits *h, bool partial)
{
	json_t *matched = json_array(), *unmatched = json_array();
	for (size_t i = 0; i < h->pack->n; i++) {
		const char *id = h->pack->indicator[i].id;
		if (!h->of[i].n) {
			json_array_append_new(unmatched, json_string(id));
			continue;
		}
		json_t *matches = json_array();
		for (size_t k = 0; k < h->of[i].kept; k++)
			json_array_append_new(matches, seen_json(&h->of[i].seen[k]));
		json_array_append_new(matched,
				      json_pack("{ss sI so}", "id", id, "alerts",
						(json_int_t)h->of[i].n, "matches", matches));
	}
	return json_pack("{ss sI sb so so}", "pack", h->pack->name, "alerts", (json_int_t)h->alerts,
			 "partial", partial, "matched", matched, "unmatched", unmatched);
}
