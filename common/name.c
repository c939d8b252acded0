/* Domain names in the form they are compared in: lower-case ASCII, no trailing dot.
 *
 * Wire names hold any byte, so only sl_name_parse looks at characters. Outputs are NUL-terminated
 * where there is room for it. Reentrant: no state. */
#include <arpa/inet.h>
#include <selat/name.h>
#include <selat/text.h>

enum { LABEL_MAX = 63, NAME_TEXT_MAX = 253, SHOWN_MAX = 160 };

static uint8_t ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

enum { AT_ONCE = 8 };

/* Eight bytes: of those from A to Z the bit that makes them small is set. */
static void ascii_lower8(char *out, const uint8_t *in)
{
	const uint64_t each = 0x0101010101010101;
	uint64_t w;

	memcpy(&w, in, sizeof w);
	uint64_t low = w & 0x7f * each;
	uint64_t from_a = low + (0x80 - 'A') * each, behind_z = low + (0x7f - 'Z') * each;
	w |= ((from_a ^ behind_z) & ~w & 0x80 * each) >> 2;
	memcpy(out, &w, sizeof w);
}

size_t sl_name_normal(char *out, size_t room, struct sl_span name)
{
	size_t len = name.len;

	if (len > 0 && name.at[len - 1] == '.')
		len--;
	if (len == 0 || len > room)
		return 0;
	for (size_t i = 0; i + AT_ONCE < len; i += AT_ONCE)
		ascii_lower8(out + i, name.at + i);
	if (len >= AT_ONCE) /* the last ones, of which some may be done twice */
		ascii_lower8(out + len - AT_ONCE, name.at + len - AT_ONCE);
	for (size_t i = 0; len < AT_ONCE && i < len; i++)
		out[i] = (char)ascii_lower(name.at[i]);
	if (len < room)
		out[len] = '\0';
	return len;
}

struct sl_span sl_name_parent(struct sl_span name)
{
	const uint8_t *dot = name.len > 0 ? memchr(name.at, '.', name.len) : NULL;

	if (!dot)
		return sl_span_of(name.len > 0 ? name.at + name.len : name.at, 0);
	return sl_span_of(dot + 1, name.len - (size_t)(dot + 1 - name.at));
}

static bool is_label_char(uint8_t c)
{
	uint8_t low = ascii_lower(c);

	return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

struct sl_span sl_name_of_mail(struct sl_span mail)
{
	const uint8_t *sign = mail.len > 0 ? memrchr(mail.at, '@', mail.len) : NULL;
	size_t n = 0;

	if (!sign)
		return sl_span_of(mail.at, 0);
	size_t most = mail.len - (size_t)(sign + 1 - mail.at);
	while (n < most && (is_label_char(sign[1 + n]) || sign[1 + n] == '.'))
		n++;
	return sl_span_of(sign + 1, n);
}

static bool is_address(const char *text)
{
	uint8_t bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* Why a byte cannot stand in a name. Names the usual mistakes, because authors paste. */
static const char *bad_char_reason(const char *text, uint8_t c)
{
	if (c == '*')
		return "a domain has no wildcard; its subdomains are meant unless said otherwise";
	if (c == '/' || c == ':')
		return strstr(text, "://") ? "a URL, not a domain"
					   : "no '/' and no port in a domain";
	if (c >= 0x80)
		return "only ASCII in a domain: write it as xn--…";
	return "only letters, digits, '-' and '_' in a label";
}

/* What is wrong with a name's first len bytes, or NULL. */
static const char *name_problem(const char *text, size_t len)
{
	size_t label = 0;
	bool digits = true; /* the label so far */

	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)text[i];

		if (c == '.') {
			if (label == 0)
				return "an empty label";
			label = 0;
			digits = true;
			continue;
		}
		if (!is_label_char(c))
			return bad_char_reason(text, c);
		digits = digits && c >= '0' && c <= '9';
		if (++label > LABEL_MAX)
			return "a label is longer than 63 characters";
	}
	if (label == 0)
		return "an empty label";
	return digits ? "the last label is a number, which no domain has" : NULL;
}

int sl_name_parse(const char *text, char *out, size_t room, struct sl_err *err)
{
	size_t len = strlen(text);
	const char *problem;

	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len == 0)
		problem = "empty";
	else if (is_address(text))
		problem = "an address, not a domain";
	else if (len > NAME_TEXT_MAX)
		problem = "longer than 253 characters";
	else if (len >= room)
		problem = "too long for where it goes";
	else
		problem = name_problem(text, len);
	if (problem) {
		char shown[SHOWN_MAX];

		sl_text_escape(shown, sizeof shown, sl_span_str(text), true);
		return sl_fail(err, SL_EFORMAT, "\"%s\" is no domain name: %s", shown, problem);
	}
	sl_name_normal(out, room, sl_span_of(text, len));
	return SL_OK;
}
