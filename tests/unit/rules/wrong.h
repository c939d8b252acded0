/* Packs that are wrong, and what must be said of each, word for word. */
#ifndef SELAT_TESTS_RULES_WRONG_H
#define SELAT_TESTS_RULES_WRONG_H

#include "fixture.h"

/* The pack's own keys on line 1, its indicator on line 2. */
#define HEAD                                                                                       \
	"{\"selat\":1,\"pack\":\"t/"                                                               \
	"a\",\"version\":1,\"author\":\"a.example\",\"tlp\":\"TLP:GREEN\","
#define ONE(keys)       HEAD "\"indicators\":[\n{\"id\":\"x\"," keys "}]}"
#define CONDITION(keys) ONE("\"match\":[{" keys "}]")

struct wrong {
	const char *text, *problem; /* problem without "p.json" */
};

static inline void expect(const char *name, const char *text, const char *problem)
{
	char *names[] = { (char *)(uintptr_t)name }, want[2048];
	file_write(name, text);
	char *got = problems_of(names, 1);
	snprintf(want, sizeof want, "%s%s\n", name, problem);
	assert_string_equal(got, want);
	free(got);
	unlink(name);
}

static inline void expect_each(const char *name, const struct wrong *wrong, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect(name, wrong[i].text, wrong[i].problem);
}
#define EXPECT_ALL(wrong) expect_each("p.json", wrong, sizeof wrong / sizeof wrong[0])

#endif
