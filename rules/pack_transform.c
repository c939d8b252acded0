/* What a value goes through before a condition looks at it. */
#include <rules/reader.h>

static bool one_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const char *const names[] = {
		"to_md5",
		"to_sha1",
		"to_sha256",
		"url_decode",
		"strip_whitespace",
		"compress_whitespace",
		"header_lowercase",
		"strip_pseudo_headers",
		"dotprefix",
		"to_lowercase",
		"to_uppercase",
		"base64_decode",
		NULL,
	};
	struct sl_condition *c = into;
	int i = sl_reader_choice(r, key, value, names);
	if (i < 0)
		return false;
	if (c->transforms < SL_TRANSFORMS_MAX)
		c->transform[c->transforms++] = (uint8_t)(SL_TO_MD5 + i);
	return true;
}

bool sl_transform_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return sl_reader_each(r, key, value, SL_TRANSFORMS_MAX, one_read, into);
}
