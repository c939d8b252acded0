/* The flow table: an array of flows, an array of buckets that hold the first flow's index, chains by
 * index. Index 0 is no flow. Flows that ended are taken again first, while their memory is warm.
 *
 * Each state has a list. A flow is put at its list's new end when it enters the state and not touched
 * there by later packets: who is asked at the old end and has been active goes to the new end again.
 * So a packet costs no list work, and each flow is asked once a time-out. */
#include <assert.h>
#include <endian.h>
#include <netinet/in.h>
#include <sensor/decode/decode.h>
#include <sensor/flow/flow.h>
#include <sensor/flow/key.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { EXPIRE_MOST = 128, SECOND_CHANCES = 16, FUTURE_S = 7200 };
#define SECOND 1000000000ull

struct list {
	uint32_t oldest, newest;
};

struct sl_flow_table {
	struct sl_flow_config config;
	uint64_t seed, mask;
	size_t flow_bytes, slot_at[SL_SLOT_COUNT];
	uint8_t *flows;    /* max + 1 of flow_bytes */
	uint32_t *buckets; /* mask + 1 */
	size_t flows_size, buckets_size;
	uint32_t fresh;    /* indexes from here on were never used */
	uint32_t free;     /* chain of ended flows */
	struct list list[SL_FLOW_STATES];
};

static inline struct sl_flow *flow_at(const struct sl_flow_table *t, uint32_t index)
{
	return (struct sl_flow *)(void *)(t->flows + (size_t)index * t->flow_bytes);
}

static inline uint32_t index_of(const struct sl_flow_table *t, const struct sl_flow *f)
{
	return (uint32_t)((size_t)((const uint8_t *)f - t->flows) / t->flow_bytes);
}

static void *reserve(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			-1, 0);
	if (at != MAP_FAILED)
		madvise(at, size, MADV_HUGEPAGE);
	return at == MAP_FAILED ? NULL : at;
}

int sl_flow_table_new(struct sl_flow_table **out, const struct sl_flow_config *config,
		      struct sl_err *err)
{
	struct sl_flow_table *t = calloc(1, sizeof *t);
	if (!t)
		return sl_fail(err, SL_ENOMEM, "flow table: out of memory");
	t->config = *config;
	t->flow_bytes = sizeof(struct sl_flow);
	for (unsigned i = 0; i < SL_SLOT_COUNT; i++) {
		t->slot_at[i] = t->flow_bytes;
		t->flow_bytes += config->slot_bytes[i];
	}
	t->fresh = 1;
	uint64_t buckets = 1024;
	while (buckets < config->max)
		buckets *= 2;
	t->mask = buckets - 1;
	t->flows_size = (size_t)(config->max + 1) * t->flow_bytes;
	t->buckets_size = (size_t)buckets * sizeof *t->buckets;
	t->flows = reserve(t->flows_size);
	t->buckets = reserve(t->buckets_size);
	if (!t->flows || !t->buckets || getrandom(&t->seed, sizeof t->seed, 0) != sizeof t->seed) {
		sl_flow_table_free(t);
		return sl_fail(err, SL_ENOMEM, "flow table: no memory for %llu flows; lower flow.max",
			       (unsigned long long)config->max);
	}
	*out = t;
	return SL_OK;
}

void sl_flow_table_free(struct sl_flow_table *t)
{
	if (!t)
		return;
	if (t->flows)
		munmap(t->flows, t->flows_size);
	if (t->buckets)
		munmap(t->buckets, t->buckets_size);
	free(t);
}

void *sl_flow_slot(const struct sl_flow_table *t, struct sl_flow *flow, enum sl_flow_slot slot)
{
	return (uint8_t *)flow + t->slot_at[slot];
}

/* --- look-up --- */

/* Does the source come after the destination, in the order of their bytes? By words, as it is asked for every
 * packet. */
static inline bool is_behind(const struct sl_packet *p, uint16_t sport, uint16_t dport)
{
	uint64_t src[2], dst[2];
	memcpy(src, p->src.bytes, sizeof src);
	memcpy(dst, p->dst.bytes, sizeof dst);
	unsigned word = src[0] == dst[0];
	uint64_t a = be64toh(src[word]), b = be64toh(dst[word]);
	return a > b || (a == b && sport > dport);
}

void sl_flow_prepare(const struct sl_flow_table *t, const struct sl_packet *p,
		     struct sl_flow_lookup *lookup)
{
	struct sl_flow_key *k = &lookup->key;
	uint16_t sport = p->sport, dport = p->dport;
	if (p->proto == IPPROTO_ICMP || p->proto == IPPROTO_ICMPV6)
		sl_icmp_ports(p->proto, (uint8_t)p->sport, (uint8_t)p->dport, &sport, &dport);
	bool swap = is_behind(p, sport, dport);

	memcpy(k->low, swap ? p->dst.bytes : p->src.bytes, 16);
	memcpy(k->high, swap ? p->src.bytes : p->dst.bytes, 16);
	k->low_port = swap ? dport : sport;
	k->high_port = swap ? sport : dport;
	k->family = p->src.family;
	k->proto = p->proto;
	k->unused[0] = k->unused[1] = 0;
	k->tags[0] = t->config.vlan && p->vlans > 0 ? p->vlan[0] : 0;
	k->tags[1] = t->config.vlan && p->vlans > 1 ? p->vlan[1] : 0;
	if (p->has_quoted) { /* what quotes another pair is another flow, whichever worker takes it */
		uint32_t pair = sl_packet_pair_hash(p);
		k->tags[0] ^= (uint16_t)pair;
		k->tags[1] ^= (uint16_t)(pair >> 16);
	}
	lookup->side = swap;
	lookup->hash = XXH3_64bits_withSeed(k, sizeof *k, t->seed);
	__builtin_prefetch(&t->buckets[lookup->hash & t->mask]);
}

void sl_flow_prefetch(const struct sl_flow_table *t, const struct sl_flow_lookup *lookup)
{
	const struct sl_flow *f = flow_at(t, t->buckets[lookup->hash & t->mask]);
	__builtin_prefetch(f);
	__builtin_prefetch((const uint8_t *)f + 64);
	__builtin_prefetch((const uint8_t *)f + 128);
	__builtin_prefetch((const uint8_t *)f + 192);
	__builtin_prefetch((const uint8_t *)f + 256);
}

static struct sl_flow *find(const struct sl_flow_table *t, const struct sl_flow_lookup *lookup)
{
	uint32_t i = t->buckets[lookup->hash & t->mask];
	while (i) {
		struct sl_flow *f = flow_at(t, i);
		if (f->hash == (uint32_t)lookup->hash &&
		    memcmp(&f->key, &lookup->key, sizeof f->key) == 0)
			return f;
		i = f->chain;
	}
	return NULL;
}

/* --- lists --- */

static void list_remove(struct sl_flow_table *t, struct sl_flow *f)
{
	struct list *l = &t->list[f->state];
	if (f->older)
		flow_at(t, f->older)->newer = f->newer;
	else
		l->oldest = f->newer;
	if (f->newer)
		flow_at(t, f->newer)->older = f->older;
	else
		l->newest = f->older;
}

static void list_append(struct sl_flow_table *t, struct sl_flow *f)
{
	struct list *l = &t->list[f->state];
	uint32_t i = index_of(t, f);
	f->older = l->newest;
	f->newer = 0;
	f->queued = (uint32_t)(f->last / SECOND);
	if (l->newest)
		flow_at(t, l->newest)->newer = i;
	else
		l->oldest = i;
	l->newest = i;
}

static enum sl_flow_state state_of(const struct sl_flow *f)
{
	bool tcp = f->key.proto == IPPROTO_TCP, both = f->seen == 3;
	bool ended = f->side[0].flags & f->side[1].flags & SL_SIDE_ENDED;
	if (tcp && (f->reset || ended))
		return SL_FLOW_CLOSED;
	if (tcp)
		return both ? SL_FLOW_TCP_ESTABLISHED : SL_FLOW_TCP_NEW;
	return both ? SL_FLOW_ESTABLISHED : SL_FLOW_NEW;
}

void sl_flow_restate(struct sl_flow_table *t, struct sl_flow *f)
{
	enum sl_flow_state state = state_of(f);
	if (state == f->state)
		return;
	list_remove(t, f);
	f->state = state & 15;
	list_append(t, f);
}

/* --- life and death --- */

static void end(struct sl_flow_table *t, struct sl_flow *f, enum sl_flow_end why)
{
	sl_flow_restate(t, f); /* what it was, before the stages bring it to an end */
	t->config.ended(t->config.ctx, f, why);
	sl_count(t->config.counters, SL_COUNT_FLOWS_ENDED);
	if (why == SL_END_TIMEOUT)
		sl_count(t->config.counters, SL_COUNT_FLOWS_TIMED_OUT);
	if (why == SL_END_EVICTED)
		sl_count(t->config.counters, SL_COUNT_FLOWS_EVICTED);

	uint32_t i = index_of(t, f), *at = &t->buckets[f->hash & t->mask];
	while (*at != i)
		at = &flow_at(t, *at)->chain;
	*at = f->chain;
	list_remove(t, f);
	f->chain = t->free;
	t->free = i;
}

static bool idle_too_long(const struct sl_flow_table *t, const struct sl_flow *f, uint64_t now)
{
	return now > f->last && now - f->last > t->config.idle_s[state_of(f)] * SECOND;
}

/* The old end of the least valuable state's list; one that has been active there gets a second
 * chance, a few times. */
static void evict(struct sl_flow_table *t)
{
	for (unsigned state = 0; state < SL_FLOW_STATES; state++) {
		struct list *l = &t->list[state];
		for (unsigned n = 0; l->oldest && n < SECOND_CHANCES; n++) {
			struct sl_flow *f = flow_at(t, l->oldest);
			if (f->last / SECOND == f->queued)
				break;
			list_remove(t, f);
			list_append(t, f);
		}
		if (l->oldest) {
			end(t, flow_at(t, l->oldest), SL_END_EVICTED);
			return;
		}
	}
}

static struct sl_flow *begin(struct sl_flow_table *t, const struct sl_flow_lookup *lookup,
			     const struct sl_packet *p)
{
	if (!t->free && t->fresh > t->config.max)
		evict(t);
	uint32_t i = t->free;
	if (i)
		t->free = flow_at(t, i)->chain;
	else
		i = t->fresh++;
	struct sl_flow *f = flow_at(t, i);
	memset(f, 0, t->flow_bytes);
	f->hash = (uint32_t)lookup->hash;
	f->key = lookup->key;
	f->start = f->last = p->time;
	f->client = lookup->side & 1u;
	f->icmp = (uint16_t)(p->sport << 8 | (p->dport & 0xff));
	f->vlans = p->vlans & 7u;
	f->tunnel_kinds = p->tunnel_kinds;
	memcpy(f->vlan, p->vlan, sizeof f->vlan);
	f->seen = (1u << lookup->side) & 3;
	f->state = state_of(f) & 15;
	f->chain = t->buckets[f->hash & t->mask];
	t->buckets[f->hash & t->mask] = i;
	list_append(t, f);
	sl_count(t->config.counters, SL_COUNT_FLOWS);
	return f;
}

/* A SYN on a flow that is closed, or from a side that ended its stream: where only one direction is
 * seen the other's end never is. */
static bool begins_again(const struct sl_flow *f, unsigned side, const struct sl_packet *p)
{
	const struct sl_tcp_side *s = &f->side[side];
	if ((p->tcp_flags & (SL_TCP_SYN | SL_TCP_ACK)) != SL_TCP_SYN)
		return false;
	if (state_of(f) == SL_FLOW_CLOSED || s->flags & SL_SIDE_ENDED)
		return true;
	/* the ports are used anew, unless it is the old SYN once more */
	uint32_t first = s->next - (uint32_t)s->delivered - (uint32_t)s->gap_bytes;
	bool known = s->delivered && !(s->flags & SL_SIDE_BEYOND) && s->gap_bytes != UINT32_MAX;
	return known && p->seq + 1 != first;
}

struct sl_flow *sl_flow_get(struct sl_flow_table *t, const struct sl_flow_lookup *lookup,
			    const struct sl_packet *p, bool *fresh)
{
	struct sl_flow *f = find(t, lookup);
	if (f) {
		bool idle = idle_too_long(t, f, p->time);
		if (idle || begins_again(f, lookup->side, p)) {
			end(t, f, idle ? SL_END_TIMEOUT : SL_END_REPLACED);
			f = NULL;
		}
	}
	*fresh = !f;
	if (!f)
		f = begin(t, lookup, p);
	if (p->time > f->last)
		f->last = p->time;
	f->packets[lookup->side] += f->packets[lookup->side] < UINT32_MAX;
	f->bytes[lookup->side] += p->len;
	uint8_t seen = (1u << lookup->side) & 3;
	if (!(f->seen & seen)) {
		f->seen = (f->seen | seen) & 3u;
		sl_flow_restate(t, f);
	}
	return f;
}

bool sl_flow_quoted(struct sl_flow_table *t, const struct sl_packet *p)
{
	struct sl_packet about = { .src = p->quoted.src, .dst = p->quoted.dst, .sport = p->quoted.sport,
				   .dport = p->quoted.dport, .proto = p->quoted.proto };
	struct sl_flow_lookup lookup;
	if (t->config.vlan) {
		about.vlans = p->vlans;
		memcpy(about.vlan, p->vlan, sizeof about.vlan);
	}
	if (about.proto == IPPROTO_ICMP || about.proto == IPPROTO_ICMPV6) {
		about.dport = about.sport & 0xff; /* type and code stand where ports do */
		about.sport >>= 8;
	} else if (about.proto != IPPROTO_TCP && about.proto != IPPROTO_UDP &&
		   about.proto != IPPROTO_SCTP) {
		about.sport = about.dport = 0;
	}
	sl_flow_prepare(t, &about, &lookup);
	struct sl_flow *f = find(t, &lookup);
	if (f && f->icmp_errors < UINT8_MAX)
		f->icmp_errors++;
	return f != NULL;
}

void sl_flow_expire(struct sl_flow_table *t, uint64_t now)
{
	uint32_t now_s = (uint32_t)(now / SECOND);
	unsigned budget = EXPIRE_MOST;
	for (unsigned state = 0; state < SL_FLOW_STATES; state++) {
		struct list *l = &t->list[state];
		while (l->oldest && budget > 0) {
			struct sl_flow *f = flow_at(t, l->oldest);
			bool future = f->queued > now_s + FUTURE_S; /* a clock that was set back */
			if (!future &&
			    (now_s <= f->queued || now_s - f->queued <= t->config.idle_s[state]))
				break;
			budget--;
			if (future)
				f->last = now;
			if (idle_too_long(t, f, now)) {
				end(t, f, state == SL_FLOW_CLOSED ? SL_END_CLOSED : SL_END_TIMEOUT);
			} else {
				list_remove(t, f);
				list_append(t, f);
			}
		}
	}
}

void sl_flow_end_all(struct sl_flow_table *t)
{
	for (unsigned state = 0; state < SL_FLOW_STATES; state++)
		while (t->list[state].oldest)
			end(t, flow_at(t, t->list[state].oldest), SL_END_SHUTDOWN);
}

void sl_flow_prove_client(struct sl_flow *f, unsigned side)
{
	if (!f->known_client) {
		f->client = side & 1;
		f->known_client = 1;
	}
}
