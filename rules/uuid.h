/* UUIDs made of names (RFC 9562, 5.5: version 5): the same name has the same UUID everywhere. */
#ifndef SELAT_RULES_UUID_H
#define SELAT_RULES_UUID_H

#include <stdbool.h>

enum { SL_UUID_TEXT = 37 };

/* Joins the parts by ':' in this project's own name space; the list ends with NULL. Returns out. */
char *sl_uuid_name(char out[SL_UUID_TEXT], const char *const *parts);

/* Is it 8-4-4-4-12 hex digits? */
bool sl_uuid_valid(const char *text);

#endif
