/* Subcommands run inside a test program. */
#ifndef SELAT_TESTS_RULES_RUN_H
#define SELAT_TESTS_RULES_RUN_H

#include "fixture.h"

#include <rules/command.h>

/* Runs a subcommand with its standard output in the file "out"; returns that. Free it. */
static inline char *run(sl_rules_command *command, int *rc, int argc, ...)
{
	char *argv[8];
	struct sl_err err = { "" };
	size_t size;
	va_list args;
	va_start(args, argc);
	for (int i = 0; i < argc; i++)
		argv[i] = va_arg(args, char *);
	va_end(args);
	argv[argc] = NULL;
	fflush(stdout);
	int kept = dup(STDOUT_FILENO);
	assert_non_null(freopen("out", "w", stdout));
	*rc = command(argc, argv, &err);
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	char *text = file_slurp("out", &size);
	text[size] = '\0';
	return text;
}

#endif
