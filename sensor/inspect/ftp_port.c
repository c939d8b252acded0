/* Ports in FTP's commands and replies. */
#include <ctype.h>
#include <sensor/inspect/ftp.h>

/* A number up to `most` at text[*at], which is left behind it; -1: there is none. */
static int number_read(struct sl_span text, size_t *at, int most)
{
	int n = 0;
	size_t from = *at;
	for (; *at < text.len && isdigit(text.at[*at]); ++*at) {
		n = n * 10 + text.at[*at] - '0';
		if (n > most)
			return -1;
	}
	return *at > from ? n : -1;
}

static int six_read(struct sl_span text, size_t at)
{
	int n[6];
	for (unsigned i = 0; i < 6; i++) {
		n[i] = number_read(text, &at, 255);
		if (n[i] < 0 || (i < 5 && (at >= text.len || text.at[at++] != ',')))
			return 0;
	}
	return n[4] << 8 | n[5];
}

/* RFC 1123, section 4.1.2.6: look for the digits, whatever stands around them. */
uint16_t sl_ftp_port_of_six(struct sl_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		bool begins = isdigit(text.at[i]) && (i == 0 || !isdigit(text.at[i - 1]));
		int port = begins ? six_read(text, i) : 0;
		if (port)
			return (uint16_t)port;
	}
	return 0;
}

/* RFC 2428, sections 2 and 3 */
uint16_t sl_ftp_port_extended(struct sl_span text)
{
	const uint8_t *open = text.len ? memchr(text.at, '(', text.len) : NULL;
	size_t at = open ? (size_t)(open - text.at) + 1 : 0;
	if (at >= text.len || text.at[at] < 33 || text.at[at] > 126 || isdigit(text.at[at]))
		return 0;
	uint8_t bar = text.at[at];
	for (unsigned bars = 0; at < text.len && bars < 3; at++)
		bars += text.at[at] == bar;
	int port = number_read(text, &at, 65535);
	return port > 0 && at < text.len && text.at[at] == bar ? (uint16_t)port : 0;
}
