/* Rows fit the screen, and nothing in an alert can do anything to it. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <wchar.h>

#include <cmocka.h>

#include "alerts/screen.h"

static char *row_of(const char *json, struct sl_screen_look look)
{
	struct sl_alert a;
	struct sl_err err;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	if (sl_alert_parse(&a, sl_span_str(json), &err))
		fail_msg("%s", err.text);
	sl_screen_row(out, &look, &a);
	sl_alert_fini(&a);
	fclose(out);
	return text;
}

static const char good[] = "{\"selat\":1,\"id\":\"x\",\"time\":\"2026-11-22T06:05:06.9+02:00\","
			   "\"tlp\":\"TLP:AMBER+STRICT\","
			   "\"severity\":\"critical\",\"count\":3,\"sensor\":{\"id\":\"vn-hn-ix1\","
			   "\"country\":\"VN\"},"
			   "\"indicator\":{\"pack\":\"vn.cert/"
			   "c2\",\"id\":\"c2-1\",\"type\":\"domain\",\"value\":\"e.example\"},"
			   "\"match\":{\"field\":\"tls.sni\",\"value\":\"www.e.example\"},"
			   "\"flow\":{\"src\":{\"ip\":\"192.0.2.1\",\"port\":51234},\"dst\":{"
			   "\"ip\":\"2001:db8::1\",\"port\":443}}}";

static void a_plain_row_says_everything(void **state)
{
	(void)state;
	char *row = row_of(good, (struct sl_screen_look){ SL_COLOURS_NONE, 0 });
	assert_string_equal(row,
			    "04:05:06  critical  TLP:AMBER+STRICT  vn.cert/c2/c2-1               "
			    "tls.sni=www.e.example ×3                  "
			    "192.0.2.1:51234 -> [2001:db8::1]:443           vn-hn-ix1/VN\n");
	free(row);
	row = row_of(
		"{\"selat\":1,\"id\":\"x\",\"drill\":\"A\",\"indicator\":{\"type\":\"address\","
		"\"value\":\"192.0.2.0/24\"},\"match\":{\"field\":\"ip.src\"}}",
		(struct sl_screen_look){ SL_COLOURS_NONE, 0 });
	assert_string_equal(row,
			    "-         -         -                 [drill A] -/-                 "
			    "address=192.0.2.0/24                      "
			    "- -> -                                         -/-\n");
	free(row);
}

static void colours_are_only_where_asked(void **state)
{
	(void)state;
	char *row = row_of(good, (struct sl_screen_look){ SL_COLOURS_ALL, 200 });
	assert_non_null(strstr(row, "\033[48;2;0;0;0;38;2;255;192;0mTLP:AMBER+STRICT\033[0m"));
	assert_non_null(strstr(row, "\033[1;37;41mcritical\033[0m"));
	free(row);
	row = row_of(good, (struct sl_screen_look){ SL_COLOURS_256, 200 });
	assert_non_null(strstr(row, "\033[48;5;16;38;5;214mTLP:AMBER+STRICT\033[0m"));
	free(row);
	row = row_of(good, (struct sl_screen_look){ SL_COLOURS_NONE, 200 });
	assert_null(strchr(row, '\033'));
	free(row);
}

/* The widest line of a text, in columns. */
static unsigned widest(const char *text)
{
	unsigned now = 0, most = 0;
	mbstate_t mb = { 0 };
	for (wchar_t c; *text;) {
		size_t n = mbrtowc(&c, text, MB_CUR_MAX, &mb);
		assert_true(n > 0 && n <= MB_CUR_MAX); /* characters are never cut in two */
		text += n;
		now = c == '\n' ? 0 : now + (unsigned)wcwidth(c);
		most = now > most ? now : most;
	}
	return most;
}

static void rows_fit_every_width(void **state)
{
	(void)state;
	static const char wide[] =
		"{\"selat\":1,\"id\":\"x\",\"tlp\":\"TLP:AMBER+STRICT\",\"severity\":\"critical "
		"and more\","
		"\"sensor\":{\"id\":"
		"\"\xe6\xb5\xb7\xe5\xb3\xa1\xe6\xb5\xb7\xe5\xb3\xa1\xe6\xb5\xb7\xe5\xb3"
		"\xa1\xe6\xb5\xb7\xe5\xb3\xa1\xe6\xb5\xb7\xe5\xb3\xa1\",\"country\":\"VN\"},"
		"\"indicator\":"
		"{\"pack\":"
		"\"\xe6\xb5\xb7\xe5\xb3\xa1\xe6\xb5\xb7\xe5\xb3\xa1\xe6\xb5\xb7\xe5\xb3\xa1\xe6"
		"\xb5\xb7\xe5\xb3\xa1\xe6\xb5\xb7\xe5\xb3\xa1\xe6\xb5\xb7\xe5\xb3\xa1\xe6\xb5\xb7\""
		",\"id\":"
		"\"c2-1\"},\"match\":{\"field\":\"http.uri\",\"value\":\"/a/very/long/path/that/"
		"goes/on/and/"
		"on/and/on/and/on/and/on/and/on/"
		"\xc3\xa9\xc3\xa9\xc3\xa9\"},\"flow\":{\"src\":{\"ip\":"
		"\"2001:db8:1111:2222:3333:4444:5555:6666\",\"port\":51234},\"dst\":{\"ip\":"
		"\"2001:db8:1111:2222:3333:4444:5555:7777\",\"port\":443}}}";
	for (unsigned width = 62; width <= 300; width++) {
		char *row = row_of(wide, (struct sl_screen_look){ SL_COLOURS_NONE, width });
		if (widest(row) > width)
			fail_msg("%u columns on a screen of %u: %s", widest(row), width, row);
		assert_non_null(strstr(row, "TLP:AMBER+STRICT")); /* never cut */
		assert_non_null(strstr(row, "c2-1"));
		free(row);
	}
}

static void nothing_drives_the_terminal(void **state)
{
	(void)state;
	static const char hostile[] =
		"{\"selat\":1,\"id\":\"x\",\"tlp\":\"TLP:\\u001b[2J\",\"severity\":"
		"\"\\u0007\\n\\r\\t\","
		"\"sensor\":{\"id\":\"\\u0000\\u009b31m\",\"country\":\"\\u007f\"},\"indicator\":{"
		"\"pack\":"
		"\"\\u202eevil\\u2066\\ufeff\",\"id\":\"\\u2028\\u200b\"},\"match\":{\"field\":"
		"\"a\","
		"\"value\":\"\\u001b]0;title\\u0007\\ud83d\\ude00\"},\"flow\":{\"src\":{\"ip\":"
		"\"\\u001b[1A\",\"port\":1},\"dst\":{\"ip\":\"\\u0085\",\"port\":2}},\"drill\":"
		"\"\\b\\u061c\"}";
	static const unsigned widths[] = { 0, 20, 80, 200 };
	for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
		char *row = row_of(hostile, (struct sl_screen_look){ SL_COLOURS_NONE, widths[i] });
		size_t lines = 0;
		for (const char *p = row; *p; p++) {
			lines += *p == '\n';
			if ((uint8_t)*p < ' ' && *p != '\n')
				fail_msg("control character in %s", row);
			assert_int_not_equal(*p, 0x7f);
			assert_false((uint8_t)p[0] == 0xc2 && (uint8_t)p[1] < 0xa0);
		}
		assert_int_equal(lines, widths[i] && widths[i] < 150 ? 2 : 1);
		assert_null(strstr(row, "\xe2\x80\xae")); /* right to left */
		assert_null(strstr(row, "\xe2\x81\xa6"));
		assert_null(strstr(row, "\xe2\x80\xa8"));
		assert_null(strstr(row, "\xd8\x9c"));
		free(row);
	}
}

static void a_huge_value_is_bounded(void **state)
{
	(void)state;
	enum { HUGE_LEN = 200000 };
	char *json = malloc(HUGE_LEN + 256);
	assert_non_null(json);
	int n = sprintf(json, "{\"selat\":1,\"id\":\"x\",\"match\":{\"field\":\"f\",\"value\":\"x");
	for (int i = 0; i < HUGE_LEN / 2; i++)
		n += sprintf(json + n, "\xc3\xa9");
	sprintf(json + n, "\"}}");
	char *row = row_of(json, (struct sl_screen_look){ SL_COLOURS_NONE, 0 });
	assert_true(strlen(row) < 2048);
	assert_non_null(strstr(row, "\xc3\xa9…")); /* cut between characters, and it says so */
	assert_null(strstr(row, "\\x"));
	free(row);
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_row_says_everything),
		cmocka_unit_test(colours_are_only_where_asked),
		cmocka_unit_test(rows_fit_every_width),
		cmocka_unit_test(nothing_drives_the_terminal),
		cmocka_unit_test(a_huge_value_is_bounded),
	};
	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
