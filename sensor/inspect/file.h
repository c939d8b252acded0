/* Files: bodies, attachments and transfers. Each is handed on as a stream of pieces (file.data and the
 * protocol's own body field) and, when it ends whole, hashed: file.name, file.md5, file.sha1 and
 * file.sha256 come as one transaction. Hashing happens only where a field is wanted. Private to
 * inspect. */
#ifndef SELAT_SENSOR_INSPECT_FILE_H
#define SELAT_SENSOR_INSPECT_FILE_H

#include <sensor/inspect/parse.h>

struct sl_file;

/* The wanted digests, found once: finding them takes as long as hashing a small file. */
int sl_file_hashes_want(struct sl_inspect *inspect, const bool wanted[SL_FIELD_COUNT], struct sl_err *err);
void sl_file_hashes_free(struct sl_inspect *inspect);

/* name: NULL bytes if there is none; copied, at most 255 bytes of it. body: the protocol's own stream
 * field, SL_FIELD_COUNT if it has none. NULL: nobody wants anything of it, or there is no memory
 * (counted); every function takes NULL. The side that calls is the sender. */
struct sl_file *sl_file_new(struct sl_talk *t, struct sl_span name, enum sl_field body);
void sl_file_data(struct sl_talk *t, struct sl_file *f, struct sl_span bytes);

/* Bytes are missing, or cannot be decoded: it will not be whole. */
void sl_file_lost(struct sl_file *f);

/* The file ends and is freed. whole: this is its true end; else it is only let go of. Values of the
 * message at hand are not touched. Empty files are not reported. */
void sl_file_end(struct sl_talk *t, struct sl_file *f, bool whole);

#endif
