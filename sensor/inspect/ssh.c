/* SSH (RFC 4253): the software in each side's version line (section 4.2), which other lines may
 * precede, and HASSH of each side's SSH_MSG_KEXINIT (section 7.1). What follows SSH_MSG_NEWKEYS
 * (section 7.3) is encrypted, and of no interest. A version line is handed on as it comes, and once
 * more with its side's HASSH. Per worker. */
#include <openssl/evp.h>
#include <selat/digest.h>
#include <sensor/inspect/parse.h>

enum phase { VERSION, PACKETS, KEYS /* the offer was read */ };
enum {
	VERSION_MAX = 255, /* RFC 4253, section 4.2 */
	LINE_MAX_BYTES = 1024,
	LINES_MAX_BYTES = 4096, /* in front of the version, while nothing says that it is SSH */
	PACKET_MAX = 60000,     /* section 6.1 asks for 35,000 at least */
	PORT_SSH = 22,
	MSG_DEBUG = 4, /* and below: may come at any time */
	MSG_KEXINIT = 20,
	MSG_NEWKEYS = 21,
	MSG_KEX_FIRST = 30, /* RFC 4250, section 4.1.1: of the key exchange */
	MSG_KEX_LAST = 49,
	NEWKEYS_MOST = 1 + 1 + 255, /* bytes: it has nothing but padding */
	MD5_BYTES = 16,
	HANDSHAKE = 1, /* its number: both versions and both sides' offers */
};

struct state {
	uint8_t software_len[2];
	uint8_t software[2][VERSION_MAX];
};

static bool is_text(struct sl_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.at[i] < ' ' && s.at[i] != '\t' && s.at[i] != '\r' && s.at[i] != '\n') ||
		    s.at[i] == 0x7f)
			return false;
	return true;
}

/* "SSH-", a digit, a dot. */
static enum sl_parse version_begins(struct sl_span in)
{
	size_t n = in.len < 4 ? in.len : 4;
	if (memcmp(in.at, "SSH-", n) != 0)
		return SL_PARSE_REFUSE;
	if (in.len < 6)
		return in.len < 5 || (in.at[4] >= '1' && in.at[4] <= '2') ? SL_PARSE_MORE
									  : SL_PARSE_REFUSE;
	return (in.at[4] == '1' || in.at[4] == '2') && in.at[5] == '.' ? SL_PARSE_DONE
								       : SL_PARSE_REFUSE;
}

/* The end of the line in front of a version; NULL: there is none. */
static const uint8_t *version_find(struct sl_span in)
{
	static const char begin[] = "\nSSH-";
	const uint8_t *end = in.at + in.len, *p = in.at;
	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		if ((size_t)(end - p) >= sizeof begin - 1 && memcmp(p, begin, sizeof begin - 1) == 0)
			return p;
		p++;
	}
	return NULL;
}

static enum sl_parse probe(const struct sl_talk *t, struct sl_span in)
{
	enum sl_parse p = version_begins(in);
	if (p != SL_PARSE_REFUSE)
		return p;
	in.len = in.len < LINES_MAX_BYTES ? in.len : LINES_MAX_BYTES;
	const uint8_t *at = version_find(in);
	bool home = t->flow->key.low_port == PORT_SSH || t->flow->key.high_port == PORT_SSH;
	if ((!at && !home) || !is_text(in))
		return SL_PARSE_REFUSE;
	if (at)
		return version_begins(sl_span_of(at + 1, (size_t)(in.at + in.len - at - 1)));
	return in.len < LINES_MAX_BYTES ? SL_PARSE_MORE : SL_PARSE_REFUSE;
}

static void software_take(struct sl_talk *t)
{
	const struct state *s = t->state;
	if (s->software_len[t->side])
		sl_value_add(t, SL_FIELD_SSH_SOFTWARE,
			     sl_span_of(s->software[t->side], s->software_len[t->side]));
}

/* "SSH-" protoversion "-" softwareversion [SP comments] */
static enum sl_parse version_read(struct sl_talk *t, struct sl_span line)
{
	struct state *s = t->state;
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	const uint8_t *dash = memchr(line.at + 4, '-', line.len - 4);
	if (!dash)
		return SL_PARSE_REFUSE;
	bool second = line.at[4] == '2' || (line.len >= 9 && memcmp(line.at + 4, "1.99-", 5) == 0);
	size_t len = (size_t)(line.at + line.len - dash - 1);
	const uint8_t *blank = memchr(dash + 1, ' ', len);
	if (blank)
		len = (size_t)(blank - dash - 1);
	if (len > VERSION_MAX)
		len = VERSION_MAX;
	memcpy(s->software[t->side], dash + 1, len);
	s->software_len[t->side] = (uint8_t)len;
	software_take(t);
	sl_talk_done(t);
	t->at->phase = PACKETS;
	return second ? SL_PARSE_DONE : SL_PARSE_FINISH;
}

/* A line: the version's, or one in front of it. */
static enum sl_parse line_read(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	const uint8_t *end = memchr(in.at, '\n', in.len < LINE_MAX_BYTES ? in.len : LINE_MAX_BYTES);
	if (!end)
		return in.len >= LINE_MAX_BYTES || t->last ? SL_PARSE_REFUSE : SL_PARSE_MORE;
	struct sl_span line = sl_span_of(in.at, (size_t)(end - in.at));
	*consumed = line.len + 1;
	if (line.len >= 6 && version_begins(line) == SL_PARSE_DONE)
		return version_read(t, line);
	return is_text(line) ? SL_PARSE_DONE : SL_PARSE_REFUSE;
}

/* cookie(16) | key exchange | host keys | ciphers, MACs, compression: each to the server, to the
 * client | languages. Every list is a length(32) and names between commas. Section 7.1 */
enum {
	KEX,
	HOST_KEYS,
	CIPHERS,
	MACS = CIPHERS + 2,
	COMPRESSION = MACS + 2,
	LISTS = COMPRESSION + 2
};

/* What a side offers besides key exchanges says who it is (RFC 8308, section 2.1; OpenSSH). */
static bool kex_has(struct sl_span kex, const char *what)
{
	return kex.len && memmem(kex.at, kex.len, what, strlen(what));
}

static bool sender_is_client(struct sl_talk *t, struct sl_span kex)
{
	struct sl_flow *f = t->flow;
	bool server = kex_has(kex, "ext-info-s") || kex_has(kex, "kex-strict-s-v00@openssh.com");
	if (!server && (kex_has(kex, "ext-info-c") || kex_has(kex, "kex-strict-c-v00@openssh.com")))
		sl_talk_client(t, t->side);
	else if (server)
		sl_talk_client(t, t->side ^ 1);
	else if (!f->known_client &&
		 (f->key.low_port == PORT_SSH) != (f->key.high_port == PORT_SSH))
		return (t->side ? f->key.high_port : f->key.low_port) != PORT_SSH;
	return f->client == t->side;
}

/* HASSH: MD5 of the algorithms of the sender's own direction, with semicolons between the lists. */
static void hassh_take(struct sl_talk *t, const struct sl_span list[LISTS])
{
	bool client = sender_is_client(t, list[KEX]);
	unsigned way = client ? 0 : 1;
	const struct sl_span part[] = { list[KEX], list[CIPHERS + way], list[MACS + way],
					list[COMPRESSION + way] };
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t n = 0;
	uint8_t *text = sl_talk_room(t, part[0].len + part[1].len + part[2].len + part[3].len + 4);
	char *hex = (char *)sl_talk_room(t, 2 * MD5_BYTES + 1);
	if (!text || !hex)
		return;
	for (unsigned i = 0; i < 4; i++) {
		if (i)
			text[n++] = ';';
		if (part[i].len)
			memcpy(text + n, part[i].at, part[i].len);
		n += part[i].len;
	}
	if (EVP_Digest(text, n, digest, NULL, EVP_md5(), NULL) != 1)
		return;
	sl_hex(hex, sl_span_of(digest, MD5_BYTES));
	sl_value_add(t, client ? SL_FIELD_SSH_HASSH : SL_FIELD_SSH_HASSH_SERVER, sl_span_str(hex));
}

static enum sl_parse kexinit_read(struct sl_talk *t, struct sl_cur *c)
{
	struct sl_span list[LISTS];
	sl_cur_take(c, 16);
	for (unsigned i = 0; i < LISTS; i++) {
		uint32_t len = sl_cur_be32(c);
		const uint8_t *at = sl_cur_take(c, len);
		list[i] = sl_span_of(at, at ? len : 0);
	}
	if (c->failed)
		return SL_PARSE_REFUSE;
	software_take(t);
	hassh_take(t, list);
	sl_talk_done(t);
	const struct sl_side *other = &t->slot->side[!t->side];
	if (other->finished || other->phase == KEYS)
		sl_talk_tx_end(t, HANDSHAKE);
	t->at->phase = KEYS;
	return SL_PARSE_DONE;
}

/* length(32) | padding length(8) | payload | padding   RFC 4253, section 6 */
static enum sl_parse packet_read(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	struct sl_cur c = sl_cur_of(in.at, in.len);
	uint32_t len = sl_cur_be32(&c);
	if (c.failed)
		return SL_PARSE_MORE;
	if (len < 2 || len > PACKET_MAX)
		return SL_PARSE_REFUSE;
	if (sl_cur_left(&c) < len)
		return SL_PARSE_MORE;
	uint8_t padding = sl_cur_u8(&c);
	uint8_t message = sl_cur_u8(&c);
	if (padding + 2u > len)
		return SL_PARSE_REFUSE;
	struct sl_cur payload = sl_cur_of(c.p, len - padding - 2);
	*consumed = len + 4;
	if (message == MSG_KEXINIT)
		return kexinit_read(t, &payload);
	return message >= 1 && message <= MSG_DEBUG ? SL_PARSE_DONE : SL_PARSE_FINISH;
}

/* Up to this side's last packet in the clear. */
static enum sl_parse keys_read(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	const struct state *s = t->state;
	struct sl_cur c = sl_cur_of(in.at, in.len);
	uint32_t len = sl_cur_be32(&c);
	sl_cur_u8(&c); /* padding length */
	uint8_t message = sl_cur_u8(&c);
	if (c.failed)
		return t->last ? SL_PARSE_FINISH : SL_PARSE_MORE;
	bool exchange = message >= MSG_KEX_FIRST && message <= MSG_KEX_LAST;
	bool known = exchange || (message >= 1 && message <= MSG_DEBUG) || message == MSG_NEWKEYS;
	if (!known || len < 2 || len > (message == MSG_NEWKEYS ? NEWKEYS_MOST : PACKET_MAX))
		return SL_PARSE_FINISH;
	if (message != MSG_NEWKEYS) {
		*consumed = len + 4 < in.len ? len + 4 : in.len;
		sl_side_skip(t->at, len + 4 - *consumed);
		return SL_PARSE_DONE;
	}
	if (in.len < len + 4)
		return t->last ? SL_PARSE_FINISH : SL_PARSE_MORE;
	*consumed = len + 4;
	sl_talk_seal(t, in.len - *consumed, s->software_len[!t->side] != 0);
	return SL_PARSE_FINISH;
}

/* Between packets nobody knows where the next begins. */
static bool lost(struct sl_talk *t, uint64_t bytes)
{
	(void)bytes;
	if (t->at->phase != KEYS || t->slot->side[!t->side].sealed)
		return false;
	t->at->finished = true;
	return true;
}

static enum sl_parse stream(struct sl_talk *t, struct sl_span in, size_t *consumed)
{
	t->tx = HANDSHAKE;
	if (t->at->phase == KEYS)
		return keys_read(t, in, consumed);
	return t->at->phase == VERSION ? line_read(t, in, consumed) : packet_read(t, in, consumed);
}

const struct sl_parser sl_ssh_parser = { .state_bytes = sizeof(struct state),
					 .messages = SL_COUNT_SSH_MESSAGES,
					 .probe = probe,
					 .stream = stream,
					 .lost = lost };
