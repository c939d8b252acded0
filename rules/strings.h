/* The ruleset's strings: each text once, by offset; 0 is the empty one. */
#ifndef SELAT_RULES_STRINGS_H
#define SELAT_RULES_STRINGS_H

#include <stddef.h>
#include <stdint.h>

struct sl_strings {
	char *bytes;
	size_t size, room;
	uint32_t *slot; /* hash table of offsets; 0: free */
	size_t slots, n;
};

/* The text's offset; UINT32_MAX: memory (or the offsets) ended. Zero-initialise before. */
uint32_t sl_strings_add(struct sl_strings *s, const char *text);

/* The same for texts of which hardly two are alike: not looked for. */
uint32_t sl_strings_append(struct sl_strings *s, const char *text);

/* Bytes that may hold NULs; a NUL follows them. */
uint32_t sl_strings_add_bytes(struct sl_strings *s, const uint8_t *bytes, size_t len);
void sl_strings_fini(struct sl_strings *s);

#endif
