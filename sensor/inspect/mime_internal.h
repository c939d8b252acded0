/* A MIME stream at work: its lines (mime.c) and what its entities are (mime_entity.c). Private to
 * them. */
#ifndef SELAT_SENSOR_INSPECT_MIME_INTERNAL_H
#define SELAT_SENSOR_INSPECT_MIME_INTERNAL_H

#include <sensor/inspect/inspect_internal.h>
#include <sensor/inspect/mime_part.h>

enum {
	SL_MIME_DEPTH_MAX = 16,
	SL_MIME_MARK_MAX = SL_MIME_BOUNDARY_MAX + 64, /* the dashes and blanks around a boundary */
};

enum sl_mime_mode { SL_MIME_MODE_IGNORE, SL_MIME_MODE_HEAD, SL_MIME_MODE_LEAF };
enum sl_mime_line { SL_MIME_LINE_START, SL_MIME_LINE_MARK, SL_MIME_LINE_MIDDLE };
enum sl_mime_eol { SL_MIME_EOL_NONE, SL_MIME_EOL_LF, SL_MIME_EOL_CRLF };

struct sl_mime_level {
	uint8_t *boundary;
	size_t len;
	bool digest;
};

struct sl_mime {
	enum sl_mime_mode mode;
	enum sl_mime_line line;
	enum sl_mime_eol eol; /* of the line before, still held back */
	bool cr;              /* the chunk ended in a CR */
	bool empty;           /* the line at hand has no bytes yet */
	bool mail;            /* not HTTP's */
	bool form;            /* only what has a file's name is a file (RFC 7578, section 4.2) */
	bool message;         /* the headers at hand are a mail's */
	bool head_cut;
	unsigned depth, parts, links_left;
	struct sl_mime_level level[SL_MIME_DEPTH_MAX];
	size_t head_n, head_room, mark_n, out_n;
	uint8_t *head, *out; /* NULL until they are needed */
	struct sl_talk *t;   /* during a call */
	struct sl_file *file;
	struct sl_mime_links *links; /* NULL: no text came yet; for one part after the other */
	bool linking;
	struct sl_mime_code code;
	uint8_t mark[SL_MIME_MARK_MAX];
};

/* What is decoded: bytes of a leaf, which wait in `out` until the chunk ends. */
sl_mime_out sl_mime_out_put; /* ctx: the struct sl_mime */
void sl_mime_out_flush(struct sl_mime *m);
void sl_mime_leaf_end(struct sl_mime *m, bool whole);

void sl_mime_level_cut(struct sl_mime *m, unsigned depth);
/* False: too deep, or no memory. */
bool sl_mime_level_add(struct sl_mime *m, const struct sl_mime_head *h);

void sl_mime_head_begin(struct sl_mime *m, bool message);
void sl_mime_head_put(struct sl_mime *m, struct sl_span bytes);
void sl_mime_head_end(struct sl_mime *m);

#endif
