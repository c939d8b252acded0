/* What the sources of the HTTP/1 parser share: a head read into its parts, the fields made of it, and
 * the state of a flow. Private to http*.c; heads are RTSP's too (rtsp.c). */
#ifndef SELAT_SENSOR_INSPECT_HTTP_H
#define SELAT_SENSOR_INSPECT_HTTP_H

#include <ctype.h>
#include <sensor/inspect/body.h>
#include <sensor/inspect/pairs.h>
#include <strings.h>

/* --- a head (http_head.c) --- */

/* Headers that are looked at again when the head was read whole. */
enum sl_http_kept {
	SL_KEPT_HOST,
	SL_KEPT_TYPE,
	SL_KEPT_DISPOSITION,
	SL_KEPT_ENCODING, /* repeated ones joined, as a list (RFC 9110, section 5.3) */
	SL_KEPT_TRANSFER, /* likewise */
	SL_KEPT_LENGTH,
	SL_KEPT_UPGRADE,
	SL_KEPT_COUNT
};

struct sl_http_head {
	bool response;
	bool odd; /* a line of it breaks the grammar */
	unsigned status; /* of a response; 0: no number */
	struct sl_span line, version, method, target, code, reason; /* NULL bytes where there is none */
	struct sl_span kept[SL_KEPT_COUNT];
};

/* What speaks for HTTP besides the bytes: nothing, the flow's protocol, or a request that waits as well. */
enum sl_http_hint { SL_HTTP_UNKNOWN, SL_HTTP_KNOWN, SL_HTTP_AWAITED };

/* Could these bytes be a start line, and is it whole? How they are cut makes no difference. */
enum sl_parse sl_http_probe(struct sl_span in, enum sl_http_hint hint);

/* The same, strict enough to look for it in the middle of anything. */
enum sl_parse sl_http_probe_strict(struct sl_span in);

/* Bytes were missing: goes from line to line until one may begin a head. */
struct sl_http_search {
	enum sl_parse (*probe)(struct sl_span in); /* may it? */
	uint8_t find, find_in, head; /* phases: a line begins, in the middle of one, a head begins */
};
enum sl_parse sl_http_search(struct sl_talk *t, struct sl_span in, size_t *consumed,
			     const struct sl_http_search *how);

/* Reads a head, the start line first, and puts its fields into the message at hand. False: there is no
 * start line. */
bool sl_http_head_read(struct sl_talk *t, struct sl_span in, bool awaited, struct sl_http_head *h);

/* The same behind a start line that was read into h. */
void sl_http_head_fields(struct sl_talk *t, struct sl_span in, struct sl_http_head *h);

/* Where the empty line ends that ends a head; 0: not here. Looks only at what was not searched. */
size_t sl_http_head_end(struct sl_span in, size_t searched);

/* One line without its end; *in becomes the rest. A line may end in a bare LF (RFC 9112, section 2.2).
 * False: no end in sight. */
static inline bool sl_http_line(struct sl_span *in, struct sl_span *line)
{
	const uint8_t *end = in->len ? memchr(in->at, '\n', in->len) : NULL;
	if (!end)
		return false;
	size_t len = (size_t)(end - in->at);
	*line = sl_span_of(in->at, len && in->at[len - 1] == '\r' ? len - 1 : len);
	*in = sl_span_of(end + 1, in->len - len - 1);
	return true;
}

static inline struct sl_span sl_http_trim(struct sl_span s)
{
	while (s.len && (s.at[0] == ' ' || s.at[0] == '\t'))
		s = sl_span_of(s.at + 1, s.len - 1);
	while (s.len && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static inline bool sl_http_is(struct sl_span s, const char *what)
{
	return s.len == strlen(what) && strncasecmp((const char *)s.at, what, s.len) == 0;
}

/* Is this line a header: a name, and a colon at once (RFC 9112, section 5)? */
bool sl_http_is_header(struct sl_span line);

/* Bytes that make a header invalid (RFC 9110, section 5.5). */
static inline bool sl_http_has_invalid(struct sl_span line)
{
	return line.len && (memchr(line.at, '\r', line.len) || memchr(line.at, 0, line.len));
}

/* A header of the head: its field, and what is kept of it; or the latter alone. */
void sl_http_header_keep(struct sl_talk *t, struct sl_http_head *h, struct sl_span name, struct sl_span value);
void sl_http_header_take(struct sl_talk *t, struct sl_http_head *h, struct sl_span name, struct sl_span value);

/* Cuts the next element off a list ("gzip, chunked"), without parameters. False: no more. */
bool sl_http_element(struct sl_span *list, struct sl_span *element);
bool sl_http_has_element(struct sl_span list, const char *what);

/* --- fields (http_fields.c) --- */

/* Lines of a head on their way into http.header, http.header_names and the field of a single header. */
struct sl_http_lines {
	uint8_t *all, *names; /* NULL: not wanted, or no room */
	size_t all_len, names_len;
	unsigned singles;
	bool single; /* wanted */
};

void sl_http_lines_begin(struct sl_talk *t, struct sl_http_lines *l, const struct sl_http_head *h, size_t bytes);
void sl_http_lines_add(struct sl_talk *t, struct sl_http_lines *l, const struct sl_http_head *h,
		       struct sl_span name, struct sl_span value);
void sl_http_lines_end(struct sl_talk *t, struct sl_http_lines *l);

void sl_http_start_fields(struct sl_talk *t, const struct sl_http_head *h);
void sl_http_host_field(struct sl_talk *t, const struct sl_http_head *h);
/* Of a request that the client on that side sends, or is told of by a push. */
void sl_http_url_field(struct sl_talk *t, const struct sl_http_head *h, unsigned client);

/* The name of a body: of Content-Disposition (RFC 6266), else `otherwise`. Borrowed for the call. */
struct sl_span sl_http_file_name(struct sl_talk *t, struct sl_span disposition, struct sl_span otherwise);

/* The last segment of a target's path; no bytes if it has none. */
struct sl_span sl_http_segment(struct sl_span target);

/* --- the flow --- */

/* Where a side is: in sl_side's phase. */
enum sl_http_phase {
	SL_HTTP_HEAD,
	SL_HTTP_REST,     /* of a head that was cut, or trailers: at the start of a line */
	SL_HTTP_REST_IN,  /* inside a line of it */
	SL_HTTP_MAYBE,    /* a body by its headers, but it may be the answer to a HEAD that was not seen */
	SL_HTTP_LENGTH,   /* a body, `left` bytes */
	SL_HTTP_CLOSE,    /* a body until the stream ends */
	SL_HTTP_SIZE,     /* of a chunk */
	SL_HTTP_DATA,     /* of a chunk, `left` bytes */
	SL_HTTP_DATA_END, /* the line's end behind it */
	SL_HTTP_FIND,     /* bytes were missing: at a place where a head may begin */
	SL_HTTP_FIND_IN,  /* in the middle of a line */
	SL_HTTP_OPAQUE,   /* another protocol, of no interest */
};

/* A request that waits for its response. */
struct sl_http_asked {
	struct sl_http_asked *next;
	uint32_t tx;
	enum { SL_ASKED_OTHER, SL_ASKED_HEAD, SL_ASKED_CONNECT } what;
	uint8_t name_len;
	uint8_t name[]; /* the last segment of its target, if file names are wanted */
};

/* A request that asked for HTTP/2, and waits for the answer. */
struct sl_http_upgrade {
	uint32_t tx;
	size_t len;
	uint8_t head[];
};

struct sl_http_others;

struct sl_http_side {
	struct sl_body *body;
	uint64_t left;
	uint32_t tx;   /* of the message at hand */
	uint8_t after; /* the phase behind SL_HTTP_REST */
	bool open;     /* the message at hand is not over */
	bool response; /* it is one */
	bool begun;    /* of what is gathered there were some bytes */
	bool chunks;   /* a chunk was seen */
	bool bare_lf;  /* one ended in a bare LF */
};

/* The state of a flow. */
struct sl_http {
	struct sl_http_side side[2];
	struct sl_http_asked *first, *last;
	struct sl_pairs pairs;
	struct sl_http_upgrade *upgrade; /* NULL: none */
	struct sl_http_others *others; /* NULL: none */
	uint8_t asked_n;
	bool blind; /* too many requests without a response: they are not remembered any more */
};

/* Requests and what answers them (http_asked.c). */
void sl_http_asked_put(struct sl_talk *t, const struct sl_http_head *h);
/* Of transaction t->tx; NULL: not known. The caller gives it back. */
struct sl_http_asked *sl_http_asked_get(struct sl_talk *t);
void sl_http_asked_clear(struct sl_talk *t);

/* The upgrade to HTTP/2 (http_upgrade.c). */

/* The request at hand, as it was sent: kept if it asks for it. */
void sl_http_upgrade_keep(struct sl_talk *t, const struct sl_http_head *h, struct sl_span in);
/* A response 101: true if it grants what was asked for. Then the flow is HTTP/2, with the request as its
 * stream 1; the call must end as after sl_talk_anew. */
bool sl_http_upgrade(struct sl_talk *t, const struct sl_http_head *h);

/* Bodies (http_frame.c). */

/* Content-Length (RFC 9112, section 6.3, rule 5): digits, or a list of the same number. False: it is
 * nothing of that. */
bool sl_http_length(struct sl_span s, uint64_t *length);

/* The head's body begins: sets the phase. asked: of a response; NULL: not known. */
void sl_http_body_begin(struct sl_talk *t, const struct sl_http_head *h, const struct sl_http_asked *asked);
/* How its end is found. *encoding: the codings of the content. */
enum sl_http_phase sl_http_framing(struct sl_talk *t, const struct sl_http_head *h,
				   const struct sl_http_asked *asked, struct sl_span *encoding, uint64_t *length);
enum sl_parse sl_http_body_step(struct sl_talk *t, struct sl_span in, size_t *consumed);
/* The message at hand ends, its body too if it has one; the next begins with a head. */
void sl_http_body_end(struct sl_talk *t, enum sl_file_end how);

/* Other readings of a response (http_other.c). */

enum { SL_HTTP_READINGS = 5 };

/* The main one. */
struct sl_http_main {
	struct sl_span in;               /* the head with all that was passed over in front of it */
	const struct sl_http_head *head; /* NULL: it has none */
	const struct sl_http_asked *asked;
	enum sl_http_phase framing;
	uint64_t length;
};

/* simple: it may be read without a head. */
void sl_http_others_begin(struct sl_talk *t, const struct sl_http_main *as, bool simple);
/* Bytes of the talk's side, whatever they are in the main reading. */
void sl_http_others_data(struct sl_talk *t, struct sl_span in);
/* Another message begins: what is over is told. */
void sl_http_others_settle(struct sl_talk *t);
bool sl_http_others_of(const struct sl_http *http, unsigned side, uint32_t tx);
/* Clients pass over *n bytes in front of a status line. MORE: perhaps, with more bytes it will be known. */
enum sl_parse sl_http_slop(const struct sl_talk *t, struct sl_span in, size_t *n);
/* What is no status line: an answer without a head (HTTP/0.9), if one is due, until the stream ends. A head may
 * come yet, at the start of another line. */
enum sl_parse sl_http_simple(struct sl_talk *t, struct sl_span in, size_t *consumed);
/* Those of the talk's side end. ended: with the stream; else bytes are missing. */
void sl_http_others_end(struct sl_talk *t, bool ended);

#endif
