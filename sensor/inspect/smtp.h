/* An SMTP session and what comes in it: the envelope, and the mail by DATA or BDAT. Private
 * to smtp*.c. */
#ifndef SELAT_SENSOR_INSPECT_SMTP_H
#define SELAT_SENSOR_INSPECT_SMTP_H

#include <sensor/inspect/mime.h>

/* A side's phase. Zero is where every side begins. */
enum sl_smtp_phase { SL_SMTP_LINES, SL_SMTP_ASKED /* DATA */, SL_SMTP_DATA, SL_SMTP_CHUNK };

enum sl_smtp_dot { SL_DOT_START, SL_DOT_DOT, SL_DOT_CR, SL_DOT_MIDDLE };

struct sl_smtp {
	struct sl_mime *mime; /* the mail that is coming */
	uint8_t *envelope;    /* until the mail comes: of each value its field, length (two bytes), it */
	uint32_t envelope_n, envelope_room;
	uint64_t chunk_left;
	uint32_t mails;  /* that are over */
	enum sl_smtp_dot dot;
	uint8_t client;  /* 1 + the side; 0: not known yet */
	bool chunk_last;
	bool cr;         /* of DATA: the last byte was one */
	bool bare_lf;    /* the client ends its lines so */
	bool go_ahead;   /* the server answered 354 */
	bool tls_asked, in_auth;
	bool in_mail;    /* of the next one something was said */
};

/* The number of the mail at hand, or of the next: what comes before a mail belongs to it. */
static inline uint32_t sl_smtp_tx(const struct sl_smtp *s)
{
	return s->mails + 1;
}

/* Nothing more comes of the mail at hand, if there is one. */
void sl_smtp_mail_over(struct sl_talk *t, struct sl_smtp *s);

/* More than the bound are left out, counted. Empty ones are none. */
void sl_smtp_envelope_add(struct sl_talk *t, struct sl_smtp *s, enum sl_field field,
			  struct sl_span value);
void sl_smtp_envelope_done(struct sl_talk *t, struct sl_smtp *s);

void sl_smtp_mail_begin(struct sl_talk *t, struct sl_smtp *s);
void sl_smtp_mail_end(struct sl_talk *t, struct sl_smtp *s, bool whole);

/* Both return how much they took, and set the side's phase when it ends. */
size_t sl_smtp_data(struct sl_talk *t, struct sl_smtp *s, struct sl_span in);
size_t sl_smtp_chunk(struct sl_talk *t, struct sl_smtp *s, struct sl_span in);

void sl_smtp_data_lost(struct sl_smtp *s);
void sl_smtp_chunk_begin(struct sl_talk *t, struct sl_smtp *s, uint64_t bytes, bool last);
bool sl_smtp_chunk_lost(struct sl_talk *t, struct sl_smtp *s, uint64_t bytes);

#endif
