/* selat-sensor: from packets to alerts. */
#include <selat/field.h>
#include <selat/json.h>
#include <selat/kafka.h>
#include <selat/log.h>
#include <sensor/capture/capture.h>
#include <sensor/detect/loaded.h>
#include <sensor/run.h>
#include <stdio.h>

static void print_version(void)
{
	printf("selat-sensor %s (%s; Hyperscan %s; librdkafka %s)\n", SELAT_VERSION,
	       sl_capture_library(), sl_detect_library(), sl_kafka_version());
}

static void list_fields_json(void)
{
	struct sl_json j;
	sl_json_init(&j);
	sl_json_open(&j, NULL, '[');
	for (unsigned i = 0; i < SL_FIELD_COUNT; i++) {
		const struct sl_field_info *f = sl_field_info((enum sl_field)i);
		sl_json_open(&j, NULL, '{');
		sl_json_text(&j, "field", f->name);
		sl_json_text(&j, "kind", sl_field_kind_text(f->kind));
		sl_json_text(&j, "protocol", f->protocol);
		sl_json_text(&j, "direction", sl_field_dir_text(f->direction));
		sl_json_bool(&j, "stream", f->stream);
		sl_json_text(&j, "help", f->help);
		sl_json_close(&j, '}');
	}
	sl_json_close(&j, ']');
	puts(j.text ? j.text : "");
	sl_json_fini(&j);
}

static void list_fields(bool json)
{
	if (json) {
		list_fields_json();
		return;
	}
	printf("%-18s %-8s %-9s %-10s %s\n", "FIELD", "KIND", "PROTOCOL", "DIRECTION", "WHAT IT IS");
	for (unsigned i = 0; i < SL_FIELD_COUNT; i++) {
		const struct sl_field_info *f = sl_field_info((enum sl_field)i);
		printf("%-18s %-8s %-9s %-10s %s\n", f->name, sl_field_kind_text(f->kind), f->protocol,
		       sl_field_dir_text(f->direction), f->help);
	}
}

int main(int argc, char **argv)
{
	struct sl_sensor_config config = { 0 };
	struct sl_err err = { "" };

	sl_log_name("selat-sensor");
	sl_options_version(print_version);
	int rc = sl_sensor_config_read(&config, argc, argv, &err);
	if (rc == SL_OPTIONS_GO) {
		if (config.list_fields)
			list_fields(config.json);
		else if (config.check_config)
			rc = sl_run_check(&config, &err);
		else
			rc = sl_run(&config, &err);
	}
	if (*err.text)
		fprintf(stderr, "selat-sensor: error: %s\n", err.text);
	sl_sensor_config_free(&config);
	return rc == SL_OPTIONS_DONE ? 0 : sl_exit_status(rc);
}
