/* The log: one line, one write(2). A line has at most PIPE_BUF bytes, so that lines of several
 * threads and programs on one pipe do not mix. What stderr is gets asked for each line: log lines
 * are rare, and the answer changes when stderr is redirected. The two settings below are written
 * once at start, before there are threads. */
#include <selat/log.h>

#include <selat/text.h>
#include <selat/time.h>

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static enum sl_level level_most = SL_INFO;
static const char *program_name;

/* Where lines go decides how they look. */
enum look { LOOK_PLAIN, LOOK_COLOUR, LOOK_JOURNAL };

struct line {
	char text[PIPE_BUF];
	size_t len;
};

void sl_log_level(enum sl_level most)
{
	level_most = most;
}

void sl_log_name(const char *program)
{
	program_name = program;
}

/* systemd names the journal's socket by device and inode. A child whose stderr is something else
 * inherits the variable too, so the numbers are compared. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	char *end;
	unsigned long long device = strtoull(stream, &end, 10);
	if (end == stream || *end != ':')
		return false;
	return device == st.st_dev && strtoull(end + 1, NULL, 10) == st.st_ino;
}

static enum look look_of_stderr(void)
{
	if (is_journal())
		return LOOK_JOURNAL;
	const char *no_color = getenv("NO_COLOR");
	if ((no_color && *no_color) || !isatty(STDERR_FILENO))
		return LOOK_PLAIN;
	return LOOK_COLOUR;
}

static const char *level_word(enum sl_level level)
{
	switch (level) {
	case SL_ERROR:
		return "error";
	case SL_WARN:
		return "warning";
	case SL_DEBUG:
		return "debug";
	case SL_INFO:
		break;
	}
	return NULL;
}

static const char *level_colour(enum sl_level level)
{
	return level == SL_ERROR ? "\033[1;31m" : level == SL_WARN ? "\033[33m" : "\033[2m";
}

/* Leaves room for the newline. */
static void line_add(struct line *line, const char *text, bool shown)
{
	size_t room = sizeof(line->text) - 1 - line->len;
	if (shown)
		line->len += sl_text_escape(line->text + line->len, room, sl_span_str(text), true);
	else
		line->len += (size_t)snprintf(line->text + line->len, room, "%s", text);
}

/* The name of the program or the module, and its colon. */
static void line_add_name(struct line *line, const char *name)
{
	if (!name)
		return;
	char text[64];
	snprintf(text, sizeof(text), "%s: ", name);
	line_add(line, text, true);
}

static void line_add_level(struct line *line, enum sl_level level, enum look look)
{
	const char *word = level_word(level);
	if (!word || look == LOOK_JOURNAL) /* there the level is in front of the line */
		return;
	if (look == LOOK_COLOUR)
		line_add(line, level_colour(level), false);
	line_add(line, word, false);
	line_add(line, look == LOOK_COLOUR ? ":\033[0m " : ": ", false);
}

static void line_write(struct line *line)
{
	line->text[line->len++] = '\n';
	while (write(STDERR_FILENO, line->text, line->len) < 0 && errno == EINTR)
		;
}

void sl_log(enum sl_level level, const char *module, const char *fmt, ...)
{
	if (level > level_most)
		return;
	int saved = errno;
	char text[2048];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0)
		text[0] = '\0';

	enum look look = look_of_stderr();
	struct line line = { .len = 0 };
	if (look == LOOK_JOURNAL)
		line.len = (size_t)snprintf(line.text, sizeof(line.text), "<%d>", (int)level);
	line_add_name(&line, program_name);
	line_add_level(&line, level, look);
	line_add_name(&line, module);
	line_add(&line, text, true);
	line_write(&line);
	errno = saved;
}

bool sl_pace_pass(struct sl_pace *pace, uint64_t interval_ms, uint64_t *held)
{
	uint64_t now = sl_time_mono_ms();
	bool pass = now >= pace->next_ms;
	if (!pass)
		pace->held++;
	if (held)
		*held = pace->held;
	if (pass) {
		pace->held = 0;
		pace->next_ms = interval_ms > UINT64_MAX - now ? UINT64_MAX : now + interval_ms;
	}
	return pass;
}
