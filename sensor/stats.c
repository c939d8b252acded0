/* Sums over all threads' counters. A file is written beside its place and renamed, so that a reader
 * never sees half of it. */
#include <errno.h>
#include <selat/digest.h>
#include <selat/json.h>
#include <selat/time.h>
#include <sensor/detect/loaded.h>
#include <sensor/stats.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

uint64_t sl_stats_sum(const struct sl_stats *s, enum sl_counter which)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < s->sets; i++)
		sum += sl_counter_get(s->set[i], which);
	return sum;
}

static void compose(const struct sl_stats *s, struct sl_json *j)
{
	uint64_t packets = sl_stats_sum(s, SL_COUNT_PACKETS), bytes = sl_stats_sum(s, SL_COUNT_BYTES);
	sl_json_open(j, NULL, '{');
	sl_json_text(j, "selat", SELAT_VERSION);
	sl_json_text(j, "sensor", s->sensor);
	sl_json_time(j, "time", sl_time_now());
	sl_json_u64(j, "workers", s->workers);
	sl_json_double(j, "seconds", s->seconds);
	if (s->seconds > 0) {
		sl_json_double(j, "mpps", (double)packets / s->seconds / 1e6);
		sl_json_double(j, "gbit_s", (double)bytes * 8 / s->seconds / 1e9);
	}
	if (s->loaded) {
		char ruleset[7 + 2 * SL_SHA256_SIZE + 1] = "sha256:";
		sl_hex(ruleset + 7, sl_span_of(sl_loaded_identity(s->loaded), SL_SHA256_SIZE));
		sl_json_text(j, "ruleset", ruleset);
		sl_json_u64(j, "indicators", sl_loaded_indicators(s->loaded));
	}
	for (unsigned i = 0; i < SL_COUNTER_COUNT; i++)
		sl_json_u64(j, sl_counter_name((enum sl_counter)i), sl_stats_sum(s, (enum sl_counter)i));
	sl_json_close(j, '}');
}

static int write_file(const char *path, const struct sl_json *j, struct sl_err *err)
{
	char beside[4096];
	if ((size_t)snprintf(beside, sizeof beside, "%s.new", path) >= sizeof beside)
		return sl_fail(err, SL_EUSAGE, "%s: the name is too long", path);
	FILE *f = fopen(beside, "w");
	bool ok = f && fprintf(f, "%s\n", j->text) > 0;
	if (f && fclose(f) != 0)
		ok = false;
	if (!ok || rename(beside, path) != 0)
		return sl_fail(err, SL_EFAIL, "%s: counters not written: %s", path, strerror(errno));
	return SL_OK;
}

int sl_stats_write(const struct sl_stats *s, const char *path, struct sl_err *err)
{
	struct sl_json j;
	int rc = SL_OK;
	sl_json_init(&j);
	compose(s, &j);
	if (j.failed)
		rc = sl_fail(err, SL_ENOMEM, "counters: out of memory");
	else if (strcmp(path, "-") == 0)
		fprintf(stderr, "%s\n", j.text);
	else
		rc = write_file(path, &j, err);
	sl_json_fini(&j);
	return rc;
}
