/* Expectations: reading them with places, comparing them with what was found, writing them. */
#include <rules/expect.h>
#include <rules/output.h>
#include <rules/reader.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct item {
	const char *id;
	int64_t alerts;        /* -1: not said */
	const json_t *packets; /* NULL: not said */
};

static bool id_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return sl_reader_text(r, key, value, 128, false, &((struct item *)into)->id);
}

static bool alerts_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	return sl_reader_integer(r, key, value, 1, INT64_MAX, &((struct item *)into)->alerts);
}

static bool packet_check(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	int64_t packet;
	(void)into;
	return sl_reader_integer(r, key, value, 1, INT64_MAX, &packet);
}

static bool packets_read(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	((struct item *)into)->packets = value;
	return sl_reader_each(r, key, value, SL_HITS_KEPT, packet_check, into);
}

/* The item as it is written: an id or an object. */
static struct item item_of(struct sl_reader *r, const json_t *value)
{
	static const struct sl_key keys[] = {
		{ "id", id_read },
		{ "alerts", alerts_read },
		{ "packets", packets_read },
		{ NULL, NULL },
	};
	struct item item = { .alerts = -1 };
	if (json_is_object(value))
		sl_reader_object(r, value, keys, &item);
	else
		item.id = json_string_value(value);
	return item;
}

static bool is_known(const struct sl_pack *pack, const char *id)
{
	for (size_t i = 0; i < pack->n; i++)
		if (strcmp(pack->indicator[i].id, id) == 0)
			return true;
	return false;
}

static bool item_check(struct sl_reader *r, const char *key, const json_t *value, void *into)
{
	const struct sl_expect *e = into;
	size_t before = sl_reader_enter(r, key), place = r->item, errors = r->problems->errors;
	r->item = 0;
	struct item item = item_of(r, value);
	if (!item.id && r->problems->errors == errors)
		sl_reader_fail(r, NULL,
			       "write an indicator's id, or { id: …, alerts: …, packets: […] }");
	else if (item.id && !is_known(e->pack, item.id))
		sl_reader_fail(r, NULL, "\"%s\" is no indicator of %s", item.id,
			       e->pack->source.path);
	r->item = place;
	sl_reader_leave(r, before);
	return r->problems->errors == errors;
}

static void captures_check(struct sl_expect *e, struct sl_problems *problems)
{
	struct sl_reader r = { .file = e->source.path,
			       .problems = problems,
			       .indicator = SL_NO_INDICATOR };
	const char *name;
	json_t *list;
	json_object_foreach(e->source.root, name, list)
	{
		if (!json_is_array(list))
			sl_reader_fail(&r, name,
				       "must be a list of indicators; [] if none should match");
		else if (json_array_size(list))
			sl_reader_each(&r, name, list, SIZE_MAX, item_check, e);
	}
}

int sl_expect_read(struct sl_expect *e, const char *path, const struct sl_pack *pack,
		   struct sl_problems *problems, struct sl_err *err)
{
	size_t first = problems->n;
	*e = (struct sl_expect){ .pack = pack };
	if (access(path, R_OK) != 0)
		return sl_fail(err, SL_EFAIL, "%s: cannot open the expectation: %s; --update writes one",
			       path, strerror(errno));
	int rc = sl_packfile_read(&e->source, path, problems, err);
	if (rc == SL_OK && e->source.root)
		captures_check(e, problems);
	sl_packfile_locate(&e->source, problems, first);
	return rc;
}

void sl_expect_fini(struct sl_expect *e)
{
	sl_packfile_fini(&e->source);
}

int sl_expect_captures(const struct sl_expect *e, struct sl_list *captures, struct sl_err *err)
{
	const char *slash = strrchr(e->source.path, '/'), *name;
	int folder = slash ? (int)(slash - e->source.path) + 1 : 0;
	json_t *list;
	json_object_foreach(e->source.root, name, list)
	{
		char *path = NULL;
		if (asprintf(&path, "%.*s%s", folder, e->source.path, name) < 0)
			return sl_fail(err, SL_ENOMEM, "out of memory");
		int rc = sl_list_add(captures, path);
		free(path);
		if (rc < 0)
			return sl_fail(err, SL_ENOMEM, "out of memory");
	}
	return SL_OK;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* By the last part of the path: the file's captures may be named from elsewhere. */
static const json_t *list_of(const struct sl_expect *e, const char *capture)
{
	const char *name;
	json_t *list;
	json_object_foreach(e->source.root, name, list)
	{
		if (strcmp(base_of(name), base_of(capture)) == 0)
			return list;
	}
	return NULL;
}

__attribute__((format(printf, 2, 3))) static void say(json_t *said, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	json_array_append_new(said, sl_out_string(text));
}

static bool has_packet(const struct sl_hits *h, size_t index, uint64_t packet)
{
	for (size_t k = 0; k < h->of[index].kept; k++)
		if (h->of[index].seen[k].packet == packet)
			return true;
	return false;
}

static bool is_listed(const json_t *packets, uint64_t packet)
{
	for (size_t i = 0; i < json_array_size(packets); i++)
		if ((uint64_t)json_integer_value(json_array_get(packets, i)) == packet)
			return true;
	return (uint64_t)json_integer_value(packets) == packet;
}

static void packets_compare(json_t *said, const struct item *item, const struct sl_hits *h,
			    size_t index)
{
	size_t n = json_is_array(item->packets) ? json_array_size(item->packets) : 1;
	for (size_t i = 0; i < n; i++) {
		const json_t *packet = json_is_array(item->packets)
					       ? json_array_get(item->packets, i)
					       : item->packets;
		if (!has_packet(h, index, (uint64_t)json_integer_value(packet)))
			say(said, "%s: no match in packet %lld", item->id,
			    (long long)json_integer_value(packet));
	}
	for (size_t k = 0; k < h->of[index].kept; k++)
		if (!is_listed(item->packets, h->of[index].seen[k].packet))
			say(said, "%s: a match in packet %llu, which is not expected", item->id,
			    (unsigned long long)h->of[index].seen[k].packet);
}

static void item_compare(json_t *said, const struct item *item, const struct sl_hits *h)
{
	const json_t *place = json_object_get(h->by_id, item->id);
	size_t index = (size_t)json_integer_value(place);
	if (!place || h->of[index].n == 0) {
		say(said, "%s: no match", item->id);
		return;
	}
	if (item->alerts >= 0 && (uint64_t)item->alerts != h->of[index].n)
		say(said, "%s: %zu alerts, not %lld", item->id, h->of[index].n,
		    (long long)item->alerts);
	if (item->packets)
		packets_compare(said, item, h, index);
}

json_t *sl_expect_compare(const struct sl_expect *e, const char *capture, const struct sl_hits *h)
{
	json_t *said = json_array(), *wanted = json_object();
	struct sl_problems none = { 0 }; /* the file was checked when it was read */
	struct sl_reader quiet = { .file = e->source.path,
				   .problems = &none,
				   .indicator = SL_NO_INDICATOR };
	const json_t *list = list_of(e, capture);
	if (!list)
		say(said, "%s does not name this capture", e->source.path);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct item item = item_of(&quiet, json_array_get(list, i));
		json_object_set_new(wanted, item.id, json_true());
		item_compare(said, &item, h);
	}
	for (size_t i = 0; list && i < h->pack->n; i++)
		if (h->of[i].n && !json_object_get(wanted, h->pack->indicator[i].id))
			say(said, "%s: %zu alert%s, none expected", h->pack->indicator[i].id,
			    h->of[i].n, h->of[i].n == 1 ? "" : "s");
	sl_problems_fini(&none);
	json_decref(wanted);
	return said;
}

static void item_write(FILE *out, const struct sl_hits *h, size_t index)
{
	fprintf(out, "  - { id: \"%s\", alerts: %zu", h->pack->indicator[index].id, h->of[index].n);
	if (h->of[index].n == h->of[index].kept) {
		fputs(", packets: [", out);
		for (size_t k = 0; k < h->of[index].kept; k++)
			fprintf(out, "%s%llu", k ? ", " : "",
				(unsigned long long)h->of[index].seen[k].packet);
		fputc(']', out);
	}
	fputs(" }\n", out);
}

void sl_expect_write(FILE *out, const char *name, const struct sl_hits *h)
{
	json_t *string = sl_out_string(name);
	char *text = json_dumps(string, JSON_ENCODE_ANY);
	size_t found = 0;
	for (size_t i = 0; i < h->pack->n; i++)
		found += h->of[i].n > 0;
	fprintf(out, "%s:%s\n", text ? text : "", found ? "" : " []");
	for (size_t i = 0; i < h->pack->n; i++)
		if (h->of[i].n)
			item_write(out, h, i);
	free(text);
	json_decref(string);
}
