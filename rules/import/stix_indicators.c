/* The alternatives of a STIX pattern as keys of indicators: the options of a term's tests, each with
 * each, put together. If one alternative cannot be taken over, none is: half a pattern would mean
 * something else. */
#include <rules/import/stix.h>

#include <selat/field.h>
#include <stdio.h>
#include <string.h>

static bool is_any_address(const json_t *value)
{
	const char *text = json_string_value(value);
	return text && (strcmp(text, "0.0.0.0/0") == 0 || strcmp(text, "::/0") == 0);
}

/* All that is denied goes together; two things that are asked for may not both hold. */
static bool is_denial(const json_t *value)
{
	const char *text = json_string_value(json_array_get(value, 0));
	return text && text[0] == '!';
}

/* A list of one port, or of one range of them. */
static bool range_of(const json_t *list, unsigned *first, unsigned *last)
{
	const json_t *item = json_array_get(list, 0);
	*first = *last = (unsigned)json_integer_value(item);
	return json_array_size(list) == 1 &&
	       (json_is_integer(item) ||
		(json_is_string(item) && sscanf(json_string_value(item), "%u-%u", first, last) == 2));
}

/* Two ranges that are both asked for: what they have in common. NULL: nothing, or they are none. */
static json_t *range_common(const json_t *a, const json_t *b)
{
	unsigned first, last, from, to;
	if (!range_of(a, &first, &last) || !range_of(b, &from, &to))
		return NULL;
	first = first > from ? first : from;
	last = last < to ? last : to;
	return first <= last ? json_pack("[o]", json_sprintf("%u-%u", first, last)) : NULL;
}

static int where_merge(json_t *into, const json_t *more, struct sl_err *why)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)more, key, value)
	{
		json_t *old = json_object_get(into, key);
		if (old && is_any_address(value))
			continue;
		if (!old || is_any_address(old)) {
			json_object_set_new(into, key, json_deep_copy(value));
			continue;
		}
		if (!json_is_array(old) && is_denial(value)) {
			old = json_pack("[O]", old);
			json_object_set_new(into, key, old);
		}
		json_t *common = range_common(old, value);
		if (common) {
			json_object_set_new(into, key, common);
			continue;
		}
		if (!json_is_array(old) || !(is_denial(value) || is_denial(old)))
			return sl_fail(why, SL_EFORMAT, "its pattern asks for two values of %s at once",
				       key);
		if (json_is_array(value))
			json_array_extend(old, value);
		else
			json_array_append(old, value);
	}
	return SL_OK;
}

/* One option more on top of what there is. */
static int option_merge(json_t *into, const json_t *option, struct sl_err *why)
{
	static const char *const plain[] = { "kind", "below", NULL };
	json_t *where = json_object_get(option, "where"), *match = json_object_get(option, "match");
	for (size_t i = 0; plain[i]; i++) {
		json_t *value = json_object_get(option, plain[i]);
		if (value)
			json_object_set(into, plain[i], value);
	}
	if (match && !json_object_get(into, "match"))
		json_object_set_new(into, "match", json_array());
	json_array_extend(json_object_get(into, "match"), match);
	if (where && !json_object_get(into, "where"))
		json_object_set_new(into, "where", json_object());
	return where ? where_merge(json_object_get(into, "where"), where, why) : SL_OK;
}

/* Every one of *list with every option: a new list in its place. */
static int options_cross(json_t **list, const json_t *options, struct sl_err *why)
{
	json_t *out = json_array();
	size_t n = json_array_size(*list), m = json_array_size(options);
	int rc = n * m > SL_STIX_TERMS_MAX || m == 0
			 ? sl_fail(why, SL_EFORMAT, "its pattern would be %zu indicators", n * m)
			 : SL_OK;
	for (size_t i = 0; rc == SL_OK && i < n; i++)
		for (size_t k = 0; rc == SL_OK && k < m; k++) {
			json_t *one = json_deep_copy(json_array_get(*list, i));
			rc = option_merge(one, json_array_get(options, k), why);
			json_array_append_new(out, one);
		}
	json_decref(*list);
	*list = out;
	return rc;
}

/* Conditions on several protocols never meet in one transaction. */
static bool is_mixed(const json_t *match)
{
	const char *first = NULL;
	size_t i;
	json_t *c;
	json_array_foreach((json_t *)(uintptr_t)match, i, c)
	{
		enum sl_field field = sl_field_find(json_string_value(json_object_get(c, "field")));
		if (field == SL_FIELD_COUNT)
			continue;
		const char *protocol = sl_field_info(field)->protocol;
		if (first && strcmp(first, protocol) != 0)
			return true;
		first = protocol;
	}
	return false;
}

/* The parts in the places they have in an indicator. */
static json_t *indicator_of(const json_t *parts)
{
	json_t *ind = json_object();
	json_t *kind = json_object_get(parts, "kind"), *below = json_object_get(parts, "below");
	json_t *where = json_object_get(parts, "where"), *match = json_object_get(parts, "match");
	if (kind)
		json_object_update(ind, kind);
	else if (below)
		json_object_set(ind, "below", below);
	else
		json_object_set_new(ind, "match", match ? json_incref(match) : json_array());
	if (json_object_size(where))
		json_object_set(ind, "where", where);
	if (is_mixed(match))
		json_object_set_new(ind, "scope", json_string("flow"));
	return ind;
}

static int term_add(json_t *out, const struct sl_stix_pattern *p, const struct sl_stix_term *term,
		    struct sl_err *why)
{
	size_t whats = 0;
	int rc = SL_OK;
	json_t *list = json_pack("[{}]");
	for (size_t i = 0; i < term->n; i++)
		whats += !sl_stix_is_where(&p->test[term->test[i]]);
	for (size_t i = 0; rc == SL_OK && i < term->n; i++) {
		json_t *options = sl_stix_options(&p->test[term->test[i]], whats == 1, why);
		rc = options ? options_cross(&list, options, why) : SL_EFORMAT;
		json_decref(options);
	}
	if (rc == SL_OK && json_array_size(list) + json_array_size(out) > SL_STIX_TERMS_MAX)
		rc = sl_fail(why, SL_EFORMAT, "its pattern would be more than %d indicators",
			     SL_STIX_TERMS_MAX);
	for (size_t i = 0; rc == SL_OK && i < json_array_size(list); i++)
		json_array_append_new(out, indicator_of(json_array_get(list, i)));
	json_decref(list);
	return rc;
}

/* Names below a name, as conditions on the three fields that a domain is looked for in. */
static void below_expand(json_t *out, const json_t *ind, const char *name)
{
	static const char *const fields[] = { "dns.query", "tls.sni", "http.host" };
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		json_t *one = json_copy((json_t *)(uintptr_t)ind);
		json_object_del(one, "below");
		json_object_set_new(one, "match",
				    json_pack("[{ss so}]", "field", fields[i], "ends",
					      json_sprintf(".%s", name)));
		json_array_append_new(out, one);
	}
}

/* A name, and LIKE '%.name': one domain with all below it. */
static json_t *below_join(json_t *list)
{
	json_t *out = json_array(), *domains = json_object(), *ind;
	size_t i;
	json_array_foreach(list, i, ind)
	{
		const char *name = json_string_value(json_object_get(ind, "domain"));
		if (name && !json_object_get(ind, "where"))
			json_object_set(domains, name, ind);
		if (!json_object_get(ind, "below"))
			json_array_append(out, ind);
	}
	json_array_foreach(list, i, ind)
	{
		const char *name = json_string_value(json_object_get(ind, "below"));
		json_t *domain = name ? json_object_get(domains, name) : NULL;
		if (domain && !json_object_get(ind, "where"))
			json_object_del(domain, "subdomains");
		else if (name)
			below_expand(out, ind, name);
	}
	json_decref(domains);
	json_decref(list);
	return out;
}

json_t *sl_stix_indicators(const struct sl_stix_pattern *p, struct sl_err *why)
{
	json_t *out = json_array();
	for (size_t i = 0; i < p->terms; i++)
		if (term_add(out, p, &p->term[i], why) < 0) {
			json_decref(out);
			return NULL;
		}
	return below_join(out);
}
