/* Verification: does a group of conditions hold on one whole value? Private to detect. */
#ifndef SELAT_SENSOR_DETECT_VERIFY_H
#define SELAT_SENSOR_DETECT_VERIFY_H

#include <sensor/detect/loaded_internal.h>

enum {
	SL_VERIFY_STEPS = 10000, /* of one value */
	SL_VERIFY_LEAST = 64,    /* of them for each group, whatever others used */
	SL_VERIFY_BYTES = 256,   /* that are looked through count as one more */
	SL_VERIFY_PCRE = 16,     /* and a call of PCRE2 as so many */
};

/* One a worker. */
struct sl_verifier {
	pcre2_match_data *data;
	pcre2_match_context *context;
	uint32_t steps;  /* left for the value at hand: the caller sets it to SL_VERIFY_STEPS */
	bool limited;    /* they were used up: the answer was no */
	uint64_t base;   /* offset of the value's first byte in what it is a part of; 0: it is the whole */
	bool open;       /* more of it may come */
};
bool sl_verifier_init(struct sl_verifier *v);
void sl_verifier_fini(struct sl_verifier *v);

/* Where the group's first positive condition matched. */
struct sl_found {
	size_t from, len;
};

/* The group that begins with that condition. The first one's own `not` is not heeded: a group of one
 * that is negated is asked whether its value matches. */
bool sl_verify(struct sl_verifier *v, const struct sl_engine *e, uint32_t first, struct sl_span value,
	       struct sl_found *found);

/* The first condition of the group that c is of, and how many it has. */
uint32_t sl_group_first(const struct sl_ruleset *rs, uint32_t c);
unsigned sl_group_size(const struct sl_ruleset *rs, uint32_t first);

#endif
