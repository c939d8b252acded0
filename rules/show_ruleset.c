/* A ruleset file: its header, packs, counts, databases and sections. */
#include <rules/output.h>
#include <rules/show.h>

#include <selat/digest.h>
#include <string.h>

static const char *section_text(uint32_t type)
{
	static const char *const names[] = {
		[SL_SECTION_STRINGS] = "strings",
		[SL_SECTION_PACKS] = "packs",
		[SL_SECTION_INDICATORS] = "indicators",
		[SL_SECTION_CONDITIONS] = "conditions",
		[SL_SECTION_PREFIX4] = "IPv4 prefixes",
		[SL_SECTION_PREFIX6] = "IPv6 prefixes",
		[SL_SECTION_PREFIXES] = "prefix lengths",
		[SL_SECTION_DOMAINS] = "domains",
		[SL_SECTION_URLS] = "URLs",
		[SL_SECTION_EQUALS] = "equal values",
		[SL_SECTION_EQUALS_NOCASE] = "equal values, any case",
		[SL_SECTION_PATTERNS] = "patterns",
		[SL_SECTION_PATTERN_CONDITIONS] = "patterns' conditions",
		[SL_SECTION_METAS] = "metadata",
		[SL_SECTION_WHERES] = "places",
		[SL_SECTION_ACTIONS] = "actions",
		[SL_SECTION_POSITIONS] = "positions",
		[SL_SECTION_NETWORKS] = "networks",
		[SL_SECTION_PORTS] = "ports",
		[SL_SECTION_MARKS] = "marks",
		[SL_SECTION_DERIVED] = "derived fields",
		[SL_SECTION_ALWAYS] = "always judged",
		[SL_SECTION_FLOWWISE] = "once a flow",
		[SL_SECTION_ENDWISE] = "at scopes' ends",
		[SL_SECTION_BASE] = "base",
		[SL_SECTION_CONTENTS] = "contents",
		[SL_SECTION_DATABASE] = "database",
	};
	return type < sizeof names / sizeof names[0] && names[type] ? names[type] : "";
}

static const struct sl_ruleset_section *sections(const struct sl_ruleset *rs)
{
	return (const void *)((const uint8_t *)rs->memory + sizeof *rs->header);
}

static void identity_text(char out[80], const struct sl_ruleset *rs)
{
	char hex[2 * sizeof rs->header->identity + 1];
	sl_hex(hex, sl_span_of(rs->header->identity, sizeof rs->header->identity));
	snprintf(out, 80, "sha256:%s", hex);
}

/* Of patterns and databases: "payload gather"; else "". */
static const char *param_text(char out[64], const struct sl_ruleset *rs,
			      const struct sl_ruleset_section *s)
{
	out[0] = '\0';
	if (s->type == SL_SECTION_PATTERNS || s->type == SL_SECTION_DATABASE)
		snprintf(out, 64, "%s %s", sl_field_info(sl_ruleset_field(rs, s->param >> 8))->name,
			 sl_mode_text((enum sl_database_mode)(s->param & 0xff)));
	return out;
}

static void counts_print(const struct sl_ruleset *rs)
{
	size_t kinds[SL_IND_KINDS] = { 0 };
	for (uint32_t i = 0; i < rs->indicators_n; i++)
		kinds[rs->indicators[i].kind]++;
	printf("indicators  ");
	sl_out_kinds(kinds);
	printf(" (%u conditions)\n", rs->conditions_n);
	for (uint32_t i = 0; i < rs->packs_n; i++) {
		printf("pack        ");
		sl_out_text(stdout, sl_ruleset_string(rs, rs->packs[i].name));
		printf(" version %u by ", rs->packs[i].version);
		sl_out_text(stdout, sl_ruleset_string(rs, rs->packs[i].author));
		printf(": %u indicators\n", rs->packs[i].indicators);
	}
}

static void ruleset_print(const struct sl_ruleset *rs, const char *path)
{
	char identity[80], size[32], param[64], hyperscan[49];
	identity_text(identity, rs);
	snprintf(hyperscan, sizeof hyperscan, "%.48s", rs->header->hyperscan);
	printf("ruleset     ");
	sl_out_text(stdout, path);
	printf(", %s, format %u\nidentity    %s\nHyperscan   ", sl_out_size(size, rs->header->size),
	       rs->header->format, identity);
	sl_out_text(stdout, hyperscan);
	putchar('\n');
	if (rs->base)
		printf("base        it is a delta: %u of its base's indicators withdrawn or "
		       "replaced; the identity is of both\n",
		       rs->withdrawn_n);
	counts_print(rs);
	for (uint32_t i = 0; i < rs->databases_n; i++)
		printf("patterns    %u for %s, %s\n", rs->database[i].patterns_n,
		       sl_field_info(sl_ruleset_field(rs, rs->database[i].field))->name,
		       sl_mode_text(rs->database[i].mode));
	printf("\n%-24s%-24s%12s\n", "section", "", "size");
	for (uint32_t i = 0; i < rs->header->sections; i++) {
		const struct sl_ruleset_section *s = &sections(rs)[i];
		printf("%-24s%-24s%12s\n", section_text(s->type), param_text(param, rs, s),
		       sl_out_size(size, s->size));
	}
}

static json_t *sections_json(const struct sl_ruleset *rs)
{
	json_t *list = json_array();
	for (uint32_t i = 0; i < rs->header->sections; i++) {
		const struct sl_ruleset_section *s = &sections(rs)[i];
		char param[64];
		json_array_append_new(
			list, json_pack("{ss ss sI}", "section", section_text(s->type), "of",
					param_text(param, rs, s), "bytes", (json_int_t)s->size));
	}
	return list;
}

static json_t *packs_json(const struct sl_ruleset *rs)
{
	json_t *list = json_array();
	for (uint32_t i = 0; i < rs->packs_n; i++) {
		const struct sl_ruleset_pack *pack = &rs->packs[i];
		char digest[2 * sizeof pack->digest + 1];
		sl_hex(digest, sl_span_of(pack->digest, sizeof pack->digest));
		json_array_append_new(list,
				      json_pack("{so sI so sI ss}", "pack",
						sl_out_string(sl_ruleset_string(rs, pack->name)),
						"version", (json_int_t)pack->version, "author",
						sl_out_string(sl_ruleset_string(rs, pack->author)),
						"indicators", (json_int_t)pack->indicators, "sha256",
						digest));
	}
	return list;
}

static json_t *databases_json(const struct sl_ruleset *rs)
{
	json_t *list = json_array();
	for (uint32_t i = 0; i < rs->databases_n; i++) {
		const struct sl_ruleset_database *db = &rs->database[i];
		json_array_append_new(
			list,
			json_pack("{ss ss sI sI}", "field",
				  sl_field_info(sl_ruleset_field(rs, db->field))->name, "mode",
				  sl_mode_text(db->mode), "patterns", (json_int_t)db->patterns_n,
				  "bytes", (json_int_t)db->bytes.len));
	}
	return list;
}

static int ruleset_json(const struct sl_ruleset *rs, struct sl_err *err)
{
	char identity[80], hyperscan[49];
	identity_text(identity, rs);
	snprintf(hyperscan, sizeof hyperscan, "%.48s", rs->header->hyperscan);
	return sl_out_json(json_pack("{ss sb sI ss so sI so sI sI so so}", "kind", "ruleset", "delta",
				     rs->base != NULL, "format", (json_int_t)rs->header->format,
				     "ruleset", identity, "hyperscan", sl_out_string(hyperscan), "bytes",
				     (json_int_t)rs->header->size, "packs", packs_json(rs),
				     "indicators", (json_int_t)rs->indicators_n, "conditions",
				     (json_int_t)rs->conditions_n, "databases", databases_json(rs),
				     "sections", sections_json(rs)),
			   err);
}

int sl_show_ruleset(const char *path, bool json, struct sl_err *err)
{
	struct sl_ruleset *rs;
	int rc = sl_ruleset_open(&rs, path, err);
	if (rc < 0)
		return rc;
	if (json)
		rc = ruleset_json(rs, err);
	else
		ruleset_print(rs, path);
	sl_ruleset_free(rs);
	return rc;
}
