/* A message's body, as HTTP carries it: its content codings undone, bounded in size and in ratio, and
 * handed on as a file; beside it, as files too, the parts of a multipart body, and, where codings are
 * put on top of each other, what undoing only some of them gives: not all clients undo all. Private to
 * inspect. */
#ifndef SELAT_SENSOR_INSPECT_BODY_H
#define SELAT_SENSOR_INSPECT_BODY_H

#include <sensor/inspect/file.h>

struct sl_body;

/* encoding: the Content-Encoding header (several codings are undone from the last to the first), type:
 * Content-Type, name: the file's (of a Content-Disposition or the target's last segment); NULL bytes
 * where there is none. NULL: nobody wants anything of it or there is no memory; every function takes
 * NULL. field: SL_FIELD_HTTP_REQUEST_BODY or SL_FIELD_HTTP_RESPONSE_BODY. */
struct sl_body *sl_body_new(struct sl_talk *t, struct sl_span encoding, struct sl_span type,
			    struct sl_span name, enum sl_field field);
void sl_body_data(struct sl_talk *t, struct sl_body *b, struct sl_span bytes);
/* Bytes are missing: what follows is let go of where it is coded. */
void sl_body_lost(struct sl_talk *t, struct sl_body *b);
void sl_body_so_far(struct sl_talk *t, const struct sl_body *b); /* as sl_file_so_far */
void sl_body_end(struct sl_talk *t, struct sl_body *b, enum sl_file_end how);

#endif
