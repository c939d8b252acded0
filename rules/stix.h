/* What packs and STIX 2.1 call the same things: for the exporter and the importer. */
#ifndef SELAT_RULES_STIX_H
#define SELAT_RULES_STIX_H

#include <jansson.h>
#include <selat/tlp.h>
#include <stdbool.h>

/* Says that `x_selat_pack` and `x_selat_indicator` stand among an object's properties. */
#define SL_STIX_EXTENSION "extension-definition--c5c27bd5-1a7d-5e1a-8b3f-2f4d0a5e1a71"

/* The extension by which STIX 2.1 objects have labels of TLP 2.0. */
#define SL_STIX_TLP2_EXTENSION "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

/* The marking definition of a label of TLP 2.0, and its word ("amber+strict"); NULL for none. */
const char *sl_stix_marking(enum sl_tlp tlp);
const char *sl_stix_tlp_word(enum sl_tlp tlp);

/* A label by the id of its marking definition, of TLP 1 or 2, or by its word ("white", "amber"). */
enum sl_tlp sl_stix_marking_tlp(const char *id);
enum sl_tlp sl_stix_word_tlp(const char *word);

/* An object path and the field, or the kind of indicator, that is the same. */
struct sl_stix_path {
	const char *path; /* "file:hashes.'SHA-256'" */
	const char *name; /* "sha256", "http.uri" */
	bool kind;        /* the name of a kind, not of a field */
	bool single;      /* a scope has one value at most: so that a negation is the same */
};

/* By the path, in any case and with or without quotes; by the name. NULL: there is none. */
const struct sl_stix_path *sl_stix_path_find(const char *path);
const struct sl_stix_path *sl_stix_path_of(const char *name);

/* The pattern of an indicator, malloc'd; NULL if STIX cannot say exactly this, or memory ended.
 * Of the indicator's JSON alone, so that an importer can compare. */
char *sl_stix_pattern(const json_t *indicator);

#endif
