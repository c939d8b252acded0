/* Replacing a file in one step (replace.h). The temporary file has a name of its own, so that two
 * who write the same target do not write into each other's. One thread. */
#include <selat/replace.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void forget(struct sl_replace *r)
{
	free(r->path);
	free(r->temporary);
	*r = (struct sl_replace){ 0 };
}

/* What a file gets that open(2) makes: mkostemp gives it to its owner alone. */
static mode_t mode_default(void)
{
	mode_t mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

static FILE *temporary_open(char *name)
{
	int fd = mkostemp(name, O_CLOEXEC);
	FILE *out = fd >= 0 && fchmod(fd, mode_default()) == 0 ? fdopen(fd, "w") : NULL;
	if (!out && fd >= 0) {
		int error = errno;
		close(fd);
		unlink(name);
		errno = error;
	}
	return out;
}

int sl_replace_begin(struct sl_replace *r, const char *path, struct sl_err *err)
{
	struct stat st;
	*r = (struct sl_replace){ 0 };
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return sl_fail(err, SL_EUSAGE, "%s: is no file: name the file to write", path);
	r->path = strdup(path);
	if (!r->path || asprintf(&r->temporary, "%s.XXXXXX", path) < 0) {
		r->temporary = NULL;
		forget(r);
		return sl_fail(err, SL_ENOMEM, "%s: out of memory", path);
	}
	r->out = temporary_open(r->temporary);
	if (r->out)
		return SL_OK;
	int rc = sl_fail(err, SL_EFAIL, "%s: cannot write beside it: %s", path, strerror(errno));
	forget(r);
	return rc;
}

/* The rename is on disk only once its folder is. */
static int folder_sync(const char *path)
{
	char *folder = strdup(path);
	if (!folder)
		return -1;
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return -1;
	int rc = fsync(fd);
	close(fd);
	return rc;
}

/* All of it on disk; otherwise the errno of the first step that failed. */
static int out_end(FILE *out, bool keep)
{
	bool failed = ferror(out) || fflush(out) != 0 || (keep && fsync(fileno(out)) < 0);
	int error = failed ? errno : 0;
	if (fclose(out) != 0 && !failed)
		return errno;
	return failed && error == 0 ? EIO : error;
}

int sl_replace_end(struct sl_replace *r, bool keep, struct sl_err *err)
{
	if (!r->out)
		return SL_OK;
	int error = out_end(r->out, keep), rc = SL_OK;
	if (keep && !error && (rename(r->temporary, r->path) < 0 || folder_sync(r->path) < 0))
		error = errno;
	if (error || !keep)
		unlink(r->temporary);
	if (error && keep)
		rc = sl_fail(err, SL_EFAIL, "%s: cannot write: %s", r->path, strerror(error));
	forget(r);
	return rc;
}
