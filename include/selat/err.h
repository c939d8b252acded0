/* Errors: a code that says what to do, and a sentence for people.
 *
 * A function that can fail returns 0 or a negative enum sl_code and takes a `struct sl_err *` as
 * its last parameter. Who fails describes (sl_fail); who stands at the top prints, once. The
 * sentence names the object (file, line, key) and, where there is one, the way out. */
#ifndef SELAT_ERR_H
#define SELAT_ERR_H

enum sl_code {
	SL_OK = 0,
	SL_EFAIL = -1,    /* it did not work */
	SL_EUSAGE = -2,   /* wrong usage or configuration */
	SL_EPARTIAL = -3, /* done, but part of the input was unreadable */
	SL_EAGAIN = -4,   /* not now: a bounded queue is full; nothing was taken */
	SL_ENOMEM = -5,
	SL_EFORMAT = -6, /* the bytes are not what they should be */
};

struct sl_err {
	char text[1024]; /* one or more lines, without a final newline; "" if nothing failed */
};

/* Writes the sentence (cut at the struct's end) and returns code. err may be NULL. */
int sl_fail(struct sl_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The process exit status for a code: 0 fine, 1 failed, 2 wrong usage, 3 part was unreadable. */
int sl_exit_status(int code);

#endif
