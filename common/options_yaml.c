/* A YAML file as a row of libyaml's events, with the place of each.
 *
 * Anchors, aliases and tags are refused, so what is read is what is seen. The file is at most 1
 * MiB, UTF-8, and has few directives: libyaml compares each %TAG with all before it, which on a
 * file full of them takes many seconds. libyaml looks no deeper than its caller went, because it is
 * asked for one event at a time. */
#include "options_yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20, DIRECTIVES_MAX = 64 };

static void place_format(char out[SL_YAML_PLACE], const struct sl_yaml *y, yaml_mark_t mark)
{
	snprintf(out, SL_YAML_PLACE, "%s:%zu:%zu", y->path, mark.line + 1, mark.column + 1);
}

void sl_yaml_place(char out[SL_YAML_PLACE], const struct sl_yaml *y)
{
	place_format(out, y, y->event.start_mark);
}

static int fail_at(struct sl_yaml *y, yaml_mark_t mark, const char *what)
{
	char place[SL_YAML_PLACE];

	place_format(place, y, mark);
	return sl_fail(y->err, SL_EUSAGE, "%s: %s", place, what);
}

int sl_yaml_fail(struct sl_yaml *y, const char *what)
{
	return fail_at(y, y->event.start_mark, what);
}

int sl_yaml_fail_memory(struct sl_yaml *y)
{
	return sl_fail(y->err, SL_ENOMEM, "%s: out of memory", y->path);
}

static yaml_mark_t mark_of_offset(const struct sl_yaml *y, size_t offset)
{
	yaml_mark_t mark = { 0 };

	for (size_t i = 0; i < offset && i < y->len; i++) {
		mark.column = y->bytes[i] == '\n' ? 0 : mark.column + 1;
		mark.line += y->bytes[i] == '\n';
	}
	return mark;
}

/* What libyaml did not take. Its reader (bad UTF-8) knows only an offset. */
static int fail_parser(struct sl_yaml *y)
{
	const yaml_parser_t *p = &y->parser;
	yaml_mark_t mark = p->problem_mark;
	char what[512];

	if (p->error == YAML_MEMORY_ERROR)
		return sl_yaml_fail_memory(y);
	if (p->error == YAML_READER_ERROR)
		mark = mark_of_offset(y, p->problem_offset);
	snprintf(what, sizeof what, "invalid YAML: %s%s%s", p->problem ? p->problem : "unreadable",
		 p->context ? " " : "", p->context ? p->context : "");
	return fail_at(y, mark, what);
}

int sl_yaml_next(struct sl_yaml *y)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	yaml_event_delete(&y->event);
	if (!yaml_parser_parse(&y->parser, &y->event))
		return fail_parser(y);
	switch (y->event.type) {
	case YAML_ALIAS_EVENT:
		return sl_yaml_fail(y, "aliases (*name) are not used here: write the value out");
	case YAML_SCALAR_EVENT:
		anchor = y->event.data.scalar.anchor;
		tag = y->event.data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = y->event.data.sequence_start.anchor;
		tag = y->event.data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = y->event.data.mapping_start.anchor;
		tag = y->event.data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor)
		return sl_yaml_fail(y, "anchors (&name) are not used here: write the value out");
	return tag ? sl_yaml_fail(y, "tags (!name) are not used here") : SL_OK;
}

bool sl_yaml_is_nothing(const struct sl_yaml *y)
{
	return y->event.type == YAML_SCALAR_EVENT && y->event.data.scalar.length == 0 &&
	       y->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

int sl_yaml_text(struct sl_yaml *y, const char **text)
{
	*text = (const char *)y->event.data.scalar.value;
	if (strlen(*text) != y->event.data.scalar.length)
		return sl_yaml_fail(y, "a NUL character in a text");
	return SL_OK;
}

/* Reads all of fd, into four times the room each time it is full. */
static int read_bytes(struct sl_yaml *y, int fd)
{
	size_t room = 0;

	while (y->len <= FILE_MAX) {
		if (y->len == room) {
			room = room ? 4 * room : FILE_MAX / 64 + 1;
			uint8_t *grown = realloc(y->bytes, room);
			if (!grown)
				return sl_yaml_fail_memory(y);
			y->bytes = grown;
		}
		ssize_t n = read(fd, y->bytes + y->len, room - y->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sl_fail(y->err, SL_EUSAGE, "%s: cannot read: %s", y->path,
				       strerror(errno));
		if (n == 0)
			return SL_OK;
		y->len += (size_t)n;
	}
	return sl_fail(y->err, SL_EUSAGE, "%s: larger than 1 MiB: no configuration", y->path);
}

/* A NUL byte is no YAML (and tells UTF-16). A line may begin behind "\r", "\n", or the last byte of
 * NEL, LS, PS and the byte order mark; where it does not, a '%' is counted for nothing. */
static int check_bytes(struct sl_yaml *y)
{
	static const char breaks[] = "\r\n\x85\xa8\xa9\xbf";
	size_t directives = 0;

	for (size_t i = 0; i < y->len; i++) {
		if (y->bytes[i] == 0)
			return fail_at(y, mark_of_offset(y, i),
				       "a NUL byte: write the file in UTF-8");
		if (y->bytes[i] == '%' && (i == 0 || strchr(breaks, y->bytes[i - 1])))
			directives++;
		if (directives > DIRECTIVES_MAX)
			return fail_at(y, mark_of_offset(y, i), "too many lines begin with '%'");
	}
	return SL_OK;
}

int sl_yaml_init(struct sl_yaml *y, const char *path, bool *absent, struct sl_err *err)
{
	*y = (struct sl_yaml){ .path = path, .err = err };

	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (absent)
		*absent = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
	if (absent && *absent)
		return SL_OK;
	if (fd < 0)
		return sl_fail(err, SL_EUSAGE, "%s: cannot read: %s%s", path, strerror(errno),
			       absent ? " (-c FILE names another, -c /dev/null none)" : "");
	int rc = read_bytes(y, fd);
	close(fd);
	if (rc == SL_OK)
		rc = check_bytes(y);
	if (rc < 0)
		return rc;
	y->parsing = yaml_parser_initialize(&y->parser) == 1;
	if (!y->parsing)
		return sl_yaml_fail_memory(y);
	yaml_parser_set_input_string(&y->parser, y->bytes, y->len);
	return SL_OK;
}

void sl_yaml_fini(struct sl_yaml *y)
{
	yaml_event_delete(&y->event);
	if (y->parsing)
		yaml_parser_delete(&y->parser);
	free(y->bytes);
	*y = (struct sl_yaml){ 0 };
}
