/* Three slabs, one a size. A handle is the slab's number above the buffer's index; 0 is none. */
#include <sensor/inspect/gather.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { SLABS = 3, SLAB_SHIFT = 28 };
static const uint32_t slab_bytes[SLABS] = { 4096, 16384, 65536 };

struct buffer {
	uint32_t *owner; /* the handle that names it: zeroed when it is taken away */
	uint32_t len;
	uint32_t older, newer; /* in its slab; older: the next free one, while it is free */
	uint8_t bytes[];
};

struct slab {
	uint8_t *at;
	size_t size;
	uint32_t max, fresh, free;
	uint32_t oldest, newest;
};

struct sl_gather {
	struct slab slab[SLABS];
	struct sl_counters *counters;
};

static struct buffer *buffer_at(const struct sl_gather *g, uint32_t handle)
{
	uint32_t slab = handle >> SLAB_SHIFT, index = handle & ((1u << SLAB_SHIFT) - 1);
	return (struct buffer *)(void *)(g->slab[slab].at + (size_t)index * slab_bytes[slab]);
}

static size_t room_of(uint32_t slab)
{
	return slab_bytes[slab] - sizeof(struct buffer);
}

int sl_gather_new(struct sl_gather **out, uint64_t bytes, struct sl_counters *counters,
		  struct sl_err *err)
{
	struct sl_gather *g = calloc(1, sizeof *g);
	if (!g)
		return sl_fail(err, SL_ENOMEM, "gather: out of memory");
	g->counters = counters;
	for (unsigned i = 0; i < SLABS; i++) {
		struct slab *s = &g->slab[i];
		s->max = (uint32_t)(bytes / SLABS / slab_bytes[i]);
		s->fresh = 1; /* index 0 is none */
		s->size = ((size_t)s->max + 1) * slab_bytes[i];
		s->at = mmap(NULL, s->size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (s->at == MAP_FAILED) {
			s->at = NULL;
			sl_gather_free(g);
			return sl_fail(err, SL_ENOMEM, "gather: no memory; lower flow.gather");
		}
	}
	*out = g;
	return SL_OK;
}

void sl_gather_free(struct sl_gather *g)
{
	if (!g)
		return;
	for (unsigned i = 0; i < SLABS; i++)
		if (g->slab[i].at)
			munmap(g->slab[i].at, g->slab[i].size);
	free(g);
}

static struct buffer *in_slab(const struct sl_gather *g, uint32_t slab, uint32_t index)
{
	return buffer_at(g, slab << SLAB_SHIFT | index);
}

void sl_gather_drop(struct sl_gather *g, uint32_t *handle)
{
	if (!*handle)
		return;
	uint32_t slab = *handle >> SLAB_SHIFT;
	struct slab *s = &g->slab[slab];
	struct buffer *b = buffer_at(g, *handle);
	*(b->older ? &in_slab(g, slab, b->older)->newer : &s->oldest) = b->newer;
	*(b->newer ? &in_slab(g, slab, b->newer)->older : &s->newest) = b->older;
	b->older = s->free;
	s->free = *handle & ((1u << SLAB_SHIFT) - 1);
	*handle = 0;
}

static bool is_full(const struct slab *s)
{
	return !s->free && s->fresh > s->max;
}

/* A buffer of that slab; the message that waited longest gives up its own if there is none. */
static uint32_t take(struct sl_gather *g, uint32_t slab, uint32_t *owner)
{
	struct slab *s = &g->slab[slab];
	if (is_full(s) && s->oldest) {
		sl_count(g->counters, SL_COUNT_GATHER_FULL);
		sl_gather_drop(g, in_slab(g, slab, s->oldest)->owner);
	}
	if (is_full(s))
		return 0;
	uint32_t index = s->free ? s->free : s->fresh++;
	struct buffer *b = in_slab(g, slab, index);
	if (s->free)
		s->free = b->older;
	*b = (struct buffer){ .owner = owner, .older = s->newest };
	*(s->newest ? &in_slab(g, slab, s->newest)->newer : &s->oldest) = index;
	s->newest = index;
	return slab << SLAB_SHIFT | index;
}

/* A buffer with room for len bytes, or the largest there is: from the smallest slab that will do, or a
 * larger one that has buffers left. */
static uint32_t take_for(struct sl_gather *g, size_t len, uint32_t *owner)
{
	uint32_t slab = 0;
	while (slab < SLABS - 1 && room_of(slab) < len)
		slab++;
	uint32_t from = slab;
	while (from < SLABS - 1 && is_full(&g->slab[from]))
		from++;
	return take(g, is_full(&g->slab[from]) ? slab : from, owner);
}

size_t sl_gather_append(struct sl_gather *g, uint32_t *handle, struct sl_span bytes)
{
	size_t have = *handle ? buffer_at(g, *handle)->len : 0;
	size_t want = have + bytes.len < SL_GATHER_MAX ? have + bytes.len : SL_GATHER_MAX;
	if (!*handle || want > room_of(*handle >> SLAB_SHIFT)) {
		uint32_t held = *handle;
		uint32_t larger = take_for(g, want, handle);
		if (!larger || *handle != held) { /* its own buffer was the one to go */
			sl_gather_drop(g, larger ? &larger : handle);
			*handle = 0;
			return 0;
		}
		struct buffer *to = buffer_at(g, larger);
		if (*handle)
			memcpy(to->bytes, buffer_at(g, *handle)->bytes, have);
		to->len = (uint32_t)have;
		sl_gather_drop(g, handle);
		*handle = larger;
	}
	struct buffer *b = buffer_at(g, *handle);
	memcpy(b->bytes + have, bytes.at, want - have);
	b->len = (uint32_t)want;
	return want - have;
}

struct sl_span sl_gather_bytes(const struct sl_gather *g, uint32_t handle)
{
	const struct buffer *b = handle ? buffer_at(g, handle) : NULL;
	return b ? sl_span_of(b->bytes, b->len) : sl_span_of(NULL, 0);
}

void sl_gather_use(struct sl_gather *g, uint32_t handle, size_t n)
{
	struct buffer *b = buffer_at(g, handle);
	b->len -= (uint32_t)n;
	memmove(b->bytes, b->bytes + n, b->len);
}
