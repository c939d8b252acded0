/* What packs and MISP call the same things: for the exporter and the importer. */
#ifndef SELAT_RULES_MISP_H
#define SELAT_RULES_MISP_H

#include <jansson.h>
#include <selat/tlp.h>

/* Names of the objects of an event that carry an indicator, and a pack's own keys; and the relation
 * of the attribute in them that holds the JSON. */
#define SL_MISP_OBJECT   "selat-indicator"
#define SL_MISP_PACK     "selat-pack"
#define SL_MISP_RELATION "selat"

/* The attributes that other programs are to look for: a list of { "type", "category", "value" }, a
 * new reference; empty if MISP has no type for it. NULL: memory ended. Of the indicator's JSON
 * alone, so that an importer can compare. */
json_t *sl_misp_values(const json_t *indicator);

/* "tlp:amber+strict" for a label, and a label of such a tag, of TLP 1 or 2, in any case. */
const char *sl_misp_tlp_tag(enum sl_tlp tlp);
enum sl_tlp sl_misp_tag_tlp(const char *tag);

#endif
