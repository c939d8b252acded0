/* Indicators that cannot hold, or whose holding nobody would notice. */
#include <rules/lint.h>

#include <selat/app.h>
#include <selat/tunnel.h>
#include <selat/url.h>
#include <stdio.h>
#include <string.h>

/* Fields whose values have no letters of the other case. */
static bool is_lower(enum sl_field field)
{
	return field == SL_FIELD_FILE_MD5 || field == SL_FIELD_FILE_SHA1 ||
	       field == SL_FIELD_FILE_SHA256 || field == SL_FIELD_JA3_HASH ||
	       field == SL_FIELD_JA3S_HASH || field == SL_FIELD_JA4_HASH ||
	       field == SL_FIELD_SSH_HASSH || field == SL_FIELD_SSH_HASSH_SERVER ||
	       field == SL_FIELD_TLS_CERT_SHA256 || field == SL_FIELD_TLS_CERT_FINGERPRINT;
}

static bool is_upper(enum sl_field field)
{
	return field == SL_FIELD_DNS_RCODE;
}

static bool has_between(const struct sl_condition *c, char first, char last)
{
	for (size_t i = 0; i < c->len; i++)
		if (c->bytes[i] >= first && c->bytes[i] <= last)
			return true;
	return false;
}

static void case_lint(struct sl_lint *lint, const struct sl_pack *pack, size_t index, size_t i)
{
	const struct sl_condition *c = &pack->indicator[index].condition[i];
	bool literal = c->op == SL_OP_EQUALS || c->op == SL_OP_CONTAINS || c->op == SL_OP_STARTS ||
		       c->op == SL_OP_ENDS;
	char keys[64];
	if (!literal || c->transforms || c->flags & (SL_COND_NOCASE | SL_COND_NOT))
		return;
	const char *right = is_lower(c->field) && has_between(c, 'A', 'Z')   ? "lower"
			    : is_upper(c->field) && has_between(c, 'a', 'z') ? "upper"
									     : NULL;
	if (!right)
		return;
	snprintf(keys, sizeof keys, "match\n%zu\n%s\n", i, sl_condition_key(c));
	sl_lint_warn(lint, pack, index, keys, SL_LINT_NEVER,
		     "%s: the values of %s are in %s case: it would never hold; write it so, or "
		     "say nocase: true",
		     sl_condition_key(c), sl_field_info(c->field)->name, right);
}

/* Scheme and host, which end at the third slash. */
static bool has_upper_origin(const char *url)
{
	for (int slashes = 0; *url && slashes < 3; url++) {
		slashes += *url == '/';
		if (*url >= 'A' && *url <= 'Z')
			return true;
	}
	return false;
}

/* http.url is in its normal form. */
static void url_lint(struct sl_lint *lint, const struct sl_pack *pack, size_t index, size_t i)
{
	const struct sl_condition *c = &pack->indicator[index].condition[i];
	const char *url = (const char *)c->bytes;
	char keys[64], normal[SL_URL_MAX];
	struct sl_err ignored;
	if (c->field != SL_FIELD_HTTP_URL || (c->op != SL_OP_EQUALS && c->op != SL_OP_STARTS) ||
	    c->transforms || c->flags & (SL_COND_NOCASE | SL_COND_NOT))
		return;
	snprintf(keys, sizeof keys, "match\n%zu\n%s\n", i, sl_condition_key(c));
	if (has_upper_origin(url))
		sl_lint_warn(lint, pack, index, keys, SL_LINT_NEVER,
			     "%s: scheme and host of http.url are in lower case: it would never "
			     "hold; write them so, or say nocase: true",
			     sl_condition_key(c));
	else if (c->op == SL_OP_EQUALS &&
		 sl_url_parse(url, normal, sizeof normal, &ignored) == SL_OK &&
		 strcmp(url, normal) != 0)
		sl_lint_warn(lint, pack, index, keys, SL_LINT_NEVER,
			     "%s: the values of http.url are normalised: it would never hold; "
			     "write \"%s\"",
			     sl_condition_key(c), normal);
}

/* The protocols that can have a field's values; 0: not known, so any. */
static uint64_t apps_of(enum sl_field field)
{
	static const struct {
		const char *protocol;
		uint64_t apps;
	} protocols[] = {
		{ "dns", UINT64_C(1) << SL_APP_DNS },
		{ "http", UINT64_C(1) << SL_APP_HTTP | UINT64_C(1) << SL_APP_HTTP2 |
				  UINT64_C(1) << SL_APP_RTSP },
		{ "ssh", UINT64_C(1) << SL_APP_SSH },
		{ "ftp", UINT64_C(1) << SL_APP_FTP },
	};
	for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
		if (strcmp(sl_field_info(field)->protocol, protocols[i].protocol) == 0)
			return protocols[i].apps;
	return 0;
}

static void app_lint(struct sl_lint *lint, const struct sl_pack *pack, size_t index, size_t i)
{
	const struct sl_indicator *ind = &pack->indicator[index];
	const struct sl_condition *c = &ind->condition[i];
	uint64_t apps = apps_of(c->field);
	bool holds = !(c->flags & SL_COND_NOT) && c->op != SL_OP_ABSENT;
	if (holds && ind->where && ind->where->apps && apps && !(apps & ind->where->apps))
		sl_lint_warn(
			lint, pack, index, "where\napp\n", SL_LINT_NEVER,
			"app: %s is a field of %s, which \"where\" excludes: it would never hold",
			sl_field_info(c->field)->name, sl_field_info(c->field)->protocol);
}

static void vni_lint(struct sl_lint *lint, const struct sl_pack *pack, size_t index)
{
	const unsigned with = 1u << SL_TUNNEL_VXLAN | 1u << SL_TUNNEL_GENEVE;
	const struct sl_where *w = pack->indicator[index].where;
	if (w && w->flags & SL_WHERE_VNI && (w->tunnel_none & with) == with)
		sl_lint_warn(lint, pack, index, "where\ntunnel\n", SL_LINT_NEVER,
			     "tunnel: excludes VXLAN and Geneve, which alone have a vni: it would never "
			     "hold");
}

void sl_lint_never(struct sl_lint *lint, const struct sl_pack *pack, size_t index)
{
	const struct sl_indicator *ind = &pack->indicator[index];
	const struct sl_action *a = ind->action;
	for (size_t i = 0; i < ind->conditions; i++) {
		case_lint(lint, pack, index, i);
		url_lint(lint, pack, index, i);
		app_lint(lint, pack, index, i);
	}
	vni_lint(lint, pack, index);
	if (ind->silent && !ind->pass && !(a && (a->sets || a->unsets || a->toggles)))
		sl_lint_warn(lint, pack, index, "silent\n", SL_LINT_NO_EFFECT,
			     "silent: it gives no alert and does nothing else; give it a mark, or "
			     "drop silent");
}
