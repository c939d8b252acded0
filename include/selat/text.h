/* Text as this project writes it, for JSON, tables and log lines alike (docs/escapes.md).
 *
 * Bytes that are UTF-8 are written as they are. A byte that is not is written `\xHH` (lower-case
 * hex); so is a backslash in front of `xHH`, so that the text can be turned back into the bytes. */
#ifndef SELAT_TEXT_H
#define SELAT_TEXT_H

#include <selat/span.h>

/* The length (1 to 4) of the UTF-8 sequence that begins at s, or 0 if there is none (RFC 3629:
 * no surrogates, no overlong forms). */
size_t sl_utf8_len(struct sl_span s);

/* Writes the escaped text, NUL-terminated, cut before a sequence that has no room. With `shown`
 * control characters (C0, DEL, C1) are escaped too: for terminals and logs. Returns the length. */
size_t sl_text_escape(char *out, size_t room, struct sl_span bytes, bool shown);

/* The bytes behind an escaped text: the inverse of sl_text_escape. Returns their number, at most
 * strlen(text); out must have that room. */
size_t sl_text_unescape(uint8_t *out, const char *text);

/* The candidate nearest to word, or NULL if none is near enough to be worth a "did you mean".
 * The list ends with NULL. */
const char *sl_text_nearest(const char *word, const char *const *candidates);

/* "10 GiB", "512 KiB", "4096" into bytes. Decimal (kB, MB, GB) and binary (KiB, MiB, GiB) units.
 * False if it is no such text or does not fit. */
bool sl_bytes_parse(const char *text, uint64_t *bytes);

#endif
