/* Datagrams that wait for their missing parts: a keyed hash table over a fixed pool, and a list
 * from oldest to newest, since all wait equally long. A datagram is a row of places for blocks,
 * each of which has a bit for every eight bytes, the unit of fragments, so that a part finds its
 * place at once, and small neighbours share a block. Only the last part may end inside a unit.
 * Index 0 is none everywhere. */
#include <netinet/in.h>
#include <sensor/decode/decode.h>
#include <sensor/decode/defrag.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
	UNIT = 8,
	WORDS = 4, /* of 64 units */
	BLOCK_UNITS = WORDS * 64,
	BLOCK_BYTES = BLOCK_UNITS * UNIT,
	PLACES = SL_DATAGRAM_MAX / BLOCK_BYTES,
	BLOCKS_A_DATAGRAM = 2, /* on average: sizes the table */
	WAIT_S = 30,
	NEST_MAX = 4,
	TINY = 8, /* bytes of a first part: too few for any transport's ports and flags (RFC 1858)
		   */
};
#define SECOND 1000000000ull

struct block {
	uint64_t here[WORDS]; /* a bit a unit */
	uint8_t bytes[BLOCK_BYTES];
};

struct key {
	uint8_t src[16], dst[16];
	uint32_t id;
	uint16_t sport, dport; /* CAPWAP: an access point behind a NAT is known by its port */
	uint8_t family, proto, part, unused;
};

struct datagram {
	struct key key;
	uint64_t since; /* time of the first part seen */
	uint32_t chain;
	uint32_t older, newer;
	uint32_t have;  /* units below the end */
	uint32_t total; /* bytes; 0: the last part is not here */
	uint8_t proto;  /* IPv6: the first part's next header */
	uint8_t layer;  /* CAPWAP: the first part's */
	bool begun;
	uint32_t block[PLACES];
};

struct sl_defrag {
	struct sl_counters *counters;
	uint64_t seed;
	struct block *block;
	struct datagram *datagram;
	uint32_t *bucket;
	uint32_t *free_block; /* a stack */
	uint32_t blocks_max, datagrams_max, mask;
	uint32_t block_fresh, blocks_free, datagram_fresh, datagram_free;
	uint32_t oldest, newest;
	size_t size; /* of the arrays' memory */
};

static size_t align(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

int sl_defrag_new(struct sl_defrag **out, uint64_t bytes, struct sl_counters *counters,
		  struct sl_err *err)
{
	enum { A_BLOCK = sizeof(struct block) + sizeof(struct datagram) / BLOCKS_A_DATAGRAM };
	struct sl_defrag *d = calloc(1, sizeof *d);
	if (!d)
		return sl_fail(err, SL_ENOMEM, "fragments: out of memory");
	d->counters = counters;
	d->blocks_max = (uint32_t)(bytes / A_BLOCK);
	d->datagrams_max = d->blocks_max / BLOCKS_A_DATAGRAM + 1;
	uint32_t buckets = 64;
	while (buckets < d->datagrams_max)
		buckets *= 2;
	d->mask = buckets - 1;
	d->block_fresh = d->datagram_fresh = 1;
	size_t a = align((size_t)(d->blocks_max + 1) * sizeof(struct block));
	size_t b = align((size_t)(d->datagrams_max + 1) * sizeof(struct datagram));
	size_t c = align((size_t)buckets * sizeof(uint32_t));
	d->size = a + b + c + (size_t)(d->blocks_max + 1) * sizeof(uint32_t);
	uint8_t *at = mmap(NULL, d->size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED || getrandom(&d->seed, sizeof d->seed, 0) != sizeof d->seed) {
		free(d);
		return sl_fail(err, SL_ENOMEM, "fragments: no memory; lower flow.fragments");
	}
	d->block = (struct block *)(void *)at;
	d->datagram = (struct datagram *)(void *)(at + a);
	d->bucket = (uint32_t *)(void *)(at + a + b);
	d->free_block = (uint32_t *)(void *)(at + a + b + c);
	*out = d;
	return SL_OK;
}

void sl_defrag_free(struct sl_defrag *d)
{
	if (!d)
		return;
	munmap(d->block, d->size);
	free(d);
}

/* --- blocks and datagrams --- */

static uint32_t block_take(struct sl_defrag *d)
{
	uint32_t i = 0;
	if (d->blocks_free)
		i = d->free_block[--d->blocks_free];
	else if (d->block_fresh <= d->blocks_max)
		i = d->block_fresh++;
	if (i)
		memset(d->block[i].here, 0, sizeof d->block[i].here);
	return i;
}

static void key_of(const struct sl_packet *p, struct key *k)
{
	memset(k, 0, sizeof *k);
	memcpy(k->src, p->src.bytes, 16);
	memcpy(k->dst, p->dst.bytes, 16);
	k->id = p->fragment.id;
	k->family = p->src.family;
	k->part = p->part;
	if (p->part == SL_PART_CAPWAP) {
		k->sport = p->sport;
		k->dport = p->dport;
	} else if (p->src.family == 4) { /* RFC 8200: addresses and id alone */
		k->proto = p->proto;
	}
}

static uint32_t *bucket_of(struct sl_defrag *d, const struct key *k)
{
	return &d->bucket[XXH3_64bits_withSeed(k, sizeof *k, d->seed) & d->mask];
}

static void drop(struct sl_defrag *d, uint32_t index)
{
	struct datagram *g = &d->datagram[index];
	for (unsigned i = 0; i < PLACES; i++)
		if (g->block[i])
			d->free_block[d->blocks_free++] = g->block[i];
	uint32_t *at = bucket_of(d, &g->key);
	while (*at != index)
		at = &d->datagram[*at].chain;
	*at = g->chain;
	*(g->older ? &d->datagram[g->older].newer : &d->oldest) = g->newer;
	*(g->newer ? &d->datagram[g->newer].older : &d->newest) = g->older;
	g->chain = d->datagram_free;
	d->datagram_free = index;
}

static void drop_old(struct sl_defrag *d, uint64_t now)
{
	while (d->oldest && now > d->datagram[d->oldest].since &&
	       now - d->datagram[d->oldest].since > WAIT_S * SECOND) {
		sl_count(d->counters, SL_COUNT_FRAGMENT_TIMEOUTS);
		drop(d, d->oldest);
	}
}

static uint32_t find(struct sl_defrag *d, const struct key *k)
{
	uint32_t i = *bucket_of(d, k);
	while (i && memcmp(&d->datagram[i].key, k, sizeof *k) != 0)
		i = d->datagram[i].chain;
	return i;
}

static uint32_t begin(struct sl_defrag *d, const struct key *k, uint64_t now)
{
	if (!d->datagram_free && d->datagram_fresh > d->datagrams_max) {
		sl_count(d->counters, SL_COUNT_FRAGMENT_FULL);
		drop(d, d->oldest);
	}
	uint32_t i = d->datagram_free;
	if (i)
		d->datagram_free = d->datagram[i].chain;
	else
		i = d->datagram_fresh++;
	uint32_t *bucket = bucket_of(d, k);
	d->datagram[i] =
		(struct datagram){ .key = *k, .since = now, .chain = *bucket, .older = d->newest };
	*(d->newest ? &d->datagram[d->newest].newer : &d->oldest) = i;
	d->newest = i;
	*bucket = i;
	return i;
}

/* --- parts --- */

/* A block for this datagram; the oldest other one makes room if there is none. 0: no room at all.
 */
static uint32_t block_for(struct sl_defrag *d, uint32_t datagram)
{
	uint32_t b = block_take(d);
	while (!b && d->oldest && d->oldest != datagram) {
		sl_count(d->counters, SL_COUNT_FRAGMENT_FULL);
		drop(d, d->oldest);
		b = block_take(d);
	}
	return b;
}

/* How many units from here on, at most `most`, are all here or all missing. Within one word. */
static size_t run_of(const struct block *b, size_t unit, size_t most, bool *here)
{
	size_t shift = unit % 64, room = 64 - shift;
	uint64_t word = b->here[unit / 64] >> shift;
	*here = word & 1;
	if (*here)
		word = ~word;
	size_t n = word ? (size_t)__builtin_ctzll(word) : 64;
	n = n < room ? n : room;
	return n < most ? n : most;
}

/* Takes what is new of bytes that lie in one block: the first copy wins. Returns the new units. */
static uint32_t fill(struct block *b, size_t at, struct sl_span bytes, bool *overlap)
{
	size_t unit = at / UNIT, left = (bytes.len + UNIT - 1) / UNIT;
	uint32_t fresh = 0;
	while (left) {
		bool here;
		size_t n = run_of(b, unit, left, &here);
		size_t len = n * UNIT < bytes.len ? n * UNIT : bytes.len;
		if (here) {
			*overlap = true;
		} else {
			memcpy(b->bytes + unit * UNIT, bytes.at, len);
			b->here[unit / 64] |= (n == 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1)
					      << unit % 64;
			fresh += (uint32_t)n;
		}
		unit += n;
		left -= n;
		bytes = sl_span_of(bytes.at + len, bytes.len - len);
	}
	return fresh;
}

static bool put(struct sl_defrag *d, uint32_t datagram, size_t offset, struct sl_span bytes)
{
	struct datagram *g = &d->datagram[datagram];
	bool overlap = false;
	if (g->total && offset + bytes.len > g->total) /* what is beyond the end is of no use */
		bytes.len = offset < g->total ? g->total - offset : 0;
	while (bytes.len) {
		uint32_t *place = &g->block[offset / BLOCK_BYTES];
		size_t at = offset % BLOCK_BYTES, room = BLOCK_BYTES - at;
		size_t len = bytes.len < room ? bytes.len : room;
		if (!*place && !(*place = block_for(d, datagram)))
			return false;
		g->have += fill(&d->block[*place], at, sl_span_of(bytes.at, len), &overlap);
		offset += len;
		bytes = sl_span_of(bytes.at + len, bytes.len - len);
	}
	if (overlap)
		sl_count(d->counters, SL_COUNT_FRAGMENT_OVERLAPS);
	return true;
}

static uint32_t units(uint32_t bytes)
{
	return (bytes + UNIT - 1) / UNIT;
}

/* The end is known: only units before it count from now on. */
static void set_total(const struct sl_defrag *d, struct datagram *g, uint32_t total)
{
	g->total = total;
	g->have = 0;
	for (uint32_t at = 0; at < units(total); at += 64) {
		uint32_t block = g->block[at / BLOCK_UNITS], left = units(total) - at;
		uint64_t mask = left < 64 ? ((uint64_t)1 << left) - 1 : ~(uint64_t)0;
		if (block)
			g->have += (uint32_t)__builtin_popcountll(
				d->block[block].here[at % BLOCK_UNITS / 64] & mask);
	}
}

/* The whole, if no hole is left. */
static size_t join(const struct sl_defrag *d, const struct datagram *g, uint8_t *room)
{
	if (!g->total || g->have < units(g->total))
		return 0;
	for (size_t at = 0; at < g->total; at += BLOCK_BYTES) {
		size_t left = g->total - at;
		memcpy(room + at, d->block[g->block[at / BLOCK_BYTES]].bytes,
		       left < BLOCK_BYTES ? left : BLOCK_BYTES);
	}
	return g->total;
}

/* True if the part can be one of a datagram at all. */
static bool plausible(struct sl_defrag *d, const struct sl_packet *p)
{
	const struct sl_fragment *f = &p->fragment;
	if (f->offset + f->bytes.len >= SL_DATAGRAM_MAX || f->offset % UNIT ||
	    (f->more && f->bytes.len % UNIT) || !f->bytes.len) {
		sl_count(d->counters, SL_COUNT_FRAGMENT_BAD);
		return false;
	}
	if (p->part == SL_PART_CAPWAP)
		sl_count(d->counters, SL_COUNT_CAPWAP_FRAGMENTS);
	else if (f->offset == 0 && f->bytes.len <= TINY)
		sl_count(d->counters, SL_COUNT_FRAGMENT_TINY);
	return true;
}

/* What a part says about its datagram. False: it contradicts an earlier one. */
static bool learn(struct sl_defrag *d, struct datagram *g, const struct sl_packet *p)
{
	const struct sl_fragment *f = &p->fragment;
	uint32_t end = f->offset + (uint32_t)f->bytes.len;
	if (!f->more && g->total && end != g->total) {
		sl_count(d->counters, SL_COUNT_FRAGMENT_BAD);
		return false;
	}
	if (f->offset == 0 && !g->begun) {
		g->begun = true;
		g->proto = p->proto;
		g->layer = f->layer;
	}
	if (!f->more && !g->total)
		set_total(d, g, end);
	return true;
}

static bool take(struct sl_defrag *d, struct sl_packet *p, bool checksums, uint8_t *room,
		 struct sl_packets *more)
{
	const struct sl_fragment *f = &p->fragment;
	struct key k;
	if (!plausible(d, p))
		return false;
	key_of(p, &k);
	drop_old(d, p->time);
	uint32_t i = find(d, &k);
	if (!i)
		i = begin(d, &k, p->time);
	struct datagram *g = &d->datagram[i];
	if (!learn(d, g, p))
		return false;
	if (!put(d, i, f->offset, f->bytes)) {
		sl_count(d->counters, SL_COUNT_FRAGMENT_FULL);
		drop(d, i);
		return false;
	}
	size_t len = join(d, g, room);
	if (!len)
		return false;
	p->proto = g->proto;
	p->fragment.layer = g->layer;
	drop(d, i);
	sl_count(d->counters, SL_COUNT_FRAGMENTS_JOINED);
	sl_decode_datagram(p, sl_span_of(room, len), checksums, more);
	return true;
}

/* Stops when others borrow the room: what is left to do needs another. */
bool sl_defrag_packet(struct sl_defrag *d, struct sl_packet *p, bool checksums, uint8_t *room,
		      struct sl_packets *more)
{
	size_t before = more ? more->n : 0;
	bool joined = false;
	for (unsigned n = 0; p->part != SL_PART_NONE && n < NEST_MAX; n++) {
		if (!take(d, p, checksums, room, more)) {
			p->part = SL_PART_NONE;
			return joined;
		}
		joined = true;
		if (more && more->n != before)
			break;
	}
	return joined;
}
