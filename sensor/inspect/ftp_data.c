/* FTP's data connections: announced on a control connection (expect.h), each is one file, or a
 * listing that nobody needs. Whole when its sender ends it. Per worker. */
#include <sensor/inspect/file.h>
#include <sensor/inspect/inspect_internal.h>

enum { TRANSFER = 1 }; /* the only transaction's number */

struct state {
	struct sl_file *file; /* NULL: before the first byte, and after the last */
	bool begun;
	uint8_t sender;
};

static void begin(struct sl_talk *t)
{
	struct state *s = t->state;
	struct sl_expected what;
	s->begun = true;
	s->sender = t->side & 1;
	if (!sl_expect_take(t->inspect->expect, t->flow, &what) || what.kind != SL_EXPECT_FILE)
		return;
	s->file = sl_file_new(t, sl_span_of(what.name, what.name_len), SL_FIELD_COUNT);
	if (what.part || t->flow->side[t->side].gap_bytes)
		sl_file_lost(s->file);
}

static enum sl_parse stream(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct state *s = t->state;
	if (!s->begun)
		begin(t);
	if (!s->file || t->side != s->sender)
		return SL_PARSE_FINISH;
	t->tx = TRANSFER;
	sl_file_data(t, s->file, in);
	*consumed = in.len;
	return SL_PARSE_DONE;
}

static bool lost(struct sl_talk *t, uint64_t bytes)
{
	struct state *s = t->state;
	(void)bytes;
	if (t->side == s->sender)
		sl_file_lost(s->file);
	return true;
}

static void ended(struct sl_talk *t, bool whole)
{
	struct state *s = t->state;
	if (!s->file)
		return;
	t->tx = TRANSFER;
	sl_file_end(t, s->file, whole ? SL_FILE_WHOLE : SL_FILE_LOST);
	s->file = NULL;
	sl_talk_tx_end(t, TRANSFER);
}

static void end(struct sl_talk *t)
{
	if (t->side == ((struct state *)t->state)->sender)
		ended(t, true);
}

static void forget(struct sl_talk *t)
{
	t->side = ((struct state *)t->state)->sender;
	ended(t, false);
}

const struct sl_parser sl_ftp_data_parser = { .state_bytes = sizeof(struct state),
					      .messages = SL_COUNT_FILES_SEEN,
					      .stream = stream,
					      .lost = lost,
					      .end = end,
					      .forget = forget };
