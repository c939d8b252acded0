/* The sensor as a child process: its alerts come through a pipe, a line each. A line is bounded, so
 * that a broken child cannot eat memory. */
#include <rules/sensor_run.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1 << 20 };

extern char **environ;

/* "…/selat-sensor" beside this program, or the bare name for PATH. */
static void sensor_find(char out[PATH_MAX])
{
	static const char name[] = "selat-sensor";
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	if (n > 0) {
		out[n] = '\0';
		char *slash = strrchr(out, '/');
		size_t folder = slash ? (size_t)(slash - out) + 1 : 0;
		if (folder + sizeof name <= PATH_MAX) {
			memcpy(out + folder, name, sizeof name);
			if (access(out, X_OK) == 0)
				return;
		}
	}
	memcpy(out, name, sizeof name);
}

static char **arguments_make(char *sensor, const char *ruleset, char *const *captures, size_t n)
{
	char **argv = calloc(n + 7, sizeof *argv);
	size_t i = 0;
	if (!argv)
		return NULL;
	argv[i++] = sensor;
	argv[i++] = (char *)"-r";
	for (size_t k = 0; k < n; k++)
		argv[i++] = captures[k];
	argv[i++] = (char *)"-R";
	argv[i++] = (char *)(uintptr_t)ruleset;
	argv[i++] = (char *)"-o";
	argv[i] = (char *)"-";
	return argv;
}

/* The child's standard output is the pipe's end; everything else it inherits. */
static int sensor_spawn(char **argv, int *out, pid_t *pid, struct sl_err *err)
{
	int ends[2];
	posix_spawn_file_actions_t actions;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return sl_fail(err, SL_EFAIL, "cannot make a pipe: %s", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	int error = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (error) {
		close(ends[0]);
		return sl_fail(err, SL_EFAIL,
			       "cannot run %s: %s; install it beside selat-rules or in PATH",
			       argv[0], strerror(error));
	}
	*out = ends[0];
	return SL_OK;
}

static int line_read(const char *line, size_t len, sl_alert_fn *fn, void *ctx, struct sl_err *err)
{
	json_error_t why;
	json_t *alert = json_loadb(line, len, JSON_REJECT_DUPLICATES, &why);
	if (!alert)
		return sl_fail(err, SL_EFAIL, "selat-sensor wrote no JSON: %s", why.text);
	int rc = fn(ctx, alert, err);
	json_decref(alert);
	return rc;
}

/* Reads to the end even after a failure, so that the child is not stopped by a full pipe. */
static int alerts_read(FILE *in, sl_alert_fn *fn, void *ctx, struct sl_err *err)
{
	char *line = malloc(LINE_MAX_BYTES);
	if (!line)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	int rc = SL_OK;
	while (fgets(line, LINE_MAX_BYTES, in)) {
		size_t len = strlen(line);
		if (rc < 0)
			continue;
		if (len == LINE_MAX_BYTES - 1 && line[len - 1] != '\n')
			rc = sl_fail(err, SL_EFAIL, "selat-sensor wrote a line above 1 MiB");
		else
			rc = line_read(line, len, fn, ctx, err);
	}
	free(line);
	return rc;
}

static int sensor_wait(pid_t pid, const char *sensor, struct sl_err *err)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return sl_fail(err, SL_EFAIL, "waitpid: %s", strerror(errno));
	if (WIFSIGNALED(status))
		return sl_fail(err, SL_EFAIL, "%s ended by signal %d", sensor, WTERMSIG(status));
	if (WEXITSTATUS(status) == 3)
		return SL_EPARTIAL;
	if (WEXITSTATUS(status) != 0)
		return sl_fail(err, SL_EFAIL, "%s failed with exit status %d", sensor,
			       WEXITSTATUS(status));
	return SL_OK;
}

int sl_sensor_run(const char *ruleset, char *const *captures, size_t n, sl_alert_fn *fn, void *ctx,
		  struct sl_err *err)
{
	char sensor[PATH_MAX];
	int out = -1;
	pid_t pid;
	sensor_find(sensor);
	char **argv = arguments_make(sensor, ruleset, captures, n);
	if (!argv)
		return sl_fail(err, SL_ENOMEM, "out of memory");
	int rc = sensor_spawn(argv, &out, &pid, err);
	free(argv);
	if (rc < 0)
		return rc;
	FILE *in = fdopen(out, "r");
	if (in) {
		rc = alerts_read(in, fn, ctx, err);
		fclose(in);
	} else {
		close(out);
		rc = sl_fail(err, SL_ENOMEM, "out of memory");
	}
	int ended = sensor_wait(pid, sensor, rc < 0 ? NULL : err);
	return rc < 0 ? rc : ended;
}
