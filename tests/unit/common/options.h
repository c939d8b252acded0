/* A program with an option of each kind, and what its readers said. */
#ifndef SELAT_TEST_OPTIONS_H
#define SELAT_TEST_OPTIONS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <selat/options.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct conf {
	bool quiet, checksums;
	uint64_t workers, depth, wait, limit;
	char *output, *dump;
	struct sl_list read, cpus, interfaces;
	struct sl_map kafka, routes;
};

static const char *const dumps[] = { "packets", "flows", "fields", NULL };

#define AT(member) .offset = offsetof(struct conf, member)

static const struct sl_option table[] = {
	{ .letter = 'q', .name = "quiet", .type = SL_OPT_FLAG, AT(quiet), .help = "say less" },
	{ .section = "capture",
	  .key = "checksums",
	  .type = SL_OPT_FLAG,
	  AT(checksums),
	  .initial = "true",
	  .help = "verify checksums" },
	{ .section = "capture",
	  .key = "workers",
	  .letter = 'w',
	  .name = "workers",
	  .type = SL_OPT_U64,
	  AT(workers),
	  .arg = "N",
	  .min = 1,
	  .max = 64,
	  .initial = "1",
	  .help = "worker threads" },
	{ .section = "capture",
	  .key = "wait",
	  .type = SL_OPT_U64,
	  AT(wait),
	  .arg = "ms",
	  .max = 500,
	  .initial = "10",
	  .help = "how long a block may fill" },
	{ .section = "flow",
	  .key = "depth",
	  .type = SL_OPT_BYTES,
	  AT(depth),
	  .min = 1024,
	  .max = 1 << 30,
	  .initial = "1 MiB",
	  .help = "bytes a direction that are inspected" },
	{ .section = "alert",
	  .key = "output",
	  .letter = 'o',
	  .name = "output",
	  .type = SL_OPT_TEXT,
	  AT(output),
	  .arg = "FILE",
	  .help = "alerts as JSON Lines" },
	{ .section = "alert",
	  .key = "dump",
	  .name = "dump",
	  .type = SL_OPT_TEXT,
	  AT(dump),
	  .choices = dumps,
	  .help = "what the sensor sees" },
	{ .name = "limit", .type = SL_OPT_U64, AT(limit), .max = UINT64_MAX, .help = "no limit" },
	{ .letter = 'r',
	  .name = "read",
	  .type = SL_OPT_LIST,
	  .greedy = true,
	  AT(read),
	  .arg = "FILE",
	  .help = "captures to read" },
	{ .section = "capture",
	  .key = "cpus",
	  .type = SL_OPT_LIST,
	  AT(cpus),
	  .initial = "0,1",
	  .help = "processors to run on" },
	{ .section = "capture",
	  .key = "interfaces",
	  .letter = 'i',
	  .name = "interface",
	  .type = SL_OPT_LIST,
	  AT(interfaces),
	  .arg = "IF",
	  .help = "interfaces to listen on" },
	{ .section = "kafka", .type = SL_OPT_MAP, AT(kafka), .help = "settings for librdkafka" },
	{ .section = "routes", .type = SL_OPT_MAP, AT(routes), .help = "where alerts may go" },
};

static const struct sl_options spec = {
	.program = "prog",
	.synopsis = "[OPTION…] FILE…",
	.about = "Tries out options.",
	.table = table,
	.n = sizeof table / sizeof table[0],
	.epilog = "Examples:\n  prog -r x",
	.operands = true,
};

static struct conf conf;
static struct sl_list operands;
static struct sl_err err;

/* Reads "prog ARG…"; the arguments end with NULL. */
static inline int run_with(const struct sl_options *s, const char *config, char *const *args)
{
	char *argv[32] = { "prog" };
	int argc = 1;

	for (; *args; args++)
		argv[argc++] = *args;
	sl_options_free(s, &conf);
	sl_list_free(&operands);
	memset(&conf, 0xa5, sizeof conf); /* the caller's struct may hold anything */
	err.text[0] = '\0';
	return sl_options_read(s, config, argc, argv, &conf, &operands, &err);
}

#define RUN(...) run_with(&spec, NULL, (char *[]){ __VA_ARGS__, NULL })

static inline void said(int rc, const char *want)
{
	assert_int_equal(rc, SL_EUSAGE);
	if (!strstr(err.text, want))
		fail_msg("\"%s\" does not say \"%s\"", err.text, want);
}

static inline void write_bytes(const char *bytes, size_t n)
{
	int fd = open("selat.yaml", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

static inline void write_file(const char *yaml)
{
	write_bytes(yaml, strlen(yaml));
}

static inline int file(const char *yaml)
{
	write_file(yaml);
	return RUN("-c", "selat.yaml");
}

static inline void file_says(const char *yaml, const char *want)
{
	said(file(yaml), want);
}

static inline int enter_folder(void **state)
{
	static char folder[] = "/tmp/selat-options-XXXXXX";

	*state = mkdtemp(folder);
	return *state ? chdir(folder) : -1;
}

static inline int leave_folder(void **state)
{
	sl_options_free(&spec, &conf);
	sl_list_free(&operands);
	unlink("selat.yaml");
	unlink("out");
	return chdir("/") || rmdir(*state);
}

#endif
