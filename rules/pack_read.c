/* Reading a pack's file into json_t: JSON and JSON Lines by jansson (which refuses repeated keys),
 * YAML by yaml_read.c. What is no JSON or YAML at all is reported where the parser stopped. */
#include <rules/packfile.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <selat/ruleset.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_FLAGS = JSON_REJECT_DUPLICATES };
enum { MAGIC_BYTES = sizeof SL_RULESET_MAGIC - 1 };
enum { LINES_SHARED = 20000 }; /* that are worth a thread */
#define SIZE_LIMIT (UINT64_C(1) << 30) /* bytes of a pack */

void sl_packfile_fini(struct sl_packfile *s)
{
	json_decref(s->root);
	free(s->line);
	free(s->bytes);
	free(s->path);
	*s = (struct sl_packfile){ 0 };
}

static int fd_read(struct sl_packfile *s, int fd, struct sl_err *err)
{
	struct stat st;
	size_t room = 0, first = 65536;
	if (fstat(fd, &st) == 0 && st.st_size > 0 && (uint64_t)st.st_size <= SIZE_LIMIT)
		first = (size_t)st.st_size + 1; /* one more, to see the end */
	for (;;) {
		if (s->len == room) {
			room = room ? room * 2 : first;
			uint8_t *bytes = realloc(s->bytes, room);
			if (!bytes)
				return sl_fail(err, SL_ENOMEM, "%s: out of memory", s->path);
			s->bytes = bytes;
		}
		ssize_t n = read(fd, s->bytes + s->len, room - s->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sl_fail(err, SL_EFAIL, "%s: cannot read: %s", s->path,
				       strerror(errno));
		if (n == 0)
			return SL_OK;
		s->len += (size_t)n;
		if (s->len > SIZE_LIMIT)
			return sl_fail(err, SL_EFORMAT, "%s: is larger than 1 GiB; split the pack",
				       s->path);
	}
}

static int file_read(struct sl_packfile *s, struct sl_err *err)
{
	int fd = open(s->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sl_fail(err, SL_EFAIL, "%s: cannot open the pack: %s", s->path,
			       strerror(errno));
	int rc = fd_read(s, fd, err);
	close(fd);
	return rc;
}

static void syntax_problem(const struct sl_packfile *s, struct sl_problems *problems,
			   const json_error_t *error, size_t lines_before)
{
	struct sl_problem *p = sl_problems_add(problems, s->path, NULL, error->text);
	if (!p)
		return;
	p->line = lines_before + (error->line > 0 ? (size_t)error->line : 1);
	p->column = error->column > 0 ? (size_t)error->column : 1;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The offset of the first byte from `at` on that is no white space. */
static size_t blank_skip(const struct sl_packfile *s, size_t at)
{
	while (at < s->len && is_blank(s->bytes[at]))
		at++;
	return at;
}

static size_t newlines_count(const struct sl_packfile *s, size_t from, size_t to)
{
	size_t n = 0;
	for (size_t i = from; i < to; i++)
		n += s->bytes[i] == '\n';
	return n;
}

static bool line_add(struct sl_packfile *s, size_t *room, struct sl_span bytes, size_t number)
{
	if (s->lines == *room) {
		*room = *room ? *room * 2 : 256;
		struct sl_packfile_line *line = reallocarray(s->line, *room, sizeof *line);
		if (!line)
			return false;
		s->line = line;
	}
	s->line[s->lines++] = (struct sl_packfile_line){ bytes, number };
	return true;
}

/* All lines that are not blank, from the offset behind the pack's object on. */
static bool lines_find(struct sl_packfile *s, size_t at)
{
	size_t number = 1 + newlines_count(s, 0, at), room = 0;
	while (at < s->len) {
		const uint8_t *from = s->bytes + at, *end = memchr(from, '\n', s->len - at);
		size_t len = end ? (size_t)(end - from) : s->len - at;
		if (blank_skip(s, at) < at + len && !line_add(s, &room, sl_span_of(from, len), number))
			return false;
		number += end != NULL;
		at += len + (end != NULL);
	}
	return true;
}

/* Some of the lines, for one thread. */
struct lines_part {
	const struct sl_packfile_line *line;
	json_t **item; /* NULL: the line has an error */
	size_t n;
};

static void *part_parse(void *lines)
{
	const struct lines_part *p = lines;
	for (size_t i = 0; i < p->n; i++)
		p->item[i] = json_loadb((const char *)p->line[i].bytes.at, p->line[i].bytes.len,
					READ_FLAGS, NULL);
	return NULL;
}

/* A million lines take seconds: two threads halve that. */
static void lines_parse(const struct sl_packfile *s, json_t **item)
{
	pthread_t thread;
	size_t half = s->lines >= LINES_SHARED ? s->lines / 2 : 0;
	struct lines_part first = { s->line, item, half };
	struct lines_part second = { s->line + half, item + half, s->lines - half };
	bool started = half && pthread_create(&thread, NULL, part_parse, &first) == 0;
	if (!started)
		part_parse(&first);
	part_parse(&second);
	if (started)
		pthread_join(thread, NULL);
}

static void line_problem(const struct sl_packfile *s, const struct sl_packfile_line *line,
			 struct sl_problems *problems)
{
	json_error_t error;
	json_decref(json_loadb((const char *)line->bytes.at, line->bytes.len, READ_FLAGS, &error));
	syntax_problem(s, problems, &error, line->number - 1);
}

/* Takes the items, and drops the lines that are none. */
static json_t *lines_collect(struct sl_packfile *s, json_t **item, struct sl_problems *problems)
{
	json_t *list = json_array();
	size_t kept = 0;
	for (size_t i = 0; i < s->lines; i++) {
		if (!item[i])
			line_problem(s, &s->line[i], problems);
		else if (json_array_append_new(list, item[i]) == 0)
			s->line[kept++] = s->line[i];
		else
			problems->failed = true;
	}
	s->lines = kept;
	return list;
}

/* The indicators of JSON Lines, from the offset behind the pack's object on. */
static json_t *lines_read(struct sl_packfile *s, size_t at, struct sl_problems *problems,
			  struct sl_err *err)
{
	json_t **item = lines_find(s, at) ? calloc(s->lines + 1, sizeof(json_t *)) : NULL;
	if (!item) {
		sl_fail(err, SL_ENOMEM, "%s: out of memory", s->path);
		return NULL;
	}
	lines_parse(s, item);
	json_t *list = lines_collect(s, item, problems);
	free(item);
	return list;
}

/* More objects behind the first, on lines of their own? */
static bool has_lines(const struct sl_packfile *s, size_t at)
{
	size_t next = blank_skip(s, at);
	if (next == s->len)
		return ends_with(s->path, ".jsonl");
	return s->bytes[next] == '{' && newlines_count(s, at, next) > 0;
}

static int json_read(struct sl_packfile *s, struct sl_problems *problems, struct sl_err *err)
{
	json_error_t error;
	const char *text = (const char *)s->bytes;
	json_t *root = json_loadb(text, s->len, READ_FLAGS | JSON_DISABLE_EOF_CHECK, &error);
	size_t at = root ? (size_t)error.position : 0;
	if (root && has_lines(s, at)) {
		s->kind = SL_PACKFILE_LINES;
		if (json_object_get(root, "indicators")) {
			sl_problems_add(problems, s->path, NULL,
					"a pack in JSON Lines has its indicators on the lines "
					"below, not under \"indicators\"");
			json_decref(root);
			return SL_OK;
		}
		json_t *list = lines_read(s, at, problems, err);
		if (!list || json_object_set_new(root, "indicators", list) < 0) {
			json_decref(root);
			return SL_ENOMEM;
		}
	} else if (root && blank_skip(s, at) < s->len) {
		json_decref(root);
		root = json_loadb(text, s->len, READ_FLAGS, &error);
	}
	if (!root)
		syntax_problem(s, problems, &error, 0);
	s->root = root;
	return SL_OK;
}

static bool is_yaml(const struct sl_packfile *s)
{
	if (ends_with(s->path, ".yaml") || ends_with(s->path, ".yml"))
		return true;
	size_t at = blank_skip(s, 0);
	return at < s->len && s->bytes[at] != '{';
}

int sl_packfile_read(struct sl_packfile *s, const char *path, struct sl_problems *problems,
		     struct sl_err *err)
{
	*s = (struct sl_packfile){ .path = strdup(path) };
	if (!s->path)
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", path);
	int rc = file_read(s, err);
	if (rc < 0)
		return rc;
	if (blank_skip(s, 0) == s->len) {
		sl_problems_add(problems, path, NULL, "the file is empty");
		return SL_OK;
	}
	if (s->len >= MAGIC_BYTES && memcmp(s->bytes, SL_RULESET_MAGIC, MAGIC_BYTES) == 0) {
		sl_problems_add(problems, path, NULL, "is a ruleset, and no pack");
		return SL_OK;
	}
	if (is_yaml(s)) {
		s->kind = SL_PACKFILE_YAML;
		s->root = sl_yaml_read(path, sl_span_of(s->bytes, s->len), problems);
	} else {
		rc = json_read(s, problems, err);
	}
	if (s->root && !json_is_object(s->root)) {
		sl_problems_add(problems, path, NULL, "a pack is an object: { \"selat\": 1, … }");
		json_decref(s->root);
		s->root = NULL;
	}
	return rc;
}
