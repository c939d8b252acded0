/* Checking and adding what importers build. The check is the pack reader's own: what it says of a
 * value is why the value is left. */
#include <rules/import/build.h>

#include <ctype.h>
#include <rules/expression.h>
#include <rules/reader.h>
#include <selat/text.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { NAME_BYTES = 256, DESCRIPTION_BYTES = 4096, REFERENCE_BYTES = 2048, REFERENCES = 16 };

enum { LISTS_MAX = 32 }; /* conditions of an indicator */

struct lists { /* that an indicator names, as files in memory */
	int fd[LISTS_MAX];
	size_t n;
};

static void lists_close(struct lists *lists)
{
	for (size_t i = 0; i < lists->n; i++)
		close(lists->fd[i]);
}

/* A list that came with the pack, as a file in memory; false: there is none of that name. */
static bool list_open(const struct sl_import *im, const json_t *name, struct lists *lists)
{
	const char *text = json_string_value(name);
	const json_t *list = text ? json_object_get(im->lists, text) : NULL;
	if (!list || lists->n == LISTS_MAX)
		return false;
	int fd = memfd_create("list", MFD_CLOEXEC);
	if (fd < 0)
		return false;
	lists->fd[lists->n++] = fd;
	const char *bytes = json_string_value(list);
	size_t left = json_string_length(list);
	for (ssize_t n; left; bytes += n, left -= (size_t)n)
		if ((n = write(fd, bytes, left)) <= 0)
			return false;
	return true;
}

/* Puts the open files in the place of the lists that the indicator names: the reader is to open no
 * file whose name another wrote. NULL: there is no such list. */
static json_t *lists_replace(const struct sl_import *im, const json_t *indicator,
			     struct lists *lists)
{
	json_t *copy = json_deep_copy(indicator);
	const json_t *match = json_object_get(copy, "match");
	for (size_t i = 0; i < json_array_size(match); i++) {
		json_t *condition = json_array_get(match, i), *name = json_object_get(condition, "in");
		if (!name)
			continue;
		if (!list_open(im, name, lists)) {
			json_decref(copy);
			return NULL;
		}
		json_object_set_new(condition, "in", json_sprintf("%d", lists->fd[lists->n - 1]));
	}
	return copy;
}

/* Reads it as a pack's indicator, as if it stood where the files in memory are. */
static bool indicator_check(struct sl_import *im, const struct sl_place *at, const json_t *indicator)
{
	struct sl_packs packs = { .pack = calloc(1, sizeof *packs.pack), .n = 1 };
	if (packs.pack)
		packs.pack->indicator = calloc(1, sizeof *packs.pack->indicator);
	if (!packs.pack || !packs.pack->indicator) {
		free(packs.pack);
		im->failed = SL_ENOMEM;
		return false;
	}
	struct sl_problems problems = { 0 };
	struct sl_reader r = {
		.file = "/proc/self/fd/pack",
		.problems = &problems,
		.lists = &packs.pack->lists,
	};
	struct sl_meta meta = { .severity = SL_MEDIUM,
				.class_ = "other",
				.drill = "",
				.valid_from = INT64_MIN,
				.valid_until = INT64_MAX };
	packs.pack->n = 1;
	sl_indicator_read(&r, indicator, &meta, packs.pack->indicator);
	bool fine = problems.errors == 0;
	if (!fine)
		sl_import_leave(im, at, "%s", problems.n ? problems.problem[0].text : "no memory");
	sl_problems_fini(&problems);
	sl_packs_fini(&packs);
	return fine;
}

static bool has_list(const json_t *indicator)
{
	const json_t *match = json_object_get(indicator, "match");
	for (size_t i = 0; i < json_array_size(match); i++)
		if (json_object_get(json_array_get(match, i), "in"))
			return true;
	return false;
}

bool sl_build_check(struct sl_import *im, const struct sl_place *at, const json_t *indicator)
{
	struct lists lists = { .n = 0 };
	if (!has_list(indicator))
		return indicator_check(im, at, indicator);
	json_t *copy = lists_replace(im, indicator, &lists);
	bool fine = copy && indicator_check(im, at, copy);
	if (!copy)
		sl_import_leave(im, at, "its values are in a list beside the pack, not in here");
	json_decref(copy);
	lists_close(&lists);
	return fine;
}

bool sl_build_add(struct sl_import *im, const struct sl_place *at, json_t *indicator)
{
	if (indicator && sl_build_check(im, at, indicator))
		return sl_import_add(im, at, indicator);
	if (!indicator)
		im->failed = SL_ENOMEM;
	json_decref(indicator);
	return false;
}

void sl_build_id(char out[SL_BUILD_ID + 1], const char *text, size_t number)
{
	static const char more[] = "._:/@+-";
	char tail[24] = "";
	if (number > 1)
		snprintf(tail, sizeof tail, ".%zu", number);
	size_t n = 0, max = SL_BUILD_ID - strlen(tail);
	for (; text[n] && n < max; n++)
		out[n] = isalnum((unsigned char)text[n]) || strchr(more, text[n]) ? text[n] : '-';
	if (n == 0)
		out[n++] = '-';
	strcpy(out + n, tail);
}

static bool is_control(unsigned char c, bool lines)
{
	return c == 0x7f || (c < 0x20 && !(lines && (c == '\n' || c == '\t')));
}

void sl_build_text(struct sl_import *im, const struct sl_place *at, json_t *indicator,
		   const char *key, const char *text, size_t max, bool lines)
{
	size_t len = text ? strlen(text) : 0, cut = len < max ? len : max;
	while (cut < len && cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80)
		cut--; /* not in the middle of a character */
	char *copy = cut ? malloc(cut + 1) : NULL;
	if (!copy)
		return;
	for (size_t i = 0; i < cut; i++)
		copy[i] = is_control((unsigned char)text[i], lines) ? ' ' : text[i];
	copy[cut] = '\0';
	if (cut < len)
		sl_import_note(im, at, "%s: cut after %zu bytes", key, cut);
	json_object_set_new(indicator, key, json_string(copy));
	free(copy);
}

void sl_build_name(struct sl_import *im, const struct sl_place *at, json_t *indicator,
		   const char *text)
{
	sl_build_text(im, at, indicator, "name", text, NAME_BYTES, false);
}

void sl_build_description(struct sl_import *im, const struct sl_place *at, json_t *indicator,
			  const char *text)
{
	sl_build_text(im, at, indicator, "description", text, DESCRIPTION_BYTES, true);
}

void sl_build_reference(struct sl_import *im, const struct sl_place *at, json_t *indicator,
			const char *url)
{
	json_t *list = json_object_get(indicator, "references");
	if (!url || !*url)
		return;
	bool fits = strlen(url) <= REFERENCE_BYTES && json_array_size(list) < REFERENCES;
	for (const char *c = url; *c; c++)
		fits = fits && !is_control((unsigned char)*c, false);
	if (!fits) {
		sl_import_note(im, at, "a reference is left out: too long, or more than %d",
			       REFERENCES);
		return;
	}
	if (!list) {
		list = json_array();
		json_object_set_new(indicator, "references", list);
	}
	json_array_append_new(list, json_string(url));
}

bool sl_build_class(json_t *indicator, const char *text)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t first = strspn(text, word);
	if (!first || first > 64)
		return false;
	const char *rest = text + first;
	if (!*rest)
		return json_object_set_new(indicator, "class", json_string(text)) == 0;
	size_t skip = strncmp(rest, "=\"", 2) == 0 ? 2 : *rest == '/' ? 1 : 0;
	size_t second = strspn(rest + skip, word);
	const char *end = rest + skip + second;
	if (!skip || !second || second > 60 || strcmp(end, skip == 2 ? "\"" : "") != 0)
		return false;
	return json_object_set_new(indicator, "class",
				   json_sprintf("%.*s/%.*s", (int)first, text, (int)second,
						rest + skip)) == 0;
}

/* One of the copies of `base`. */
static json_t *option_make(const json_t *base, const json_t *option, const char *id, size_t number)
{
	char name[SL_BUILD_ID + 1];
	json_t *ind = json_copy((json_t *)(uintptr_t)base);
	sl_build_id(name, id, number);
	if (!ind || json_object_update(ind, (json_t *)(uintptr_t)option) < 0 ||
	    json_object_set_new(ind, "id", json_string(name)) < 0) {
		json_decref(ind);
		return NULL;
	}
	return ind;
}

void sl_build_options(struct sl_import *im, const struct sl_place *at, const json_t *base,
		      const json_t *options, const char *id)
{
	json_t *list = json_array();
	bool fine = list != NULL;
	for (size_t i = 0; fine && i < json_array_size(options); i++) {
		json_t *ind = option_make(base, json_array_get(options, i), id, i + 1);
		if (!ind)
			im->failed = SL_ENOMEM;
		fine = ind && sl_build_check(im, at, ind) && json_array_append(list, ind) == 0;
		json_decref(ind);
	}
	for (size_t i = 0; fine && i < json_array_size(list); i++)
		sl_import_add(im, at, json_incref(json_array_get(list, i)));
	json_decref(list);
}

json_t *sl_build_match(const char *field, const char *op, const char *value, bool nocase)
{
	json_t *c = json_pack("{ss ss}", "field", field, op, value);
	if (c && nocase)
		json_object_set_new(c, "nocase", json_true());
	return json_pack("{s[o]}", "match", c);
}

/* In a header the address may stand between brackets, behind a name, in a list. */
static void header_add(json_t *options, const char *field, const char *quoted)
{
	char *regex;
	if (asprintf(&regex, "(?:^|[\\s<,;:\"'])%s(?:$|[\\s>,;\"'])", quoted) < 0)
		return;
	json_array_append_new(options, sl_build_match(field, "regex", regex, true));
	free(regex);
}

json_t *sl_build_mail(const char *address, int where)
{
	json_t *options = json_array();
	char *quoted = sl_expression_quote(address);
	if (quoted && where & SL_MAIL_SENDER) {
		json_array_append_new(options,
				      sl_build_match("smtp.mail_from", "equals", address, true));
		header_add(options, "email.from", quoted);
	}
	if (quoted && where & SL_MAIL_RECIPIENT) {
		json_array_append_new(options,
				      sl_build_match("smtp.rcpt_to", "equals", address, true));
		header_add(options, "email.to", quoted);
	}
	bool failed = !quoted;
	free(quoted);
	if (!failed)
		return options;
	json_decref(options);
	return NULL;
}

int sl_build_json(const char *path, json_t **root, struct sl_err *err)
{
	char *text;
	size_t len;
	int rc = sl_import_load(path, &text, &len, err);
	if (rc < 0)
		return rc;
	json_error_t error;
	*root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	free(text);
	if (*root)
		return SL_OK;
	return sl_fail(err, SL_EFORMAT, "%s:%d:%d: %s", path, error.line, error.column, error.text);
}
