/* `content` and what says where it may match. */
#include <rules/import/suricata.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { PLACE_MAX = 1 << 20 };

struct suri_match *suri_match_add(struct suri_rule *r, enum suri_kind kind)
{
	if (r->matches == SURI_MATCHES_MAX) {
		suri_refuse(r, "has more than %d contents", SURI_MATCHES_MAX);
		return NULL;
	}
	struct suri_match *m = &r->match[r->matches++];
	*m = (struct suri_match){
		.kind = kind,
		.field = r->field,
		.transforms = json_incref(r->transforms),
		.instance = r->instance,
		.nocase = r->field->nocase,
		.offset = SURI_NONE,
		.depth = SURI_NONE,
		.distance = SURI_NONE,
		.within = SURI_NONE,
		.after_max = -1,
		.max = -1,
	};
	return m;
}

struct suri_match *suri_content_last(struct suri_rule *r)
{
	for (size_t i = r->matches; i > 0; i--)
		if (r->match[i - 1].kind == SURI_LITERAL)
			return &r->match[i - 1];
	return NULL;
}

bool suri_transforms_equal(const json_t *a, const json_t *b)
{
	return a && b ? json_equal(a, b) : a == b;
}

/* In an open sticky buffer: of that; otherwise whatever buffer the last one is in. */
struct suri_match *suri_end_last(struct suri_rule *r)
{
	for (size_t i = r->matches; i > 0; i--) {
		struct suri_match *m = &r->match[i - 1];
		if (m->kind > SURI_REGEX || m->negated)
			continue;
		if (r->field == &suri_payload ||
		    (m->field == r->field && m->instance == r->instance &&
		     suri_transforms_equal(m->transforms, r->transforms)))
			return m;
	}
	return NULL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes between two bars: pairs of digits, with spaces anywhere. Returns the bar's place. */
static const char *hex_take(const char *c, struct suri_match *m)
{
	int high = -1;
	for (; *c != '|'; c++) {
		int digit = hex_digit(*c);
		if (*c == ' ')
			continue;
		if (digit < 0)
			return NULL;
		if (high >= 0)
			m->bytes[m->len++] = (uint8_t)(high << 4 | digit);
		high = high >= 0 ? -1 : digit;
	}
	return high < 0 ? c : NULL;
}

static bool content_decode(struct suri_rule *r, const char *text, struct suri_match *m)
{
	m->bytes = malloc(strlen(text) + 1);
	if (!m->bytes) {
		r->failed = true;
		return false;
	}
	for (const char *c = text; *c; c++) {
		if (*c == '|') {
			c = hex_take(c + 1, m);
			if (!c)
				return false;
			continue;
		}
		if (*c == '\\') {
			c++;
			if (!*c || !strchr("\\\";:", *c))
				return false;
		}
		m->bytes[m->len++] = (uint8_t)*c;
	}
	m->bytes[m->len] = 0;
	return m->len > 0;
}

void suri_content(struct suri_rule *r, const char *name, char *value)
{
	struct suri_match *m = suri_match_add(r, SURI_LITERAL);
	if (!m)
		return;
	bool ok = suri_unquote(&value, &m->negated) && content_decode(r, value, m);
	if (!ok)
		suri_refuse(r, "%s: \"%.64s\" is no content", name, value);
}

void suri_uricontent(struct suri_rule *r, const char *name, char *value)
{
	suri_content(r, name, value);
	struct suri_match *m = suri_content_last(r);
	if (m)
		m->field = suri_field_find("http.uri");
}

/* A modifier of old moves the content before it into its buffer. */
void suri_old_modifier(struct suri_rule *r, const char *name, char *value)
{
	(void)value;
	struct suri_match *m = suri_content_last(r);
	if (!m || m->field != &suri_payload) {
		suri_refuse(r, "%s: there is no content before it", name);
		return;
	}
	m->field = suri_field_find_old(name);
	m->nocase = m->nocase || m->field->nocase;
	if (m->field->note)
		suri_note(r, "%s: %s", name, m->field->note);
}

static struct suri_match *content_need(struct suri_rule *r, const char *name)
{
	struct suri_match *m = suri_content_last(r);
	if (!m)
		suri_refuse(r, "%s: there is no content before it", name);
	return m;
}

static void place_read(struct suri_rule *r, const char *name, const char *value, int64_t min,
		       int32_t *out)
{
	int64_t n;
	if (!suri_number(value, min, PLACE_MAX, &n))
		suri_refuse(
			r, "%s: \"%.64s\" is no number (names of byte_extract have no counterpart)",
			name, value);
	else
		*out = (int32_t)n;
}

void suri_offset(struct suri_rule *r, const char *name, char *value)
{
	struct suri_match *m = content_need(r, name);
	if (m)
		place_read(r, name, value, 0, &m->offset);
}

void suri_depth(struct suri_rule *r, const char *name, char *value)
{
	struct suri_match *m = content_need(r, name);
	if (m)
		place_read(r, name, value, 1, &m->depth);
}

void suri_distance(struct suri_rule *r, const char *name, char *value)
{
	struct suri_match *m = content_need(r, name);
	if (m)
		place_read(r, name, value, -PLACE_MAX, &m->distance);
}

void suri_within(struct suri_rule *r, const char *name, char *value)
{
	struct suri_match *m = content_need(r, name);
	if (m)
		place_read(r, name, value, 1, &m->within);
}

void suri_nocase(struct suri_rule *r, const char *name, char *value)
{
	(void)value;
	struct suri_match *m = content_need(r, name);
	if (m)
		m->nocase = true;
}

void suri_startswith(struct suri_rule *r, const char *name, char *value)
{
	(void)value;
	struct suri_match *m = content_need(r, name);
	if (m)
		m->starts = true;
}

void suri_endswith(struct suri_rule *r, const char *name, char *value)
{
	(void)value;
	struct suri_match *m = content_need(r, name);
	if (m)
		m->ends = true;
}

/* After the last match's end, or of the whole value if there is none. */
static void data_after(struct suri_rule *r, int64_t n, bool negated)
{
	struct suri_match *m = suri_end_last(r);
	bool length = !m;
	if (!m)
		m = suri_match_add(r, SURI_LENGTH);
	if (!m)
		return;
	int64_t *min = length ? &m->min : &m->after_min, *max = length ? &m->max : &m->after_max;
	if (!negated && n > *min)
		*min = n;
	else if (negated && n == 0)
		suri_never(r, "isdataat: no data are fewer than none");
	else if (negated && (*max < 0 || n - 1 < *max))
		*max = n - 1;
}

void suri_isdataat(struct suri_rule *r, const char *name, char *value)
{
	bool negated = *value == '!', relative = false;
	char *rest = value + negated, *piece = suri_piece(&rest, ',');
	int64_t n;
	if (!piece || !suri_number(piece, 0, PLACE_MAX, &n)) {
		suri_refuse(r, "%s: \"%.64s\" is no number", name, value);
		return;
	}
	while ((piece = suri_piece(&rest, ','))) {
		relative = relative || strcmp(piece, "relative") == 0;
		if (strcmp(piece, "relative") != 0 && strcmp(piece, "rawbytes") != 0)
			suri_refuse(r, "%s: \"%.64s\" has no counterpart", name, piece);
	}
	if (relative) {
		data_after(r, n, negated);
		return;
	}
	struct suri_match *m = suri_match_add(r, SURI_LENGTH);
	if (m && negated)
		m->max = n;
	else if (m)
		m->min = n + 1;
}

static void length_add(struct suri_rule *r, const char *name, const struct suri_field *field,
		       char *value)
{
	struct suri_match *m = suri_match_add(r, SURI_LENGTH);
	if (!m)
		return;
	if (field != r->field) {
		json_decref(m->transforms);
		m->transforms = NULL;
		m->field = field;
	}
	suri_range(r, name, value, UINT32_MAX, &m->min, &m->max, &m->negated);
}

void suri_bsize(struct suri_rule *r, const char *name, char *value)
{
	length_add(r, name, r->field, value);
}

void suri_dsize(struct suri_rule *r, const char *name, char *value)
{
	length_add(r, name, &suri_payload, value);
	r->packets = true;
}

/* "norm" or "raw" may follow; normalised without. */
void suri_urilen(struct suri_rule *r, const char *name, char *value)
{
	char *rest = value, *range = suri_piece(&rest, ','), *form = suri_piece(&rest, ',');
	bool raw = form && strcmp(form, "raw") == 0;
	if (!range || (form && !raw && strcmp(form, "norm") != 0))
		suri_refuse(r, "%s: \"%.64s\" is no form of the URI", name, form ? form : "");
	else
		length_add(r, name, suri_field_find(raw ? "http.uri.raw" : "http.uri"), range);
}

void suri_absent(struct suri_rule *r, const char *name, char *value)
{
	if (*value)
		suri_refuse(r, "%s: %.32s has no counterpart", name, value);
	else
		suri_match_add(r, SURI_ABSENT);
}
