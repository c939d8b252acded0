/* Times. A time is nanoseconds since 1970-01-01T00:00:00Z (uint64_t) unless a name says otherwise. */
#ifndef SELAT_TIME_H
#define SELAT_TIME_H

#include <selat/err.h>
#include <stdint.h>

enum { SL_TIME_TEXT = 32 }; /* room for a time's text */

uint64_t sl_time_now(void);     /* the wall clock, nanoseconds */
uint64_t sl_time_mono_ms(void); /* the monotonic clock, milliseconds */

/* RFC 3339 in UTC with microseconds, "2026-11-22T04:05:06.123456Z"; returns out. */
char *sl_time_format(char out[SL_TIME_TEXT], uint64_t ns);

/* RFC 3339 with any offset and up to nine fraction digits; a missing offset or an impossible
 * date is an error. */
int sl_time_parse(const char *text, uint64_t *ns, struct sl_err *err);

#endif
