/* Allow: reading the file into one exact table. Any thread; nothing of it is shared until it
 * is whole. */
#include "allow_internal.h"

#include <errno.h>
#include <selat/name.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum { LINES_MAX = 16 << 20, FILE_MAX = 1 << 30 };

struct reading {
	struct sl_allow *allow;
	struct sl_table_builder *builder;
	struct sl_err *err;
	size_t room; /* of the lines */
	uint32_t number;
};

static int fail_line(struct reading *r, const char *why)
{
	return sl_fail(r->err, SL_EUSAGE,
		       "%s:%u: %s; an exception is an address, a network, a domain, id:PACK/ID or id:ID",
		       r->allow->path, r->number, why);
}

static int fail_memory(struct reading *r)
{
	return sl_fail(r->err, SL_ENOMEM, "%s: out of memory", r->allow->path);
}

static int add_key(struct reading *r, struct sl_span key)
{
	return sl_table_builder_add(r->builder, key, (uint32_t)r->allow->lines) == SL_OK
		       ? SL_OK
		       : fail_memory(r);
}

static int add_text(struct reading *r, uint8_t kind, const char *text)
{
	uint8_t key[1 + SL_NAME_MAX] = { kind };
	size_t len = strlen(text);

	if (len == 0 || len > SL_NAME_MAX)
		return fail_line(r, len ? "the id is too long" : "no id follows");
	memcpy(key + 1, text, len);
	return add_key(r, sl_span_of(key, 1 + len));
}

static int add_prefix(struct reading *r, const struct sl_prefix *p)
{
	uint8_t key[SL_ALLOW_PREFIX_KEY];

	r->allow->occurs[p->address.family == 4 ? 0 : 1][p->bits] = true;
	return add_key(r, sl_allow_prefix_key(key, &p->address, p->bits));
}

static bool looks_like_address(const char *text)
{
	return strpbrk(text, ":/") || strspn(text, "0123456789.") == strlen(text);
}

static int add_exception(struct reading *r, const char *text)
{
	struct sl_err why = { "" };
	struct sl_prefix prefix;
	char name[SL_NAME_MAX];

	if (strncmp(text, "id:", 3) == 0)
		return add_text(r, SL_ALLOW_ID, text + 3);
	if (looks_like_address(text))
		return sl_prefix_parse(text, &prefix, &why) == SL_OK ? add_prefix(r, &prefix)
								     : fail_line(r, why.text);
	if (sl_name_parse(text, name, sizeof name, &why) != SL_OK)
		return fail_line(r, why.text);
	return add_text(r, SL_ALLOW_NAME, name);
}

static int keep_line(struct reading *r, const char *text)
{
	struct sl_allow *a = r->allow;

	if (a->lines == r->room) {
		size_t room = r->room ? 2 * r->room : 64;
		void *more = room <= LINES_MAX ? realloc(a->line, room * sizeof *a->line) : NULL;
		if (!more)
			return fail_memory(r);
		a->line = more;
		r->room = room;
	}
	a->line[a->lines++] = (struct sl_allow_line){ .text = text, .number = r->number };
	return SL_OK;
}

/* Cuts off a comment and the blanks around what is left. */
static char *trim(char *line)
{
	for (char *c = line; (c = strchr(c, '#')); c++) {
		if (c == line || c[-1] == ' ' || c[-1] == '\t') {
			*c = '\0';
			break;
		}
	}
	line += strspn(line, " \t\r");
	size_t len = strlen(line);
	while (len && strchr(" \t\r", line[len - 1]))
		line[--len] = '\0';
	return line;
}

static int read_lines(struct reading *r, char *file, size_t size)
{
	int rc = SL_OK;

	for (char *line = file, *end; rc == SL_OK && line < file + size; line = end + 1) {
		end = memchr(line, '\n', (size_t)(file + size - line));
		end = end ? end : file + size;
		r->number++;
		if (memchr(line, '\0', (size_t)(end - line)))
			return fail_line(r, "a zero byte is in it");
		*end = '\0';
		line = trim(line);
		if (!*line)
			continue;
		rc = add_exception(r, line);
		if (rc == SL_OK)
			rc = keep_line(r, line);
	}
	return rc;
}

/* The file's bytes and a byte more behind them. */
static int read_file(struct sl_allow *a, size_t *size, struct sl_err *err)
{
	FILE *f = fopen(a->path, "re");
	size_t room = 1 << 16, got;
	bool fits = true;

	*size = 0;
	if (!f)
		return sl_fail(err, SL_EFAIL, "%s: %s", a->path, strerror(errno));
	a->file = malloc(room);
	while (a->file && (got = fread(a->file + *size, 1, room - 1 - *size, f)) > 0) {
		*size += got;
		if (*size < room - 1)
			continue;
		fits = room < FILE_MAX;
		char *more = fits ? realloc(a->file, room *= 2) : NULL;
		if (!more)
			break;
		a->file = more;
	}
	bool failed = ferror(f) != 0;
	int why = errno;
	bool ended = feof(f) != 0;
	fclose(f);
	if (failed)
		return sl_fail(err, SL_EFAIL, "%s: %s", a->path, strerror(why));
	if (!ended)
		return sl_fail(err, SL_ENOMEM, "%s: %s", a->path,
			       fits ? "out of memory" : "the file is larger than 1 GiB");
	return SL_OK;
}

static int make_table(struct reading *r)
{
	struct sl_allow *a = r->allow;
	struct sl_err why = { "" };
	int rc = sl_table_builder_open(r->builder, &a->table, &a->memory, &why);

	return rc == SL_OK ? SL_OK : sl_fail(r->err, rc, "%s: %s", a->path, why.text);
}

static int read_all(struct reading *r)
{
	size_t size;
	int rc = read_file(r->allow, &size, r->err);

	if (rc == SL_OK)
		rc = read_lines(r, r->allow->file, size);
	return rc == SL_OK && r->allow->lines ? make_table(r) : rc;
}

int sl_allow_open(struct sl_allow **out, const char *path, struct sl_err *err)
{
	struct sl_allow *a = calloc(1, sizeof *a);
	struct reading r = { .allow = a, .err = err };
	uint64_t seed;

	if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
		seed = (uint64_t)(uintptr_t)a;
	r.builder = sl_table_builder_new(seed);
	if (!a || !r.builder || !(a->path = strdup(path))) {
		sl_table_builder_free(r.builder);
		sl_allow_free(a);
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", path);
	}
	int rc = read_all(&r);
	sl_table_builder_free(r.builder);
	if (rc != SL_OK) {
		sl_allow_free(a);
		return rc;
	}
	*out = a;
	return SL_OK;
}

void sl_allow_free(struct sl_allow *a)
{
	if (!a)
		return;
	free(a->path);
	free(a->file);
	free(a->line);
	free(a->memory);
	free(a);
}
