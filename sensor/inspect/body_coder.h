/* One content coding of a body, undone in steps. Private to body.c. */
#ifndef SELAT_SENSOR_INSPECT_BODY_CODER_H
#define SELAT_SENSOR_INSPECT_BODY_CODER_H

#include <brotli/decode.h>
#include <selat/span.h>
#include <stdbool.h>
#include <zlib.h>

struct sl_inspect;

enum sl_coding { SL_CODING_GZIP, SL_CODING_DEFLATE, SL_CODING_BR, SL_CODING_PLAIN, SL_CODINGS };

enum {
	SL_CODER_OUT = 4 * 1024, /* at a time: a bomb is let go of after as much */
	SL_CODER_START = 4,
};

/* Zero at first, but for the coding. */
struct sl_coder {
	enum sl_coding coding;
	bool begun, ended;
	bool bad; /* an error came behind what it gave: a wrong checksum stands at the end */
	uint8_t start[SL_CODER_START]; /* the first bytes, until they tell which it is */
	uint8_t start_n;
	z_stream z;
	BrotliDecoderState *br;
	struct sl_inspect *inspect;
	size_t ring; /* the largest that br took */
};

/* Takes the first bytes, until they tell. True: they do, and it may begin. */
bool sl_coder_starts(struct sl_coder *c, struct sl_span *in);
/* What is not what it was said to be becomes SL_CODING_PLAIN. False: no memory. */
bool sl_coder_begin(struct sl_coder *c, struct sl_inspect *inspect);
/* One step: *in loses what was used up. Returns how many of SL_CODER_OUT bytes came out, or -1. */
int sl_coder_step(struct sl_coder *c, struct sl_span *in, uint8_t *out);
void sl_coder_free(struct sl_coder *c);

#endif
