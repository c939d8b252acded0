/* Alerts as `selat-rules test` reads them: counted by indicator, the matched part found. */
#include "fixture.h"

#include <rules/hits.h>
#include <selat/digest.h>

static const char pack_text[] =
	"{\"selat\":1,\"pack\":\"t/"
	"a\",\"version\":1,\"author\":\"a\",\"tlp\":\"TLP:GREEN\",\"indicators\":["
	"{\"id\":\"d\",\"domain\":\"evil.example\"},"
	"{\"id\":\"m\",\"match\":[{\"field\":\"http.uri\",\"contains\":\"Gate\",\"nocase\":true}]},"
	"{\"id\":\"r\",\"match\":[{\"field\":\"payload\",\"regex\":\"a+b\"}]}]}";

static struct sl_packs packs;
static struct sl_problems problems;

static int setup(void **state)
{
	char *names[] = { (char *)(uintptr_t) "p.json" };
	struct sl_err err = { "" };
	if (folder_enter(state) < 0)
		return -1;
	file_write("p.json", pack_text);
	return sl_packs_read(&packs, names, 1, &problems, &err);
}

static int teardown(void **state)
{
	sl_packs_fini(&packs);
	sl_problems_fini(&problems);
	unlink("p.json");
	return folder_leave(state);
}

static int add(struct sl_hits *h, const char *id, const char *field, const char *value,
	       const char *bytes)
{
	char base64[256];
	struct sl_err err = { "" };
	sl_base64(base64, sl_span_str(bytes));
	json_t *alert =
		json_pack("{s{ss}s{ss ss si si ss}}", "indicator", "id", id, "match", "field",
			  field, "value", value, "packet", 9, "offset", 2, "bytes", base64);
	int rc = sl_hits_add(h, alert, &err);
	json_decref(alert);
	return rc;
}

static void expect_marked(const struct sl_hit_seen *s, const char *text)
{
	assert_int_equal(s->to - s->from, strlen(text));
	assert_memory_equal(s->bytes + s->from, text, strlen(text));
}

static void finds_the_matched_part(void **state)
{
	(void)state;
	struct sl_hits h;
	struct sl_err err = { "" };
	assert_int_equal(sl_hits_init(&h, &packs.pack[0], &err), 0);
	assert_int_equal(add(&h, "d", "tls.sni", "cdn.Evil.example", "cdn.Evil.example"), 0);
	assert_int_equal(add(&h, "m", "http.uri", "/gATE.php", "/gATE.php"), 0);
	assert_int_equal(add(&h, "r", "payload", "aa\\x00b", "xxaa"), 0);
	assert_int_equal(add(&h, "r", "payload", "aab", "xxaabyy"), 0);
	expect_marked(&h.of[0].seen[0], "Evil.example");
	expect_marked(&h.of[1].seen[0], "gATE");
	expect_marked(&h.of[2].seen[0], ""); /* the value is not in the bytes */
	expect_marked(&h.of[2].seen[1], "aab");
	assert_int_equal(h.of[2].seen[1].packet, 9);
	assert_int_equal(h.of[2].seen[1].offset, 2);
	assert_int_equal(add(&h, "d", "ip.dst", "192.0.2.1", ""), 0);
	expect_marked(&h.of[0].seen[1], "192.0.2.1");
	assert_int_equal(h.alerts, 5);
	sl_hits_fini(&h);
}

static void keeps_a_few_and_counts_all(void **state)
{
	(void)state;
	struct sl_hits h;
	struct sl_err err = { "" };
	assert_int_equal(sl_hits_init(&h, &packs.pack[0], &err), 0);
	for (int i = 0; i < 3 * SL_HITS_KEPT; i++)
		assert_int_equal(add(&h, "d", "dns.query", "evil.example", "evil.example"), 0);
	assert_int_equal(h.of[0].kept, SL_HITS_KEPT);
	assert_int_equal(h.of[0].n, 3 * SL_HITS_KEPT);
	sl_hits_fini(&h);
}

static void broken_alerts_are_survived(void **state)
{
	(void)state;
	struct sl_hits h;
	struct sl_err err = { "" };
	static const char *const bare[] = {
		"{\"indicator\":{\"id\":\"d\"}}",
		"{\"indicator\":{\"id\":\"d\"},\"match\":{\"bytes\":\"***\",\"packet\":-1}}",
		"{\"indicator\":{\"id\":\"d\"},\"match\":{\"bytes\":\"====\",\"field\":7}}",
	};
	assert_int_equal(sl_hits_init(&h, &packs.pack[0], &err), 0);
	for (size_t i = 0; i < 3; i++) {
		json_t *alert = json_loads(bare[i], 0, NULL);
		assert_int_equal(sl_hits_add(&h, alert, &err), 0);
		json_decref(alert);
	}
	assert_int_equal(h.of[0].seen[1].packet, 0);
	assert_int_equal(add(&h, "nobody", "payload", "", ""), SL_EFAIL);
	json_t *empty = json_object();
	assert_int_equal(sl_hits_add(&h, empty, &err), SL_EFAIL);
	json_decref(empty);
	sl_hits_fini(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_matched_part),
		cmocka_unit_test(keeps_a_few_and_counts_all),
		cmocka_unit_test(broken_alerts_are_survived),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
