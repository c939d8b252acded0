/* Amounts of memory as people write them: "10 GiB". Any thread. */
#include <selat/text.h>

static const struct {
	const char *name;
	uint64_t bytes;
} units[] = {
	{ "", 1 },
	{ "B", 1 },
	{ "kB", 1000 },
	{ "MB", 1000 * 1000 },
	{ "GB", 1000 * 1000 * 1000 },
	{ "KiB", UINT64_C(1) << 10 },
	{ "MiB", UINT64_C(1) << 20 },
	{ "GiB", UINT64_C(1) << 30 },
};

/* Reads the digits and moves *text behind them. */
static bool number_parse(const char **text, uint64_t *number)
{
	const char *at = *text;
	uint64_t n = 0;
	if (*at < '0' || *at > '9')
		return false;
	for (; *at >= '0' && *at <= '9'; at++) {
		unsigned digit = (unsigned)(*at - '0');
		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*text = at;
	*number = n;
	return true;
}

bool sl_bytes_parse(const char *text, uint64_t *bytes)
{
	uint64_t number;
	if (!number_parse(&text, &number))
		return false;
	if (*text == ' ' && text[1] != '\0')
		text++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text, units[i].name) != 0)
			continue;
		if (number > UINT64_MAX / units[i].bytes)
			return false;
		*bytes = number * units[i].bytes;
		return true;
	}
	return false;
}
