/* STIX patterns alone: parsed, and made indicators of. */
#include "fuzz.h"
#include <rules/import/stix.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sl_stix_pattern pattern;
	struct sl_err why = { "" };
	char *text = strndup((const char *)data, size);
	REQUIRE(text);
	if (sl_stix_parse(&pattern, text, &why) == 0) {
		REQUIRE(pattern.terms > 0 && pattern.terms <= SL_STIX_TERMS_MAX);
		json_t *list = sl_stix_indicators(&pattern, &why);
		REQUIRE(list ? json_array_size(list) <= 3 * SL_STIX_TERMS_MAX : why.text[0] != '\0');
		json_decref(list);
	} else {
		REQUIRE(why.text[0]);
	}
	sl_stix_fini(&pattern);
	free(text);
	return 0;
}
