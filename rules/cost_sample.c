/* Samples of traffic. The built-in one is text as headers have it, markup, and bytes of any kind,
 * in turn; made by a fixed generator, so that figures of one machine can be compared. */
#include <rules/cost.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUILT_IN = 1 << 18, FILE_MAX = 16 << 20, PART = 1024 };

static uint32_t random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

/* Words and what stands between them, up to the part's end. */
static void words_write(uint8_t *out, size_t room, const char *const *words, size_t n,
			uint64_t *state)
{
	for (size_t at = 0; at < room;) {
		const char *word = words[random_next(state) % n];
		size_t len = strlen(word) < room - at ? strlen(word) : room - at;
		memcpy(out + at, word, len);
		at += len;
	}
}

static const char *const headers[] = {
	"GET /",
	"index",
	".html",
	"?id=",
	"42",
	"&",
	" HTTP/1.1\r\n",
	"Host: ",
	"www.",
	"example",
	".com\r\n",
	"User-Agent: Mozilla/5.0 (",
	"Windows NT 10.0; Win64; x64",
	") AppleWebKit/537.36\r\n",
	"Accept: */*\r\n",
	"Cookie: session=",
	"a1b2c3d4",
	"Content-Type: text/html\r\n",
	"Content-Length: 1234\r\n",
	"\r\n",
	"api/v2/",
};

static const char *const markup[] = {
	"<div class=\"", "item", "\">", "</div>\n",  "<a href=\"/",  "page",
	"\">",           "the ", "of ", "and ",      "function(",    "){return ",
	"var ",          "=",    ";\n", "</script>", "{\"name\":\"", "value",
	"\",\"n\":",     "17",   "}, ",
};

static void built_in_make(uint8_t *out, size_t size)
{
	uint64_t state = 7;
	for (size_t at = 0; at < size; at += PART) {
		uint8_t *part = out + at;
		if (at / PART % 3 == 0)
			words_write(part, PART, headers, sizeof headers / sizeof headers[0],
				    &state);
		else if (at / PART % 3 == 1)
			words_write(part, PART, markup, sizeof markup / sizeof markup[0], &state);
		else
			for (size_t i = 0; i < PART; i++)
				part[i] = (uint8_t)random_next(&state);
	}
}

static int file_read(struct sl_sample *sample, const char *path, struct sl_err *err)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return sl_fail(err, SL_EFAIL, "%s: cannot open the sample: %s", path,
			       strerror(errno));
	sample->size = fread(sample->bytes, 1, FILE_MAX, f);
	int failed = ferror(f);
	fclose(f);
	if (failed)
		return sl_fail(err, SL_EFAIL, "%s: cannot read: %s", path, strerror(errno));
	return sample->size ? SL_OK : sl_fail(err, SL_EFORMAT, "%s: the sample is empty", path);
}

int sl_sample_make(struct sl_sample *sample, const char *path, struct sl_err *err)
{
	*sample = (struct sl_sample){ .bytes = malloc(path ? FILE_MAX : BUILT_IN),
				      .name = path ? path : "built-in" };
	if (!sample->bytes)
		return sl_fail(err, SL_ENOMEM, "out of memory for the sample");
	if (path)
		return file_read(sample, path, err);
	sample->size = BUILT_IN;
	built_in_make(sample->bytes, sample->size);
	return SL_OK;
}

void sl_sample_fini(struct sl_sample *sample)
{
	free(sample->bytes);
	*sample = (struct sl_sample){ 0 };
}
