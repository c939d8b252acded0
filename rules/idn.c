/* International names, by libidn2. */
#include <idn2.h>
#include <rules/idn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int copy(const char *text, size_t len, char *out, size_t room, struct sl_err *err)
{
	if (len >= room)
		return sl_fail(err, SL_EUSAGE, "is too long");
	memcpy(out, text, len);
	out[len] = '\0';
	return SL_OK;
}

static bool is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

int sl_idn_name(const char *name, char *out, size_t room, struct sl_err *err)
{
	char *ascii = NULL;
	size_t len = strlen(name);
	if (is_ascii(name, len))
		return copy(name, len, out, room, err);
	int rc = idn2_to_ascii_8z(name, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK)
		return sl_fail(err, SL_EUSAGE, "is no international domain name: %s", idn2_strerror(rc));
	rc = copy(ascii, strlen(ascii), out, room, err);
	idn2_free(ascii);
	return rc;
}

/* scheme "://" [user "@"] host [":" port] ["/" …]: RFC 3986, section 3.2 */
int sl_idn_url(const char *url, char *out, size_t room, struct sl_err *err)
{
	char host[1024], ascii[1024];
	const char *scheme = strstr(url, "://");
	const char *from = scheme ? scheme + 3 : url;
	size_t authority = strcspn(from, "/?#");
	for (size_t i = authority; i > 0; i--)
		if (from[i - 1] == '@') {
			from += i;
			authority -= i;
			break;
		}
	size_t len = 0;
	while (len < authority && from[len] != ':' && from[len] != '[')
		len++;
	if (is_ascii(from, len))
		return copy(url, strlen(url), out, room, err);
	int rc = copy(from, len, host, sizeof host, err);
	if (rc == SL_OK)
		rc = sl_idn_name(host, ascii, sizeof ascii, err);
	if (rc != SL_OK)
		return rc;
	int n = snprintf(out, room, "%.*s%s%s", (int)(from - url), url, ascii, from + len);
	return n >= 0 && (size_t)n < room ? SL_OK : sl_fail(err, SL_EUSAGE, "is too long");
}
