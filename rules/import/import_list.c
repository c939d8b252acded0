/* Lists. */
#include <rules/import/import.h>

int sl_import_list(struct sl_import *im, char *const *paths, size_t n, struct sl_err *err)
{
	(void)im, (void)paths, (void)n;
	return sl_fail(err, SL_EFAIL, "not yet");
}
