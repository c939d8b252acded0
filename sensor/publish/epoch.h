/* Epoch: the name of one life of a journal, a ULID: 48 bits of milliseconds, 80 random bits. */
#ifndef SELAT_SENSOR_PUBLISH_EPOCH_H
#define SELAT_SENSOR_PUBLISH_EPOCH_H

#include <selat/err.h>
#include <stdbool.h>

enum { SL_EPOCH_LEN = 26, SL_EPOCH_TEXT = 27 };

/* A new epoch that sorts after `after`, even if the clock went back; `after` may be "" or NULL. */
int sl_epoch_new(char out[SL_EPOCH_TEXT], const char *after, struct sl_err *err);

bool sl_epoch_valid(const char *text);

#endif
