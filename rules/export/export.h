/* What every target of `selat-rules export` gets: packs without errors, and where to write. A target
 * is a row of the table in rules/export.c. Indicators are read from the pack's own JSON, so that
 * each key an author wrote can be carried. Not thread-safe; one export a run. */
#ifndef SELAT_RULES_EXPORT_H
#define SELAT_RULES_EXPORT_H

#include <rules/pack.h>
#include <selat/replace.h>
#include <selat/time.h>

enum { SL_EXPORT_REASONS = 16 };

struct sl_export_reason {
	const char *text;
	char *first; /* the id of the first indicator it goes for */
	size_t n;
	bool note; /* it was written, but means a little less */
};

struct sl_export {
	const struct sl_packs *packs;
	FILE *out;
	size_t left; /* how many could not be written */
	struct sl_export_reason reason[SL_EXPORT_REASONS];
	size_t reasons;
};

struct sl_export_item {
	const struct sl_pack *pack;
	const struct sl_indicator *ind; /* with what the defaults gave it */
	json_t *json;                   /* as the author wrote it; borrowed */
};

/* Writes all packs to ex->out. */
typedef int sl_export_fn(struct sl_export *ex, struct sl_err *err);
sl_export_fn sl_export_stix, sl_export_misp, sl_export_zeek, sl_export_csv;

/* A feed: manifest.json, hashes.csv and a file an event in a folder, which is made. */
int sl_export_misp_feed(struct sl_export *ex, const char *folder, struct sl_err *err);

/* The pack's indicator number i. */
struct sl_export_item sl_export_item(const struct sl_pack *pack, size_t i);

/* An indicator that cannot be written, or (note) that means less in this format. `text` is a
 * constant: indicators with the same reason are told together. */
void sl_export_leave(struct sl_export *ex, const struct sl_export_item *item, const char *text);
void sl_export_note(struct sl_export *ex, const struct sl_export_item *item, const char *text);

/* Prints the reasons to stderr and forgets them. */
void sl_export_tell(struct sl_export *ex);

/* The key that says what an indicator looks for ("domain", "sha256", "match" …). */
const char *sl_export_kind(const json_t *indicator);

/* The pack's own keys without "indicators", and with "lists", the texts of the lists beside it by
 * name: a new reference, NULL if memory ended. */
json_t *sl_export_head(const struct sl_pack *pack);

/* The lists that can be carried; and a note of those that cannot. */
json_t *sl_export_lists(const struct sl_pack *pack);
void sl_export_lists_tell(struct sl_export *ex);

/* Is every key of the object one of these (a list ended by NULL)? */
bool sl_export_only(const json_t *object, const char *const *keys);

/* Compact, keys sorted, as the digest of a pack is made; malloc'd, NULL if memory ended. */
char *sl_export_text(const json_t *json);

/* "2026-11-22T04:05:06Z" of seconds since 1970. */
char *sl_export_time(char out[SL_TIME_TEXT], int64_t seconds);

/* When the pack was made: its `created`, or 1970; a version is a second. Two versions of a pack
 * never have the same time, so that the newer replaces the older where it was taken over. */
int64_t sl_export_created(const struct sl_pack *pack);
int64_t sl_export_modified(const struct sl_pack *pack);

#endif
