/* A bounded pool of equal records, addressed by number; 0 is none. The first four bytes of a record
 * link it, while it is free, and in its owner's chain, while it is not. Private to detect. */
#ifndef SELAT_SENSOR_DETECT_POOL_H
#define SELAT_SENSOR_DETECT_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct sl_pool {
	uint8_t *at;
	size_t size; /* of a record */
	uint32_t max, fresh, free;
};

/* max records are reserved, and touched as they are taken. */
static inline bool sl_pool_init(struct sl_pool *p, size_t size, uint32_t max)
{
	*p = (struct sl_pool){
		.at = malloc(size * ((size_t)max + 1)), .size = size, .max = max, .fresh = 1
	};
	return p->at;
}

static inline void sl_pool_fini(struct sl_pool *p)
{
	free(p->at);
}

static inline void *sl_pool_at(const struct sl_pool *p, uint32_t i)
{
	return p->at + i * p->size;
}

static inline uint32_t sl_pool_next(const struct sl_pool *p, uint32_t i)
{
	uint32_t next;
	memcpy(&next, sl_pool_at(p, i), sizeof next);
	return next;
}

/* A record of zeros; 0: there is none left. */
static inline uint32_t sl_pool_take(struct sl_pool *p)
{
	uint32_t i = p->free;
	if (i)
		p->free = sl_pool_next(p, i);
	else if (p->fresh <= p->max)
		i = p->fresh++;
	if (i)
		memset(sl_pool_at(p, i), 0, p->size);
	return i;
}

static inline void sl_pool_give(struct sl_pool *p, uint32_t i)
{
	memcpy(sl_pool_at(p, i), &p->free, sizeof p->free);
	p->free = i;
}

/* Gives a whole chain back. */
static inline void sl_pool_give_chain(struct sl_pool *p, uint32_t first)
{
	while (first) {
		uint32_t next = sl_pool_next(p, first);
		sl_pool_give(p, first);
		first = next;
	}
}

#endif
