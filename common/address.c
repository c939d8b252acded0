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
	if (bits >= family_bits(a->family))
		return;
	if (a->family == 4) {
		uint32_t word;
		memcpy(&word, a->bytes, sizeof word);
		word &= htonl(bits ? UINT32_MAX << (32 - bits) : 0);
		memcpy(a->bytes, &word, sizeof word);
		return;
	}
	unsigned whole = bits / 8;
	a->bytes[whole] &= (uint8_t)(0xff00 >> bits % 8);
	memset(a->bytes + whole + 1, 0, sizeof a->bytes - whole - 1);
}

/* As inet_pton reads it: four numbers, no zero in front. By hand, because each answer of DNS is tried. */
static bool ip4_read(struct sl_span text, uint8_t *bytes)
{
	size_t at = 0;
	for (unsigned n = 0; n < 4; n++) {
		size_t first = at;
		unsigned octet = 0;
		for (; at < text.len && (unsigned)text.at[at] - '0' < 10; at++)
			octet = octet * 10 + (text.at[at] - '0');
		size_t digits = at - first;
		if (!digits || digits > 3 || octet > 255 || (digits > 1 && text.at[first] == '0'))
			return false;
		bytes[n] = (uint8_t)octet;
		if (n < 3 && (at == text.len || text.at[at++] != '.'))
			return false;
	}
	return at == text.len;
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
