/* Domain names as they are compared: lower case, no trailing dot (RFC 1035 2.3.3, RFC 4343). */
#ifndef SELAT_NAME_H
#define SELAT_NAME_H

#include <selat/err.h>
#include <selat/span.h>

enum { SL_NAME_MAX = 1024 }; /* a wire name of 255 bytes whose every byte is escaped fits */

/* Lower-cases ASCII and drops one trailing dot. Returns the length, or 0 if the name is empty or
 * longer than room. No check of characters: names from the wire hold any byte. */
size_t sl_name_normal(char *out, size_t room, struct sl_span name);

/* The name without its first label ("a.b.c" -> "b.c"), or an empty span after the last. */
struct sl_span sl_name_parent(struct sl_span name);

/* The name in "Name <user@domain>": what follows the last "@", up to what cannot be part of a name. */
struct sl_span sl_name_of_mail(struct sl_span mail);

/* A name an author wrote: labels of 1 to 63 letters, digits, '-' and '_', 253 in all, no address;
 * the error says what is wrong. `out` gets the normal form. */
int sl_name_parse(const char *text, char *out, size_t room, struct sl_err *err);

#endif
