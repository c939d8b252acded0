/* Whether two names are one regular file. */
#include <selat/spare.h>
#include <sys/stat.h>

int sl_spare(const char *output, const char *input, struct sl_err *err)
{
	struct stat out, in;
	if (!output || !input || stat(output, &out) < 0 || stat(input, &in) < 0 ||
	    !S_ISREG(out.st_mode) || out.st_dev != in.st_dev || out.st_ino != in.st_ino)
		return SL_OK;
	return sl_fail(err, SL_EUSAGE, "%s is read: name another file to write", output);
}

int sl_spare_all(const char *output, char *const *inputs, size_t n, struct sl_err *err)
{
	int rc = SL_OK;
	for (size_t i = 0; i < n && rc == SL_OK; i++)
		rc = sl_spare(output, inputs[i], err);
	return rc;
}
