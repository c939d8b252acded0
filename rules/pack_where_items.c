/* The ports and networks of a `where`: alone or in a list, each negated by a '!' in front. */
#include <rules/reader.h>

#include <stdlib.h>
#include <string.h>

struct ranges {
	struct sl_number_range *range;
	size_t n;
};

/* "80" or "1000-2000", with nothing behind it. */
static bool range_parse(const char *text, struct sl_number_range *range)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	unsigned long first = strtoul(text, &end, 10), last = first;
	if (*end == '-' && end[1] >= '0' && end[1] <= '9')
		last = strtoul(end + 1, &end, 10);
	if (*end || first > UINT16_MAX || last > UINT16_MAX || first > last)
		return false;
	range->first = (uint32_t)first;
	range->last = (uint32_t)last;
	return true;
}

static bool range_add(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct ranges *ranges = into;
	struct sl_number_range *range = &ranges->range[ranges->n];
	const char *text;
	int64_t port;
	if (json_is_integer(value)) {
		if (!sl_reader_integer(r, key, value, 0, UINT16_MAX, &port))
			return false;
		*range = (struct sl_number_range){ (uint32_t)port, (uint32_t)port, false };
		ranges->n++;
		return true;
	}
	if (!json_is_string(value))
		return sl_reader_fail(r, key,
				      "must be a port, \"1000-2000\", \"!80\" or a list of such");
	if (!sl_reader_text(r, key, value, 32, false, &text))
		return false;
	range->negated = *text == '!';
	if (!range_parse(text + range->negated, range))
		return sl_reader_fail(
			r, key,
			"\"%s\" is no port: write 80, \"1000-2000\" or \"!80\" (0 to 65535)", text);
	ranges->n++;
	return true;
}

bool sl_ranges_read(struct sl_reader *r, const char *key, const json_t *value,
		    struct sl_number_range **out, size_t *n)
{
	struct ranges ranges = { .range = calloc(SL_RANGES_MAX, sizeof *ranges.range) };
	if (!ranges.range)
		return sl_reader_fail(r, key, "out of memory");
	bool ok = sl_reader_each(r, key, value, SL_RANGES_MAX, range_add, &ranges);
	free(*out);
	*out = ranges.range;
	*n = ranges.n;
	return ok;
}

struct networks {
	struct sl_network_item *item;
	size_t n;
};

static bool network_add(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	struct networks *networks = into;
	struct sl_network_item *item = &networks->item[networks->n];
	struct sl_err why = { "" };
	const char *text;
	if (!sl_reader_text(r, key, value, SL_ADDRESS_TEXT, false, &text))
		return false;
	item->negated = *text == '!';
	if (sl_prefix_parse(text + item->negated, &item->prefix, &why) < 0)
		return sl_reader_fail(r, key, "%s", why.text);
	networks->n++;
	return true;
}

bool sl_networks_read(struct sl_reader *r, const char *key, const json_t *value,
		      struct sl_network_item **out, size_t *n)
{
	size_t room = sl_reader_count(value);
	struct networks networks = {
		.item = calloc(room && room < SL_NETWORKS_MAX ? room : SL_NETWORKS_MAX,
			       sizeof *networks.item),
	};
	if (!networks.item)
		return sl_reader_fail(r, key, "out of memory");
	bool ok = sl_reader_each(r, key, value, SL_NETWORKS_MAX, network_add, &networks);
	free(*out);
	*out = networks.item;
	*n = networks.n;
	return ok;
}
