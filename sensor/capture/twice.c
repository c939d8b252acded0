/* A small table of what came last: a packet overwrites what has its slot. Only Ethernet frames, whose
 * header can be told without decoding; the digest is keyed, so nobody can aim at a slot. */
#include <selat/cursor.h>
#include <sensor/capture/twice.h>
#include <stdlib.h>
#include <sys/random.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { SLOTS = 8192, WINDOW_NS = 2000000, LOOKED_AT = 256, TAGS_MAX = 4 };

struct slot {
	uint64_t digest, time;
};

struct sl_twice {
	uint64_t seed;
	struct slot slot[SLOTS];
};

struct sl_twice *sl_twice_new(void)
{
	struct sl_twice *t = calloc(1, sizeof *t);
	if (t && getrandom(&t->seed, sizeof t->seed, 0) != sizeof t->seed) {
		free(t);
		t = NULL;
	}
	return t;
}

void sl_twice_free(struct sl_twice *t)
{
	free(t);
}

/* The IP packet behind Ethernet and its tags; an empty cursor if there is none. */
static struct sl_cur ip_of(const uint8_t *bytes, uint32_t len, bool *v4)
{
	struct sl_cur c = sl_cur_of(bytes, len);
	sl_cur_take(&c, 12);
	uint16_t type = sl_cur_be16(&c);
	for (unsigned n = 0; n < TAGS_MAX && (type == 0x8100 || type == 0x88a8); n++) {
		sl_cur_be16(&c);
		type = sl_cur_be16(&c);
	}
	*v4 = type == 0x0800;
	if (type != 0x0800 && type != 0x86dd)
		c.failed = true;
	return c;
}

bool sl_twice_seen(struct sl_twice *t, const uint8_t *bytes, uint32_t len, uint64_t time)
{
	enum { V4_TTL = 8, V4_CHECKSUM = 10, V6_HOPS = 7 };
	bool v4;
	uint8_t head[LOOKED_AT];
	struct sl_cur ip = ip_of(bytes, len, &v4);
	size_t left = sl_cur_left(&ip), n = left < LOOKED_AT ? left : LOOKED_AT;
	if (n < 20)
		return false;
	size_t total = v4 ? (size_t)ip.p[2] << 8 | ip.p[3] : ((size_t)ip.p[4] << 8 | ip.p[5]) + 40;
	if (total >= 20 && total < left) /* what is behind it is padding */
		left = total;
	n = n < left ? n : left;
	memcpy(head, ip.p, n);
	if (v4) {
		head[V4_TTL] = 0;
		head[V4_CHECKSUM] = head[V4_CHECKSUM + 1] = 0;
	} else {
		head[V6_HOPS] = 0;
	}
	uint64_t digest = XXH3_64bits_withSeed(head, n, t->seed) ^ left;
	struct slot *s = &t->slot[digest % SLOTS];
	bool again = s->digest == digest && time >= s->time && time - s->time < WINDOW_NS;
	*s = (struct slot){ digest, time };
	return again;
}
