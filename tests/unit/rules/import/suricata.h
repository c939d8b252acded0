/* A rule of Suricata's, and the indicator that says the same. */
#ifndef SELAT_TESTS_IMPORT_SURICATA_H
#define SELAT_TESTS_IMPORT_SURICATA_H

#include "fixture.h"

static inline void expect(const char *rule, const char *indicator)
{
	struct imported *i = import_text(sl_import_suricata, rule,
					 (struct sl_import_options){ .any_tunnel = true });
	indicators_expect(i, indicator);
	pack_expect(i);
	imported_free(i);
}

/* Leaves the rule, and says why. */
static inline void expect_left(const char *rule, const char *reason)
{
	struct imported *i = import_text(sl_import_suricata, rule, (struct sl_import_options){ 0 });
	assert_int_equal(i->im.left, 1);
	assert_int_equal(json_array_size(i->im.indicators), 0);
	if (!strstr(i->said, reason))
		fail_msg("said %s, not %s", i->said, reason);
	imported_free(i);
}

/* A rule with these options, and the conditions and scope it must become. */
static inline void expect_options(const char *options, const char *conditions)
{
	char *rule, *indicator;
	assert_true(asprintf(&rule, "alert http any any -> any any (%s; sid:1;)", options) > 0);
	assert_true(asprintf(&indicator, "[{\"id\":\"sid-1\",\"where\":{\"app\":\"http\"%s",
			     conditions) > 0);
	expect(rule, indicator);
	free(indicator);
	free(rule);
}

#define URI           "{\"field\":\"http.uri\","
#define TO_SERVER     ",\"direction\":\"to_server\"},\"match\":["
#define ANY_DIRECTION "},\"match\":["

#endif
