/* A broker that comes late, and one that is started with the publisher. */
#include "feed.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

/* --- a broker that comes late: a port that first refuses, then leads to the broker --- */

struct door {
	int listener, stop[2];
	char address[64];
	pthread_t thread;
};

static void copy_both_ways(int a, int b, int stop)
{
	char bytes[65536];
	struct pollfd wait[] = { { .fd = a, .events = POLLIN },
				 { .fd = b, .events = POLLIN },
				 { .fd = stop, .events = POLLIN } };

	while (poll(wait, 3, -1) > 0 && !wait[2].revents)
		for (int i = 0; i < 2; i++) {
			if (!wait[i].revents)
				continue;
			ssize_t n = read(wait[i].fd, bytes, sizeof bytes);
			if (n <= 0 || write(wait[1 - i].fd, bytes, (size_t)n) != n)
				return;
		}
}

static int connect_to(const char *address)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)atoi(strchr(address, ':') + 1)),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

static void *door_main(void *arg)
{
	struct door *d = arg;

	for (;;) {
		struct pollfd wait[] = { { .fd = d->listener, .events = POLLIN },
					 { .fd = d->stop[0], .events = POLLIN } };
		poll(wait, 2, -1);
		if (wait[1].revents)
			return NULL;
		int in = accept(d->listener, NULL, NULL),
		    out = connect_to(sl_broker_address(broker));
		copy_both_ways(in, out, d->stop[0]);
		close(in);
		close(out);
	}
}

static void door_init(struct door *d)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;

	d->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(d->listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(getsockname(d->listener, (struct sockaddr *)&at, &len), 0);
	snprintf(d->address, sizeof d->address, "127.0.0.1:%d", ntohs(at.sin_port));
	assert_int_equal(pipe(d->stop), 0);
}

static void door_open(struct door *d)
{
	assert_int_equal(listen(d->listener, 8), 0);
	assert_int_equal(pthread_create(&d->thread, NULL, door_main, d), 0);
}

static void door_close(struct door *d)
{
	assert_int_equal(write(d->stop[1], "x", 1), 1);
	pthread_join(d->thread, NULL);
	close(d->listener);
	close(d->stop[0]);
	close(d->stop[1]);
}

static void broker_comes_late(void **state)
{
	(void)state;
	struct setup s;
	struct door door;
	char folder[64], log[96], words[160];

	fixture_folder(folder);
	snprintf(log, sizeof log, "%s/log", folder);
	int saved = dup(STDERR_FILENO), fd = open(log, O_CREAT | O_RDWR, 0600);
	dup2(fd, STDERR_FILENO);
	door_init(&door);
	setup_init(&s, folder, door.address, "late");
	struct sl_publisher *p = begin(&s.config);
	put_matches(p, 100);
	usleep(1000000);
	assert_int_equal(count_of(p, SL_COUNT_DELIVERED), 0);
	door_open(&door);
	end(p, 15000);
	assert_int_equal(count_of(p, SL_COUNT_DELIVERED), 150);
	sl_publisher_free(p);
	door_close(&door);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);

	char *text = fixture_read(log, NULL);
	snprintf(words, sizeof words, "alerts wait in %s/journal", folder);
	char *first = strstr(text, "kafka: route national: ");
	assert_non_null(first);
	assert_non_null(strstr(first, words));
	char *back = strstr(first, "kafka: route national: delivering again");
	assert_non_null(back);
	assert_null(strstr(back + 8, "route national: ")); /* two lines of it in all */
	free(text);
	fixture_folder_end(folder);
}

static void embedded_broker_is_started(void **state)
{
	(void)state;
	struct setup s;
	struct sl_publisher *p;
	struct sl_err err = { "" };
	char folder[64];

	fixture_folder(folder);
	setup_init(&s, folder, "embedded", "x");
	s.routes_map.n = 0;
	assert_int_equal(sl_publisher_new(&p, &s.config, &err), SL_OK);
	assert_non_null(sl_publisher_broker(p));
	assert_int_equal(sl_publisher_start(p, &err), SL_OK);
	put_matches(p, 20);
	while (count_of(p, SL_COUNT_DELIVERED) < 20)
		usleep(10000);
	struct seen *trial = read_topic(sl_publisher_broker(p), "selat.alerts", "trial", 20);
	assert_int_equal(trial->n, 20);
	seen_free(trial);
	end(p, 1000);
	sl_publisher_free(p);
	fixture_folder_end(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broker_comes_late),
		cmocka_unit_test(embedded_broker_is_started),
	};
	return cmocka_run_group_tests(tests, start_broker, stop_broker);
}
