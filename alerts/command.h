/* The subcommands of selat-alerts: each takes its own arguments (argv[0] is its name) and returns
 * the process's exit status. */
#ifndef SELAT_ALERTS_COMMAND_H
#define SELAT_ALERTS_COMMAND_H

#include <selat/err.h>

int sl_follow_main(int argc, char **argv);

/* Prints what failed, each of its lines as one of the log; returns the exit status. */
int sl_command_fail(const char *command, int code, const struct sl_err *err);

#endif
