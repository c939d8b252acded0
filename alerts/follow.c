/* `selat-alerts follow`: prints alerts as they arrive.
 *
 * Invariants: an alert is printed once (its id is remembered, within a window); bytes that are no
 * alert are counted, never printed, never fatal. Signals are blocked and looked for between
 * messages, so that none arrives in the middle of a row. One thread. */
#include "alerts/alert.h"
#include "alerts/command.h"
#include "alerts/screen.h"
#include "alerts/seen.h"
#include "alerts/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <poll.h>
#include <selat/kafka.h>
#include <selat/log.h>
#include <selat/options.h>
#include <selat/time.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	IDS = 1 << 16,        /* remembered, to drop repeats */
	INDICATORS = 1 << 20, /* remembered, to count distinct ones */
	POLL_MS = 100,
	SAY_EVERY_MS = 10000,
};

struct follow_options {
	char *topic, *broker, *from;
	uint64_t count, idle_s; /* 0: no end */
	bool json, summary;
	struct sl_map kafka;
};

struct follow {
	const struct follow_options *options;
	struct sl_consumer *consumer;
	struct sl_seen *ids, *indicators; /* the second only with --summary */
	struct sl_summary summary;
	struct sl_pace pace; /* of talk about what is unreadable */
	struct sl_screen_look look;
	sigset_t signals;
	uint64_t new_ms; /* when something new came last */
	bool unflushed;
	bool left; /* whoever read our output: `| head` is no failure */
};

#define AT(member) offsetof(struct follow_options, member)

static const char *const from_choices[] = { "end", "beginning", NULL };

static const struct sl_option table[] = {
	{ .name = "topic",
	  .letter = 't',
	  .type = SL_OPT_TEXT,
	  .offset = AT(topic),
	  .arg = "TOPIC",
	  .initial = "selat.alerts",
	  .help = "the topic to read" },
	{ .name = "broker",
	  .letter = 'b',
	  .type = SL_OPT_TEXT,
	  .offset = AT(broker),
	  .arg = "ADDRESS",
	  .help = "the Kafka brokers, instead of kafka.bootstrap.servers; without either, the "
		  "embedded broker that runs on this machine" },
	{ .name = "from",
	  .type = SL_OPT_TEXT,
	  .offset = AT(from),
	  .choices = from_choices,
	  .initial = "end",
	  .help = "where to begin: with what is still there, or with what comes next" },
	{ .name = "count",
	  .letter = 'n',
	  .type = SL_OPT_U64,
	  .offset = AT(count),
	  .arg = "N",
	  .max = UINT64_MAX,
	  .help = "end after N alerts; 0 is never" },
	{ .name = "idle",
	  .type = SL_OPT_U64,
	  .offset = AT(idle_s),
	  .arg = "SECONDS",
	  .max = 366 * 86400,
	  .help = "end when nothing new came for so long; 0 is never" },
	{ .name = "json",
	  .type = SL_OPT_FLAG,
	  .offset = AT(json),
	  .help = "print each alert's JSON, one a line" },
	{ .name = "summary",
	  .type = SL_OPT_FLAG,
	  .offset = AT(summary),
	  .help = "at the end print on stderr how many alerts there were and how long they took" },
	{ .section = "kafka",
	  .type = SL_OPT_MAP,
	  .offset = AT(kafka),
	  .help = "settings for librdkafka, as they are: bootstrap.servers, security.protocol …" },
};

static const struct sl_options spec = {
	.program = "selat-alerts follow",
	.synopsis = "[OPTION…]",
	.about = "Prints alerts as they arrive over Kafka: a table, in colours on a terminal. An "
		 "alert "
		 "that arrives twice is printed once.",
	.table = table,
	.n = sizeof table / sizeof table[0],
	.epilog = "Ends on SIGINT or SIGTERM with exit status 0; with --count or --idle, 3 if some "
		  "records were no alerts.\n"
		  "The embedded broker keeps 5 MiB a topic and forgets the oldest without a word: "
		  "start following before the sensor publishes.\n",
};

static int begin(struct follow *f, const struct follow_options *o, struct sl_err *err)
{
	enum sl_from from = strcmp(o->from, "end") == 0 ? SL_FROM_END : SL_FROM_BEGINNING;
	f->ids = sl_seen_new(IDS);
	f->indicators = o->summary ? sl_seen_new(INDICATORS) : NULL;
	if (!f->ids || (o->summary && !f->indicators))
		return sl_fail(err, SL_ENOMEM, "out of memory");
	int rc = sl_kafka_check(&o->kafka, err);
	if (!rc)
		rc = sl_consumer_new(&f->consumer, &o->kafka, o->broker, o->topic, from, err);
	if (rc)
		return rc;
	sl_log(SL_INFO, NULL, "following %s at %s from the %s", o->topic,
	       sl_consumer_servers(f->consumer), o->from);
	f->new_ms = sl_time_mono_ms();
	if (!o->json) {
		f->look = sl_screen_look_of_stdout();
		sl_screen_header(stdout, &f->look);
		f->unflushed = true;
	}
	return SL_OK;
}

static void take_unreadable(struct follow *f, const struct sl_message *m, const struct sl_err *why)
{
	uint64_t held;
	f->summary.unreadable++;
	if (!sl_pace_pass(&f->pace, SAY_EVERY_MS, &held))
		return;
	sl_log(SL_WARN, NULL,
	       "%s, partition %" PRId32 ", offset %" PRId64 " is no alert and is skipped: %s",
	       m->topic, m->partition, m->offset, why->text);
	if (held)
		sl_log(SL_WARN, NULL, "%s: so were %" PRIu64 " more before it", m->topic, held);
}

static void count_alert(struct follow *f, const struct sl_alert *a)
{
	uint64_t now_ns = sl_time_now();
	f->summary.alerts++;
	f->new_ms = sl_time_mono_ms();
	if (f->indicators && sl_seen_add(f->indicators, a->pack, a->indicator))
		f->summary.indicators++;
	if (a->observed_ns) /* clocks differ between machines: never below zero */
		sl_delays_add(&f->summary.delays,
			      now_ns > a->observed_ns ? (now_ns - a->observed_ns) / 1000 : 0);
}

static void take(struct follow *f, const struct sl_message *m)
{
	struct sl_alert a;
	struct sl_err why;
	if (sl_alert_parse(&a, m->value, &why)) {
		take_unreadable(f, m, &why);
		return;
	}
	if (!sl_seen_add(f->ids, a.id, sl_span_of("", 0))) {
		f->summary.repeats++;
	} else {
		count_alert(f, &a);
		if (f->options->json)
			sl_alert_print_json(stdout, m->value);
		else
			sl_screen_row(stdout, &f->look, &a);
		f->unflushed = true;
	}
	sl_alert_fini(&a);
}

/* A pipe nobody reads any more, or a terminal that is gone; asked for also while nothing comes. */
static bool reader_left(void)
{
	struct pollfd reader = { .fd = STDOUT_FILENO };
	return poll(&reader, 1, 0) > 0 && (reader.revents & POLLERR);
}

/* Rows go out when there is nothing more to read: at once in a trickle, in blocks in a flood. */
static int flush(struct follow *f, struct sl_err *err)
{
	f->unflushed = false;
	f->look = sl_screen_look_of_stdout(); /* the window may have another size now */
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return SL_OK;
	int why = errno ? errno : EIO;
	f->left = reader_left();
	return f->left ? SL_OK : sl_fail(err, SL_EFAIL, "standard output: %s", strerror(why));
}

static bool is_over(const struct follow *f)
{
	const struct follow_options *o = f->options;
	return (o->count && f->summary.alerts >= o->count) ||
	       (o->idle_s && sl_time_mono_ms() - f->new_ms >= o->idle_s * 1000);
}

static bool is_told_to_end(const struct follow *f)
{
	const struct timespec now = { 0 };
	return sigtimedwait(&f->signals, NULL, &now) > 0;
}

static int run(struct follow *f, struct sl_err *err)
{
	struct sl_message m;
	int rc = SL_OK;
	while (rc == SL_OK && !f->left && !is_told_to_end(f)) {
		if (is_over(f))
			return f->summary.unreadable ? SL_EPARTIAL : SL_OK;
		rc = sl_consumer_poll(f->consumer, f->unflushed ? 0 : POLL_MS, &m, err);
		if (rc == 1) {
			take(f, &m);
			rc = ferror(stdout) ? flush(f, err) : SL_OK;
		} else if (rc == 0 && f->unflushed) {
			rc = flush(f, err);
		} else if (rc == 0) {
			f->left = reader_left();
		}
	}
	return rc;
}

static int follow(const struct follow_options *o, struct sl_err *err)
{
	struct follow f = { .options = o };
	sigemptyset(&f.signals);
	sigaddset(&f.signals, SIGINT);
	sigaddset(&f.signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &f.signals, NULL); /* before librdkafka starts its threads */
	signal(SIGPIPE, SIG_IGN);                 /* a reader that leaves is a write error */

	int rc = begin(&f, o, err);
	bool begun = rc == SL_OK;
	if (begun)
		rc = run(&f, err);
	if (begun && f.unflushed && rc != SL_EFAIL)
		rc = flush(&f, err) ? SL_EFAIL : rc;
	if (begun && o->summary)
		sl_summary_print(stderr, &f.summary, o->json);
	sl_consumer_free(f.consumer);
	sl_seen_free(f.ids);
	sl_seen_free(f.indicators);
	return rc;
}

int sl_follow_main(int argc, char **argv)
{
	struct follow_options options;
	struct sl_err err = { "" };
	setlocale(LC_CTYPE, "C.UTF-8"); /* for wcwidth; the text is UTF-8 whatever the locale */
	int rc = sl_options_read(&spec, NULL, argc, argv, &options, NULL, &err);
	if (rc == SL_OPTIONS_GO) {
		rc = follow(&options, &err);
		if (rc == SL_EPARTIAL)
			sl_fail(&err, rc, "some records were no alerts");
	}
	sl_options_free(&spec, &options);
	return rc < 0 ? sl_command_fail("follow", rc, &err) : 0;
}
