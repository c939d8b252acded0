/* Takes an alert's JSON apart. jansson bounds the nesting and refuses bytes that are no UTF-8; the
 * length is bounded here. Any thread, one alert a thread. */
#include "alerts/alert.h"

#include <jansson.h>
#include <selat/time.h>

static struct sl_span text_of(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);
	return json_is_string(v) ? sl_span_of(json_string_value(v), json_string_length(v))
				 : sl_span_of("", 0);
}

static uint64_t time_of(const json_t *object, const char *key)
{
	uint64_t ns;
	struct sl_span text = text_of(object, key);
	if (text.len == 0 || strlen((const char *)text.at) != text.len ||
	    sl_time_parse((const char *)text.at, &ns, NULL))
		return 0;
	return ns;
}

static struct sl_alert_end end_of(const json_t *flow, const char *key)
{
	const json_t *end = json_object_get(flow, key);
	const json_t *port = json_object_get(end, "port");
	json_int_t n = json_is_integer(port) ? json_integer_value(port) : -1;
	return (struct sl_alert_end){ text_of(end, "ip"), n >= 0 && n <= UINT16_MAX ? (int)n : -1 };
}

/* Labels are compared as C strings; one with a NUL inside is no known label. */
static const char *label_of(struct sl_span text)
{
	return strlen((const char *)text.at) == text.len ? (const char *)text.at : "";
}

static void take_apart(struct sl_alert *a, const json_t *root)
{
	const json_t *sensor = json_object_get(root, "sensor");
	const json_t *indicator = json_object_get(root, "indicator");
	const json_t *match = json_object_get(root, "match");
	const json_t *flow = json_object_get(root, "flow");
	json_int_t count = json_integer_value(json_object_get(root, "count"));

	a->time_ns = time_of(root, "time");
	a->observed_ns = time_of(root, "observed");
	a->tlp_text = text_of(root, "tlp");
	a->tlp = sl_tlp_parse(label_of(a->tlp_text));
	a->severity_text = text_of(root, "severity");
	a->severity = sl_severity_parse(label_of(a->severity_text));
	a->drill = text_of(root, "drill");
	a->count = count > 0 ? (uint64_t)count : 1;
	a->sensor = text_of(sensor, "id");
	a->country = text_of(sensor, "country");
	a->pack = text_of(indicator, "pack");
	a->indicator = text_of(indicator, "id");
	a->type = text_of(indicator, "type");
	a->value = text_of(indicator, "value");
	a->field = text_of(match, "field");
	a->seen = text_of(match, "value");
	a->src = end_of(flow, "src");
	a->dst = end_of(flow, "dst");
}

int sl_alert_parse(struct sl_alert *a, struct sl_span bytes, struct sl_err *err)
{
	json_error_t why;
	*a = (struct sl_alert){ 0 };
	if (bytes.len > SL_ALERT_MAX_BYTES)
		return sl_fail(err, SL_EFORMAT, "%zu bytes are too long for an alert", bytes.len);
	json_t *root = json_loadb(bytes.len ? (const char *)bytes.at : "", bytes.len,
				  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
	if (!root)
		return sl_fail(err, SL_EFORMAT, "no JSON: %s (byte %d)", why.text, why.position);
	a->json = root;
	a->id = text_of(root, "id");
	if (json_integer_value(json_object_get(root, "selat")) != 1 || a->id.len == 0) {
		sl_alert_fini(a);
		return sl_fail(err, SL_EFORMAT, "JSON, but not of an alert (\"selat\": 1, \"id\")");
	}
	take_apart(a, root);
	return SL_OK;
}

void sl_alert_fini(struct sl_alert *a)
{
	json_decref(a->json);
	*a = (struct sl_alert){ 0 };
}

void sl_alert_print_json(FILE *out, struct sl_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t b = bytes.at[i];
		if (b == '\n' || b == '\r') {
			putc_unlocked(' ', out);
		} else if (b == 0x7f) {
			fputs("\\u007f", out);
		} else if (b == 0xc2 && i + 1 < bytes.len && bytes.at[i + 1] < 0xa0) {
			fprintf(out, "\\u00%02x", bytes.at[++i]);
		} else {
			putc_unlocked(b, out);
		}
	}
	putc_unlocked('\n', out);
}
