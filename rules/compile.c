/* Compiling packs: identity and plan, then records, tables and patterns, each in its own file.
 * Everything comes out in the packs' order, which is by name: the same packs give the same bytes.
 */
#include <rules/image.h>

#include <assert.h>
#include <pthread.h>
#include <rules/identity.h>
#include <stdlib.h>
#include <string.h>

int sl_image_add(struct sl_image *image, uint32_t type, uint32_t param, void *bytes, size_t size,
		 struct sl_err *err)
{
	if (size == 0) {
		free(bytes);
		return SL_OK;
	}
	if (image->sections == SL_IMAGE_SECTIONS) {
		free(bytes);
		return sl_fail(err, SL_EFAIL, "a ruleset has at most %d sections",
			       SL_IMAGE_SECTIONS);
	}
	image->section[image->sections++] = (struct sl_image_section){ type, param, bytes, size };
	return SL_OK;
}

void sl_image_fini(struct sl_image *image)
{
	for (size_t i = 0; i < image->sections; i++)
		free(image->section[i].bytes);
	sl_plan_fini(&image->plan);
	*image = (struct sl_image){ 0 };
}

static void kinds_count(struct sl_image *image, const struct sl_packs *packs)
{
	for (size_t i = 0; i < packs->n; i++)
		for (size_t k = 0; k < packs->pack[i].n; k++) {
			const struct sl_indicator *ind = &packs->pack[i].indicator[k];
			assert(!ind->meta.off);
			image->indicators[ind->kind]++;
			image->conditions += ind->conditions;
		}
}

int sl_image_merge(struct sl_image *image, struct sl_image *from, struct sl_err *err)
{
	int rc = SL_OK;
	for (size_t i = 0; i < from->sections; i++) {
		struct sl_image_section *s = &from->section[i];
		int added = sl_image_add(image, s->type, s->param, s->bytes, s->size, err);
		s->bytes = NULL;
		rc = rc < 0 ? rc : added;
	}
	for (size_t i = 0; i < from->databases; i++)
		image->database[image->databases++] = from->database[i];
	image->patterns += from->patterns;
	image->cached += from->cached;
	sl_image_fini(from);
	return rc;
}

/* Patterns, which take long, beside records and tables. */
struct beside {
	struct sl_image image;
	const struct sl_plan *plan;
	const struct sl_packs *packs;
	struct sl_problems *problems; /* nobody else adds to them meanwhile */
	struct sl_err err;
	int rc;
};

static void *patterns_run(void *beside)
{
	struct beside *b = beside;
	b->rc = sl_compile_patterns(&b->image, b->plan, b->packs, b->problems, &b->err);
	return NULL;
}

static int parts_compile(struct sl_image *image, const struct sl_packs *packs,
			 struct sl_problems *problems, struct sl_err *err)
{
	struct beside *b = calloc(1, sizeof *b);
	pthread_t thread;
	if (!b)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	b->plan = &image->plan;
	b->image.cache = image->cache;
	b->packs = packs;
	b->problems = problems;
	bool started = pthread_create(&thread, NULL, patterns_run, b) == 0;
	int rc = sl_compile_records(image, packs, err);
	if (rc == SL_OK)
		rc = sl_compile_tables(image, packs, err);
	if (started)
		pthread_join(thread, NULL);
	else
		patterns_run(b);
	int merged = sl_image_merge(image, &b->image, err);
	if (rc == SL_OK && b->rc < 0)
		rc = sl_fail(err, b->rc, "%s", b->err.text);
	free(b);
	return rc < 0 ? rc : merged;
}

/* The base's digest and what is no more of it. */
static int delta_add(struct sl_image *image, const struct sl_delta *delta, struct sl_err *err)
{
	size_t withdrawn = delta->withdrawn_n * sizeof *delta->withdrawn;
	uint8_t *bytes = malloc(sizeof delta->base + withdrawn);
	if (!bytes)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	memcpy(bytes, delta->base, sizeof delta->base);
	memcpy(bytes + sizeof delta->base, delta->withdrawn, withdrawn);
	return sl_image_add(image, SL_SECTION_BASE, 0, bytes, sizeof delta->base + withdrawn, err);
}

int sl_image_compile_with(struct sl_image *image, const struct sl_packs *packs,
			  const struct sl_image_options *options, struct sl_problems *problems,
			  struct sl_err *err)
{
	*image = (struct sl_image){ .cache = options->cache };
	kinds_count(image, packs);
	int rc = sl_identity_compute(image->identity, packs, options->delta, err);
	/* the hashes' seed differs between rulesets and not between compilations */
	memcpy(&image->seed, image->identity, sizeof image->seed);
	if (rc == SL_OK && options->delta)
		rc = delta_add(image, options->delta, err);
	if (rc == SL_OK)
		rc = sl_plan_make(&image->plan, packs, problems, err);
	if (rc == SL_OK && problems->errors)
		return SL_OK;
	return rc < 0 ? rc : parts_compile(image, packs, problems, err);
}

int sl_image_compile(struct sl_image *image, const struct sl_packs *packs,
		     struct sl_problems *problems, struct sl_err *err)
{
	return sl_image_compile_with(image, packs, &(struct sl_image_options){ 0 }, problems, err);
}
