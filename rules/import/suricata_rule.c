/* A rule's text into its parts: the header's seven words, then the options, each handed to its
 * keyword. What Suricata itself would refuse is refused here too. */
#include <rules/import/suricata.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void suri_refuse(struct suri_rule *r, const char *fmt, ...)
{
	if (r->refused)
		return;
	va_list args;
	va_start(args, fmt);
	vsnprintf(r->reason, sizeof r->reason, fmt, args);
	va_end(args);
	r->refused = true;
}

void suri_note(struct suri_rule *r, const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (!r->refused)
		sl_import_note(r->im, &r->at, "%s", text);
}

void suri_never(struct suri_rule *r, const char *why)
{
	if (!r->shadow)
		suri_note(r, "%s: it can never match, and is kept as a shadow, which gives no alerts", why);
	r->shadow = true;
}

void suri_set(struct suri_rule *r, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		r->failed = true;
}

void suri_append(struct suri_rule *r, json_t *object, const char *key, json_t *value)
{
	json_t *list = json_object_get(object, key);
	if (!list) {
		suri_set(r, object, key, json_array());
		list = json_object_get(object, key);
	}
	if (json_array_append_new(list, value) < 0)
		r->failed = true;
}

/* The next word of the header; brackets and quotes hold spaces. */
static char *word_next(char **rest)
{
	char *word = *rest;
	int depth = 0;
	while (isspace((unsigned char)*word))
		word++;
	char *end = word;
	for (; *end && (depth > 0 || !isspace((unsigned char)*end)); end++)
		depth += (*end == '[') - (*end == ']');
	if (end == word)
		return NULL;
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static bool action_read(struct suri_rule *r, const char *word)
{
	static const struct {
		const char *name;
		enum suri_action action;
	} actions[] = {
		{ "alert", SURI_ALERT },     { "drop", SURI_ALERT },
		{ "reject", SURI_ALERT },    { "rejectsrc", SURI_ALERT },
		{ "rejectdst", SURI_ALERT }, { "rejectboth", SURI_ALERT },
		{ "pass", SURI_PASS },
	};
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (strcmp(actions[i].name, word) == 0) {
			r->action = actions[i].action;
			return true;
		}
	suri_refuse(r, "the action \"%.32s\" has no counterpart", word);
	return false;
}

static bool arrow_read(struct suri_rule *r, const char *word)
{
	r->both_ways = strcmp(word, "<>") == 0;
	r->transactional = strcmp(word, "=>") == 0;
	if (r->both_ways || r->transactional || strcmp(word, "->") == 0)
		return true;
	suri_refuse(r, "\"%.16s\" is no direction: ->, <> or =>", word);
	return false;
}

/* Up to the parenthesis, outside of brackets. Returns the options' text, or NULL. */
static char *header_cut(struct suri_rule *r, char *text)
{
	char *open = strchr(text, '(');
	char *end = open ? strrchr(open, ')') : NULL;
	if (!end) {
		suri_refuse(r, "this is no rule: options in parentheses are missing");
		return NULL;
	}
	*open = '\0';
	*end = '\0';
	char *word[7], *rest = text;
	for (int i = 0; i < 7; i++) {
		word[i] = word_next(&rest);
		if (!word[i]) {
			suri_refuse(r, "the header has fewer than seven words");
			return NULL;
		}
	}
	if (word_next(&rest)) {
		suri_refuse(r, "the header has more than seven words");
		return NULL;
	}
	r->proto = word[1];
	r->from = word[2];
	r->from_port = word[3];
	r->to = word[5];
	r->to_port = word[6];
	r->hook = strchr(r->proto, ':');
	if (r->hook)
		*r->hook++ = '\0';
	return action_read(r, word[0]) && arrow_read(r, word[4]) ? open + 1 : NULL;
}

/* An id for what is said about the rule, before its options are read in their order. */
static void id_find(struct suri_rule *r, const char *options)
{
	for (const char *at = options; (at = strstr(at, "sid")); at += 3) {
		const char *c = at + 3;
		char before = at == options ? ';' : at[-1];
		while (*c == ' ')
			c++;
		if ((before != ';' && !isspace((unsigned char)before)) || *c != ':')
			continue;
		c += 1 + strspn(c + 1, " ");
		size_t digits = strspn(c, "0123456789");
		if (digits == 0 || digits > 10)
			continue;
		/* Suricata reads "001" as 1. */
		snprintf(r->id, sizeof r->id, "sid-%llu", strtoull(c, NULL, 10));
		r->at.id = r->id;
		return;
	}
}

static void options_read(struct suri_rule *r, char *rest)
{
	char *option;
	while ((option = suri_piece(&rest, ';')) && !r->failed) {
		if (!*option)
			continue;
		if (!rest) {
			suri_refuse(r, "the option \"%.64s\" is not ended by a semicolon", option);
			return;
		}
		char *value = strchr(option, ':');
		if (value)
			*value++ = '\0';
		suri_option_read(r, suri_trim(option),
				 value ? suri_trim(value) : option + strlen(option));
	}
}

void suri_rule_read(struct suri_rule *r, char *text)
{
	r->field = &suri_payload;
	r->where = json_object();
	r->apps = json_array();
	r->more = json_object();
	r->references = json_array();
	if (!r->where || !r->apps || !r->more || !r->references) {
		r->failed = true;
		return;
	}
	char *options = strchr(text, '(');
	if (options)
		id_find(r, options + 1);
	options = header_cut(r, text);
	if (!options)
		return;
	suri_header_read(r);
	options_read(r, options);
	if (!r->at.id)
		suri_refuse(r, "the rule has no sid");
}

void suri_rule_fini(struct suri_rule *r)
{
	for (size_t i = 0; i < r->matches; i++) {
		free(r->match[i].bytes);
		json_decref(r->match[i].transforms);
		json_decref(r->match[i].list);
	}
	json_decref(r->transforms);
	json_decref(r->where);
	json_decref(r->apps);
	json_decref(r->more);
	json_decref(r->references);
	free(r->msg);
	free(r->description);
}
