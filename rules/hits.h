/* What `selat-rules test` found: for every indicator of the pack, where it matched. */
#ifndef SELAT_RULES_HITS_H
#define SELAT_RULES_HITS_H

#include <jansson.h>
#include <rules/pack.h>

enum { SL_HITS_KEPT = 5 }; /* of an indicator; the others are counted */

struct sl_hit_seen {
	char *field;
	uint8_t *bytes; /* around the match */
	size_t len;
	size_t from, to; /* the matched part of bytes; from == to: not known */
	uint64_t packet, offset;
};

struct sl_hits {
	const struct sl_pack *pack;
	json_t *by_id; /* an indicator's place by its id */
	struct {
		struct sl_hit_seen seen[SL_HITS_KEPT];
		size_t kept, n;
	} * of; /* by indicator */
	size_t alerts;
};

int sl_hits_init(struct sl_hits *h, const struct sl_pack *pack, struct sl_err *err);
void sl_hits_fini(struct sl_hits *h);

/* Takes one alert of the sensor: an sl_alert_fn. */
int sl_hits_add(void *hits, const json_t *alert, struct sl_err *err);

int sl_hits_print(const struct sl_hits *h, bool colour);
json_t *sl_hits_json(const struct sl_hits *h, bool partial);

#endif
