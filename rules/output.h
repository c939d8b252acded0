/* What the subcommands print: text for people is escaped, so that a pack or a capture cannot drive
 * a terminal; JSON is always UTF-8. */
#ifndef SELAT_RULES_OUTPUT_H
#define SELAT_RULES_OUTPUT_H

#include <jansson.h>
#include <rules/image.h>
#include <selat/span.h>
#include <stdio.h>

/* The bytes, control characters escaped. Returns how many bytes were written. */
size_t sl_out_bytes(FILE *out, struct sl_span bytes);
size_t sl_out_text(FILE *out, const char *text);

/* The same, then spaces up to width. */
void sl_out_column(FILE *out, const char *text, size_t width);

/* "1.4 MiB" */
const char *sl_out_size(char out[32], uint64_t bytes);

json_t *sl_out_string(const char *text); /* a JSON string, whatever the bytes */

/* Prints to stdout, with a newline, and releases it. */
int sl_out_json(json_t *json, struct sl_err *err);

const char *sl_mode_text(enum sl_database_mode mode); /* "block", "gather", "stream" */

/* "address 1, domain 2, url 0, match 7, md5 3": by enum sl_indicator_kind; an exact kind if there are
 * any. */
void sl_out_kinds(const size_t *n);

#endif
