/* A growing pool with an open-addressed table of what is in it, at most half full. */
#include <rules/strings.h>

#define XXH_INLINE_ALL
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static uint32_t *slot_find(const struct sl_strings *s, const char *text)
{
	size_t i = XXH3_64bits(text, strlen(text)) & (s->slots - 1);
	while (s->slot[i] && strcmp(s->bytes + s->slot[i], text) != 0)
		i = (i + 1) & (s->slots - 1);
	return &s->slot[i];
}

static bool slots_grow(struct sl_strings *s)
{
	struct sl_strings grown = *s;
	grown.slots = s->slots ? s->slots * 2 : 256;
	grown.slot = calloc(grown.slots, sizeof *grown.slot);
	if (!grown.slot)
		return false;
	for (size_t i = 0; i < s->slots; i++)
		if (s->slot[i])
			*slot_find(&grown, s->bytes + s->slot[i]) = s->slot[i];
	free(s->slot);
	*s = grown;
	return true;
}

/* Room for len more bytes; the first byte is the empty string. */
static bool bytes_grow(struct sl_strings *s, size_t len)
{
	if (s->bytes && s->room - s->size >= len)
		return true;
	size_t room = s->room * 2 + len + 4096;
	char *bytes = realloc(s->bytes, room);
	if (!bytes)
		return false;
	if (!s->bytes) {
		bytes[0] = '\0';
		s->size = 1;
	}
	s->bytes = bytes;
	s->room = room;
	return true;
}

static uint32_t append(struct sl_strings *s, const void *bytes, size_t len)
{
	size_t at = s->size;
	if (at + len >= UINT32_MAX)
		return UINT32_MAX;
	memcpy(s->bytes + at, bytes, len);
	s->size += len;
	return (uint32_t)at;
}

uint32_t sl_strings_append(struct sl_strings *s, const char *text)
{
	size_t len = strlen(text) + 1;
	if (!bytes_grow(s, len))
		return UINT32_MAX;
	return len == 1 ? 0 : append(s, text, len);
}

uint32_t sl_strings_add(struct sl_strings *s, const char *text)
{
	size_t len = strlen(text) + 1;
	if (!bytes_grow(s, len))
		return UINT32_MAX;
	if (len == 1)
		return 0;
	if (2 * s->n >= s->slots && !slots_grow(s))
		return UINT32_MAX;
	uint32_t *slot = slot_find(s, text);
	if (*slot)
		return *slot;
	uint32_t offset = append(s, text, len);
	if (offset == UINT32_MAX)
		return UINT32_MAX;
	s->n++;
	return *slot = offset;
}

uint32_t sl_strings_add_bytes(struct sl_strings *s, const uint8_t *bytes, size_t len)
{
	if (!bytes_grow(s, len + 1))
		return UINT32_MAX;
	if (memchr(bytes, 0, len)) {
		uint32_t offset = append(s, bytes, len);
		return offset == UINT32_MAX || append(s, "", 1) == UINT32_MAX ? UINT32_MAX : offset;
	}
	char *text = strndup((const char *)bytes, len);
	uint32_t offset = text ? sl_strings_add(s, text) : UINT32_MAX;
	free(text);
	return offset;
}

void sl_strings_fini(struct sl_strings *s)
{
	free(s->bytes);
	free(s->slot);
	*s = (struct sl_strings){ 0 };
}
