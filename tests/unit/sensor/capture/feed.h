/* pcapng by hand (draft-ietf-opsawg-pcapng, sections 4.1 to 4.3), and reading numbered packets
 * from it. */
#ifndef SELAT_TEST_CAPTURE_FEED_H
#define SELAT_TEST_CAPTURE_FEED_H

#include "../captures.h"
#include <pthread.h>
#include <selat/log.h>
#include <selat/time.h>
#include <sensor/capture/feed.h>
#include <sys/wait.h>

enum { PACKET = 61, PACKETS = 3000 };

struct ng {
	uint8_t *at;
	size_t n, room;
	bool swapped;
};

static inline void ng_put(struct ng *g, const void *bytes, size_t n)
{
	if (g->n + n > g->room) {
		g->room = (g->n + n) * 2;
		g->at = realloc(g->at, g->room);
		assert_non_null(g->at);
	}
	memcpy(g->at + g->n, bytes, n);
	g->n += n;
}

static inline void ng_u32(struct ng *g, uint32_t v)
{
	v = g->swapped ? __builtin_bswap32(v) : v;
	ng_put(g, &v, 4);
}

static inline void ng_u16(struct ng *g, uint16_t v)
{
	v = g->swapped ? __builtin_bswap16(v) : v;
	ng_put(g, &v, 2);
}

static inline void ng_section(struct ng *g)
{
	ng_u32(g, 0x0a0d0d0a);
	ng_u32(g, 28);
	ng_u32(g, 0x1a2b3c4d);
	ng_u16(g, 1);
	ng_u16(g, 0);
	ng_u32(g, UINT32_MAX);
	ng_u32(g, UINT32_MAX);
	ng_u32(g, 28);
}

static inline void ng_interface(struct ng *g, uint32_t snaplen)
{
	ng_u32(g, 1);
	ng_u32(g, 20);
	ng_u16(g, 1);
	ng_u16(g, 0);
	ng_u32(g, snaplen);
	ng_u32(g, 20);
}

/* Its bytes are its number, then 0xab. */
static inline void ng_packet(struct ng *g, uint32_t interface, uint32_t number, uint32_t time_s)
{
	uint8_t bytes[PACKET + 3];
	uint64_t us = (uint64_t)time_s * 1000000 + number;
	memset(bytes, 0xab, sizeof bytes);
	memcpy(bytes, &number, 4);
	ng_u32(g, 6);
	ng_u32(g, 32 + sizeof bytes);
	ng_u32(g, interface);
	ng_u32(g, (uint32_t)(us >> 32));
	ng_u32(g, (uint32_t)us);
	ng_u32(g, PACKET);
	ng_u32(g, PACKET);
	ng_put(g, bytes, sizeof bytes);
	ng_u32(g, 32 + sizeof bytes);
}

static const uint32_t snaplens[] = { 65535, 0, 262144, 96 };

static inline void ng_make(struct ng *g, bool swapped, unsigned packets, uint32_t time_s)
{
	*g = (struct ng){ .swapped = swapped };
	ng_section(g);
	for (size_t i = 0; i < 4; i++)
		ng_interface(g, snaplens[i]);
	for (unsigned i = 0; i < packets; i++)
		ng_packet(g, i % 4, i, time_s);
}

struct fixture {
	char folder[64], path[256];
	struct sl_list paths;
	struct sl_counters counters;
	struct sl_frames *batch;
	int wake[2];
};

static inline struct fixture *begin(void)
{
	struct fixture *x = calloc(1, sizeof *x);
	assert_non_null(x);
	x->batch = malloc(sizeof *x->batch);
	assert_non_null(x->batch);
	captures_begin(x->folder);
	assert_int_equal(pipe(x->wake), 0);
	sl_log_level(0);
	return x;
}

static inline void end(struct fixture *x)
{
	captures_end(x->folder);
	sl_list_free(&x->paths);
	close(x->wake[0]);
	close(x->wake[1]);
	free(x->batch);
	free(x);
}

static inline void append(const char *path, const uint8_t *at, size_t n)
{
	FILE *f = fopen(path, "a");
	assert_non_null(f);
	assert_int_equal(fwrite(at, 1, n, f), n);
	fclose(f);
}

static inline void write_file(struct fixture *x, const char *name, const struct ng *g, size_t n)
{
	snprintf(x->path, sizeof x->path, "%s/%s", x->folder, name);
	append(x->path, g->at, n);
}

static inline uint32_t number_of(const struct sl_frame *f)
{
	uint32_t n;
	memcpy(&n, f->at, 4);
	return n;
}

/* Reads to the end; packet i must be number i. */
static inline unsigned read_numbered(struct fixture *x, bool follow, int *rc)
{
	struct sl_file_config config = { .paths = &x->paths,
					 .follow = follow,
					 .wake_fd = x->wake[0] };
	struct sl_source *s = NULL;
	struct sl_err err = { "" };
	unsigned n = 0;
	assert_int_equal(sl_source_files(&s, &config, sl_decode_knows, &x->counters, &err), SL_OK);
	while (sl_source_read(s, x->batch, &err) == SL_OK)
		for (size_t i = 0; i < x->batch->n; i++, n++) {
			assert_int_equal(x->batch->frame[i].caplen, PACKET);
			assert_int_equal(number_of(&x->batch->frame[i]), n);
			assert_int_equal(x->batch->frame[i].at[PACKET - 1], 0xab);
		}
	*rc = sl_source_close(s);
	return n;
}

#endif
