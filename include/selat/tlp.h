/* Labels that travel with an indicator: TLP 2.0 (FIRST), severity. */
#ifndef SELAT_TLP_H
#define SELAT_TLP_H

#include <stdbool.h>

/* Ordered from what may go anywhere to what may go nowhere. */
enum sl_tlp { SL_TLP_NONE, SL_TLP_CLEAR, SL_TLP_GREEN, SL_TLP_AMBER, SL_TLP_AMBER_STRICT, SL_TLP_RED };
enum sl_severity { SL_SEVERITY_NONE, SL_LOW, SL_MEDIUM, SL_HIGH, SL_CRITICAL };

/* "TLP:GREEN" and so on, exactly as TLP 2.0 writes it; SL_TLP_NONE for anything else. */
enum sl_tlp sl_tlp_parse(const char *text);
const char *sl_tlp_text(enum sl_tlp tlp); /* "" for SL_TLP_NONE */

/* May something labelled `label` pass where `highest` is the most that may? Fails closed: no label
 * or an unknown one never passes, TLP:RED never passes. */
bool sl_tlp_passes(enum sl_tlp label, enum sl_tlp highest);

enum sl_severity sl_severity_parse(const char *text); /* "low" … "critical"; else NONE */
const char *sl_severity_text(enum sl_severity severity);

#endif
