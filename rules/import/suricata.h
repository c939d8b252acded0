/* A Suricata rule while it is taken over: cut into options, options gathered into buffers, buffers
 * turned into an indicator. What a rule says and this project cannot is a refusal with its reason,
 * never a change of meaning. For rules/import/suricata*.c alone. */
#ifndef SELAT_RULES_IMPORT_SURICATA_H
#define SELAT_RULES_IMPORT_SURICATA_H

#include <rules/import/import.h>
#include <selat/field.h>

enum { SURI_MATCHES_MAX = 64 }; /* contents and their like in a rule */
enum { SURI_NONE = INT32_MIN }; /* a place that is not given */

/* A buffer's name and the field it is. */
struct suri_field {
	const char *name, *old; /* the sticky buffer; the modifier of old (NULL: none) */
	const char *field;
	enum sl_field_dir dir; /* in which directions Suricata fills it */
	bool multi;            /* each use is a value of its own */
	bool nocase;           /* Suricata compares it in lower case */
	const char *header;    /* the field holds "name: value" lines of this header */
	bool brackets;         /* its values have angle brackets that ours have not */
	const char *note;      /* what differs a little; NULL: nothing */
};

extern const struct suri_field suri_payload;
const struct suri_field *suri_field_find(const char *sticky);
const struct suri_field *suri_field_find_old(const char *modifier);
const struct suri_field *suri_field_find_pcre(char flag);

enum suri_kind { SURI_LITERAL, SURI_REGEX, SURI_LENGTH, SURI_NUMBER, SURI_LIST, SURI_ABSENT };

struct suri_match {
	enum suri_kind kind;
	const struct suri_field *field;
	json_t *transforms; /* an array, or NULL */
	size_t instance;    /* of a multi buffer: which use of it */
	uint8_t *bytes;     /* a literal's, or an expression's text; NUL-terminated beyond len */
	size_t len;
	bool nocase, negated, starts, ends, relative, taken;
	int32_t offset, depth, distance, within;
	int64_t after_min, after_max; /* bytes after it; max -1: any number */
	int64_t min, max;             /* of lengths and numbers; max -1: any */
	json_t *list;
};

/* What the rules of one import share. Objects: names to texts, and of sets to their lists. */
struct suri_vars {
	json_t *address, *port, *sets;
};

int suri_vars_init(struct suri_vars *vars, const struct sl_import_options *options,
		   struct sl_err *err);
void suri_vars_fini(struct suri_vars *vars);

enum suri_action { SURI_ALERT, SURI_PASS };

struct suri_rule {
	struct sl_import *im;
	const struct suri_vars *vars;
	struct sl_place at;
	char id[32];

	/* The header, cut out of text. */
	enum suri_action action;
	char *proto, *hook, *from, *from_port, *to, *to_port;
	bool both_ways, transactional; /* "<>" and "=>" */

	struct suri_match match[SURI_MATCHES_MAX];
	size_t matches;
	const struct suri_field *field; /* of the sticky buffer; the payload at first */
	json_t *transforms;             /* of the sticky buffer, so far; NULL: none */
	size_t instance;

	enum sl_field_dir dir;
	bool established, not_established, packets, stream;
	bool lines; /* its payload is a frame that is a line */
	bool silent, shadow;
	char lacks[128]; /* what of `requires` Suricata 8.0 has not; "": nothing */
	json_t *where; /* keys of `where` that options gave */
	json_t *apps;  /* names, some with '!' */
	json_t *more;  /* keys of the indicator that options gave: mark, threshold … */
	json_t *references;
	char *msg, *description; /* owned */
	const char *class_;
	const char *severity;
	bool severity_own; /* by priority or metadata, not by its class */

	bool refused, failed;
	char reason[512];
};

/* The first reason stays. */
void suri_refuse(struct suri_rule *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void suri_note(struct suri_rule *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Suricata loads the rule, and it never matches: it is kept as a shadow, with what is contradictory
 * left out. */
void suri_never(struct suri_rule *r, const char *why);

/* Sets a key and takes the value; NULL, or no memory: the rule has failed. */
void suri_set(struct suri_rule *r, json_t *object, const char *key, json_t *value);
/* Appends to the array under key, which is made when it is not there. */
void suri_append(struct suri_rule *r, json_t *object, const char *key, json_t *value);

/* suricata_text.c: what rules are written in. */
char *suri_trim(char *text);
/* The next piece before `separator` outside of quotes, trimmed; NULL at the end. Moves *rest. */
char *suri_piece(char **rest, char separator);
bool suri_number(const char *text, int64_t min, int64_t max, int64_t *out);
/* Without its quotes, if it has them. A '!' in front of them is taken into *negated (may be NULL:
 * then it is no value). False: a quote is missing. */
bool suri_unquote(char **text, bool *negated);
/* A comparison of numbers: "5", "<5", ">=5", "5<>9" (neither end is in it), "!5". Refuses others.
 */
bool suri_range(struct suri_rule *r, const char *keyword, char *text, int64_t limit, int64_t *min,
		int64_t *max, bool *negated);

/* suricata_rule.c: the rule's text into its parts. Text is changed. */
void suri_rule_read(struct suri_rule *r, char *text);
void suri_rule_fini(struct suri_rule *r);

/* An option: value is "" if it has none. */
typedef void suri_keyword(struct suri_rule *r, const char *name, char *value);
void suri_option_read(struct suri_rule *r, const char *name, char *value);
bool suri_keyword_known(const char *name);

/* A new match in the buffer that is open; NULL: there are too many. */
struct suri_match *suri_match_add(struct suri_rule *r, enum suri_kind kind);
/* The last content, or the last match that has an end in the open buffer; NULL: none. */
struct suri_match *suri_content_last(struct suri_rule *r);
struct suri_match *suri_end_last(struct suri_rule *r);
bool suri_transforms_equal(const json_t *a, const json_t *b);
void suri_buffer_open(struct suri_rule *r, const struct suri_field *field);

suri_keyword suri_content, suri_uricontent, suri_pcre, suri_old_modifier;
suri_keyword suri_nocase, suri_offset, suri_depth, suri_distance, suri_within, suri_startswith,
	suri_endswith, suri_isdataat, suri_bsize, suri_dsize, suri_urilen, suri_absent;
suri_keyword suri_transform, suri_base64_decode, suri_base64_data, suri_pkt_data, suri_frame;
suri_keyword suri_dataset, suri_fingerprint, suri_subject, suri_issuer, suri_tls_version,
	suri_ssl_version, suri_hash_list, suri_file_name, suri_file_ending, suri_rcode;
suri_keyword suri_flow, suri_flowbits, suri_noalert, suri_threshold, suri_detection_filter,
	suri_app_protocol, suri_ip_proto, suri_flags, suri_itype, suri_icode, suri_vni;
suri_keyword suri_sid, suri_msg, suri_reference, suri_classtype, suri_priority, suri_metadata,
	suri_describe, suri_requires;

/* suricata_header.c: protocol and hook. hook_field: what a rule with a hook and no condition waits
 * for, or NULL. */
void suri_header_read(struct suri_rule *r);
const char *suri_hook_field(const struct suri_rule *r);

/* suricata_sides.c: addresses and ports into `where`. swapped: of what travels the other way. */
void suri_header_where(struct suri_rule *r, json_t *where, bool swapped);

/* suricata_lines.c: a match on a frame that is a line, to one on the stream. */
void suri_line_shift(struct suri_rule *r, struct suri_match *m);

/* suricata_envelope.c: a match on a value in angle brackets, to the value alone. */
void suri_envelope_shift(struct suri_rule *r, struct suri_match *m);

/* suricata_build.c: the rule's indicators, added to the import. off: a rule that Suricata 8.0 does
 * not load and that could not be read either, as its text alone. */
void suri_build(struct suri_rule *r);
void suri_off_build(struct suri_rule *r, char *text);
/* The conditions; a new reference. */
json_t *suri_conditions(struct suri_rule *r);

#endif
