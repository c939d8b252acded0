/* Routes: reading them from the configuration. At start. Fails closed: what is not said clearly is
 * an error, because a route decides what leaves the country. */
#include "route.h"

#include <selat/kafka.h>
#include <selat/text.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

static const char example[] = "routes: { national: { topic: selat.alerts, tlp: \"TLP:GREEN\" } }";

/* The route of that name, made if it is new; NULL: there are too many. */
static struct sl_route *route_get(struct sl_routes *routes, const char *name, size_t len)
{
	for (size_t i = 0; i < routes->n; i++)
		if (strlen(routes->route[i].name) == len &&
		    memcmp(routes->route[i].name, name, len) == 0)
			return &routes->route[i];
	if (routes->n == SL_ROUTES_MAX)
		return NULL;
	struct sl_route *r = &routes->route[routes->n++];
	memcpy(r->name, name, len);
	r->name[len] = '\0';
	return r;
}

static int read_topic(struct sl_route *r, const struct sl_pair *pair, struct sl_err *err)
{
	size_t len = strlen(pair->value);

	if (len == 0 || len > 249 || strspn(pair->value, NAME_BYTES ".") != len)
		return sl_fail(err, SL_EUSAGE,
			       "%s: routes.%s: \"%s\" is no topic's name: letters, digits, dots, "
			       "dashes and underscores, at most 249",
			       pair->place, pair->key, pair->value);
	r->topic = pair->value;
	return SL_OK;
}

static int read_tlp(struct sl_route *r, const struct sl_pair *pair, struct sl_err *err)
{
	enum sl_tlp tlp = sl_tlp_parse(pair->value);

	if (tlp == SL_TLP_RED)
		return sl_fail(err, SL_EUSAGE,
			       "%s: routes.%s: TLP:RED is for named recipients and never passes a "
			       "route; the highest label is \"TLP:AMBER+STRICT\"",
			       pair->place, pair->key);
	if (tlp == SL_TLP_NONE)
		return sl_fail(err, SL_EUSAGE,
			       "%s: routes.%s: \"%s\" is no label: write \"TLP:CLEAR\", "
			       "\"TLP:GREEN\", \"TLP:AMBER\" or \"TLP:AMBER+STRICT\"",
			       pair->place, pair->key, pair->value);
	r->tlp = tlp;
	return SL_OK;
}

static int unknown_key(const struct sl_pair *pair, const char *key, struct sl_err *err)
{
	static const char *const keys[] = { "topic", "tlp", NULL };
	const char *nearest = sl_text_nearest(key, keys);

	if (nearest)
		return sl_fail(err, SL_EUSAGE,
			       "%s: unknown key \"routes.%s\", did you mean \"%s\"?", pair->place,
			       pair->key, nearest);
	return sl_fail(err, SL_EUSAGE, "%s: unknown key \"routes.%s\": a route has topic and tlp",
		       pair->place, pair->key);
}

static int read_pair(struct sl_routes *routes, const struct sl_pair *pair, struct sl_err *err)
{
	const char *dot = strchr(pair->key, '.');

	if (!dot)
		return sl_fail(err, SL_EUSAGE,
			       "%s: routes.%s: a route is a section with topic and tlp: %s",
			       pair->place, pair->key, example);
	size_t len = (size_t)(dot - pair->key);
	if (len == 0 || len > SL_ROUTE_NAME_MAX || strspn(pair->key, NAME_BYTES) != len)
		return sl_fail(err, SL_EUSAGE,
			       "%s: routes.%s: a route's name has letters, digits, dashes and "
			       "underscores, at most %d",
			       pair->place, pair->key, SL_ROUTE_NAME_MAX);
	struct sl_route *r = route_get(routes, pair->key, len);
	if (!r)
		return sl_fail(err, SL_EUSAGE, "%s: routes.%s: there are more than %d routes",
			       pair->place, pair->key, SL_ROUTES_MAX);
	if (strcmp(dot + 1, "topic") == 0)
		return read_topic(r, pair, err);
	if (strcmp(dot + 1, "tlp") == 0)
		return read_tlp(r, pair, err);
	return unknown_key(pair, dot + 1, err);
}

static int check_whole(const struct sl_routes *routes, struct sl_err *err)
{
	for (size_t i = 0; i < routes->n; i++) {
		const struct sl_route *r = &routes->route[i];
		if (!r->topic)
			return sl_fail(err, SL_EUSAGE,
				       "routes.%s has no topic: add topic: selat.alerts", r->name);
		if (r->tlp == SL_TLP_NONE)
			return sl_fail(err, SL_EUSAGE,
				       "routes.%s has no tlp, the highest label that may pass: add "
				       "tlp: \"TLP:GREEN\"",
				       r->name);
	}
	return SL_OK;
}

int sl_routes_read(struct sl_routes *out, const struct sl_map *kafka, const struct sl_map *routes,
		   struct sl_err *err)
{
	bool have_kafka = kafka && kafka->n, have_routes = routes && routes->n;

	memset(out, 0, sizeof *out);
	for (size_t i = 0; have_routes && i < routes->n; i++) {
		int rc = read_pair(out, &routes->pair[i], err);
		if (rc != SL_OK)
			return rc;
	}
	int rc = check_whole(out, err);
	if (rc != SL_OK)
		return rc;
	if (have_routes && !have_kafka)
		return sl_fail(err, SL_EUSAGE,
			       "there are routes but no Kafka: add kafka: { bootstrap.servers: "
			       "\"k1.example:9092\" }, or `embedded` for a trial");
	if (!have_kafka || have_routes)
		return SL_OK;
	if (!sl_kafka_embedded(kafka, false))
		return sl_fail(err, SL_EUSAGE,
			       "kafka is set but there are no routes, so nothing would be sent: "
			       "add %s",
			       example);
	out->n = 1;
	out->route[0] = (struct sl_route){ "trial", "selat.alerts", SL_TLP_AMBER_STRICT };
	return SL_OK;
}
