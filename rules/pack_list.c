/* Lists beside a pack: the file of an `in` condition, a value a line, streamed in. Each file is
 * read once for each form (values, names, addresses). A list's own mistakes have its file and line.
 */
#include <rules/idn.h>
#include <rules/reader.h>

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <selat/digest.h>
#include <selat/name.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum list_form { LIST_VALUES, LIST_NAMES, LIST_ADDRESSES };
enum { CHUNK = 65536, LINE_BYTES = 3 * SL_LITERAL_MAX + 16 };
#define SIZE_LIMIT (UINT64_C(1) << 30) /* bytes of a list */

struct list {                    /* as the pack's lists hold it */
	struct sl_values values; /* first */
	const char *name;        /* as the pack has it */
	enum list_form form;
	uint8_t digest[SL_SHA256_SIZE];
};

struct reading {
	struct sl_reader *r;
	struct list *list;
	size_t values_room, bytes_room, prefixes_room;
	uint64_t bytes_len, size;
	size_t number; /* of the line, from 1 */
	char line[LINE_BYTES + 1];
	size_t len;  /* of the line so far; above LINE_BYTES: too long */
	bool failed; /* out of memory, or the file could not be read */
};

/* A complaint about the line being read, in the list's file. */
__attribute__((format(printf, 2, 3))) static void line_fail(struct reading *in, const char *fmt,
							    ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	struct sl_problem *p = sl_problems_add(in->r->problems, in->list->values.path, NULL, text);
	if (!p)
		return;
	p->indicator = in->r->indicator;
	p->id = in->r->id ? strdup(in->r->id) : NULL;
	p->line = in->number;
	p->column = 1;
}

/* Room for one more element; doubles. */
static bool grow(void **array, size_t *room, size_t needed, size_t size)
{
	if (needed <= *room)
		return true;
	size_t more = *room ? *room * 2 : 256;
	while (more < needed)
		more *= 2;
	void *grown = reallocarray(*array, more, size);
	if (!grown)
		return false;
	*array = grown;
	*room = more;
	return true;
}

static void value_add(struct reading *in, const void *bytes, size_t len)
{
	struct sl_values *v = &in->list->values;
	void *at = v->at, *all = v->bytes;
	if (len > SL_LITERAL_MAX) {
		line_fail(in, "a value is longer than %d bytes", SL_LITERAL_MAX);
		return;
	}
	bool ok = grow(&at, &in->values_room, v->n + 2, sizeof *v->at);
	v->at = at;
	ok = ok && grow(&all, &in->bytes_room, in->bytes_len + len + 1, 1);
	v->bytes = all;
	if (!ok) {
		in->failed = true;
		return;
	}
	memcpy(v->bytes + in->bytes_len, bytes, len);
	v->at[v->n++] = in->bytes_len;
	in->bytes_len += len;
	v->at[v->n] = in->bytes_len;
}

static void address_add(struct reading *in, const char *text)
{
	struct sl_values *v = &in->list->values;
	struct sl_err why = { "" };
	struct sl_prefix prefix;
	void *all = v->prefix;
	if (sl_prefix_parse(text, &prefix, &why) < 0) {
		line_fail(in, "%s", why.text);
		return;
	}
	if (!grow(&all, &in->prefixes_room, v->prefixes + 1, sizeof prefix)) {
		in->failed = true;
		return;
	}
	v->prefix = all;
	v->prefix[v->prefixes++] = prefix;
}

static void name_add(struct reading *in, const char *text)
{
	char ascii[SL_NAME_MAX], normal[SL_NAME_MAX];
	struct sl_err why = { "" };
	if (sl_idn_name(text, ascii, sizeof ascii, &why) < 0) {
		line_fail(in, "\"%.128s\" %s", text, why.text);
		return;
	}
	size_t len = sl_name_normal(normal, sizeof normal, sl_span_str(ascii));
	if (len == 0)
		line_fail(in, "\"%.128s\" is no name", text);
	else
		value_add(in, normal, len);
}

static void hex_add(struct reading *in, const char *text)
{
	uint8_t bytes[LINE_BYTES / 2 + 1];
	size_t n;
	const char *wrong = sl_hex_read(text, bytes, &n);
	if (wrong)
		line_fail(in, "hex: \"%.64s\" is no pair of hex digits", wrong);
	else if (n == 0)
		line_fail(in, "hex: is empty");
	else
		value_add(in, bytes, n);
}

static void base64_add(struct reading *in, const char *text)
{
	uint8_t bytes[LINE_BYTES];
	size_t len = strlen(text), padding = 0;
	while (padding < 2 && len > padding && text[len - 1 - padding] == '=')
		padding++;
	int got =
		len && len % 4 == 0 ? EVP_DecodeBlock(bytes, (const uint8_t *)text, (int)len) : -1;
	if (got <= (int)padding)
		line_fail(in, "base64: \"%.64s\" is no base64 with its padding (RFC 4648)", text);
	else
		value_add(in, bytes, (size_t)got - padding);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The line without its newline is in in->line. */
static void line_end(struct reading *in)
{
	in->number++;
	if (in->len > LINE_BYTES) {
		line_fail(in, "the line is longer than %d bytes", LINE_BYTES);
		return;
	}
	char *text = in->line, *end = text + in->len;
	while (end > text && is_blank(end[-1]))
		end--;
	while (text < end && is_blank(*text))
		text++;
	*end = '\0';
	if (text == end || *text == '#')
		return;
	if (strlen(text) != (size_t)(end - text))
		line_fail(in, "holds a NUL; write the value as hex:");
	else if (in->list->form == LIST_ADDRESSES)
		address_add(in, text);
	else if (strncmp(text, "hex:", 4) == 0)
		hex_add(in, text + 4);
	else if (strncmp(text, "base64:", 7) == 0)
		base64_add(in, text + 7);
	else if (in->list->form == LIST_NAMES)
		name_add(in, text);
	else
		value_add(in, text, (size_t)(end - text));
}

static void chunk_split(struct reading *in, const char *bytes, size_t len)
{
	while (len && !in->failed) {
		const char *newline = memchr(bytes, '\n', len);
		size_t part = newline ? (size_t)(newline - bytes) : len;
		if (in->len + part <= LINE_BYTES)
			memcpy(in->line + in->len, bytes, part);
		in->len = in->len + part <= LINE_BYTES ? in->len + part : LINE_BYTES + 1;
		if (newline) {
			line_end(in);
			in->len = 0;
			part++;
		}
		bytes += part;
		len -= part;
	}
}

/* Takes the whole file through `digest` and the lines. */
static bool fd_read(struct reading *in, const char *key, int fd, struct sl_sha256 *digest)
{
	char chunk[CHUNK];
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sl_reader_fail(in->r, key, "%s: cannot read: %s",
					      in->list->values.path, strerror(errno));
		if (n == 0)
			break;
		in->size += (uint64_t)n;
		if (in->size > SIZE_LIMIT)
			return sl_reader_fail(in->r, key,
					      "%s: is larger than 1 GiB; split the list",
					      in->list->values.path);
		sl_sha256_add(digest, sl_span_of(chunk, (size_t)n));
		chunk_split(in, chunk, (size_t)n);
		if (in->failed)
			return sl_reader_fail(in->r, key, "out of memory");
	}
	if (in->len)
		line_end(in);
	return !in->failed || sl_reader_fail(in->r, key, "out of memory");
}

static int list_open(struct sl_reader *r, const char *key, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		sl_reader_fail(r, key, "%s: cannot open the list: %s", path, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		sl_reader_fail(r, key, "%s: is no file", path);
		close(fd);
		return -1;
	}
	return fd;
}

static bool list_read(struct sl_reader *r, const char *key, struct list *list)
{
	size_t errors = r->problems->errors;
	int fd = list_open(r, key, list->values.path);
	if (fd < 0)
		return false;
	struct reading *in = calloc(1, sizeof *in);
	struct sl_sha256 *digest = sl_sha256_new();
	bool ok = in && digest;
	if (ok) {
		in->r = r;
		in->list = list;
		ok = fd_read(in, key, fd, digest);
	}
	if (digest)
		sl_sha256_end(digest, list->digest);
	free(in);
	close(fd);
	if (ok && r->problems->errors == errors && !list->values.n && !list->values.prefixes)
		return sl_reader_fail(r, key, "%s: has no values", list->values.path);
	return ok && r->problems->errors == errors;
}

static struct list *list_at(const struct sl_lists *lists, size_t i)
{
	return (struct list *)lists->item[i];
}

void sl_lists_fini(struct sl_lists *lists)
{
	for (size_t i = 0; i < lists->n; i++) {
		struct sl_values *values = lists->item[i];
		free(values->path);
		free(values->bytes);
		free(values->at);
		free(values->prefix);
		free(list_at(lists, i));
	}
	free(lists->item);
	*lists = (struct sl_lists){ 0 };
}

void sl_lists_digest(const struct sl_lists *lists, struct sl_sha256 *digest)
{
	for (size_t i = 0; i < lists->n; i++)
		sl_sha256_add(digest, sl_span_of(list_at(lists, i)->digest, SL_SHA256_SIZE));
}

/* A pack may come from elsewhere: it reads nothing but what lies beside it. */
static bool path_check(struct sl_reader *r, const char *key, const char *name)
{
	if (name[0] == '/')
		return sl_reader_fail(r, key, "\"%s\" must be a path from the pack's own folder",
				      name);
	for (const char *part = name; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
		if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
			return sl_reader_fail(r, key, "\"%s\" must not leave the pack's own folder",
					      name);
	return true;
}

/* "lists/names.txt" beside "packs/c2.yaml" is "packs/lists/names.txt". */
static struct list *list_add(struct sl_reader *r, const char *name, enum list_form form)
{
	struct list *list = calloc(1, sizeof *list);
	struct sl_values **grown =
		reallocarray(r->lists->item, r->lists->n + 1, sizeof(struct sl_values *));
	if (grown)
		r->lists->item = grown;
	const char *slash = strrchr(r->file, '/');
	int folder = slash ? (int)(slash - r->file) + 1 : 0;
	if (!list || !grown || asprintf(&list->values.path, "%.*s%s", folder, r->file, name) < 0) {
		free(list);
		return NULL;
	}
	list->name = name;
	list->form = form;
	r->lists->item[r->lists->n++] = &list->values;
	return list;
}

static enum list_form form_of(const struct sl_condition *c)
{
	if (c->transforms)
		return LIST_VALUES;
	if (sl_field_info(c->field)->kind == SL_KIND_ADDRESS || c->field == SL_FIELD_DNS_ANSWER)
		return LIST_ADDRESSES;
	return sl_field_is_name(c->field) ? LIST_NAMES : LIST_VALUES;
}

bool sl_list_find(struct sl_reader *r, const char *key, struct sl_condition *c)
{
	enum list_form form = form_of(c);
	if (!path_check(r, key, c->text))
		return false;
	for (size_t i = 0; i < r->lists->n; i++) {
		const struct list *list = list_at(r->lists, i);
		if (list->form == form && strcmp(list->name, c->text) == 0) {
			c->list = &list->values;
			return true;
		}
	}
	struct list *list = list_add(r, c->text, form);
	if (!list)
		return sl_reader_fail(r, key, "out of memory");
	c->list = &list->values;
	return list_read(r, key, list);
}
