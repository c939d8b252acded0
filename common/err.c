/* Errors: the sentence is made in a buffer of its own and copied, so that a caller may wrap what
 * stands in the struct already: sl_fail(err, code, "%s: %s", path, err->text). */
#include <selat/err.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Steps back to where no UTF-8 sequence is cut in two. */
static size_t cut_whole(const char *text, size_t len)
{
	size_t lead = len;
	while (lead > 0 && len - lead < 3 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
		lead--;
	if (lead == 0 || ((unsigned char)text[lead - 1] & 0xc0) != 0xc0)
		return len;
	unsigned char first = (unsigned char)text[lead - 1];
	size_t want = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	return len - lead + 1 < want ? lead - 1 : len;
}

int sl_fail(struct sl_err *err, int code, const char *fmt, ...)
{
	if (!err)
		return code;
	char text[sizeof(err->text)];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0)
		text[0] = '\0';
	size_t len = strlen(text);
	if (n >= (int)sizeof(text))
		len = cut_whole(text, len);
	memcpy(err->text, text, len);
	err->text[len] = '\0';
	return code;
}

int sl_exit_status(int code)
{
	if (code >= 0)
		return 0;
	switch (code) {
	case SL_EUSAGE:
		return 2;
	case SL_EPARTIAL:
		return 3;
	default:
		return 1;
	}
}
