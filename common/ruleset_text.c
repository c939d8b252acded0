/* What a ruleset's numbers are called. Any thread. */
#include <selat/ruleset.h>

const char *sl_ruleset_string(const struct sl_ruleset *rs, uint32_t offset)
{
	return offset < rs->strings_size ? rs->strings + offset : "";
}

enum sl_field sl_ruleset_field(const struct sl_ruleset *rs, unsigned field)
{
	return (enum sl_field)(field < SL_FIELD_COUNT ? field
						      : rs->derived[field - SL_FIELD_COUNT].field);
}

bool sl_ruleset_field_streams(unsigned field)
{
	return field < SL_FIELD_COUNT && sl_field_info((enum sl_field)field)->stream;
}

const char *sl_indicator_kind_text(enum sl_indicator_kind kind)
{
	static const char *const names[SL_IND_KINDS] = {
#define X(id, name, field) [SL_IND_##id] = name,
		SL_INDICATOR_KINDS(X)
#undef X
	};
	return kind > SL_IND_NONE && kind < SL_IND_KINDS ? names[kind] : "";
}

enum sl_field sl_indicator_kind_field(enum sl_indicator_kind kind)
{
	static const enum sl_field fields[SL_IND_KINDS] = {
#define X(id, name, field) [SL_IND_##id] = SL_FIELD_##field,
		SL_INDICATOR_KINDS(X)
#undef X
	};
	return kind > SL_IND_NONE && kind < SL_IND_KINDS ? fields[kind] : SL_FIELD_COUNT;
}

const char *sl_op_text(enum sl_op op)
{
	static const char *const names[] = {
		[SL_OP_EQUALS] = "equals", [SL_OP_CONTAINS] = "contains",
		[SL_OP_STARTS] = "starts", [SL_OP_ENDS] = "ends",
		[SL_OP_REGEX] = "regex",   [SL_OP_LENGTH] = "length",
		[SL_OP_NUMBER] = "number", [SL_OP_IN] = "in",
		[SL_OP_ABSENT] = "absent",
	};
	return op >= SL_OP_EQUALS && op <= SL_OP_ABSENT ? names[op] : "";
}
