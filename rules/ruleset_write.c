/* Writing a ruleset file: layout, digest, then all of it in one step. */
#include <rules/image.h>

#include <hs_compile.h>
#include <selat/digest.h>
#include <selat/replace.h>
#include <stdlib.h>
#include <string.h>

static size_t align_up(size_t n)
{
	return (n + SL_RULESET_ALIGN - 1) / SL_RULESET_ALIGN * SL_RULESET_ALIGN;
}

static int section_compare(const void *left, const void *right)
{
	const struct sl_image_section *a = left, *b = right;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	return (a->param > b->param) - (a->param < b->param);
}

static int header_fill(struct sl_ruleset_header *header, const struct sl_image *image, size_t size,
		       struct sl_err *err)
{
	hs_platform_info_t platform = { 0 };
	if (hs_populate_platform(&platform) != HS_SUCCESS)
		return sl_fail(err, SL_EFAIL, "Hyperscan does not know this processor");
	*header = (struct sl_ruleset_header){
		.magic = SL_RULESET_MAGIC,
		.format = SL_RULESET_FORMAT,
		.sections = (uint32_t)image->sections,
		.size = size,
		.platform = { platform.tune, platform.cpu_features, 0 },
		.seed = image->seed,
	};
	memcpy(header->identity, image->identity, sizeof header->identity);
	snprintf(header->hyperscan, sizeof header->hyperscan, "%s", hs_version());
	return SL_OK;
}

/* The whole file as bytes: header, section table, sections by type and param. */
static int image_lay(const struct sl_image *image, uint8_t **out, size_t *size, struct sl_err *err)
{
	struct sl_image_section section[SL_IMAGE_SECTIONS];
	struct sl_ruleset_section table[SL_IMAGE_SECTIONS];
	struct sl_ruleset_header header;
	memcpy(section, image->section, sizeof section);
	qsort(section, image->sections, sizeof section[0], section_compare);
	size_t at = align_up(sizeof header + image->sections * sizeof table[0]);
	for (size_t i = 0; i < image->sections; i++) {
		table[i] = (struct sl_ruleset_section){
			.type = section[i].type,
			.param = section[i].param,
			.offset = at,
			.size = section[i].size,
		};
		at = align_up(at + section[i].size);
	}
	int rc = header_fill(&header, image, at, err);
	if (rc < 0)
		return rc;
	uint8_t *bytes = calloc(1, at);
	if (!bytes)
		return sl_fail(err, SL_ENOMEM, "out of memory for a ruleset of %zu bytes", at);
	memcpy(bytes, &header, sizeof header);
	memcpy(bytes + sizeof header, table, image->sections * sizeof table[0]);
	for (size_t i = 0; i < image->sections; i++)
		memcpy(bytes + table[i].offset, section[i].bytes, section[i].size);
	rc = sl_ruleset_digest(bytes, at, -1, header.digest, err);
	memcpy(bytes, &header, sizeof header);
	if (rc < 0) {
		free(bytes);
		return rc;
	}
	*out = bytes;
	*size = at;
	return SL_OK;
}

static int file_replace(const char *path, const uint8_t *bytes, size_t size, struct sl_err *err)
{
	struct sl_replace file;
	int rc = sl_replace_begin(&file, path, err);
	if (rc < 0)
		return rc;
	fwrite(bytes, 1, size, file.out); /* that it failed stays with the stream */
	return sl_replace_end(&file, true, err);
}

int sl_image_write(const struct sl_image *image, const char *path, struct sl_err *err)
{
	uint8_t *bytes;
	size_t size;
	int rc = image_lay(image, &bytes, &size, err);
	if (rc < 0)
		return rc;
	rc = file_replace(path, bytes, size, err);
	free(bytes);
	return rc;
}
