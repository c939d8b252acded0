/* YAML into json_t. libyaml composes the document; aliases are refused, since a few lines of them
 * can stand for more than memory holds, and so are repeated keys and deep nesting. */
#include <rules/packfile.h>

#include <selat/text.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH_MAX = 32, INTEGER_DIGITS = 18 };

struct reading {
	yaml_document_t doc;
	const char *path;
	struct sl_problems *problems;
	size_t nodes, visited; /* visited more than there are: an alias */
};

__attribute__((format(printf, 3, 4))) static json_t *
node_fail(struct reading *r, const yaml_node_t *node, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	struct sl_problem *p = sl_problems_add(r->problems, r->path, NULL, text);
	if (p) {
		p->line = node->start_mark.line + 1;
		p->column = node->start_mark.column + 1;
	}
	return NULL;
}

/* "0" or digits without a leading zero, few enough to fit. */
static bool is_integer(const char *s, size_t len)
{
	size_t sign = len > 1 && s[0] == '-';
	size_t digits = len - sign;
	if (digits == 0 || digits > INTEGER_DIGITS || (s[sign] == '0' && digits > 1))
		return false;
	return strspn(s + sign, "0123456789") == digits;
}

static json_t *scalar_read(struct reading *r, const yaml_node_t *node)
{
	const char *s = (const char *)node->data.scalar.value;
	size_t len = node->data.scalar.length;
	if (memchr(s, 0, len))
		return node_fail(r, node, "a text holds a NUL; write it as hex");
	if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		if (is_integer(s, len))
			return json_integer(strtoll(s, NULL, 10));
		if (strcmp(s, "true") == 0 || strcmp(s, "false") == 0)
			return json_boolean(s[0] == 't');
		if (len == 0 || strcmp(s, "null") == 0 || strcmp(s, "~") == 0)
			return json_null();
	}
	return json_stringn(s, len);
}

static json_t *node_read(struct reading *r, int index, int depth);

static json_t *sequence_read(struct reading *r, const yaml_node_t *node, int depth)
{
	json_t *list = json_array();
	const yaml_node_item_t *item = node->data.sequence.items.start;
	for (; item < node->data.sequence.items.top; item++) {
		json_t *value = node_read(r, *item, depth + 1);
		if (!value || json_array_append_new(list, value) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *mapping_read(struct reading *r, const yaml_node_t *node, int depth)
{
	json_t *object = json_object();
	const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	for (; pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(&r->doc, pair->key);
		const char *name =
			key->type == YAML_SCALAR_NODE ? (const char *)key->data.scalar.value : NULL;
		json_t *value = NULL;
		r->visited++;
		if (!name || strlen(name) != key->data.scalar.length)
			node_fail(r, key, "a key must be text");
		else if (json_object_get(object, name))
			node_fail(r, key, "the key \"%s\" is there twice", name);
		else
			value = node_read(r, pair->value, depth + 1);
		if (!value || json_object_set_new(object, name, value) < 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *node_read(struct reading *r, int index, int depth)
{
	const yaml_node_t *node = yaml_document_get_node(&r->doc, index);
	if (++r->visited > r->nodes)
		return node_fail(r, node, "aliases (*name) are not allowed in a pack");
	if (depth > DEPTH_MAX)
		return node_fail(r, node, "is nested too deeply");
	switch (node->type) {
	case YAML_SCALAR_NODE:
		return scalar_read(r, node);
	case YAML_SEQUENCE_NODE:
		return sequence_read(r, node, depth);
	case YAML_MAPPING_NODE:
		return mapping_read(r, node, depth);
	default:
		return node_fail(r, node, "is of no known kind");
	}
}

static void parser_problem(const char *path, const yaml_parser_t *parser,
			   struct sl_problems *problems)
{
	const char *what = parser->problem ? parser->problem : "is no YAML";
	struct sl_problem *p = sl_problems_add(problems, path, NULL, what);
	if (p) {
		p->line = parser->problem_mark.line + 1;
		p->column = parser->problem_mark.column + 1;
	}
}

/* One document is a pack; a second would be ignored silently. */
static bool stream_ends(yaml_parser_t *parser, struct reading *r)
{
	yaml_document_t next;
	if (!yaml_parser_load(parser, &next)) {
		parser_problem(r->path, parser, r->problems);
		return false;
	}
	const yaml_node_t *root = yaml_document_get_root_node(&next);
	if (root)
		node_fail(r, root, "a pack is one YAML document; here begins a second");
	yaml_document_delete(&next);
	return root == NULL;
}

/* libyaml compares each %TAG with all before it: thousands of them would take minutes. A line may also
 * break at the Unicode breaks, whose last bytes these are. */
static bool few_directives(struct sl_span bytes)
{
	static const char breaks[] = "\r\n\x85\xa8\xa9\xbf";
	enum { MOST = 64 };
	size_t n = 0;
	for (size_t i = 0; i < bytes.len && n <= MOST; i++)
		if (bytes.at[i] == '%' && (i == 0 || strchr(breaks, bytes.at[i - 1])))
			n++;
	return n <= MOST;
}

json_t *sl_yaml_read(const char *path, struct sl_span bytes, struct sl_problems *problems)
{
	yaml_parser_t parser;
	struct reading r = { .path = path, .problems = problems };
	json_t *root = NULL;
	if (!yaml_parser_initialize(&parser)) {
		sl_problems_add(problems, path, NULL, "out of memory");
		return NULL;
	}
	if (!few_directives(bytes)) {
		sl_problems_add(problems, path, NULL, "too many lines begin with '%'");
		yaml_parser_delete(&parser);
		return NULL;
	}
	yaml_parser_set_input_string(&parser, bytes.at, bytes.len);
	if (!yaml_parser_load(&parser, &r.doc)) {
		parser_problem(path, &parser, problems);
	} else {
		r.nodes = (size_t)(r.doc.nodes.top - r.doc.nodes.start);
		if (r.nodes == 0)
			sl_problems_add(problems, path, NULL, "the file is empty");
		else
			root = node_read(&r, 1, 0);
		if (root && !stream_ends(&parser, &r)) {
			json_decref(root);
			root = NULL;
		}
		yaml_document_delete(&r.doc);
	}
	yaml_parser_delete(&parser);
	return root;
}
