/* The small JSON writer for what is hot: alerts and dumps. jansson reads JSON everywhere and
 * writes the rest. Writes into a buffer that grows; never fails half-way: if memory ends, `failed`
 * is set and stays. Values are escaped as text.h defines. Not thread-safe; one writer a thread. */
#ifndef SELAT_JSON_H
#define SELAT_JSON_H

#include <selat/span.h>

struct sl_json {
	char *text;       /* NUL-terminated; owned; NULL before anything was written */
	size_t len, room; /* bytes */
	bool failed;
	bool comma; /* a comma is due before the next value */
};

void sl_json_init(struct sl_json *j);
void sl_json_fini(struct sl_json *j);
void sl_json_reset(struct sl_json *j); /* empties, forgets a failure, keeps the memory */

/* key is NULL inside arrays and at the top. Keys are this program's own words: not escaped. */
void sl_json_open(struct sl_json *j, const char *key, char bracket); /* '{' or '[' */
void sl_json_close(struct sl_json *j, char bracket);                 /* '}' or ']' */
void sl_json_text(struct sl_json *j, const char *key, const char *value);
void sl_json_bytes(struct sl_json *j, const char *key, struct sl_span value); /* as escaped text */
void sl_json_base64(struct sl_json *j, const char *key, struct sl_span value);
void sl_json_u64(struct sl_json *j, const char *key, uint64_t value);
void sl_json_bool(struct sl_json *j, const char *key, bool value);
void sl_json_double(struct sl_json *j, const char *key, double value); /* 6 significant digits */
void sl_json_time(struct sl_json *j, const char *key, uint64_t ns);    /* RFC 3339, UTC, microseconds */
void sl_json_raw(struct sl_json *j, const char *key, struct sl_span json);

#endif
