/* TLP 2.0 labels and severities: names, order, and what may pass. Any thread. */
#include <selat/tlp.h>

#include <stddef.h>
#include <string.h>

static const char *const tlp_names[] = {
	[SL_TLP_NONE] = "",
	[SL_TLP_CLEAR] = "TLP:CLEAR",
	[SL_TLP_GREEN] = "TLP:GREEN",
	[SL_TLP_AMBER] = "TLP:AMBER",
	[SL_TLP_AMBER_STRICT] = "TLP:AMBER+STRICT",
	[SL_TLP_RED] = "TLP:RED",
};
static const char *const severity_names[] = {
	[SL_SEVERITY_NONE] = "", [SL_LOW] = "low",           [SL_MEDIUM] = "medium",
	[SL_HIGH] = "high",      [SL_CRITICAL] = "critical",
};
enum {
	TLP_COUNT = sizeof(tlp_names) / sizeof(tlp_names[0]),
	SEVERITY_COUNT = sizeof(severity_names) / sizeof(severity_names[0]),
};

/* The index of text, or 0, which stands for none of them. */
static unsigned name_find(const char *const *names, unsigned count, const char *text)
{
	for (unsigned i = 1; text && i < count; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	return 0;
}

enum sl_tlp sl_tlp_parse(const char *text)
{
	return (enum sl_tlp)name_find(tlp_names, TLP_COUNT, text);
}

const char *sl_tlp_text(enum sl_tlp tlp)
{
	return (unsigned)tlp < TLP_COUNT ? tlp_names[tlp] : "";
}

/* Labels come out of files and messages: a number that is no label is not let pass either. */
bool sl_tlp_passes(enum sl_tlp label, enum sl_tlp highest)
{
	unsigned is = (unsigned)label, most = (unsigned)highest;
	return is > SL_TLP_NONE && is < SL_TLP_RED && most <= SL_TLP_RED && is <= most;
}

enum sl_severity sl_severity_parse(const char *text)
{
	return (enum sl_severity)name_find(severity_names, SEVERITY_COUNT, text);
}

const char *sl_severity_text(enum sl_severity severity)
{
	return (unsigned)severity < SEVERITY_COUNT ? severity_names[severity] : "";
}
