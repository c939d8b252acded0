/* Checks the rows that indicators and conditions share: what they say about themselves, where and
 * when they hold, what they do, positions, derived fields. */
#include "ruleset_check.h"

#include <selat/tlp.h>

static int row_wrong(struct sl_err *err, const char *rows, uint32_t index)
{
	return sl_fail(err, SL_EFORMAT, "row %u of its %s has a number out of range", index, rows);
}

static bool meta_valid(const struct sl_ruleset *rs, const struct sl_ruleset_meta *m)
{
	const uint32_t strings[] = { m->name, m->description, m->class_, m->drill, m->references };
	for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
		if (!sl_ruleset_string_valid(rs, strings[i]))
			return false;
	return m->tlp > SL_TLP_NONE && m->tlp <= SL_TLP_RED && m->severity > SL_SEVERITY_NONE &&
	       m->severity <= SL_CRITICAL && m->confidence <= 100;
}

static bool network_valid(const struct sl_ruleset_network *n)
{
	return (n->family == 4 && n->bits <= 32 && n->negated <= 1) ||
	       (n->family == 6 && n->bits <= 128 && n->negated <= 1);
}

static bool ranges_valid(const struct sl_ruleset *rs, const struct sl_ruleset_where *w)
{
	const struct sl_ruleset_range networks[] = { w->client, w->server, w->from, w->to };
	const struct sl_ruleset_range ports[] = { w->port, w->client_port, w->from_port, w->to_port,
						  w->own_port };
	const struct sl_ruleset_range marks[] = { w->marked, w->marked_any, w->not_marked };
	bool ok = true;
	for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++)
		ok = ok && sl_ruleset_range_valid(networks[i], rs->networks_n);
	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
		ok = ok && sl_ruleset_range_valid(ports[i], rs->ports_n);
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		ok = ok && sl_ruleset_range_valid(marks[i], rs->marks_n);
	return ok;
}

static bool where_valid(const struct sl_ruleset *rs, const struct sl_ruleset_where *w)
{
	return ranges_valid(rs, w) && w->apps >> SL_APP_COUNT == 0 &&
	       w->apps_before >> SL_APP_COUNT == 0 &&
	       w->direction <= SL_WHERE_TO_CLIENT && w->part <= SL_WHERE_ANSWERED &&
	       w->flags <= (SL_WHERE_ICMP | SL_WHERE_PACKETS | SL_WHERE_VNI);
}

static bool action_valid(const struct sl_ruleset *rs, const struct sl_ruleset_action *a)
{
	return a->threshold <= SL_THRESHOLD_EVERY && a->by <= SL_BY_FLOW &&
	       (a->threshold == SL_THRESHOLD_NONE || a->count) &&
	       sl_ruleset_range_valid(a->set, rs->marks_n) &&
	       sl_ruleset_range_valid(a->unset, rs->marks_n) &&
	       sl_ruleset_range_valid(a->toggle, rs->marks_n);
}

static bool derived_valid(const struct sl_ruleset_derived *d)
{
	bool ok = d->field < SL_FIELD_COUNT && d->n >= 1 && d->n <= SL_TRANSFORMS_MAX;
	for (unsigned i = 0; ok && i < d->n; i++)
		ok = d->transform[i] >= SL_TO_MD5 && d->transform[i] <= SL_BASE64_DECODE;
	return ok;
}

static int where_parts_check(struct sl_ruleset *rs, struct sl_err *err)
{
	for (uint32_t i = 0; i < rs->networks_n; i++)
		if (!network_valid(&rs->networks[i]))
			return row_wrong(err, "networks", i);
	for (uint32_t i = 0; i < rs->ports_n; i++)
		if (rs->ports[i].first > rs->ports[i].last || rs->ports[i].negated > 1)
			return row_wrong(err, "ports", i);
	for (uint32_t i = 0; i < rs->marks_n; i++)
		if (rs->marks[i] == 0)
			return row_wrong(err, "marks", i);
	return SL_OK;
}

static int rows_check(struct sl_ruleset *rs, struct sl_err *err)
{
	for (uint32_t i = 0; i < rs->metas_n; i++)
		if (!meta_valid(rs, &rs->metas[i]))
			return row_wrong(err, "metadata", i);
	for (uint32_t i = 0; i < rs->wheres_n; i++)
		if (!where_valid(rs, &rs->wheres[i]))
			return row_wrong(err, "places", i);
	for (uint32_t i = 0; i < rs->actions_n; i++)
		if (!action_valid(rs, &rs->actions[i]))
			return row_wrong(err, "actions", i);
	for (uint32_t i = 0; i < rs->positions_n; i++)
		if (rs->positions[i].flags)
			return row_wrong(err, "positions", i);
	for (uint32_t i = 0; i < rs->derived_n; i++)
		if (!derived_valid(&rs->derived[i]))
			return row_wrong(err, "derived fields", i);
	return rs->derived_n <= SL_DERIVED_MAX ? SL_OK
					       : row_wrong(err, "derived fields", SL_DERIVED_MAX);
}

/* Row 0 says that nothing is asked: a reader looks at the number alone. */
static int first_rows_check(struct sl_ruleset *rs, struct sl_err *err)
{
	static const struct sl_ruleset_where anything;
	static const struct sl_ruleset_action nothing;
	static const struct sl_ruleset_position anywhere = {
		SL_NOT_GIVEN, SL_NOT_GIVEN, SL_NOT_GIVEN, SL_NOT_GIVEN, 0, UINT32_MAX, 0, 0, 0,
		{ 0 },
	};
	if (!rs->wheres_n || memcmp(rs->wheres, &anything, sizeof anything) != 0)
		return row_wrong(err, "places", 0);
	if (!rs->actions_n || memcmp(rs->actions, &nothing, sizeof nothing) != 0)
		return row_wrong(err, "actions", 0);
	if (!rs->positions_n || memcmp(rs->positions, &anywhere, sizeof anywhere) != 0)
		return row_wrong(err, "positions", 0);
	return SL_OK;
}

int sl_ruleset_check_rows(struct sl_ruleset *rs, struct sl_err *err)
{
	const void *at[8];
	const struct {
		uint32_t type;
		size_t element;
		uint32_t *n;
	} all[8] = {
		{ SL_SECTION_METAS, sizeof *rs->metas, &rs->metas_n },
		{ SL_SECTION_WHERES, sizeof *rs->wheres, &rs->wheres_n },
		{ SL_SECTION_ACTIONS, sizeof *rs->actions, &rs->actions_n },
		{ SL_SECTION_POSITIONS, sizeof *rs->positions, &rs->positions_n },
		{ SL_SECTION_NETWORKS, sizeof *rs->networks, &rs->networks_n },
		{ SL_SECTION_PORTS, sizeof *rs->ports, &rs->ports_n },
		{ SL_SECTION_MARKS, sizeof *rs->marks, &rs->marks_n },
		{ SL_SECTION_DERIVED, sizeof *rs->derived, &rs->derived_n },
	};
	for (size_t i = 0; i < 8; i++) {
		int rc =
			sl_section_array(rs, all[i].type, 0, all[i].element, &at[i], all[i].n, err);
		if (rc < 0)
			return rc;
	}
	rs->metas = at[0];
	rs->wheres = at[1];
	rs->actions = at[2];
	rs->positions = at[3];
	rs->networks = at[4];
	rs->ports = at[5];
	rs->marks = at[6];
	rs->derived = at[7];
	int rc = first_rows_check(rs, err);
	if (rc == SL_OK)
		rc = where_parts_check(rs, err);
	return rc == SL_OK ? rows_check(rs, err) : rc;
}
