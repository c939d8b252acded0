/* UUIDs of version 5: SHA-1 over a name space and a name. Reentrant. */
#include <rules/uuid.h>

#include <ctype.h>
#include <selat/digest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UUID_BYTES = 16, NAME_ROOM = 4096 }; /* names of packs, authors and ids are shorter */

/* bd0cdd9b-3c72-5e67-95e1-5e1a7d5e1a7d: what this project's names stand in. */
static const uint8_t name_space[UUID_BYTES] = { 0xbd, 0x0c, 0xdd, 0x9b, 0x3c, 0x72, 0x5e, 0x67,
						0x95, 0xe1, 0x5e, 0x1a, 0x7d, 0x5e, 0x1a, 0x7d };

static void uuid_format(char out[SL_UUID_TEXT], const uint8_t b[UUID_BYTES])
{
	snprintf(out, SL_UUID_TEXT,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
}

/* Appends as much as there is room for. */
static void part_add(uint8_t bytes[NAME_ROOM], size_t *len, const char *part)
{
	size_t n = strlen(part);
	n = n < NAME_ROOM - *len ? n : NAME_ROOM - *len;
	memcpy(bytes + *len, part, n);
	*len += n;
}

char *sl_uuid_name(char out[SL_UUID_TEXT], const char *const *parts)
{
	uint8_t bytes[NAME_ROOM], digest[SL_SHA1_SIZE];
	size_t len = sizeof name_space;
	memcpy(bytes, name_space, sizeof name_space);
	for (size_t i = 0; parts[i]; i++) {
		if (i)
			part_add(bytes, &len, ":");
		part_add(bytes, &len, parts[i]);
	}
	sl_sha1(sl_span_of(bytes, len), digest);
	digest[6] = (uint8_t)((digest[6] & 0x0f) | 0x50); /* version */
	digest[8] = (uint8_t)((digest[8] & 0x3f) | 0x80); /* variant */
	uuid_format(out, digest);
	return out;
}

bool sl_uuid_valid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	if (strlen(text) != sizeof form - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	return true;
}
