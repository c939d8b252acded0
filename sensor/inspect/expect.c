/* Announced connections, in sets of four places each: a keyed hash chooses the set. Per worker. */
#define XXH_INLINE_ALL
#include <sensor/inspect/expect.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

enum { SETS = 256, WAYS = 4 };
#define GOOD_FOR (UINT64_C(300) * 1000000000) /* nanoseconds, as packets' times */

struct key {
	uint8_t low[16], high[16];
	uint16_t tags[2];
	uint16_t port;
	uint8_t family, listener;
};

struct entry {
	struct key key;
	uint64_t since; /* 0: free */
	struct sl_expected what;
};

struct sl_expect {
	struct sl_counters *counters;
	uint64_t seed;
	size_t n;
	struct entry entry[SETS][WAYS];
};

int sl_expect_new(struct sl_expect **out, struct sl_counters *counters, struct sl_err *err)
{
	struct sl_expect *e = calloc(1, sizeof *e);
	if (!e)
		return sl_fail(err, SL_ENOMEM, "inspect: out of memory");
	e->counters = counters;
	if (getrandom(&e->seed, sizeof e->seed, 0) != sizeof e->seed) {
		sl_expect_free(e);
		return sl_fail(err, SL_EFAIL, "inspect: no random numbers");
	}
	*out = e;
	return SL_OK;
}

void sl_expect_free(struct sl_expect *e)
{
	free(e);
}

/* Between two ports of one address there is no telling who listens. */
static struct key key_of(const struct sl_flow_key *f, unsigned listener, uint16_t port)
{
	struct key k = { .tags = { f->tags[0], f->tags[1] }, .port = port, .family = f->family };
	memcpy(k.low, f->low, sizeof k.low);
	memcpy(k.high, f->high, sizeof k.high);
	k.listener = memcmp(f->low, f->high, sizeof f->low) != 0 && listener;
	return k;
}

static struct entry *set_of(struct sl_expect *e, const struct key *k)
{
	return e->entry[XXH3_64bits_withSeed(k, sizeof *k, e->seed) % SETS];
}

static void drop(struct sl_expect *e, struct entry *it)
{
	it->since = 0;
	e->n--;
}

/* now: a packet's time. Times may jump back. */
static struct entry *find(struct sl_expect *e, const struct key *k, uint64_t now)
{
	struct entry *set = set_of(e, k);
	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].since && now > set[i].since && now - set[i].since > GOOD_FOR)
			drop(e, &set[i]);
		if (set[i].since && memcmp(&set[i].key, k, sizeof *k) == 0)
			return &set[i];
	}
	return NULL;
}

struct sl_expected *sl_expect_add(struct sl_expect *e, const struct sl_flow *control, unsigned listener,
				  uint16_t port)
{
	struct key k = key_of(&control->key, listener, port);
	struct entry *it = find(e, &k, control->last), *set = set_of(e, &k);
	if (!it) {
		it = set;
		for (unsigned i = 1; i < WAYS; i++)
			it = set[i].since < it->since ? &set[i] : it;
		if (it->since)
			sl_count(e->counters, SL_COUNT_FTP_DATA_FULL);
		else
			e->n++;
	}
	*it = (struct entry){ .key = k, .since = control->last ? control->last : 1 };
	return &it->what;
}

struct sl_expected *sl_expect_find(struct sl_expect *e, const struct sl_flow *control, unsigned listener,
				   uint16_t port)
{
	struct key k = key_of(&control->key, listener, port);
	struct entry *it = find(e, &k, control->last);
	return it ? &it->what : NULL;
}

static struct entry *of_flow(struct sl_expect *e, const struct sl_flow *flow)
{
	struct entry *it = NULL;
	for (unsigned side = 0; side < 2 && !it && e->n; side++) {
		struct key k = key_of(&flow->key, side, side ? flow->key.high_port : flow->key.low_port);
		it = find(e, &k, flow->last);
	}
	return it;
}

bool sl_expect_meets(struct sl_expect *e, const struct sl_flow *flow)
{
	return e->n && of_flow(e, flow);
}

bool sl_expect_take(struct sl_expect *e, const struct sl_flow *flow, struct sl_expected *out)
{
	struct entry *it = of_flow(e, flow);
	if (!it)
		return false;
	*out = it->what;
	drop(e, it);
	return true;
}
