/* Names in any script, as authors write them, to the ASCII form that travels (A-labels: RFC 5890; mapped
 * as UTS 46 says, not transitional). Reentrant. */
#ifndef SELAT_RULES_IDN_H
#define SELAT_RULES_IDN_H

#include <selat/err.h>
#include <stddef.h>

/* ASCII stays as it is, right or wrong. */
int sl_idn_name(const char *name, char *out, size_t room, struct sl_err *err);

/* The same for the host of a URL. */
int sl_idn_url(const char *url, char *out, size_t room, struct sl_err *err);

#endif
