/* `pcre`: an expression between slashes, with flags that change it, say where it looks, or are
 * about Suricata's own work. */
#include <rules/import/suricata.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pcre_flags {
	char inside[8]; /* "(?…)" letters */
	size_t inside_n;
	bool nocase, anchored, end_only;
};

/* Returns false if the flag has no meaning here. */
static bool flag_read(struct suri_match *m, char flag, struct pcre_flags *flags)
{
	const struct suri_field *field = suri_field_find_pcre(flag);
	if (field)
		m->field = field;
	else if (flag == 'i')
		flags->nocase = true;
	else if (strchr("smx", flag)) {
		if (flags->inside_n < sizeof flags->inside - 1)
			flags->inside[flags->inside_n++] = flag;
	} else if (flag == 'A')
		flags->anchored = true;
	else if (flag == 'E')
		flags->end_only = true;
	else if (flag == 'R')
		m->relative = true;
	else
		return strchr("BOG", flag) !=
		       NULL; /* raw bytes, limits, greediness: the same matches */
	return true;
}

/* What is appended never exceeds the room, which is four times the expression and some. */
struct pcre_text {
	char *text;
	size_t len;
};

static void text_add(struct pcre_text *t, const char *piece)
{
	size_t len = strlen(piece);
	memcpy(t->text + t->len, piece, len + 1);
	t->len += len;
}

/* Bytes that are no ASCII become escapes, so that the pack is UTF-8; with end_only a '$' is the
 * very end. `in_class`: inside of brackets a '$' is itself. */
static void body_add(struct pcre_text *t, const char *body, bool end_only)
{
	bool in_class = false;
	for (const char *c = body; *c; c++) {
		char piece[8] = { *c, '\0' };
		if (*c == '\\' && c[1] && (unsigned char)c[1] < 0x80) {
			piece[1] = *++c;
		} else if ((unsigned char)*c >= 0x80) {
			snprintf(piece, sizeof piece, "\\x%02x", (unsigned char)*c);
		} else if (*c == '$' && end_only && !in_class) {
			snprintf(piece, sizeof piece, "\\z");
		} else if (*c == '[') {
			in_class = true;
		} else if (*c == ']') {
			in_class = false;
		}
		text_add(t, piece);
	}
}

static bool expression_make(struct suri_match *m, const char *body, const struct pcre_flags *flags)
{
	struct pcre_text t = { .text = malloc(4 * strlen(body) + 32) };
	if (!t.text)
		return false;
	t.text[0] = '\0';
	if (flags->inside_n) {
		char group[16];
		snprintf(group, sizeof group, "(?%s)", flags->inside);
		text_add(&t, group);
	}
	if (flags->anchored)
		text_add(&t, "\\A(?:");
	body_add(&t, body, flags->end_only);
	if (flags->anchored)
		text_add(&t, ")");
	m->bytes = (uint8_t *)t.text;
	m->len = t.len;
	return true;
}

void suri_pcre(struct suri_rule *r, const char *name, char *value)
{
	struct suri_match *m = suri_match_add(r, SURI_REGEX);
	if (!m)
		return;
	bool quoted = suri_unquote(&value, &m->negated);
	char *end = strrchr(value, '/');
	if (!quoted || *value != '/' || end == value) {
		suri_refuse(r, "%s: \"%.64s\" is no expression between slashes", name, value);
		return;
	}
	*end = '\0';
	struct pcre_flags flags = { 0 };
	char *c = end + 1;
	for (; *c && *c != ','; c++)
		if (*c != ' ' && !flag_read(m, *c, &flags))
			suri_refuse(r, "%s: the flag %c has no counterpart", name, *c);
	if (*c == ',')
		suri_note(r, "%s: what is captured is not kept", name);
	if (m->field != r->field) {
		json_decref(m->transforms);
		m->transforms = NULL;
	}
	m->nocase = m->nocase || flags.nocase;
	if (!value[1])
		suri_refuse(r, "%s: the expression is empty", name);
	else if (!expression_make(m, value + 1, &flags))
		r->failed = true;
}
