/* `selat-rules show`: the indicators of a pack as a table, or what a ruleset file holds. */
#include <rules/command.h>
#include <rules/show.h>

#include <errno.h>
#include <fcntl.h>
#include <selat/options.h>
#include <selat/ruleset.h>
#include <string.h>
#include <unistd.h>

struct show_options {
	bool json;
};

static const struct sl_option rows[] = {
	{ .name = "json",
	  .type = SL_OPT_FLAG,
	  .offset = offsetof(struct show_options, json),
	  .help = "print it as JSON" },
};

static const struct sl_options spec = {
	.program = "selat-rules show",
	.synopsis = "[OPTION…] PACK|RULESET",
	.about = "Shows the indicators of a pack, or the header, packs and sections of a ruleset.",
	.table = rows,
	.n = sizeof rows / sizeof rows[0],
	.epilog = "Exit status: 0 shown, 1 it is neither, or has errors, 2 wrong usage.",
	.operands = true,
};

/* Negative: it cannot be read. */
static int is_ruleset(const char *path, struct sl_err *err)
{
	char magic[8] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sl_fail(err, SL_EFAIL, "%s: %s", path, strerror(errno));
	ssize_t n = read(fd, magic, sizeof magic);
	close(fd);
	return n == (ssize_t)sizeof magic && memcmp(magic, SL_RULESET_MAGIC, sizeof magic) == 0;
}

static int show_any(const char *path, bool json, struct sl_err *err)
{
	int ruleset = is_ruleset(path, err);
	if (ruleset < 0)
		return ruleset;
	return ruleset ? sl_show_ruleset(path, json, err) : sl_show_pack(path, json, err);
}

int sl_rules_show(int argc, char **argv, struct sl_err *err)
{
	struct show_options options = { 0 };
	struct sl_list files = { 0 };
	int rc = sl_options_read(&spec, NULL, argc, argv, &options, &files, err);
	if (rc == SL_OPTIONS_DONE)
		rc = 0;
	else if (rc == SL_OPTIONS_GO && files.n != 1)
		rc = sl_fail(err, SL_EUSAGE, "name one pack or ruleset to show");
	else if (rc == SL_OPTIONS_GO)
		rc = show_any(files.item[0], options.json, err);
	sl_list_free(&files);
	sl_options_free(&spec, &options);
	return rc;
}
