/* FTP's control connection (RFC 959): commands, and the replies that say where data connections
 * will be (RFC 2428). Those are announced in the table of expected connections, under the name that
 * the transfer's command gives, before or after. AUTH TLS (RFC 4217) turns the flow to TLS. Per
 * worker. */
#include <sensor/inspect/ftp.h>
#include <sensor/inspect/inspect_internal.h>
#include <sensor/inspect/pairs.h>
#include <sensor/inspect/text.h>

enum phase {
	UNKNOWN,
	CLIENT,
	SERVER,
	SERVER_MANY,
	SKIP = 4
}; /* SKIP: to the end of a line, as well */
enum { LINE_MAX_BYTES = 4096, PROBE_MAX = 2048, VERB_MAX = 16, PORT_FTP = 21, TELNET = 0xf0 };

struct state {
	struct sl_pairs pairs;
	uint16_t port; /* the last that was announced and has no name yet; 0: none */
	uint8_t listener;
	bool named; /* `next` waits for a port */
	bool part;  /* REST: the next transfer begins in the middle */
	struct sl_expected next;
};

static bool at_home(const struct sl_flow *f)
{
	return f->key.low_port == PORT_FTP || f->key.high_port == PORT_FTP;
}

static bool is_text(struct sl_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] < ' ' && !isspace(s.at[i]))
			return false;
	return true;
}

/* The length of the verb that a line begins with, 0 if there is none. It is letters up to a blank.
 */
static size_t verb_len(struct sl_span line)
{
	size_t n = 0;
	while (n < line.len && n <= VERB_MAX && isalnum(line.at[n]))
		n++;
	return n && n <= VERB_MAX && (n == line.len || isspace(line.at[n])) ? n : 0;
}

static bool verb_is(struct sl_span verb, const char *const *list)
{
	for (; *list; list++)
		if (verb.len == strlen(*list) &&
		    strncasecmp((const char *)verb.at, *list, verb.len) == 0)
			return true;
	return false;
}

static bool verb_is_one(struct sl_span verb, const char *what)
{
	return verb_is(verb, (const char *const[]){ what, NULL });
}

/* The reply's code; 0: the line is none. *more: other lines of it follow. */
static unsigned code_of(struct sl_span line, bool *more)
{
	for (unsigned i = 0; i < 3; i++)
		if (i >= line.len || !isdigit(line.at[i]))
			return 0;
	uint8_t next = line.len > 3 ? line.at[3] : ' ';
	*more = next == '-';
	return next == ' ' || next == '-' || next == '\r'
		       ? (line.at[0] - '0') * 100u + (line.at[1] - '0') * 10u + line.at[2] - '0'
		       : 0;
}

static bool has_word(struct sl_span s, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= s.len; i++)
		if (strncasecmp((const char *)s.at + i, word, n) == 0)
			return true;
	return false;
}

/* --- is it FTP? --- */

/* A greeting that names FTP. At home any reply is enough. */
static enum sl_parse reply_probe(struct sl_span in, bool home)
{
	bool more = false;
	const uint8_t *end = memrchr(in.at, '\n', in.len);
	struct sl_span lines = sl_span_of(in.at, end ? (size_t)(end - in.at) : 0);
	unsigned code = in.len > 3 ? code_of(in, &more) : home ? 1 : 220;
	if (!code || (!home && (code != 220 || memcmp(in.at, "220", in.len < 3 ? in.len : 3) != 0)))
		return SL_PARSE_REFUSE;
	if (end && (home || has_word(lines, "ftp")))
		return has_word(lines, "smtp") ? SL_PARSE_REFUSE : SL_PARSE_DONE;
	bool whole = end && !more;
	return !whole && in.len < PROBE_MAX ? SL_PARSE_MORE : SL_PARSE_REFUSE;
}

/* One line of a client: DONE, if only FTP has it; MORE, if POP3 has it too. */
static enum sl_parse command_probe(struct sl_span line, bool home)
{
	static const char *const own[] = { "SYST", "FEAT", "PWD",  "XPWD", "CWD",  "CDUP", "PASV",
					   "EPSV", "PORT", "EPRT", "TYPE", "STOR", "STOU", "APPE",
					   "MLSD", "MLST", "SIZE", "MDTM", "OPTS", "CLNT", "SITE",
					   "PBSZ", "PROT", "MKD",  "XMKD", "RMD",  "RNFR", "RNTO",
					   "NLST", "REST", "ABOR", "ACCT", "ALLO", NULL };
	static const char *const shared[] = { "USER", "PASS", "NOOP", "HELP", NULL };
	static const char *const at_home_too[] = { "AUTH", "LIST", "RETR", "DELE", "QUIT",
						   "STAT", "USER", "PASS", NULL };
	static const char *const guests[] = { "anonymous", "ftp", NULL };
	struct sl_span verb = sl_span_of(line.at, verb_len(line));
	struct sl_span argument = sl_line_trim(sl_span_of(line.at + verb.len, line.len - verb.len));
	if (!verb.len || !is_text(argument))
		return SL_PARSE_REFUSE;
	if (verb_is(verb, own) || (home && verb_is(verb, at_home_too)))
		return SL_PARSE_DONE;
	if (verb_is_one(verb, "AUTH") && (has_word(argument, "TLS") || has_word(argument, "SSL")))
		return SL_PARSE_DONE;
	if (verb_is_one(verb, "USER") && verb_is(argument, guests))
		return SL_PARSE_DONE;
	return verb_is(verb, shared) ? SL_PARSE_MORE : SL_PARSE_REFUSE;
}

/* A line that does not end here: so far a command, or the letters of one. */
static enum sl_parse unended_probe(struct sl_span in, bool home)
{
	size_t n = 0;
	while (n < in.len && isalpha(in.at[n]))
		n++;
	if (in.len == 1 && in.at[0] == '\r')
		return SL_PARSE_MORE;
	if (in.len >= PROBE_MAX || n > 4 ||
	    (n < in.len && command_probe(in, home) == SL_PARSE_REFUSE))
		return SL_PARSE_REFUSE;
	return SL_PARSE_MORE;
}

static enum sl_parse probe(const struct sl_talk *t, struct sl_span in)
{
	bool home = at_home(t->flow);
	size_t bytes = in.len;
	if (isdigit(in.at[0]))
		return reply_probe(in, home);
	while (in.len && bytes - in.len < PROBE_MAX) {
		const uint8_t *end = memchr(in.at, '\n', in.len < PROBE_MAX ? in.len : PROBE_MAX);
		if (!end)
			return unended_probe(in, home);
		size_t len = (size_t)(end - in.at);
		struct sl_span line = sl_line_trim(sl_span_of(in.at, len));
		enum sl_parse p = line.len ? command_probe(line, home) : SL_PARSE_MORE;
		if (p != SL_PARSE_MORE)
			return p;
		in = sl_span_of(end + 1, in.len - len - 1);
	}
	return bytes < PROBE_MAX ? SL_PARSE_MORE : SL_PARSE_REFUSE;
}

/* --- data connections --- */

static void announce(struct sl_talk *t, uint16_t port)
{
	struct state *s = t->state;
	if (!port)
		return;
	struct sl_expected *what = sl_expect_add(t->inspect->expect, t->flow, t->side, port);
	if (s->named)
		*what = s->next;
	s->port = s->named ? 0 : port;
	s->listener = t->side & 1;
	s->named = false;
}

/* A transfer's command, or what its reply says of it. */
static void transfer(struct sl_talk *t, enum sl_expect_kind kind, struct sl_span name)
{
	struct state *s = t->state;
	s->next = (struct sl_expected){ .kind = kind, .part = s->part };
	s->next.name_len = (uint8_t)(name.len < SL_EXPECT_NAME_MAX ? name.len : SL_EXPECT_NAME_MAX);
	if (name.len)
		memcpy(s->next.name, name.at, s->next.name_len);
	s->part = false;
	s->named = !s->port;
	struct sl_expected *what =
		s->port ? sl_expect_find(t->inspect->expect, t->flow, s->listener, s->port) : NULL;
	if (what)
		*what = s->next;
	s->port = 0;
}

/* "150 Opening BINARY mode data connection for NAME (N bytes)": where the command was not seen. */
static void transfer_by_reply(struct sl_talk *t, struct sl_span line)
{
	const struct state *s = t->state;
	if (!s->port || t->slot->side[t->side ^ 1].phase != UNKNOWN)
		return;
	bool listing =
		has_word(line, "list") || has_word(line, "/bin/ls") || has_word(line, "MLSD");
	const uint8_t *at = memmem(line.at, line.len, " for ", 5);
	struct sl_span name = at ? sl_span_of(at + 5, (size_t)(line.at + line.len - at - 5))
				 : sl_span_of(NULL, 0);
	const uint8_t *size = name.len ? memmem(name.at, name.len, " (", 2) : NULL;
	if (size)
		name.len = (size_t)(size - name.at);
	transfer(t, listing ? SL_EXPECT_LISTING : SL_EXPECT_FILE, sl_line_trim(name));
}

/* --- lines --- */

static void command_read(struct sl_talk *t, struct sl_span verb, struct sl_span argument)
{
	static const char *const files[] = { "RETR", "STOR", "STOU", "APPE", NULL };
	static const char *const listings[] = { "LIST", "NLST", "MLSD", NULL };
	struct state *s = t->state;
	t->tx = sl_pairs_ask(t, &s->pairs);
	sl_value_add(t, SL_FIELD_FTP_COMMAND, verb);
	if (verb_is_one(verb, "USER"))
		sl_value_add(t, SL_FIELD_FTP_USER, argument);
	else if (verb_is_one(verb, "PORT"))
		announce(t, sl_ftp_port_of_six(argument));
	else if (verb_is_one(verb, "EPRT"))
		announce(t, sl_ftp_port_extended(argument));
	else if (verb_is_one(verb, "REST"))
		s->part = !verb_is_one(argument, "0");
	else if (verb_is(verb, files))
		transfer(t, SL_EXPECT_FILE, argument);
	else if (verb_is(verb, listings))
		transfer(t, SL_EXPECT_LISTING, sl_span_of(NULL, 0));
	sl_talk_client(t, t->side);
	sl_talk_done(t);
	if (sl_pairs_answered(&s->pairs, t->tx))
		sl_talk_tx_end(t, t->tx);
}

static bool client_line(struct sl_talk *t, struct sl_span line)
{
	while (line.len && line.at[0] >= TELNET) /* the signals in front of ABOR */
		line = sl_span_of(line.at + 1, line.len - 1);
	line = sl_line_trim(line);
	size_t verb = verb_len(line);
	if (!line.len)
		return true;
	if (!verb)
		return false;
	command_read(t, sl_span_of(line.at, verb),
		     sl_line_trim(sl_span_of(line.at + verb, line.len - verb)));
	return true;
}

/* A reply that ends its command; others follow those below 200. The greeting answers none. */
static void reply_count(struct sl_talk *t, unsigned code)
{
	struct sl_pairs *p = &((struct state *)t->state)->pairs;
	bool awaited = p->asked != p->answered || t->flow->side[!t->side].held_n;
	if (code < 200 || !awaited || (code == 220 && !p->answered))
		return;
	uint32_t tx = sl_pairs_answer(t, p);
	if (!sl_pairs_early(p, tx))
		sl_talk_tx_end(t, tx);
}

/* A reply of many lines ends with its code and a blank (RFC 959, section 4.2). */
static bool server_line(struct sl_talk *t, struct sl_span line)
{
	bool more = false, many = t->at->phase == SERVER_MANY;
	unsigned code = code_of(line, &more);
	if (!code && !many && sl_line_trim(line).len)
		return false;
	t->at->phase = (code ? more : many) ? SERVER_MANY : SERVER;
	if (!code || more)
		return true;
	sl_talk_client(t, t->side ^ 1);
	reply_count(t, code);
	if (code == 227)
		announce(t, sl_ftp_port_of_six(sl_span_of(line.at + 3, line.len - 3)));
	else if (code == 229)
		announce(t, sl_ftp_port_extended(line));
	else if (code == 150 || code == 125)
		transfer_by_reply(t, line);
	else if (code == 226 || code == 250 || code >= 400)
		((struct state *)t->state)->named = false;
	else if (code == 234)
		sl_talk_anew(t);
	return true;
}

/* Where the other side's lines have told, this one's need not: they may begin in the middle of
 * a reply. */
static enum phase phase_of(const struct sl_talk *t, struct sl_span line)
{
	unsigned other = t->slot->side[t->side ^ 1].phase & ~(unsigned)SKIP;
	if (other != UNKNOWN)
		return other == CLIENT ? SERVER : CLIENT;
	return isdigit(line.at[0]) ? SERVER : CLIENT;
}

static bool line_read(struct sl_talk *t, struct sl_span line)
{
	if (t->at->phase == UNKNOWN && sl_line_trim(line).len)
		t->at->phase = phase_of(t, line) & 15;
	return t->at->phase == SERVER || t->at->phase == SERVER_MANY ? server_line(t, line)
								     : client_line(t, line);
}

/* One line. Of one that is too long its beginning is read. None begins with a control character: that
 * is TLS, whose answer was not seen (RFC 4217). */
static enum sl_parse stream(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	const uint8_t *end = memchr(in.at, '\n', in.len);
	size_t len = end ? (size_t)(end - in.at) : in.len;
	bool skip = t->at->phase & SKIP;
	if (!end && !skip && len < LINE_MAX_BYTES)
		return in.at[0] < ' ' && !isspace(in.at[0]) ? SL_PARSE_REFUSE : SL_PARSE_MORE;
	*consumed = end ? len + 1 : len;
	t->at->phase &= (unsigned)~SKIP & 15;
	if (!skip && len >= LINE_MAX_BYTES)
		sl_count(sl_talk_counters(t), SL_COUNT_MESSAGE_TOO_LONG);
	if (!skip && !line_read(t, sl_span_of(in.at, len < LINE_MAX_BYTES ? len : LINE_MAX_BYTES)))
		return SL_PARSE_REFUSE;
	if (!end && t->flow->app == SL_APP_FTP)
		t->at->phase |= SKIP;
	return SL_PARSE_DONE;
}

static bool lost(struct sl_talk *t, uint64_t bytes)
{
	(void)bytes;
	sl_pairs_lost(t, &((struct state *)t->state)->pairs, 0);
	return false;
}

const struct sl_parser sl_ftp_parser = { .state_bytes = sizeof(struct state),
					 .messages = SL_COUNT_FTP_COMMANDS,
					 .probe = probe,
					 .stream = stream,
					 .lost = lost };
