/* Epochs: ULIDs in Crockford's base32, so that their order as text is their order in time. */
#include "epoch.h"

#include <errno.h>
#include <selat/time.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

enum { TIME_DIGITS = 10 };
#define TIME_MAX ((UINT64_C(1) << 48) - 1)

static uint64_t epoch_ms(const char *text)
{
	uint64_t ms = 0;
	for (int i = 0; i < TIME_DIGITS; i++)
		ms = ms << 5 | (uint64_t)(strchr(digits, text[i]) - digits);
	return ms;
}

bool sl_epoch_valid(const char *text)
{
	if (strlen(text) != SL_EPOCH_LEN || text[0] > '7')
		return false;
	return strspn(text, digits) == SL_EPOCH_LEN;
}

int sl_epoch_new(char out[SL_EPOCH_TEXT], const char *after, struct sl_err *err)
{
	uint8_t noise[16]; /* five bits of each byte */
	if (getrandom(noise, sizeof noise, 0) != (ssize_t)sizeof noise)
		return sl_fail(err, SL_EFAIL, "getrandom: %s", strerror(errno));

	uint64_t ms = sl_time_now() / 1000000;
	if (after && sl_epoch_valid(after) && epoch_ms(after) >= ms)
		ms = epoch_ms(after) + 1;
	if (ms > TIME_MAX)
		return sl_fail(err, SL_EFAIL, "%s: this epoch is the last that can be", after);
	for (int i = TIME_DIGITS - 1; i >= 0; i--, ms >>= 5)
		out[i] = digits[ms & 31];
	for (size_t i = 0; i < sizeof noise; i++)
		out[TIME_DIGITS + i] = digits[noise[i] & 31];
	out[SL_EPOCH_LEN] = '\0';
	return SL_OK;
}
