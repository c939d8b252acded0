/* Finding lines and columns. Runs only when there are problems: the source's bytes are read once
 * more by libyaml (to which JSON is YAML), which knows where every node begins. A key is found at
 * its own place, an item at its first byte; what is missing, at what it is missing from. */
#include <rules/packfile.h>

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* The pair's key node whose text is name[0..len), or NULL. */
static const yaml_node_t *key_find(yaml_document_t *doc, const yaml_node_t *map, const char *name,
				   size_t len, const yaml_node_t **value)
{
	const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	for (; pair < map->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(doc, pair->key);
		if (key->type != YAML_SCALAR_NODE || key->data.scalar.length != len ||
		    memcmp(key->data.scalar.value, name, len) != 0)
			continue;
		*value = yaml_document_get_node(doc, pair->value);
		return key;
	}
	return NULL;
}

static const yaml_node_t *item_find(yaml_document_t *doc, const yaml_node_t *list, size_t index)
{
	size_t n = (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
	return index < n ? yaml_document_get_node(doc, list->data.sequence.items.start[index])
			 : NULL;
}

/* Follows keys, each ended by '\n', from *node as far as they lead. Returns where the last begins.
 */
static yaml_mark_t keys_follow(yaml_document_t *doc, const yaml_node_t **node, const char *keys)
{
	yaml_mark_t at = (*node)->start_mark;
	while (*keys) {
		size_t len = strcspn(keys, "\n");
		const yaml_node_t *next = NULL, *place = NULL;
		if ((*node)->type == YAML_MAPPING_NODE)
			place = key_find(doc, *node, keys, len, &next);
		else if ((*node)->type == YAML_SEQUENCE_NODE)
			place = next = item_find(doc, *node, (size_t)strtoull(keys, NULL, 10));
		if (!place || !next)
			break;
		at = place->start_mark;
		*node = next;
		keys += len + (keys[len] == '\n');
	}
	return at;
}

static bool document_load(yaml_document_t *doc, struct sl_span bytes)
{
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return false;
	yaml_parser_set_input_string(&parser, bytes.at, bytes.len);
	bool ok = yaml_parser_load(&parser, doc);
	yaml_parser_delete(&parser);
	if (ok && !yaml_document_get_root_node(doc)) {
		yaml_document_delete(doc);
		return false;
	}
	return ok;
}

static void problem_place(yaml_document_t *doc, struct sl_problem *p, bool in_list)
{
	const yaml_node_t *node = yaml_document_get_root_node(doc);
	char prefix[64] = "";
	if (in_list && p->indicator >= 0)
		snprintf(prefix, sizeof prefix, "indicators\n%lld\n", (long long)p->indicator);
	yaml_mark_t at = keys_follow(doc, &node, prefix);
	if (p->keys)
		at = keys_follow(doc, &node, p->keys);
	p->line = at.line + 1;
	p->column = at.column + 1;
}

/* An indicator of JSON Lines: its own line alone is read again. */
static void line_locate(const struct sl_packfile *s, struct sl_problem *p)
{
	if ((size_t)p->indicator >= s->lines)
		return;
	const struct sl_packfile_line *line = &s->line[p->indicator];
	yaml_document_t doc;
	p->column = 1;
	if (document_load(&doc, line->bytes)) {
		problem_place(&doc, p, false);
		yaml_document_delete(&doc);
	}
	p->line = line->number;
}

/* The first document: all of JSON and YAML, the pack's own object of JSON Lines. */
static struct sl_span head_bytes(const struct sl_packfile *s)
{
	if (s->kind == SL_PACKFILE_LINES && s->lines)
		return sl_span_of(s->bytes, (size_t)(s->line[0].bytes.at - s->bytes));
	return sl_span_of(s->bytes, s->len);
}

void sl_packfile_locate(const struct sl_packfile *s, struct sl_problems *problems, size_t first)
{
	yaml_document_t doc;
	bool tried = false, loaded = false;
	for (size_t i = first; i < problems->n; i++) {
		struct sl_problem *p = &problems->problem[i];
		if (p->line || strcmp(p->file, s->path) != 0)
			continue;
		if (s->kind == SL_PACKFILE_LINES && p->indicator >= 0) {
			line_locate(s, p);
			continue;
		}
		if (!tried)
			loaded = document_load(&doc, head_bytes(s));
		tried = true;
		if (loaded)
			problem_place(&doc, p, true);
	}
	if (loaded)
		yaml_document_delete(&doc);
}
