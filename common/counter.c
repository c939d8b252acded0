/* What the table of counters (counter.h) says, for programs. Any thread. */
#include <selat/counter.h>

static const char *const names[] = {
#define X(id, name, help) name,
	SL_COUNTERS(X)
#undef X
};

static const char *const helps[] = {
#define X(id, name, help) help,
	SL_COUNTERS(X)
#undef X
};

const char *sl_counter_name(enum sl_counter which)
{
	return names[which];
}

const char *sl_counter_help(enum sl_counter which)
{
	return helps[which];
}
