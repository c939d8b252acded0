/* ThreadSanitizer does not know the C11 threads that librdkafka starts, and crashes in them. Under
 * it they become POSIX threads, and what happens inside the library, which was not built with it,
 * is left out. */
#ifndef SELAT_TEST_TSAN_KAFKA_H
#define SELAT_TEST_TSAN_KAFKA_H

#if defined(__SANITIZE_THREAD__)
#define SELAT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SELAT_TSAN 1
#endif
#endif

#ifdef SELAT_TSAN
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

struct tsan_start {
	thrd_start_t run;
	void *arg;
};

static void *tsan_run(void *arg)
{
	struct tsan_start start = *(struct tsan_start *)arg;
	free(arg);
	return (void *)(intptr_t)start.run(start.arg);
}

int thrd_create(thrd_t *out, thrd_start_t run, void *arg)
{
	struct tsan_start *start = malloc(sizeof *start);
	if (!start)
		return thrd_nomem;
	*start = (struct tsan_start){ run, arg };
	return pthread_create(out, NULL, tsan_run, start) == 0 ? thrd_success : thrd_error;
}

int thrd_join(thrd_t thread, int *result)
{
	void *value;
	if (pthread_join(thread, &value) != 0)
		return thrd_error;
	if (result)
		*result = (int)(intptr_t)value;
	return thrd_success;
}

const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "called_from_lib:librdkafka\n";
}
#endif
#endif
