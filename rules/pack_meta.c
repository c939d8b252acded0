/* What indicators and a pack's defaults have in common: how bad, how sure, who may know, when. */
#include <rules/reader.h>

#include <selat/time.h>
#include <string.h>

enum { CLASS_MAX = 128, DRILL_MAX = 128, TIME_MAX = 64 };
#define NS_PER_SECOND UINT64_C(1000000000)

bool sl_meta_severity(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const char *const severities[] = { "low", "medium", "high", "critical", NULL };
	struct sl_meta *meta = into;
	int i = sl_reader_choice(r, key, value, severities);
	if (i >= 0)
		meta->severity = sl_severity_parse(severities[i]);
	return i >= 0;
}

bool sl_meta_confidence(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_meta *meta = into;
	int64_t n;
	if (!sl_reader_integer(r, key, value, 0, 100, &n))
		return false;
	meta->confidence = (uint8_t)n;
	return true;
}

/* RSIT: "taxonomy" or "taxonomy/type", each of lower-case letters, digits and hyphens. */
static bool class_valid(const char *s)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t len = strspn(s, word);
	if (len == 0 || s[len] == '\0')
		return len > 0;
	size_t type = strspn(s + len + 1, word);
	return s[len] == '/' && type > 0 && s[len + 1 + type] == '\0';
}

bool sl_meta_class(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct sl_meta *meta = into;
	const char *text;
	if (!sl_reader_text(r, key, value, CLASS_MAX, false, &text))
		return false;
	if (!class_valid(text))
		return sl_reader_fail(r, key,
				      "\"%s\" is no RSIT class: write \"taxonomy/type\" in lower "
				      "case, as in \"malicious-code/c2-server\"",
				      text);
	meta->class_ = text;
	return true;
}

bool sl_meta_tlp(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const char *const labels[] = { "TLP:CLEAR",        "TLP:GREEN", "TLP:AMBER",
					      "TLP:AMBER+STRICT", "TLP:RED",   NULL };
	struct sl_meta *meta = into;
	int i = sl_reader_choice(r, key, value, labels);
	if (i >= 0)
		meta->tlp = sl_tlp_parse(labels[i]);
	return i >= 0;
}

static bool time_read(struct sl_reader *r, const char *key, const json_t *value, int64_t *out)
{
	const char *text;
	if (!sl_reader_text(r, key, value, TIME_MAX, false, &text))
		return false;
	struct sl_err why = { "" };
	uint64_t ns;
	if (sl_time_parse(text, &ns, &why) < 0)
		return sl_reader_fail(r, key, "%s", why.text);
	*out = (int64_t)(ns / NS_PER_SECOND);
	return true;
}

bool sl_meta_valid_from(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return time_read(r, key, value, &((struct sl_meta *)into)->valid_from);
}

bool sl_meta_valid_until(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return time_read(r, key, value, &((struct sl_meta *)into)->valid_until);
}

bool sl_meta_status(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	static const char *const statuses[] = { "active", "shadow", "off", NULL };
	int i = sl_reader_choice(r, key, value, statuses);
	struct sl_meta *meta = into;
	if (i < 0)
		return false;
	meta->shadow = i == 1;
	meta->off = i == 2;
	return true;
}

bool sl_meta_drill(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return sl_reader_text(r, key, value, DRILL_MAX, false, &((struct sl_meta *)into)->drill);
}

void sl_meta_check(struct sl_reader *r, const struct sl_meta *meta)
{
	if (meta->valid_from >= meta->valid_until)
		sl_reader_fail(r, "valid_until", "is not after valid_from: it would never hold");
}
