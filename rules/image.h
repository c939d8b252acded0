/* A ruleset in memory before it is written: its sections, in any order, and what the compiler
 * found out about them. */
#ifndef SELAT_RULES_IMAGE_H
#define SELAT_RULES_IMAGE_H

#include <rules/cache.h>
#include <rules/delta.h>
#include <rules/plan.h>
#include <selat/ruleset.h>

enum {
	SL_IMAGE_DATABASES = SL_FIELDS_ALL * 3,
	SL_IMAGE_SECTIONS = SL_SECTION_DATABASE + 2 * SL_IMAGE_DATABASES,
};

struct sl_image_section {
	uint32_t type, param;
	void *bytes; /* owned; NULL: empty */
	size_t size;
};

struct sl_image_database {
	unsigned field; /* may be a derived one */
	enum sl_database_mode mode;
	size_t patterns, bytes; /* bytes in a sensor's memory */
	size_t stream_bytes;    /* for each open stream; 0 in the other modes */
};

struct sl_image {
	struct sl_image_section section[SL_IMAGE_SECTIONS];
	size_t sections;
	uint8_t identity[32];
	uint64_t seed;
	struct sl_image_database database[SL_IMAGE_DATABASES];
	size_t databases, patterns, conditions;
	size_t indicators[SL_IND_KINDS]; /* by kind */
	struct sl_plan plan;
	struct sl_cache *cache; /* borrowed; NULL: none */
	size_t cached;          /* databases that came from it */
};

struct sl_image_options {
	struct sl_cache *cache; /* NULL: none */
	const struct sl_delta
		*delta; /* the packs are what is left of them beside its base; NULL: all */
};

/* Moves what `from` has into `image`. */
int sl_image_merge(struct sl_image *image, struct sl_image *from, struct sl_err *err);

/* Packs without errors into an image. Problems that only Hyperscan can find are added to
 * `problems`: 0 is returned, look at problems->errors. */
int sl_image_compile(struct sl_image *image, const struct sl_packs *packs,
		     struct sl_problems *problems, struct sl_err *err);
int sl_image_compile_with(struct sl_image *image, const struct sl_packs *packs,
			  const struct sl_image_options *options, struct sl_problems *problems,
			  struct sl_err *err);
void sl_image_fini(struct sl_image *image);

/* Takes bytes, even when it fails. An empty section is dropped. */
int sl_image_add(struct sl_image *image, uint32_t type, uint32_t param, void *bytes, size_t size,
		 struct sl_err *err);

/* Writes beside path, syncs, renames: a reader finds the old file or the new one, never a half. */
int sl_image_write(const struct sl_image *image, const char *path, struct sl_err *err);

/* The compiler's parts, after the plan: each adds its sections. */
int sl_compile_records(struct sl_image *image, const struct sl_packs *packs, struct sl_err *err);
int sl_compile_tables(struct sl_image *image, const struct sl_packs *packs, struct sl_err *err);
/* By a plan that may be another image's. Problems are those of expressions. */
int sl_compile_patterns(struct sl_image *image, const struct sl_plan *plan,
			const struct sl_packs *packs, struct sl_problems *problems,
			struct sl_err *err);

#endif
