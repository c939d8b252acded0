/* What patterns cost: each by itself, and all together as a sensor has them. */
#ifndef SELAT_RULES_COST_H
#define SELAT_RULES_COST_H

#include <rules/image.h>
#include <rules/patterns.h>
#include <selat/span.h>

struct sl_cost {
	size_t pattern;        /* in struct sl_patterns; of all together: how many there are */
	size_t bytes;          /* of a database with it alone */
	size_t stream_bytes;   /* for each open stream; 0 in the other modes */
	double ns_per_kb;      /* scanning the sample */
	double matches_per_mb; /* in the sample */
};

/* A sample: bytes that patterns are looked for in, in pieces as packets bring them. */
struct sl_sample {
	uint8_t *bytes; /* owned */
	size_t size;
	const char *name;
};

/* path NULL: made of what headers and bodies look like, always the same. Of a file its first 16
 * MiB, as they are. */
int sl_sample_make(struct sl_sample *sample, const char *path, struct sl_err *err);
void sl_sample_fini(struct sl_sample *sample);

/* Every different pattern, the dearest first. *costs is malloc'd. */
int sl_cost_each(struct sl_cost **costs, size_t *n, const struct sl_patterns *patterns,
		 const struct sl_sample *sample, struct sl_err *err);

/* A database of the image. */
int sl_cost_database(struct sl_cost *cost, const struct sl_image *image, size_t database,
		     const struct sl_sample *sample, struct sl_err *err);

#endif
