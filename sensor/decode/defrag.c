/* Datagrams that wait for their missing parts: a keyed hash table over blocks of a fixed pool, and a
 * list from oldest to newest, since all wait equally long. A datagram's parts are a list of blocks
 * sorted by offset, without overlaps. Index 0 is none everywhere. */
#include <netinet/in.h>
#include <sensor/decode/decode.h>
#include <sensor/decode/defrag.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
	BLOCK_BYTES = 2038,
	BLOCKS_A_DATAGRAM = 4, /* on average: sizes the table */
	WAIT_S = 30,
	NEST_MAX = 4,
	TINY = 8, /* bytes of a first part: too few for any transport's ports and flags (RFC 1858) */
};
#define SECOND 1000000000ull

struct block {
	uint32_t next;
	uint16_t offset, len;
	uint8_t bytes[BLOCK_BYTES];
};

struct key {
	uint8_t src[16], dst[16];
	uint32_t id;
	uint8_t family, proto, unused[2];
};

struct datagram {
	struct key key;
	uint64_t since;  /* time of the first part seen */
	uint32_t chain;
	uint32_t older, newer;
	uint32_t blocks;
	uint32_t have;   /* bytes */
	uint32_t total;  /* 0: the last part is not here */
	uint8_t proto;   /* IPv6: the first part's next header */
	bool begun;
};

struct sl_defrag {
	struct sl_counters *counters;
	uint64_t seed;
	struct block *block;
	struct datagram *datagram;
	uint32_t *bucket;
	uint32_t blocks_max, datagrams_max, mask;
	uint32_t block_fresh, block_free, datagram_fresh, datagram_free;
	uint32_t oldest, newest;
	size_t size; /* of the three arrays' memory */
};

static size_t align(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

int sl_defrag_new(struct sl_defrag **out, uint64_t bytes, struct sl_counters *counters,
		  struct sl_err *err)
{
	struct sl_defrag *d = calloc(1, sizeof *d);
	if (!d)
		return sl_fail(err, SL_ENOMEM, "fragments: out of memory");
	d->counters = counters;
	d->blocks_max = (uint32_t)(bytes / sizeof(struct block));
	d->datagrams_max = d->blocks_max / BLOCKS_A_DATAGRAM + 1;
	uint32_t buckets = 64;
	while (buckets < d->datagrams_max)
		buckets *= 2;
	d->mask = buckets - 1;
	d->block_fresh = d->datagram_fresh = 1;
	size_t a = align((size_t)(d->blocks_max + 1) * sizeof(struct block));
	size_t b = align((size_t)(d->datagrams_max + 1) * sizeof(struct datagram));
	d->size = a + b + (size_t)buckets * sizeof(uint32_t);
	uint8_t *at = mmap(NULL, d->size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED || getrandom(&d->seed, sizeof d->seed, 0) != sizeof d->seed) {
		free(d);
		return sl_fail(err, SL_ENOMEM, "fragments: no memory; lower flow.fragments");
	}
	d->block = (struct block *)(void *)at;
	d->datagram = (struct datagram *)(void *)(at + a);
	d->bucket = (uint32_t *)(void *)(at + a + b);
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
	uint32_t i = d->block_free;
	if (i)
		d->block_free = d->block[i].next;
	else if (d->block_fresh <= d->blocks_max)
		i = d->block_fresh++;
	return i;
}

static void key_of(const struct sl_packet *p, struct key *k)
{
	memset(k, 0, sizeof *k);
	memcpy(k->src, p->src.bytes, 16);
	memcpy(k->dst, p->dst.bytes, 16);
	k->id = p->fragment.id;
	k->family = p->src.family;
	k->proto = p->src.family == 4 ? p->proto : 0; /* RFC 8200: addresses and id alone */
}

static uint32_t *bucket_of(struct sl_defrag *d, const struct key *k)
{
	return &d->bucket[XXH3_64bits_withSeed(k, sizeof *k, d->seed) & d->mask];
}

static void drop(struct sl_defrag *d, uint32_t index)
{
	struct datagram *g = &d->datagram[index];
	while (g->blocks) {
		uint32_t b = g->blocks;
		g->blocks = d->block[b].next;
		d->block[b].next = d->block_free;
		d->block_free = b;
	}
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
	d->datagram[i] = (struct datagram){ .key = *k, .since = now, .chain = *bucket,
					    .older = d->newest };
	*(d->newest ? &d->datagram[d->newest].newer : &d->oldest) = i;
	d->newest = i;
	*bucket = i;
	return i;
}

/* --- parts --- */

/* A block for this datagram; the oldest other one makes room if there is none. 0: no room at all. */
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

/* Puts bytes that no block has yet before *link, in as many blocks as they need. */
static bool put_run(struct sl_defrag *d, uint32_t datagram, uint32_t **link, uint32_t offset,
		    struct sl_span run)
{
	while (run.len) {
		uint32_t i = block_for(d, datagram);
		if (!i)
			return false;
		struct block *b = &d->block[i];
		b->len = (uint16_t)(run.len < BLOCK_BYTES ? run.len : BLOCK_BYTES);
		b->offset = (uint16_t)offset;
		memcpy(b->bytes, run.at, b->len);
		b->next = **link;
		**link = i;
		*link = &b->next;
		d->datagram[datagram].have += b->len;
		offset += b->len;
		run = sl_span_of(run.at + b->len, run.len - b->len);
	}
	return true;
}

/* Takes what is new of a part: the first copy wins. */
static bool put(struct sl_defrag *d, uint32_t datagram, uint32_t offset, struct sl_span bytes)
{
	uint32_t *link = &d->datagram[datagram].blocks;
	bool overlap = false, ok = true;
	while (bytes.len && ok) {
		const struct block *b = *link ? &d->block[*link] : NULL;
		size_t room = !b ? bytes.len : b->offset > offset ? b->offset - offset : 0;
		size_t run = room < bytes.len ? room : bytes.len;
		if (run)
			ok = put_run(d, datagram, &link, offset, sl_span_of(bytes.at, run));
		offset += (uint32_t)run;
		bytes = sl_span_of(bytes.at + run, bytes.len - run);
		if (!b || !bytes.len)
			break;
		uint32_t end = (uint32_t)b->offset + b->len;
		size_t covered = end > offset ? end - offset : 0;
		size_t step = covered < bytes.len ? covered : bytes.len;
		overlap |= step > 0;
		offset += (uint32_t)step;
		bytes = sl_span_of(bytes.at + step, bytes.len - step);
		link = &d->block[*link].next;
	}
	if (overlap)
		sl_count(d->counters, SL_COUNT_FRAGMENT_OVERLAPS);
	return ok;
}

/* The whole, if no hole is left. */
static size_t join(struct sl_defrag *d, const struct datagram *g, uint8_t *room)
{
	size_t len = 0;
	if (!g->total || g->have < g->total)
		return 0;
	for (uint32_t i = g->blocks; i && len < g->total; i = d->block[i].next) {
		const struct block *b = &d->block[i];
		if (b->offset != len)
			return 0;
		size_t n = g->total - len < b->len ? g->total - len : b->len;
		memcpy(room + len, b->bytes, n);
		len += n;
	}
	return len == g->total ? len : 0;
}

/* True if the part can be one of a datagram at all. */
static bool plausible(struct sl_defrag *d, const struct sl_packet *p)
{
	const struct sl_fragment *f = &p->fragment;
	if (f->offset + f->bytes.len >= SL_DATAGRAM_MAX || (f->more && f->bytes.len % 8) || !f->bytes.len) {
		sl_count(d->counters, SL_COUNT_FRAGMENT_BAD);
		return false;
	}
	if (f->offset == 0 && f->bytes.len <= TINY)
		sl_count(d->counters, SL_COUNT_FRAGMENT_TINY);
	return true;
}

static bool take(struct sl_defrag *d, struct sl_packet *p, bool checksums, uint8_t *room)
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
	if (f->offset == 0 && !g->begun) {
		g->begun = true;
		g->proto = p->proto;
	}
	if (!f->more && !g->total)
		g->total = f->offset + (uint32_t)f->bytes.len;
	if (!put(d, i, f->offset, f->bytes)) {
		sl_count(d->counters, SL_COUNT_FRAGMENT_FULL);
		drop(d, i);
		return false;
	}
	size_t len = join(d, g, room);
	if (!len)
		return false;
	p->proto = g->proto;
	drop(d, i);
	sl_count(d->counters, SL_COUNT_FRAGMENTS_JOINED);
	sl_decode_datagram(p, sl_span_of(room, len), checksums);
	return true;
}

bool sl_defrag_packet(struct sl_defrag *d, struct sl_packet *p, bool checksums, uint8_t *room)
{
	bool joined = false;
	for (unsigned n = 0; p->verdict == SL_VERDICT_FRAGMENT && n < NEST_MAX; n++) {
		if (!take(d, p, checksums, room))
			return joined;
		joined = true;
	}
	return joined;
}
