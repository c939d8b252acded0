/* Sticky buffers: which one is open, its transforms, frames, and the keywords that come with a
 * buffer and a value in one. */
#include <rules/import/suricata.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void suri_buffer_open(struct suri_rule *r, const struct suri_field *field)
{
	json_decref(r->transforms);
	r->transforms = NULL;
	r->field = field;
	r->instance++;
	if (field->note)
		suri_note(r, "%s: %s", field->name, field->note);
}

void suri_pkt_data(struct suri_rule *r, const char *name, char *value)
{
	(void)name, (void)value;
	suri_buffer_open(r, &suri_payload);
}

void suri_transform(struct suri_rule *r, const char *name, char *value)
{
	if (*value) {
		suri_refuse(r, "%s: \"%.64s\" has no counterpart", name, value);
		return;
	}
	if (!r->transforms)
		r->transforms = json_array();
	if (json_array_append_new(r->transforms, json_string(name)) < 0)
		r->failed = true;
}

/* The next base64_data looks at what this decodes: the buffer from its beginning. */
void suri_base64_decode(struct suri_rule *r, const char *name, char *value)
{
	char *rest = *value ? value : NULL, *piece;
	while ((piece = suri_piece(&rest, ',')))
		if (strcmp(piece, "mode rfc4648") != 0 && strcmp(piece, "offset 0") != 0)
			suri_refuse(r, "%s: \"%.64s\" has no counterpart", name, piece);
	if (!r->transforms)
		r->transforms = json_array();
	if (json_array_append_new(r->transforms, json_string("base64_decode")) < 0)
		r->failed = true;
}

void suri_base64_data(struct suri_rule *r, const char *name, char *value)
{
	(void)value;
	if (!r->transforms)
		suri_refuse(r, "%s: there is no base64_decode before it", name);
}

/* Frames that are a direction of the stream, or whole lines of it. */
static const struct {
	const char *name, *app;
	enum sl_field_dir dir;
	const char *note;
} frames[] = {
	{ "http1.stream", "http", SL_DIR_BOTH, NULL },
	{ "http1.request", "http", SL_DIR_TO_SERVER, "looked for in all that the client sends" },
	{ "http1.response", "http", SL_DIR_TO_CLIENT, "looked for in all that the server sends" },
	{ "http.stream", "http", SL_DIR_BOTH, NULL },
	{ "http.request", "http", SL_DIR_TO_SERVER, "looked for in all that the client sends" },
	{ "http.response", "http", SL_DIR_TO_CLIENT, "looked for in all that the server sends" },
	{ "http2.stream", "http2", SL_DIR_BOTH, NULL },
	{ "smtp.stream", "smtp", SL_DIR_BOTH, NULL },
	{ "smtp.command_line", "smtp", SL_DIR_TO_SERVER,
	  "looked for in all that the client sends" },
	{ "smtp.data", "smtp", SL_DIR_TO_SERVER, "looked for in all that the client sends" },
	{ "smtp.response_line", "smtp", SL_DIR_TO_CLIENT,
	  "looked for in all that the server sends" },
	{ "tls.stream", "tls", SL_DIR_BOTH, NULL },
	{ "dns.pdu", "dns", SL_DIR_BOTH, NULL },
};

static void frame_dir(struct suri_rule *r, enum sl_field_dir dir)
{
	if (dir != SL_DIR_BOTH && r->dir != SL_DIR_BOTH && r->dir != dir)
		suri_refuse(r, "the frame is of the other direction than the rule");
	else if (dir != SL_DIR_BOTH)
		r->dir = dir;
}

void suri_frame(struct suri_rule *r, const char *name, char *value)
{
	char full[64];
	snprintf(full, sizeof full, "%s%s%s", strchr(value, '.') ? "" : r->proto,
		 strchr(value, '.') ? "" : ".", value);
	for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
		if (strcmp(frames[i].name, full) != 0)
			continue;
		frame_dir(r, frames[i].dir);
		if (frames[i].note)
			suri_note(r, "%s:%s: %s", name, full, frames[i].note);
		if (json_array_append_new(r->apps, json_string(frames[i].app)) < 0)
			r->failed = true;
		r->lines = strstr(full, "_line") != NULL;
		suri_buffer_open(r, &suri_payload);
		return;
	}
	suri_refuse(r, "the frame \"%.64s\" has no counterpart", value);
}

/* A literal in a field that is not the open one. */
static struct suri_match *literal_add(struct suri_rule *r, const char *name, const char *field,
				      char *value)
{
	struct suri_match *m = suri_match_add(r, SURI_LITERAL);
	if (!m)
		return NULL;
	m->field = suri_field_find(field);
	m->nocase = m->field->nocase;
	json_decref(m->transforms);
	m->transforms = NULL;
	m->instance = ++r->instance;
	if (!suri_unquote(&value, &m->negated) || !*value)
		suri_refuse(r, "%s: there is no value", name);
	m->bytes = (uint8_t *)strdup(value);
	m->len = strlen(value);
	if (!m->bytes)
		r->failed = true;
	return m;
}

void suri_fingerprint(struct suri_rule *r, const char *name, char *value)
{
	struct suri_match *m = literal_add(r, name, "tls.cert_fingerprint", value);
	if (m)
		m->starts = m->ends = true;
}

void suri_subject(struct suri_rule *r, const char *name, char *value)
{
	literal_add(r, name, "tls.cert_subject", value);
}

void suri_issuer(struct suri_rule *r, const char *name, char *value)
{
	literal_add(r, name, "tls.cert_issuer", value);
}

void suri_file_name(struct suri_rule *r, const char *name, char *value)
{
	struct suri_match *m = literal_add(r, name, "file.name", value);
	if (m)
		m->nocase = true;
}

/* "pdf" is a name that ends in ".pdf". */
void suri_file_ending(struct suri_rule *r, const char *name, char *value)
{
	struct suri_match *m = literal_add(r, name, "file.name", value);
	if (!m || !m->bytes)
		return;
	char *dotted;
	if (asprintf(&dotted, ".%s", (char *)m->bytes) < 0) {
		r->failed = true;
		return;
	}
	free(m->bytes);
	m->bytes = (uint8_t *)dotted;
	m->len++;
	m->nocase = m->ends = true;
}
