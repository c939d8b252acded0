/* Values that should be no indicators: what everybody uses, what no packet has, what many share. */
#include <rules/lint.h>

#include <libpsl.h>
#include <selat/name.h>
#include <string.h>

enum { LISTED_MAX = 3 }; /* told of one list beside a pack */

static enum sl_lint_code code_of(const struct sl_known *known)
{
	if (strcmp(known->list, "special") == 0)
		return SL_LINT_PRIVATE_ADDRESS;
	return strcmp(known->list, "documentation") == 0 ? SL_LINT_DOCUMENTATION
							 : SL_LINT_WARNING_LIST;
}

static const char *meaning_of(const struct sl_known *known)
{
	static const struct {
		const char *list, *meaning;
	} meanings[] = {
		{ "special", "is no address that packets between networks have" },
		{ "documentation", "is set aside and never in real traffic" },
		{ "resolvers", "is a public resolver or root server that everybody asks" },
		{ "cdn", "is a cloud or content network with many customers" },
		{ "top-sites", "is among the most visited sites" },
	};
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
		if (strcmp(meanings[i].list, known->list) == 0)
			return meanings[i].meaning;
	return "is on a warning list";
}

static void known_warn(struct sl_lint *lint, const struct sl_pack *pack, size_t index,
		       const char *keys, const char *key, const char *shown,
		       const struct sl_known *known)
{
	sl_lint_warn(lint, pack, index, keys, code_of(known), "%s: %s %s%s%s%s", key, shown,
		     meaning_of(known), *known->note ? " (" : "", known->note,
		     *known->note ? ")" : "");
}

static void domain_lint(struct sl_lint *lint, const struct sl_pack *pack, size_t index)
{
	const struct sl_indicator *ind = &pack->indicator[index];
	const struct sl_known *known = sl_warnlist_name(lint->known, ind->normal);
	if (known)
		known_warn(lint, pack, index, "domain\n", "domain", ind->normal, known);
	else if (ind->subdomains && psl_is_public_suffix(psl_builtin(), ind->normal))
		sl_lint_warn(lint, pack, index, "domain\n", SL_LINT_PUBLIC_SUFFIX,
			     "domain: \"%s\" is a public suffix: below it are the names of many; "
			     "name one of "
			     "them, or say subdomains: false",
			     ind->normal);
}

static void address_lint(struct sl_lint *lint, const struct sl_pack *pack, size_t index)
{
	const struct sl_indicator *ind = &pack->indicator[index];
	const struct sl_known *known = sl_warnlist_prefix(lint->known, &ind->prefix);
	char shown[SL_ADDRESS_TEXT + 64], listed[SL_ADDRESS_TEXT];
	if (!known)
		return;
	sl_prefix_format(listed, &ind->prefix);
	snprintf(shown, sizeof shown,
		 strcmp(listed, known->value) == 0 ? "%s" : "%s, which meets %s,", listed,
		 known->value);
	known_warn(lint, pack, index, "address\n", "address", shown, known);
}

/* The host of a URL is judged if nothing but the host is looked for. */
static void url_lint(struct sl_lint *lint, const struct sl_pack *pack, size_t index)
{
	const char *host = strstr(pack->indicator[index].normal, "://");
	char name[SL_NAME_MAX];
	if (!host)
		return;
	host += 3;
	size_t len = strcspn(host, ":/?#");
	size_t authority = strcspn(host, "/?#");
	if (len >= sizeof name || (host[authority] && strcmp(host + authority, "/") != 0))
		return;
	snprintf(name, sizeof name, "%.*s", (int)len, host);
	const struct sl_known *known = sl_warnlist_name(lint->known, name);
	if (known)
		known_warn(lint, pack, index, "url\n", "url", name, known);
}

static void name_equals_lint(struct sl_lint *lint, const struct sl_pack *pack, size_t index,
			     size_t i)
{
	const struct sl_condition *c = &pack->indicator[index].condition[i];
	char name[SL_NAME_MAX], keys[64];
	if (pack->indicator[index].conditions > 1 || c->flags & SL_COND_NOT ||
	    !sl_name_normal(name, sizeof name, sl_span_of(c->bytes, c->len)))
		return;
	snprintf(keys, sizeof keys, "match\n%zu\n%s\n", i, sl_condition_key(c));
	const char *suffix = name[0] == '.' ? name + 1 : name;
	const struct sl_known *known = sl_warnlist_name(lint->known, suffix);
	if (c->op == SL_OP_EQUALS && known)
		known_warn(lint, pack, index, keys, "equals", name, known);
	else if (c->op == SL_OP_ENDS && !known && psl_is_public_suffix(psl_builtin(), suffix))
		sl_lint_warn(lint, pack, index, keys, SL_LINT_PUBLIC_SUFFIX,
			     "ends: \"%s\" is a public suffix: the names of many end so", name);
}

static void list_lint(struct sl_lint *lint, const struct sl_pack *pack, size_t index, size_t i)
{
	const struct sl_condition *c = &pack->indicator[index].condition[i];
	const struct sl_values *v = c->list;
	size_t told = 0;
	char keys[64], name[SL_NAME_MAX];
	snprintf(keys, sizeof keys, "match\n%zu\nin\n", i);
	for (size_t k = 0; k < v->n && told < LISTED_MAX && sl_field_is_name(c->field); k++) {
		size_t len = (size_t)(v->at[k + 1] - v->at[k]);
		if (!sl_name_normal(name, sizeof name, sl_span_of(v->bytes + v->at[k], len)))
			continue;
		const struct sl_known *known = sl_warnlist_name(lint->known, name);
		if (known)
			known_warn(lint, pack, index, keys, v->path, name, known);
		told += known != NULL;
	}
	for (size_t k = 0; k < v->prefixes && told < LISTED_MAX; k++) {
		char shown[SL_ADDRESS_TEXT];
		const struct sl_known *known = sl_warnlist_prefix(lint->known, &v->prefix[k]);
		if (known)
			known_warn(lint, pack, index, keys, v->path,
				   sl_prefix_format(shown, &v->prefix[k]), known);
		told += known != NULL;
	}
}

void sl_lint_values(struct sl_lint *lint, const struct sl_pack *pack, size_t index)
{
	const struct sl_indicator *ind = &pack->indicator[index];
	if (ind->kind == SL_IND_DOMAIN)
		domain_lint(lint, pack, index);
	else if (ind->kind == SL_IND_ADDRESS)
		address_lint(lint, pack, index);
	else if (ind->kind == SL_IND_URL)
		url_lint(lint, pack, index);
	for (size_t i = 0; i < ind->conditions; i++) {
		const struct sl_condition *c = &ind->condition[i];
		if (c->op == SL_OP_IN && !(c->flags & SL_COND_NOT))
			list_lint(lint, pack, index, i);
		else if ((c->op == SL_OP_EQUALS || c->op == SL_OP_ENDS) &&
			 sl_field_is_name(c->field) && !c->transforms)
			name_equals_lint(lint, pack, index, i);
	}
}
