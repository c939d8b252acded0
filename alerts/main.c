/* selat-alerts, the CERT's program: finds the subcommand and hands over. */
#include "alerts/command.h"

#include <jansson.h>
#include <selat/kafka.h>
#include <selat/log.h>
#include <selat/options.h>
#include <selat/text.h>
#include <stdio.h>
#include <string.h>

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
};

static const struct command commands[] = {
	{ "follow", sl_follow_main, "print alerts as they arrive over Kafka" },
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_version(void)
{
	printf("selat-alerts %s (librdkafka %s, jansson %s)\n", SELAT_VERSION, sl_kafka_version(),
	       jansson_version_str());
}

static void print_help(void)
{
	puts("Usage: selat-alerts COMMAND [OPTION…]\n\n"
	     "Reads what the sensors publish.\n\nCommands:");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].help);
	puts("\nOptions:\n"
	     "  --help     print this, or after a command its options\n"
	     "  --version  print the version, and those of the libraries\n\n"
	     "Exit status: 0 fine; 1 failed; 2 wrong usage or configuration; 3 done, but part of "
	     "the\n"
	     "input was unreadable.");
}

static int fail_unknown(const char *word)
{
	const char *names[COMMANDS + 1] = { NULL };
	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	const char *near = sl_text_nearest(word, names);
	sl_log(SL_ERROR, NULL, "unknown command \"%s\"%s%s%s; see selat-alerts --help", word,
	       near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return 2;
}

int main(int argc, char **argv)
{
	sl_log_name("selat-alerts");
	sl_options_version(print_version);
	if (argc < 2) {
		sl_log(SL_ERROR, NULL, "a command is missing; see selat-alerts --help");
		return 2;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		print_help();
	else if (strcmp(argv[1], "--version") == 0)
		print_version();
	else
		return fail_unknown(argv[1]);
	return 0;
}
