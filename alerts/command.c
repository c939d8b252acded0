/* What all subcommands end with. */
#include "alerts/command.h"

#include <selat/log.h>
#include <stdio.h>
#include <string.h>

int sl_command_fail(const char *command, int code, const struct sl_err *err)
{
	const enum sl_level level = code == SL_EPARTIAL ? SL_WARN : SL_ERROR;
	for (const char *line = err->text; *line;) {
		int len = (int)strcspn(line, "\n");
		sl_log(level, command, "%.*s", len, line);
		line += len + (line[len] == '\n');
	}
	return sl_exit_status(code);
}
