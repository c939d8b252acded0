/* One content coding undone by zlib or Brotli. They allocate from the bounded memory of inspect; a ring
 * of Brotli's draws on what all bodies may unpack beyond their own. Per worker. */
#include <sensor/inspect/body_coder.h>
#include <sensor/inspect/inspect_internal.h>

enum {
	RING_LEAST = 64 * 1024, /* of Brotli's: what is less counts when it comes out */
	MEMBER = 0x1f, /* the first byte of a gzip member */
	GZIP_FLAGS = 0x1f, /* the others are reserved: most browsers pass over them, zlib would not */
};

/* --- the libraries' memory --- */

/* Brotli fills its ring, which is as large as what is announced, before it hands anything out. A larger
 * ring takes the place of the one before, whose bytes are in it. */
static void *take(void *coder, size_t bytes)
{
	struct sl_coder *c = coder;
	if (bytes >= RING_LEAST && bytes > c->ring) {
		if (bytes - c->ring > c->inspect->spare)
			return NULL;
		c->inspect->spare -= bytes - c->ring;
		c->ring = bytes;
	}
	return sl_hold_take(c->inspect, bytes);
}

static void give(void *coder, void *at)
{
	struct sl_coder *c = coder;
	sl_hold_give(c->inspect, at);
}

static voidpf zlib_take(voidpf inspect, uInt n, uInt size)
{
	return size && n > UINT32_MAX / size ? NULL : sl_hold_take(inspect, (size_t)n * size);
}

static void zlib_give(voidpf inspect, voidpf at)
{
	sl_hold_give(inspect, at);
}

/* --- beginning --- */

/* RFC 1952, section 2.3: the magic number and the only method. A body without them is no gzip, whatever
 * its header says, and clients show it as it is. */
static bool is_gzip(const struct sl_coder *c)
{
	const uint8_t *b = c->start;
	return c->start_n == 4 && b[0] == MEMBER && b[1] == 0x8b && b[2] == 8;
}

/* RFC 1950, section 2.2: method 8, a window of at most 7, and a checksum. As raw deflate such a first
 * byte would be a stored block with padding that no encoder writes. */
static bool is_zlib(const struct sl_coder *c)
{
	const uint8_t *b = c->start;
	return c->start_n == 2 && (b[0] & 15) == 8 && b[0] >> 4 <= 7 && (b[0] << 8 | b[1]) % 31 == 0;
}

bool sl_coder_begin(struct sl_coder *c, struct sl_inspect *inspect)
{
	c->begun = true;
	c->inspect = inspect;
	if (c->coding == SL_CODING_BR) {
		c->br = BrotliDecoderCreateInstance(take, give, c);
		return c->br != NULL;
	}
	if (c->coding == SL_CODING_GZIP && !is_gzip(c)) {
		c->coding = SL_CODING_PLAIN;
		return true;
	}
	if (c->coding == SL_CODING_GZIP)
		c->start[3] &= GZIP_FLAGS;
	c->z.zalloc = zlib_take;
	c->z.zfree = zlib_give;
	c->z.opaque = inspect;
	int window = c->coding == SL_CODING_GZIP ? 16 + MAX_WBITS : is_zlib(c) ? MAX_WBITS : -MAX_WBITS;
	return inflateInit2(&c->z, window) == Z_OK;
}

bool sl_coder_starts(struct sl_coder *c, struct sl_span *in)
{
	static const uint8_t needs[] = {
		[SL_CODING_GZIP] = 4, [SL_CODING_DEFLATE] = 2, [SL_CODING_BR] = 0
	};
	while (c->start_n < needs[c->coding] && in->len) {
		c->start[c->start_n++] = in->at[0];
		*in = sl_span_of(in->at + 1, in->len - 1);
	}
	return c->start_n == needs[c->coding];
}

void sl_coder_free(struct sl_coder *c)
{
	if (c->br)
		BrotliDecoderDestroyInstance(c->br);
	if (c->z.state)
		inflateEnd(&c->z);
}

static int inflate_step(struct sl_coder *c, struct sl_span *in, uint8_t *out)
{
	if (c->ended) { /* another member of a gzip file; else what follows is of no meaning */
		if (c->coding != SL_CODING_GZIP || in->at[0] != MEMBER || inflateReset(&c->z) != Z_OK) {
			in->len = 0;
			return 0;
		}
		c->ended = false;
	}
	uInt n = in->len < UINT32_MAX ? (uInt)in->len : UINT32_MAX;
	c->z.next_in = (z_const Bytef *)(uintptr_t)in->at;
	c->z.avail_in = n;
	c->z.next_out = out;
	c->z.avail_out = SL_CODER_OUT;
	int rc = inflate(&c->z, Z_NO_FLUSH);
	size_t used = n - c->z.avail_in;
	*in = sl_span_of(in->at + used, in->len - used);
	c->ended = rc == Z_STREAM_END;
	int came = (int)(SL_CODER_OUT - c->z.avail_out);
	c->bad = rc != Z_OK && rc != Z_STREAM_END && (rc != Z_BUF_ERROR || in->len);
	return c->bad && !came ? -1 : came;
}

static int brotli_step(struct sl_coder *c, struct sl_span *in, uint8_t *out)
{
	size_t left = SL_CODER_OUT;
	if (c->ended) {
		in->len = 0;
		return 0;
	}
	BrotliDecoderResult rc =
		BrotliDecoderDecompressStream(c->br, &in->len, &in->at, &left, &out, NULL);
	c->ended = rc == BROTLI_DECODER_RESULT_SUCCESS;
	return rc == BROTLI_DECODER_RESULT_ERROR ? -1 : (int)(SL_CODER_OUT - left);
}

int sl_coder_step(struct sl_coder *c, struct sl_span *in, uint8_t *out)
{
	if (c->coding == SL_CODING_BR)
		return brotli_step(c, in, out);
	return in->len || !c->ended ? inflate_step(c, in, out) : 0;
}
