/* What the MIME files share: a part's headers, its transfer decoding and the links in its text.
 * Private to mime*.c; HTTP takes sl_mime_param too. */
#ifndef SELAT_SENSOR_INSPECT_MIME_PART_H
#define SELAT_SENSOR_INSPECT_MIME_PART_H

#include <sensor/inspect/mime.h>

enum { SL_MIME_BOUNDARY_MAX = 512, /* RFC 2046 allows 70 */ SL_MIME_NAME_MAX = 255 };

/* --- headers (mime_head.c) --- */

enum sl_mime_kind { SL_MIME_LEAF, SL_MIME_PLAIN, SL_MIME_HTML, SL_MIME_MULTIPART, SL_MIME_MESSAGE };
enum sl_mime_coding { SL_MIME_IDENTITY, SL_MIME_BASE64, SL_MIME_QUOTED };

/* What a mail says about itself, once each. Every server that it passed adds a Received. */
enum {
	SL_MIME_FROM,
	SL_MIME_TO,
	SL_MIME_SUBJECT,
	SL_MIME_CC,
	SL_MIME_DATE,
	SL_MIME_MESSAGE_ID,
	SL_MIME_X_MAILER,
	SL_MIME_MAIL_HEADERS,
	SL_MIME_RECEIVED_MAX = 64,
};

struct sl_mime_head {
	enum sl_mime_kind kind;
	enum sl_mime_coding coding;
	bool digest;  /* a multipart's parts are messages, where they do not say otherwise */
	bool form;    /* multipart/form-data */
	bool named;   /* there is a file name, if only an empty one */
	struct sl_span mail[SL_MIME_MAIL_HEADERS]; /* as they stand in the block; NULL bytes: none */
	struct sl_span received[SL_MIME_RECEIVED_MAX];
	size_t received_n; /* of which the first are kept */
	size_t name_len, boundary_len;
	uint8_t name[SL_MIME_NAME_MAX], boundary[SL_MIME_BOUNDARY_MAX];
};

/* block: lines that end in LF, unfolded. message: a part without Content-Type is a message. */
void sl_mime_head_read(struct sl_mime_head *h, struct sl_span block, bool message);
/* Of a Content-Type's value alone. */
void sl_mime_type_read(struct sl_mime_head *h, struct sl_span value);

/* Undoes RFC 2047's encoded words whose charset is UTF-8, US-ASCII or ISO-8859-1; others stay as they
 * are. out has room for 2 * in.len bytes. Returns the length. */
size_t sl_mime_words(uint8_t *out, struct sl_span in);

/* A parameter of a header's value, RFC 2231's forms too. At most room bytes of it; *cut tells if there
 * were more. False: it has none. */
bool sl_mime_param(struct sl_span value, const char *name, uint8_t *out, size_t room, size_t *len,
		   bool *cut);

/* --- transfer decoding (mime_code.c) --- */

enum { SL_MIME_BLANKS_MAX = 128 };

/* Zero at first, but for the coding. */
struct sl_mime_code {
	enum sl_mime_coding coding;
	uint32_t bits;      /* base64: those not yet given out */
	uint8_t bits_n;     /* base64: digits in them; quoted: of an escape, bytes seen */
	uint8_t escape;     /* quoted: its first digit */
	bool resync;        /* bytes are missing: the next line begins anew */
	uint8_t blanks_n;   /* quoted: white space that may turn out to end a line */
	uint8_t blanks[SL_MIME_BLANKS_MAX];
};

typedef void sl_mime_out(void *ctx, struct sl_span bytes);

/* Bytes of a line, and a line's end (which only comes when more follows). */
void sl_mime_code_data(struct sl_mime_code *c, struct sl_span in, sl_mime_out *out, void *ctx);
void sl_mime_code_line(struct sl_mime_code *c, struct sl_span end, sl_mime_out *out, void *ctx);
void sl_mime_code_end(struct sl_mime_code *c, sl_mime_out *out, void *ctx);

/* The value of a base64 digit, or -1. */
int sl_base64_digit(uint8_t c);

/* --- links (mime_link.c) --- */

struct sl_mime_links;
struct sl_mime_links *sl_mime_links_new(struct sl_talk *t); /* in inspect's memory; NULL: not wanted, or none left */
void sl_mime_links_begin(struct sl_mime_links *l, bool html);  /* of a part */
/* *left: how many may still be handed on. */
void sl_mime_links_data(struct sl_talk *t, struct sl_mime_links *l, struct sl_span bytes, unsigned *left);
void sl_mime_links_end(struct sl_talk *t, struct sl_mime_links *l, unsigned *left);

#endif
