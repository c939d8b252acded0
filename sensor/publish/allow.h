/* Allow: a site's own exceptions, one a line of a file: matches that they name become no alerts.
 *
 *     192.0.2.0/24            # either end of the flow, or the value
 *     scanner.example         # the name, and names below it
 *     id:vn.cert/c2/c2-1      # an indicator of a pack
 *     id:c2-1                 # the same id in any pack
 */
#ifndef SELAT_SENSOR_PUBLISH_ALLOW_H
#define SELAT_SENSOR_PUBLISH_ALLOW_H

#include <selat/err.h>
#include <sensor/detect/match.h>

struct sl_allow;

/* Reads the file; an error names file and line. Any thread. */
int sl_allow_open(struct sl_allow **out, const char *path, struct sl_err *err);
void sl_allow_free(struct sl_allow *a); /* NULL is fine */

size_t sl_allow_lines(const struct sl_allow *a); /* exceptions in it */

/* Is the match an exception? The line that says so is counted. One thread at a time. */
bool sl_allow_silences(struct sl_allow *a, const struct sl_match *m, const uint8_t *tail);

/* Logs what lines silenced so far, most first, at most twenty. */
void sl_allow_tell(const struct sl_allow *a);

#endif
