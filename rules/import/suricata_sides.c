/* Addresses and ports of a header: nested lists, negation and variables into flat lists. As in
 * Suricata a '!' turns what is inside of it, and what is negated is taken away from the rest. */
#include <rules/import/suricata.h>

#include <selat/address.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16, EXPANDED_MAX = 65536, VARIABLES_MAX = 64 };
enum { PORTS_MAX = 32, NETWORKS_MAX = 256 };

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* text with its first "$NAME" replaced by "[value]"; text is freed. NULL: it was refused. */
static char *variable_expand(struct suri_rule *r, char *text, char *dollar, const json_t *vars)
{
	char *name = dollar + 1, *end = name;
	while (is_name(*end))
		end++;
	char kept = *end, *grown = NULL;
	*end = '\0';
	const char *value = json_string_value(json_object_get(vars, name));
	if (!value)
		suri_refuse(r, "the variable $%.64s is not known: give it with --var %.64s=VALUE",
			    name, name);
	*end = kept;
	*dollar = '\0';
	if (value && asprintf(&grown, "%s[%s]%s", text, value, end) < 0)
		r->failed = true;
	free(text);
	return grown;
}

static char *expand(struct suri_rule *r, const char *text, const json_t *vars)
{
	char *out = strdup(text), *dollar;
	for (int i = 0; out && (dollar = strchr(out, '$')); i++) {
		if (i == VARIABLES_MAX || strlen(out) > EXPANDED_MAX) {
			suri_refuse(r, "the variables of \"%.64s\" have no end", text);
			free(out);
			return NULL;
		}
		out = variable_expand(r, out, dollar, vars);
	}
	return out;
}

struct side {
	struct suri_rule *r;
	json_t *list;
	bool any; /* everything, less what is negated */
};

typedef void item_fn(struct side *side, char *text, bool negated);

static void item_add(struct side *side, const char *text, bool negated)
{
	char full[SL_ADDRESS_TEXT + 2];
	snprintf(full, sizeof full, "%s%s", negated ? "!" : "", text);
	if (json_array_append_new(side->list, json_string(full)) < 0)
		side->r->failed = true;
}

/* Cuts text at brackets and commas. */
static void items_walk(struct side *side, char *text, item_fn *item)
{
	bool turned[DEPTH_MAX + 1] = { false };
	int depth = 0;
	bool negated = false;
	for (char *c = text; *c;) {
		if (*c == '!') {
			negated = !negated;
			c++;
		} else if (*c == '[') {
			if (++depth > DEPTH_MAX) {
				suri_refuse(side->r, "lists are nested more than %d deep",
					    DEPTH_MAX);
				return;
			}
			turned[depth] = turned[depth - 1] != negated;
			negated = false;
			c++;
		} else if (*c == ']') {
			if (depth-- == 0)
				break;
			c++;
		} else if (*c == ',' || *c == ' ' || *c == '\t') {
			negated = negated && *c != ',';
			c++;
		} else {
			size_t len = strcspn(c, "[],! \t");
			char kept = c[len];
			c[len] = '\0';
			item(side, c, turned[depth] != negated);
			c[len] = kept;
			c += len;
			negated = false;
		}
	}
	if (depth != 0)
		suri_refuse(side->r, "brackets do not match");
}

static void any_take(struct side *side, bool negated)
{
	side->any = true;
	if (negated)
		suri_refuse(side->r, "\"!any\" never holds");
}

static bool port_parse(const char *text, int64_t otherwise, int64_t *out)
{
	*out = otherwise;
	return *text == '\0' || suri_number(text, 0, UINT16_MAX, out);
}

/* "80", "1024:", ":1023", "80:90". */
static void port_take(struct side *side, char *text, bool negated)
{
	char *colon = strchr(text, ':'), range[32];
	int64_t first, last;
	if (strcmp(text, "any") == 0) {
		any_take(side, negated);
		return;
	}
	if (colon)
		*colon = '\0';
	bool ok = port_parse(text, 0, &first) &&
		  port_parse(colon ? colon + 1 : text, UINT16_MAX, &last);
	if (colon)
		*colon = ':';
	if (!ok || first > last) {
		suri_refuse(side->r, "\"%.32s\" is no port", text);
		return;
	}
	snprintf(range, sizeof range, first == last ? "%lld" : "%lld-%lld", (long long)first,
		 (long long)last);
	item_add(side, range, negated);
}

/* "255.255.0.0" as 16; -1: it is no mask. */
static int mask_bits(const char *text)
{
	struct sl_prefix mask;
	if (sl_prefix_parse(text, &mask, NULL) < 0 || mask.address.family != 4 || mask.bits != 32)
		return -1;
	const uint8_t *b = mask.address.bytes;
	uint32_t n = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	int bits = 0;
	while (bits < 32 && n >> (31 - bits) & 1)
		bits++;
	return bits == 32 || n << bits == 0 ? bits : -1;
}

static uint32_t number_of(const struct sl_address *a)
{
	return (uint32_t)a->bytes[0] << 24 | (uint32_t)a->bytes[1] << 16 |
	       (uint32_t)a->bytes[2] << 8 | a->bytes[3];
}

/* "192.0.2.1-192.0.2.9" as the prefixes that cover it. */
static bool range_take(struct side *side, char *text, char *dash, bool negated)
{
	struct sl_prefix low, high;
	*dash = '\0';
	bool ok = sl_prefix_parse(text, &low, NULL) == 0 &&
		  sl_prefix_parse(dash + 1, &high, NULL) == 0 && low.address.family == 4 &&
		  high.address.family == 4 && low.bits == 32 && high.bits == 32;
	*dash = '-';
	uint64_t at = ok ? number_of(&low.address) : 1, end = ok ? number_of(&high.address) : 0;
	if (at > end)
		return false;
	while (at <= end) {
		unsigned bits = 32;
		while (bits > 0 && at % (UINT64_C(1) << (33 - bits)) == 0 &&
		       at + (UINT64_C(1) << (33 - bits)) - 1 <= end)
			bits--;
		char item[SL_ADDRESS_TEXT];
		snprintf(item, sizeof item, "%u.%u.%u.%u/%u", (unsigned)(at >> 24),
			 (unsigned)(at >> 16 & 255), (unsigned)(at >> 8 & 255),
			 (unsigned)(at & 255), bits);
		item_add(side, item, negated);
		at += UINT64_C(1) << (32 - bits);
	}
	return true;
}

/* "192.0.2.1", "192.0.2.7/24", "192.0.2.0/255.255.255.0", "2001:db8::/32". */
static bool prefix_take(struct side *side, char *text, bool negated)
{
	char *slash = strchr(text, '/'), item[SL_ADDRESS_TEXT];
	struct sl_prefix prefix;
	int64_t bits = -1;
	if (slash)
		*slash = '\0';
	bool ok = sl_prefix_parse(text, &prefix, NULL) == 0;
	if (slash)
		*slash = '/';
	if (!ok)
		return false;
	if (!slash)
		bits = prefix.bits;
	else if (!suri_number(slash + 1, 0, prefix.address.family == 4 ? 32 : 128, &bits))
		bits = mask_bits(slash + 1);
	if (bits < 0)
		return false;
	prefix.bits = (uint8_t)bits;
	sl_address_mask(&prefix.address, prefix.bits);
	item_add(side, sl_prefix_format(item, &prefix), negated);
	return true;
}

static void address_take(struct side *side, char *text, bool negated)
{
	char *dash = strchr(text, '-');
	if (strcmp(text, "any") == 0)
		any_take(side, negated);
	else if (!(dash ? range_take(side, text, dash, negated) : prefix_take(side, text, negated)))
		suri_refuse(side->r, "\"%.64s\" is no address", text);
}

/* With "any" among them only what is negated counts. */
static json_t *side_list(struct side *side)
{
	for (size_t i = json_array_size(side->list); side->any && i > 0; i--)
		if (json_string_value(json_array_get(side->list, i - 1))[0] != '!')
			json_array_remove(side->list, i - 1);
	return side->list;
}

static void side_set(struct suri_rule *r, json_t *where, const char *key, const char *text,
		     const json_t *vars, item_fn *item, size_t most)
{
	struct side side = { .r = r, .list = json_array() };
	char *flat = expand(r, text, vars);
	if (flat)
		items_walk(&side, flat, item);
	free(flat);
	json_t *list = side_list(&side);
	size_t n = json_array_size(list);
	if (n > most)
		suri_refuse(r, "%s: %zu items; at most %zu are possible", key, n, most);
	else if (n == 0 && !side.any)
		suri_refuse(r, "\"%.64s\" holds nothing", text);
	if (n)
		suri_set(r, where, key, json_incref(list));
	json_decref(list);
}

void suri_header_where(struct suri_rule *r, json_t *where, bool swapped)
{
	side_set(r, where, swapped ? "to" : "from", r->from, r->vars->address, address_take,
		 NETWORKS_MAX);
	side_set(r, where, swapped ? "to_port" : "from_port", r->from_port, r->vars->port,
		 port_take, PORTS_MAX);
	side_set(r, where, swapped ? "from" : "to", r->to, r->vars->address, address_take,
		 NETWORKS_MAX);
	side_set(r, where, swapped ? "from_port" : "to_port", r->to_port, r->vars->port, port_take,
		 PORTS_MAX);
}
