/* Building indicators out of what others wrote, for STIX, MISP and Zeek: values that are checked as a
 * pack's are, and texts for people made to fit. */
#ifndef SELAT_RULES_IMPORT_BUILD_H
#define SELAT_RULES_IMPORT_BUILD_H

#include <rules/import/import.h>

enum { SL_BUILD_ID = 128 };

/* Is it an indicator as a pack may hold it? Otherwise it is told why not, and left. */
bool sl_build_check(struct sl_import *im, const struct sl_place *at, const json_t *indicator);

/* Checks, then adds; takes the reference. */
bool sl_build_add(struct sl_import *im, const struct sl_place *at, json_t *indicator);

/* An id of any text: what no id may hold becomes '-'. number 1: as it is; else ".number" follows. */
void sl_build_id(char out[SL_BUILD_ID + 1], const char *text, size_t number);

/* Sets a text for people. Control characters become blanks; what is beyond max bytes is cut, and
 * told. lines: newlines and tabs may stay. Empty or NULL: nothing is set. */
void sl_build_text(struct sl_import *im, const struct sl_place *at, json_t *indicator,
		   const char *key, const char *text, size_t max, bool lines);

/* name (256 bytes), description (4096), a reference (16 of 2048 bytes). */
void sl_build_name(struct sl_import *im, const struct sl_place *at, json_t *indicator,
		   const char *text);
void sl_build_description(struct sl_import *im, const struct sl_place *at, json_t *indicator,
			  const char *text);
void sl_build_reference(struct sl_import *im, const struct sl_place *at, json_t *indicator,
			const char *url);

/* Sets a class: "malicious-code/c2-server", or RSIT's machine tag behind its "rsit:". False:
 * no class. */
bool sl_build_class(json_t *indicator, const char *text);

/* Adds copies of `base` that differ in what they look for: each of `options` is an object whose keys
 * are added, and "id". Ids are "ID", "ID.2" … If one is no indicator, all are left: half of them would
 * mean something else. Takes no reference. */
void sl_build_options(struct sl_import *im, const struct sl_place *at, const json_t *base,
		      const json_t *options, const char *id);

/* { "match": [ { "field": field, op: value } ] }, a new reference; nocase if asked. */
json_t *sl_build_match(const char *field, const char *op, const char *value, bool nocase);

/* Where an address of a mail stands: options for sl_build_options, of the envelope and the headers that
 * are asked for. NULL: memory ended. */
enum { SL_MAIL_SENDER = 1, SL_MAIL_RECIPIENT = 2 };
json_t *sl_build_mail(const char *address, int where);

/* A file of JSON: a new reference. */
int sl_build_json(const char *path, json_t **root, struct sl_err *err);

#endif
