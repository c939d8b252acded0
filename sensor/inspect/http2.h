/* What the sources of the HTTP/2 parser share: the state of a flow, blocks of header fields, streams.
 * Private to http2*.c. */
#ifndef SELAT_SENSOR_INSPECT_HTTP2_H
#define SELAT_SENSOR_INSPECT_HTTP2_H

#include <nghttp2/nghttp2.h>
#include <sensor/inspect/http.h>

enum {
	SL_H2_STREAMS_MAX = 64,        /* remembered in a flow at a time */
	SL_H2_BLOCK_MAX = 60 * 1024,   /* bytes of a header block, unpacked: more are left out */
	SL_H2_TABLE_MAX = 256 * 1024,  /* of HPACK: an encoder that wants a larger one is not followed */
	SL_H2_FRAME_HEAD = 9,
};

/* The fields of a header block, in memory of inspect's: each two lengths, the name, ": ", the value. */
struct sl_h2_block {
	uint8_t *bytes;
	uint32_t used, room;
	bool cut; /* some were left out */
};

/* Where a side is in its frames. */
enum sl_h2_step { SL_H2_START, SL_H2_PREFACE, SL_H2_HEAD, SL_H2_INTRO, SL_H2_CONTENT, SL_H2_PADDING };

struct sl_h2_side {
	nghttp2_hd_inflater *inflater; /* NULL: no header block came yet */
	struct sl_h2_block block;
	uint64_t earned; /* bytes that blocks may unpack to: http2_block.c */
	uint32_t block_stream; /* whose block goes on in CONTINUATION frames; 0: none */
	uint32_t promised;     /* by PUSH_PROMISE */
	bool block_ends, block_pushed;
	bool dead, settled; /* nothing more is read; SETTINGS came */
	uint8_t step, got;  /* got: bytes of the preface or of `head` */
	uint8_t head[SL_H2_FRAME_HEAD];
	uint8_t type, flags, pad, intro;
	uint32_t stream, left; /* of the frame at hand; left: bytes of its content still to come */
};

/* A request and its response, while either's body is under way. */
struct sl_h2_stream {
	uint32_t id;
	struct sl_body *body[2]; /* by the side that sends it */
	bool ended[2];
	bool answered;           /* the response began */
	bool tunnel;             /* of CONNECT: what is in it is no body */
	uint8_t name_len;
	uint8_t *name;           /* the last segment of the request's path, for the response's file */
};

/* The state of a flow. */
struct sl_h2 {
	nghttp2_mem mem;
	struct sl_h2_side side[2];
	struct sl_h2_stream *streams;
	uint16_t streams_n, streams_room;
};

/* --- http2_block.c --- */

/* Unpacks a part of a header block (RFC 7541); final: it is the last one. False: it cannot be unpacked, and
 * nothing behind it can. */
bool sl_h2_inflate(struct sl_talk *t, struct sl_span part, bool final);
/* So many bytes were sent of the side's header blocks: they may unpack to a multiple of that. */
void sl_h2_earn(struct sl_talk *t, size_t bytes);
void sl_h2_block_add(struct sl_talk *t, struct sl_h2_block *b, struct sl_span name, struct sl_span value);
void sl_h2_block_drop(struct sl_talk *t, struct sl_h2_block *b);
void sl_h2_inflater_free(struct sl_h2_side *s);

/* The next field; *at is 0 at first. False: no more. */
bool sl_h2_block_next(const struct sl_h2_block *b, uint32_t *at, struct sl_span *name, struct sl_span *value);

/* --- http2_message.c --- */

/* The side's block is whole: hands on what it says of stream `id`, and begins the body if there is one. */
void sl_h2_message(struct sl_talk *t, uint32_t id);

/* --- http2_stream.c --- */

struct sl_h2_stream *sl_h2_stream_find(struct sl_h2 *h, uint32_t id);
/* Makes it if it is not there. NULL: as many as are allowed have bodies under way, or no memory; counted. */
struct sl_h2_stream *sl_h2_stream_get(struct sl_talk *t, uint32_t id);
void sl_h2_stream_named(struct sl_talk *t, struct sl_h2_stream *s, struct sl_span name);
/* The talk's side sends nothing more on this stream. */
void sl_h2_stream_end(struct sl_talk *t, uint32_t id);
void sl_h2_stream_reset(struct sl_talk *t, uint32_t id); /* RST_STREAM: both sides */
/* Lets go of the bodies of one side, or with 2 of all. */
void sl_h2_streams_stop(struct sl_talk *t, unsigned side);

static inline struct sl_h2_side *sl_h2_side_of(const struct sl_talk *t)
{
	struct sl_h2 *h = t->state;
	return &h->side[t->side];
}

#endif
