/* What the table of fields (field.h) says, for programs. Any thread. */
#include <selat/field.h>

static const struct sl_field_info infos[] = {
#define X(id, name, kind, proto, dir, stream, help)                                                \
	{ name, SL_KIND_##kind, proto, SL_DIR_##dir, stream, help },
	SL_FIELDS(X)
#undef X
};

static const char *const names[] = {
#define X(id, name, kind, proto, dir, stream, help) name,
	SL_FIELDS(X)
#undef X
		NULL,
};

const struct sl_field_info *sl_field_info(enum sl_field field)
{
	return &infos[field];
}

const char *sl_field_kind_text(enum sl_field_kind kind)
{
	switch (kind) {
	case SL_KIND_TEXT:
		return "text";
	case SL_KIND_BYTES:
		return "bytes";
	case SL_KIND_ADDRESS:
		return "address";
	}
	return "";
}

const char *sl_field_dir_text(enum sl_field_dir dir)
{
	switch (dir) {
	case SL_DIR_BOTH:
		return "both";
	case SL_DIR_TO_SERVER:
		return "to_server";
	case SL_DIR_TO_CLIENT:
		return "to_client";
	}
	return "";
}

bool sl_field_is_name(enum sl_field field)
{
	switch (field) {
	case SL_FIELD_DNS_QUERY:
	case SL_FIELD_DNS_RRNAME:
	case SL_FIELD_DNS_ANSWERS:
	case SL_FIELD_DNS_AUTHORITIES:
	case SL_FIELD_DNS_ADDITIONALS:
	case SL_FIELD_TLS_SNI:
	case SL_FIELD_TLS_SUBJECTALTNAME:
	case SL_FIELD_HTTP_HOST:
		return true;
	default:
		return false;
	}
}

enum sl_field sl_field_find(const char *name)
{
	unsigned field = 0;
	while (field < SL_FIELD_COUNT && strcmp(names[field], name) != 0)
		field++;
	return (enum sl_field)field;
}

const char *const *sl_field_names(void)
{
	return names;
}
