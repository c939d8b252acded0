/* A borrowed run of bytes. Never owns; whoever hands it out says how long it stays valid. */
#ifndef SELAT_SPAN_H
#define SELAT_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sl_span {
	const uint8_t *at;
	size_t len;
};

static inline struct sl_span sl_span_of(const void *at, size_t len)
{
	return (struct sl_span){ (const uint8_t *)at, len };
}

static inline struct sl_span sl_span_str(const char *s)
{
	return sl_span_of(s, strlen(s));
}

static inline bool sl_span_eq(struct sl_span a, struct sl_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

#endif
