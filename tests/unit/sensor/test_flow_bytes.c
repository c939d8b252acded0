/* What an idle flow costs in all: 300 bytes at most, its share of the buckets included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sensor/detect/detect.h>
#include <sensor/flow/flow.h>
#include <sensor/inspect/inspect.h>

static void an_idle_flow_is_small(void **state)
{
	(void)state;
	size_t bucket = 2 * sizeof(uint32_t); /* up to two buckets a flow */
	assert_in_range(sizeof(struct sl_flow) + sl_inspect_slot_bytes() + sl_detect_slot_bytes() +
				bucket,
			1, 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(an_idle_flow_is_small) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
