/* The in-process broker, for trials: librdkafka's mock cluster of one, and the file that tells the
 * other programs its address.
 *
 * Invariants: the address file is complete whenever it is there (rename), and only the broker whose
 * address it holds removes it. What is read from the file is checked: anybody may have written it.
 * Threads: the cluster runs in librdkafka's own; start and free belong to one thread. */
#include "common/kafka_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <librdkafka/rdkafka_mock.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ADDRESS_MAX = 127 };

struct sl_broker {
	rd_kafka_t *rk; /* the mock cluster's book-keeper */
	rd_kafka_mock_cluster_t *cluster;
	char file[PATH_MAX]; /* "" until written */
};

static const char system_file[] = "/run/selat/broker";

/* The user's own place; false if the session has none (XDG_RUNTIME_DIR unset or not absolute). */
static bool user_file(char *out, size_t room)
{
	const char *base = getenv("XDG_RUNTIME_DIR");
	if (!base || base[0] != '/')
		return false;
	int n = snprintf(out, room, "%s/selat/broker", base);
	return n > 0 && (size_t)n < room;
}

static int make_folder(const char *file, struct sl_err *err)
{
	char folder[PATH_MAX];
	snprintf(folder, sizeof folder, "%s", file);
	*strrchr(folder, '/') = '\0';
	if (mkdir(folder, 0755) == 0 || errno == EEXIST)
		return SL_OK;
	return sl_fail(err, SL_EFAIL,
		       "%s: cannot create the folder for the embedded broker's address: %s; set "
		       "XDG_RUNTIME_DIR to a folder that can be written",
		       folder, strerror(errno));
}

static int write_file(const char *file, const char *address, struct sl_err *err)
{
	char draft[PATH_MAX + 32], line[ADDRESS_MAX + 2];
	int len = snprintf(line, sizeof line, "%s\n", address);
	snprintf(draft, sizeof draft, "%s.%ld", file, (long)getpid());
	unlink(draft);
	int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	bool ok = fd >= 0 && write(fd, line, (size_t)len) == len;
	int why = errno;
	if (fd >= 0)
		close(fd);
	if (ok && rename(draft, file) == 0)
		return SL_OK;
	if (ok)
		why = errno;
	unlink(draft);
	return sl_fail(err, SL_EFAIL, "%s: cannot write the embedded broker's address: %s", file,
		       strerror(why));
}

/* Host and port and nothing else: the text is printed, and given to librdkafka as a server list. */
static bool is_address(const char *s)
{
	const char *colon = strrchr(s, ':');
	size_t len = strlen(s);
	return colon && colon > s && colon[1] && len <= ADDRESS_MAX &&
	       strspn(colon + 1, "0123456789") == strlen(colon + 1) &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:") ==
		       len;
}

/* 0, or an errno; EINVAL if the file holds no address. */
static int read_file(const char *file, char address[ADDRESS_MAX + 1])
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno;
	ssize_t n = read(fd, address, ADDRESS_MAX);
	int why = n < 0 ? errno : 0;
	close(fd);
	address[n > 0 ? n : 0] = '\0';
	address[strcspn(address, "\n")] = '\0';
	return why ? why : is_address(address) ? 0 : EINVAL;
}

int sl_broker_find(char *servers, size_t room, struct sl_err *err)
{
	char place[2][PATH_MAX], address[ADDRESS_MAX + 1];
	size_t n = 0;
	if (user_file(place[n], sizeof place[n]))
		n++;
	snprintf(place[n++], sizeof place[0], "%s", system_file);

	for (size_t i = 0; i < n; i++) {
		int why = read_file(place[i], address);
		if (why == 0 && snprintf(servers, room, "%s", address) < (int)room)
			return SL_OK;
		if (why == EINVAL)
			return sl_fail(err, SL_EFORMAT,
				       "%s: no address of a broker in it: remove it, or name the "
				       "broker with bootstrap.servers",
				       place[i]);
		if (why && why != ENOENT && why != ENOTDIR)
			return sl_fail(err, SL_EFAIL, "%s: %s", place[i], strerror(why));
	}
	return sl_fail(err, SL_EFAIL,
		       "no embedded broker is running (%s%s%s is not there): start one with "
		       "`selat-sensor -s kafka.bootstrap.servers=embedded …`, or name a broker",
		       place[0], n > 1 ? " or " : "", n > 1 ? place[1] : "");
}

static int start_cluster(struct sl_broker *b, const char *const *topics, struct sl_err *err)
{
	rd_kafka_conf_t *conf;
	int rc = sl_kafka_conf(&conf, NULL, "", SL_KAFKA_CONSUMER, err);
	if (!rc)
		rc = sl_kafka_open(&b->rk, conf, SL_KAFKA_CONSUMER, err);
	if (rc)
		return rc;
	b->cluster = rd_kafka_mock_cluster_new(b->rk, 1);
	if (!b->cluster)
		return sl_fail(err, SL_EFAIL,
			       "the embedded broker does not start: no loopback port");
	for (size_t i = 0; topics && topics[i]; i++) {
		rd_kafka_resp_err_t why = rd_kafka_mock_topic_create(b->cluster, topics[i], 1, 1);
		if (why && why != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
			return sl_fail(err, SL_EFAIL, "the embedded broker's topic %s: %s",
				       topics[i], rd_kafka_err2str(why));
	}
	return SL_OK;
}

static int leave_address(struct sl_broker *b, struct sl_err *err)
{
	char file[PATH_MAX];
	if (!user_file(file, sizeof file))
		snprintf(file, sizeof file, "%s", system_file);
	int rc = make_folder(file, err);
	if (!rc)
		rc = write_file(file, sl_broker_address(b), err);
	if (!rc)
		memcpy(b->file, file, sizeof file);
	return rc;
}

int sl_broker_start(struct sl_broker **out, const char *const *topics, struct sl_err *err)
{
	struct sl_broker *b = calloc(1, sizeof *b);
	if (!b)
		return sl_fail(err, SL_ENOMEM, "the embedded broker: out of memory");
	int rc = start_cluster(b, topics, err);
	if (!rc)
		rc = leave_address(b, err);
	if (rc) {
		sl_broker_free(b);
		return rc;
	}
	*out = b;
	return SL_OK;
}

const char *sl_broker_address(const struct sl_broker *b)
{
	return rd_kafka_mock_cluster_bootstraps(b->cluster);
}

const char *sl_broker_file(const struct sl_broker *b)
{
	return b->file;
}

void sl_broker_free(struct sl_broker *b)
{
	char address[ADDRESS_MAX + 1];
	if (!b)
		return;
	if (b->file[0] && read_file(b->file, address) == 0 &&
	    strcmp(address, sl_broker_address(b)) == 0)
		unlink(b->file);
	if (b->cluster)
		rd_kafka_mock_cluster_destroy(b->cluster);
	if (b->rk)
		rd_kafka_destroy(b->rk);
	free(b);
}
