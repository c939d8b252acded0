/* Times as text, without libc's calendar: that one takes locks, knows zones and is slow. Years
 * begin in March here, so that the leap day is the last of its year and needs no cases. Any
 * thread. */
#include <selat/time.h>

#include <selat/text.h>

#include <time.h>

enum { DAY_S = 86400, ERA_DAYS = 146097 /* in 400 years */, NS_DIGITS = 9 };
static const uint64_t second_ns = UINT64_C(1000000000);

struct date {
	unsigned year, month, day;
};

uint64_t sl_time_now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * second_ns + (uint64_t)ts.tv_nsec;
}

uint64_t sl_time_mono_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* The day `days` after 1970-01-01. */
static struct date date_of_days(uint64_t days)
{
	uint64_t since = days + 719468; /* since 0000-03-01 */
	unsigned era = (unsigned)(since / ERA_DAYS), of_era = (unsigned)(since % ERA_DAYS);
	unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
	unsigned month = (5 * of_year + 2) / 153; /* 0 is March */
	struct date d = { .day = of_year - (153 * month + 2) / 5 + 1 };
	d.month = month < 10 ? month + 3 : month - 9;
	d.year = era * 400 + year + (d.month <= 2);
	return d;
}

/* Days from 1970-01-01; negative before. The date is a possible one. */
static int64_t date_to_days(struct date d)
{
	int64_t year = (int64_t)d.year - (d.month <= 2) + 400; /* never negative */
	int64_t month = d.month > 2 ? d.month - 3 : d.month + 9;
	int64_t of_era = year % 400;
	int64_t of_year = (153 * month + 2) / 5 + d.day - 1;
	return (year / 400 - 1) * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
	       719468;
}

static unsigned month_days(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

static char *put_two(char *out, unsigned n)
{
	out[0] = (char)('0' + n / 10);
	out[1] = (char)('0' + n % 10);
	return out + 2;
}

char *sl_time_format(char out[SL_TIME_TEXT], uint64_t ns)
{
	uint64_t seconds = ns / second_ns;
	unsigned us = (unsigned)(ns % second_ns / 1000);
	unsigned of_day = (unsigned)(seconds % DAY_S);
	struct date d = date_of_days(seconds / DAY_S);
	char *p = put_two(out, d.year / 100);
	p = put_two(p, d.year % 100);
	*p++ = '-';
	p = put_two(p, d.month);
	*p++ = '-';
	p = put_two(p, d.day);
	*p++ = 'T';
	p = put_two(p, of_day / 3600);
	*p++ = ':';
	p = put_two(p, of_day / 60 % 60);
	*p++ = ':';
	p = put_two(p, of_day % 60);
	*p++ = '.';
	p = put_two(p, us / 10000);
	p = put_two(p, us / 100 % 100);
	p = put_two(p, us % 100);
	*p++ = 'Z';
	*p = '\0';
	return out;
}

/* The pieces of a time's text, as written. */
struct written {
	struct date date;
	unsigned hour, minute, second;
	uint64_t ns;
	int64_t offset_s;
};

/* Reads exactly `digits` digits; false, and *text where it was, if there are fewer. */
static bool take_number(const char **text, unsigned digits, unsigned *number)
{
	unsigned n = 0;
	for (unsigned i = 0; i < digits; i++) {
		char c = (*text)[i];
		if (c < '0' || c > '9')
			return false;
		n = n * 10 + (unsigned)(c - '0');
	}
	*text += digits;
	*number = n;
	return true;
}

static bool take_char(const char **text, char upper, char lower)
{
	if (**text != upper && **text != lower)
		return false;
	(*text)++;
	return true;
}

/* ".1" to ".123456789", or nothing. */
static bool take_fraction(const char **text, uint64_t *ns)
{
	*ns = 0;
	if (!take_char(text, '.', '.'))
		return true;
	uint64_t unit = second_ns;
	unsigned digit, count = 0;
	while (count <= NS_DIGITS && take_number(text, 1, &digit)) {
		unit /= 10;
		*ns += digit * unit;
		count++;
	}
	return count > 0 && count <= NS_DIGITS;
}

static bool take_offset(const char **text, int64_t *offset_s)
{
	*offset_s = 0;
	if (take_char(text, 'Z', 'z'))
		return true;
	int64_t sign = **text == '-' ? -1 : 1;
	unsigned hours, minutes;
	if (!take_char(text, '+', '-') || !take_number(text, 2, &hours) ||
	    !take_char(text, ':', ':') || !take_number(text, 2, &minutes))
		return false;
	*offset_s = sign * (int64_t)(hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

/* RFC 3339, section 5.6: the shape alone. */
static bool take_time(const char *text, struct written *w)
{
	return take_number(&text, 4, &w->date.year) && take_char(&text, '-', '-') &&
	       take_number(&text, 2, &w->date.month) && take_char(&text, '-', '-') &&
	       take_number(&text, 2, &w->date.day) && take_char(&text, 'T', 't') &&
	       take_number(&text, 2, &w->hour) && take_char(&text, ':', ':') &&
	       take_number(&text, 2, &w->minute) && take_char(&text, ':', ':') &&
	       take_number(&text, 2, &w->second) && take_fraction(&text, &w->ns) &&
	       take_offset(&text, &w->offset_s) && *text == '\0';
}

static bool date_exists(struct date d)
{
	return d.month >= 1 && d.month <= 12 && d.day >= 1 && d.day <= month_days(d.year, d.month);
}

/* A second 60 is a leap second: it stands before a first of January or July, in UTC. This clock
 * has none, so it is the second after it. */
static bool leap_second_fits(int64_t next_s)
{
	if (next_s < 0 || next_s % DAY_S != 0)
		return false;
	struct date d = date_of_days((uint64_t)(next_s / DAY_S));
	return d.day == 1 && (d.month == 1 || d.month == 7);
}

int sl_time_parse(const char *text, uint64_t *ns, struct sl_err *err)
{
	char shown[128];
	sl_text_escape(shown, sizeof(shown), sl_span_str(text), true);
	struct written w;
	if (!take_time(text, &w))
		return sl_fail(err, SL_EFORMAT,
			       "\"%s\" is no time; write it as 2026-11-22T04:05:06Z or "
			       "2026-11-22T11:05:06+07:00",
			       shown);
	if (!date_exists(w.date) || w.hour > 23 || w.minute > 59 || w.second > 60)
		return sl_fail(err, SL_EFORMAT, "\"%s\": there is no such day or hour", shown);
	int64_t seconds = date_to_days(w.date) * DAY_S + w.hour * 3600 + w.minute * 60 + w.second -
			  w.offset_s;
	if (w.second == 60 && !leap_second_fits(seconds))
		return sl_fail(err, SL_EFORMAT, "\"%s\": that minute has no second 60", shown);
	if (seconds < 0 || (uint64_t)seconds >= UINT64_MAX / second_ns)
		return sl_fail(err, SL_EFORMAT,
			       "\"%s\" is out of range; give a time from 1970 to 2553", shown);
	*ns = (uint64_t)seconds * second_ns + w.ns;
	return SL_OK;
}
