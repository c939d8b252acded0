/* Packs compiled to a file and opened as the sensor does. */
#ifndef SELAT_TESTS_RULES_COMPILE_H
#define SELAT_TESTS_RULES_COMPILE_H

#include "fixture.h"

#define HEAD(name)                                                                                 \
	"{\"selat\":1,\"pack\":\"" name "\",\"version\":1,\"author\":\"a\",\"tlp\":\"TLP:GREEN\","

static inline struct sl_ruleset *open_packs(char *const *names, size_t n)
{
	struct sl_ruleset *rs = NULL;
	struct sl_err err = { "" };
	compile_to("out.ruleset", names, n);
	if (sl_ruleset_open(&rs, "out.ruleset", &err) < 0)
		fail_msg("%s", err.text);
	unlink("out.ruleset");
	return rs;
}

static inline struct sl_ruleset *open_text(const char *name, const char *text)
{
	char *names[] = { (char *)(uintptr_t)name };
	file_write(name, text);
	struct sl_ruleset *rs = open_packs(names, 1);
	unlink(name);
	return rs;
}

#endif
