/* selat-rules: the rule author's program. A table of subcommands; each has its own file. */
#include <rules/command.h>

#include <hs_compile.h>
#include <jansson.h>
#include <selat/log.h>
#include <selat/options.h>
#include <selat/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	sl_rules_command *run;
	const char *help;
} commands[] = {
	{ "lint", sl_rules_lint, "check packs, and say what is wrong with file, line and column" },
	{ "compile", sl_rules_compile, "compile packs to the ruleset file a sensor loads" },
	{ "show", sl_rules_show, "show what is in a pack or in a ruleset file" },
	{ "diff", sl_rules_diff, "say what changed from one version of a pack to another" },
	{ "cost", sl_rules_cost, "say what each pattern costs a sensor" },
	{ "test", sl_rules_test, "show what a pack finds in captures" },
	{ "import", sl_rules_import, "make a pack of others' rules and lists" },
	{ "export", sl_rules_export, "write packs as STIX, MISP, Zeek intel or CSV" },
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void version_print(void)
{
	printf("selat-rules %s (Hyperscan %s, jansson %s)\n", SELAT_VERSION, hs_version(),
	       jansson_version_str());
}

static void help_print(void)
{
	printf("Usage: selat-rules COMMAND [OPTION…] …\n\n"
	       "Write, check, try and compile packs of indicators.\n\nCommands:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-10s%s\n", commands[i].name, commands[i].help);
	printf("\nOptions:\n"
	       "  --help    print this; after a command, print the command's own\n"
	       "  --version print the versions of this program and its libraries\n\n"
	       "Exit status: 0 fine, 1 failed, 2 wrong usage, 3 part of the input was "
	       "unreadable.\n");
}

static int command_unknown(const char *name, struct sl_err *err)
{
	const char *names[COMMANDS + 1] = { NULL };
	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	const char *nearest = sl_text_nearest(name, names);
	if (nearest)
		return sl_fail(err, SL_EUSAGE, "unknown command \"%s\", did you mean \"%s\"?", name,
			       nearest);
	return sl_fail(err, SL_EUSAGE, "unknown command \"%s\"; selat-rules --help lists them",
		       name);
}

static int command_run(int argc, char **argv, struct sl_err *err)
{
	if (argc < 2)
		return sl_fail(err, SL_EUSAGE, "name a command; selat-rules --help lists them");
	if (strcmp(argv[1], "--help") == 0) {
		help_print();
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		version_print();
		return 0;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].run(argc - 1, argv + 1, err);
	return command_unknown(argv[1], err);
}

int main(int argc, char **argv)
{
	struct sl_err err = { "" };
	sl_log_name("selat-rules");
	sl_options_version(version_print);
	int rc = command_run(argc, argv, &err);
	if (rc < 0) {
		sl_log(SL_ERROR, NULL, "%s", err.text);
		rc = sl_exit_status(rc);
	}
	if (fflush(stdout) != 0 && rc == 0) {
		sl_log(SL_ERROR, NULL, "cannot write to standard output");
		rc = EXIT_FAILURE;
	}
	return rc;
}
