/* Reading values out of a pack's JSON: each complaint goes to the problems with its place.
 * For pack*.c alone. */
#ifndef SELAT_RULES_READER_H
#define SELAT_RULES_READER_H

#include <rules/pack.h>

struct sl_reader {
	const char *file;
	struct sl_problems *problems;
	int64_t indicator; /* SL_NO_INDICATOR while the pack's own keys are read */
	const char *id;    /* of the indicator, once known */
	char inside[64];   /* the keys down to the object being read, each ended by '\n' */
};

/* A key's reader. Returns false after it complained. */
typedef bool sl_key_fn(struct sl_reader *r, const char *key, const json_t *value, void *into);

struct sl_key {
	const char *name;
	sl_key_fn *read;
};

/* Reads every key of the object by the table (ended by an empty row). An unknown key is a problem
 * that names the nearest known one. A row without a function is read by the caller. */
void sl_reader_object(struct sl_reader *r, const json_t *object, const struct sl_key *keys,
		      void *into);

/* key may be NULL: the object itself. Always returns false. */
bool sl_reader_fail(struct sl_reader *r, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Text of 1 to max bytes without control characters (lines: newlines and tabs are fine). */
bool sl_reader_text(struct sl_reader *r, const char *key, const json_t *value, size_t max,
		    bool lines, const char **out);
bool sl_reader_integer(struct sl_reader *r, const char *key, const json_t *value, int64_t min,
		       int64_t max, int64_t *out);
bool sl_reader_bool(struct sl_reader *r, const char *key, const json_t *value, bool *out);

/* The place of a word in choices (ended by NULL), or -1 after a complaint that lists them. */
int sl_reader_choice(struct sl_reader *r, const char *key, const json_t *value,
		     const char *const *choices);

/* What defaults and indicators have in common, as rows of a table: see pack_meta.c. */
sl_key_fn sl_meta_severity, sl_meta_confidence, sl_meta_class, sl_meta_tlp, sl_meta_valid_from,
	sl_meta_valid_until, sl_meta_status, sl_meta_drill;
#define SL_META_KEYS                                                                               \
	{ "severity", sl_meta_severity }, { "confidence", sl_meta_confidence },                    \
		{ "class", sl_meta_class }, { "tlp", sl_meta_tlp },                                \
		{ "valid_from", sl_meta_valid_from }, { "valid_until", sl_meta_valid_until },      \
		{ "status", sl_meta_status },                                                      \
	{                                                                                          \
		"drill", sl_meta_drill                                                             \
	}

/* Complains if there is no time at which it is valid. */
void sl_meta_check(struct sl_reader *r, const struct sl_meta *meta);

/* One indicator: pack_indicator.c, with pack_match.c for its conditions. into is zeroed. */
void sl_indicator_read(struct sl_reader *r, const json_t *object, const struct sl_meta *defaults,
		       struct sl_indicator *into);
sl_key_fn sl_match_read; /* into: struct sl_indicator */

#endif
