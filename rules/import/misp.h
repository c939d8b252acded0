/* MISP's attributes as indicators: for the importer's own files. */
#ifndef SELAT_RULES_IMPORT_MISP_H
#define SELAT_RULES_IMPORT_MISP_H

#include <rules/import/build.h>
#include <rules/import/own.h>

struct sl_misp {
	struct sl_import *im;
	struct sl_own own;
	bool own_pack; /* the new pack has the old one's keys */
};

struct sl_misp_event {
	const char *file;
	const json_t *event;
	json_t *links;  /* URLs of its attributes that are references */
	json_t *head;   /* the keys of the pack that it was; NULL: it was none */
	size_t not_ids; /* attributes that are not for detection */
};

/* An attribute's value as a list of options for sl_build_options, a new reference. NULL: why not. */
json_t *sl_misp_options(const char *type, const char *value, struct sl_err *why);

/* One attribute; object is the MISP object it stands in, or NULL. */
void sl_misp_attribute(struct sl_misp *m, struct sl_misp_event *e, const json_t *object,
		       const json_t *attribute);

/* What event, object and attribute say beside the value, as keys of an indicator: a new reference. */
json_t *sl_misp_meta(struct sl_misp *m, const struct sl_misp_event *e, const struct sl_place *at,
		     const json_t *object, const json_t *attribute);

/* An object of this program's own export. */
void sl_misp_own(struct sl_misp *m, const struct sl_misp_event *e, const json_t *object);

/* The JSON that such an object holds: a new reference, or NULL. */
json_t *sl_misp_own_json(const json_t *object);

/* A flag, as MISP's versions write it: true, 1, "1". */
bool sl_misp_flag(const json_t *object, const char *key);

#endif
