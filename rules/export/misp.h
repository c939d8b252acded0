/* Writing MISP: for export/misp*.c alone. */
#ifndef SELAT_RULES_EXPORT_MISP_H
#define SELAT_RULES_EXPORT_MISP_H

#include <rules/export/export.h>
#include <rules/misp.h>
#include <rules/uuid.h>

/* What a feed's manifest says of the event, and its uuid: a new reference. */
json_t *sl_export_misp_head(const struct sl_pack *pack);

/* {"Event": …}; into hashes, unless it is NULL, the lines of a feed's hashes.csv. Negative: memory
 * ended. */
int sl_export_misp_event(FILE *out, FILE *hashes, const struct sl_pack *pack);

#endif
