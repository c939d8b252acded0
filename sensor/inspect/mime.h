/* MIME (RFC 2045, RFC 2046): a stream of an entity's bytes taken apart into its parts; each leaf is
 * decoded (base64, quoted-printable) and handed on as a file, text is searched for links (email.url).
 * Bounded in depth, in parts and in the length of a header line. Private to inspect. */
#ifndef SELAT_SENSOR_INSPECT_MIME_H
#define SELAT_SENSOR_INSPECT_MIME_H

#include <sensor/inspect/file.h>

struct sl_mime;

/* A mail: the bytes begin with its headers, of which those with a field (email.from, email.to …;
 * encoded words decoded to UTF-8) become a transaction when they end. */
struct sl_mime *sl_mime_new_mail(struct sl_talk *t);

/* A multipart body, whose Content-Type (with its boundary) was a header of what carries it: HTTP's
 * multipart/form-data. Its parts become files, no mail fields. NULL if it has no usable boundary. */
struct sl_mime *sl_mime_new_multipart(struct sl_talk *t, struct sl_span content_type);

/* NULL is fine for all of them. */
void sl_mime_data(struct sl_talk *t, struct sl_mime *m, struct sl_span bytes);
void sl_mime_lost(struct sl_mime *m);
void sl_mime_end(struct sl_talk *t, struct sl_mime *m, bool whole); /* and frees it */

#endif
