/* IP addresses and prefixes as text and back. Any thread. */
#include <selat/address.h>

#include <selat/text.h>

#include <arpa/inet.h>
#include <stdio.h>

static char *put_octet(char *p, unsigned n)
{
	if (n >= 100)
		*p++ = (char)('0' + n / 100);
	if (n >= 10)
		*p++ = (char)('0' + n / 10 % 10);
	*p++ = (char)('0' + n % 10);
	return p;
}

/* IPv4 by hand: dumps write two a packet, and inet_ntop goes through printf. */
static void format_ip4(char *p, const uint8_t *bytes)
{
	for (int i = 0; i < 4; i++) {
		if (i)
			*p++ = '.';
		p = put_octet(p, bytes[i]);
	}
	*p = '\0';
}

char *sl_address_format(char out[SL_ADDRESS_TEXT], const struct sl_address *a)
{
	out[0] = '\0';
	if (a->family == 4)
		format_ip4(out, a->bytes);
	else if (a->family == 6)
		inet_ntop(AF_INET6, a->bytes, out, SL_ADDRESS_TEXT);
	return out;
}

static unsigned family_bits(uint8_t family)
{
	return family == 4 ? 32 : 128;
}

char *sl_prefix_format(char out[SL_ADDRESS_TEXT], const struct sl_prefix *p)
{
	sl_address_format(out, &p->address);
	size_t len = strlen(out);
	if (len && p->bits < family_bits(p->address.family)) {
		out[len++] = '/';
		*put_octet(out + len, p->bits) = '\0';
	}
	return out;
}

void sl_address_mask(struct sl_address *a, unsigned bits)
{
	unsigned whole = bits / 8;
	if (whole >= sizeof a->bytes)
		return;
	a->bytes[whole] &= (uint8_t)(0xff00 >> bits % 8);
	memset(a->bytes + whole + 1, 0, sizeof a->bytes - whole - 1);
}

int sl_prefix_below(const uint64_t *lengths, int below)
{
	while (below > 0) {
		int word = (below - 1) / 64, top = (below - 1) % 64;
		uint64_t left = lengths[word] & UINT64_MAX >> (63 - top);
		if (left)
			return word * 64 + 63 - __builtin_clzll(left);
		below = word * 64;
	}
	return -1;
}

/* As inet_pton reads it: four numbers, no zero in front. By hand, because each answer of DNS is tried. */
static bool ip4_read(struct sl_span text, uint8_t *bytes)
{
	unsigned octet = 0, digits = 0, n = 0;
	for (size_t i = 0; i <= text.len; i++) {
		uint8_t c = i < text.len ? text.at[i] : '.';
		if (c == '.') {
			if (!digits || octet > 255 || n == 4)
				return false;
			bytes[n++] = (uint8_t)octet;
			octet = digits = 0;
			continue;
		}
		if (c < '0' || c > '9' || digits == 3 || (digits && octet == 0))
			return false;
		octet = octet * 10 + (unsigned)(c - '0');
		digits++;
	}
	return n == 4;
}

bool sl_address_of(struct sl_span text, struct sl_address *out)
{
	char copy[INET6_ADDRSTRLEN];
	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	*out = (struct sl_address){ .family = memchr(text.at, ':', text.len) ? 6 : 4 };
	if (out->family == 4)
		return ip4_read(text, out->bytes);
	if (memchr(text.at, '\0', text.len))
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	return inet_pton(AF_INET6, copy, out->bytes) == 1;
}

/* One to three digits, no leading zero. */
static bool bits_parse(const char *text, unsigned most, uint8_t *bits)
{
	unsigned n = 0;
	size_t len = strspn(text, "0123456789");
	if (len == 0 || len > 3 || text[len] != '\0' || (len > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++)
		n = n * 10 + (unsigned)(text[i] - '0');
	*bits = (uint8_t)n;
	return n <= most;
}

int sl_prefix_parse(const char *text, struct sl_prefix *out, struct sl_err *err)
{
	char shown[128], right[SL_ADDRESS_TEXT];
	sl_text_escape(shown, sizeof(shown), sl_span_str(text), true);
	struct sl_prefix p;
	size_t len = strcspn(text, "/");
	if (!sl_address_of(sl_span_of(text, len), &p.address))
		return sl_fail(err, SL_EFORMAT,
			       "\"%s\" is no IP address or prefix; write it as 198.51.100.0/24 or "
			       "2001:db8::1",
			       shown);
	unsigned most = family_bits(p.address.family);
	p.bits = (uint8_t)most;
	if (text[len] == '/' && !bits_parse(text + len + 1, most, &p.bits))
		return sl_fail(err, SL_EFORMAT,
			       "\"%s\": a prefix length of IPv%d is a number from 0 to %u", shown,
			       p.address.family, most);
	struct sl_address given = p.address;
	sl_address_mask(&p.address, p.bits);
	if (memcmp(given.bytes, p.address.bytes, sizeof(given.bytes)) != 0)
		return sl_fail(err, SL_EFORMAT,
			       "\"%s\" has bits set after its first %d; did you mean %s?", shown,
			       p.bits, sl_prefix_format(right, &p));
	*out = p;
	return SL_OK;
}
