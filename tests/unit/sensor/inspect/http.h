/* What the HTTP tests share: a fixture that looks at some fields only. */
#ifndef SELAT_TEST_INSPECT_HTTP_H
#define SELAT_TEST_INSPECT_HTTP_H

#include "fixture.h"
#include <sensor/inspect/inspect_internal.h>
#include <time.h>

/* wanted: of the fields that are found only where they are wanted, the names, with blanks between them;
 * NULL: none. The others come in any case. */
static inline struct fixture *http_fixture(uint8_t proto, uint64_t pool, const char *wanted)
{
	struct fixture *x = fixture_new(proto, pool);
	for (unsigned f = 0; f < SL_FIELD_COUNT; f++) {
		const char *name = sl_field_info((enum sl_field)f)->name;
		const char *at = wanted ? strstr(wanted, name) : NULL;
		char behind = at ? at[strlen(name)] : 'x';
		x->inspect->config.wanted[f] = behind == ' ' || behind == '\0';
	}
	return x;
}

static inline void http_say(struct fixture *x, unsigned side, const char *text)
{
	fixture_feed(x, side, text, strlen(text), 0);
}

#endif
