/* The known answers are those of Python's uuid.uuid5 in the same name space. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <rules/uuid.h>
#include <string.h>

static void names(void **state)
{
	char uuid[SL_UUID_TEXT], other[SL_UUID_TEXT], longer[5000];
	(void)state;
	assert_string_equal(sl_uuid_name(uuid, (const char *const[]){ "pack", "a/b", NULL }),
			    "0831ae44-e32b-5fc8-ac59-88754342288a");
	assert_string_equal(sl_uuid_name(uuid, (const char *const[]){ "", NULL }),
			    "c3e3d776-1c73-51ad-9b66-08c1b3f74470");
	sl_uuid_name(uuid, (const char *const[]){ "a:b", "c", NULL });
	sl_uuid_name(other, (const char *const[]){ "a", "b:c", NULL });
	assert_string_equal(uuid, other); /* kinds have no colon: their names cannot meet */
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_true(sl_uuid_valid(
		sl_uuid_name(uuid, (const char *const[]){ "pack", longer, longer, NULL })));
}

static void forms(void **state)
{
	(void)state;
	assert_true(sl_uuid_valid("5f3a5c1e-0000-4000-8000-00000000000F"));
	assert_false(sl_uuid_valid("5f3a5c1e-0000-4000-8000-00000000000"));
	assert_false(sl_uuid_valid("5f3a5c1e-0000-4000-8000-00000000000g"));
	assert_false(sl_uuid_valid("5f3a5c1e00000-4000-8000-00000000000f"));
	assert_false(sl_uuid_valid("../../../../../../../../../etc/passwd"));
	assert_false(sl_uuid_valid(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
