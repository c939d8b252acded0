/* The subcommands of selat-rules: a file each. argv[0] is the subcommand's name. Each returns an
 * exit status (0 fine, 1 failed, 2 wrong usage, 3 part of the input was unreadable), or a negative
 * code with a sentence for main to print. */
#ifndef SELAT_RULES_COMMAND_H
#define SELAT_RULES_COMMAND_H

#include <selat/err.h>

typedef int sl_rules_command(int argc, char **argv, struct sl_err *err);

sl_rules_command sl_rules_lint, sl_rules_compile, sl_rules_show, sl_rules_diff, sl_rules_test,
	sl_rules_import, sl_rules_export, sl_rules_cost;

#endif
