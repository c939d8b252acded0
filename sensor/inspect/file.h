/* Files: bodies, attachments and transfers. Each is handed on as a stream of pieces (file.data and the
 * protocol's own body field) and at its end described: file.name, file.size, file.whole and, if all that
 * its sender sent of it was seen, the hashes come together. Hashing happens only where a field is
 * wanted. Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_FILE_H
#define SELAT_SENSOR_INSPECT_FILE_H

#include <sensor/inspect/parse.h>

struct sl_file;

enum sl_file_end {
	SL_FILE_LOST,  /* it is let go of: bytes are missing, or nobody knows */
	SL_FILE_WHOLE, /* its true end */
	SL_FILE_CUT,   /* the sender stopped before that: what it sent is there */
};

/* The wanted digests, found once: finding them takes as long as hashing a small file. */
int sl_file_hashes_want(struct sl_inspect *inspect, const bool wanted[SL_FIELD_COUNT],
			struct sl_err *err);
void sl_file_hashes_free(struct sl_inspect *inspect);

/* name: NULL bytes if there is none; copied, at most 255 bytes of it. body: the protocol's own stream
 * field, SL_FIELD_COUNT if it has none. NULL: nobody wants anything of it, or there is no memory
 * (counted); every function takes NULL. The side that calls is the sender. */
struct sl_file *sl_file_new(struct sl_talk *t, struct sl_span name, enum sl_field body);
void sl_file_data(struct sl_talk *t, struct sl_file *f, struct sl_span bytes);

/* A stricter receiver would stop here: describes what there is, and goes on. */
void sl_file_so_far(struct sl_talk *t, const struct sl_file *f);

/* Bytes are missing, or cannot be decoded: it will not be whole. */
void sl_file_lost(struct sl_file *f);

/* The file ends and is freed. Values of the message at hand are not touched. Empty files are not
 * reported. */
void sl_file_end(struct sl_talk *t, struct sl_file *f, enum sl_file_end how);

#endif
