/* Writing over a file that is read is a slip, and costs the file: it is refused. */
#ifndef SELAT_SPARE_H
#define SELAT_SPARE_H

#include <selat/err.h>
#include <stddef.h>

/* SL_EUSAGE if output is input, under whatever name. Either may be NULL. */
int sl_spare(const char *output, const char *input, struct sl_err *err);
int sl_spare_all(const char *output, char *const *inputs, size_t n, struct sl_err *err);

#endif
