/* What `selat-rules lint` warns of. Each check adds its warnings through sl_lint_warn, which knows
 * what the user allowed, and what they want to be an error. For lint*.c. */
#ifndef SELAT_RULES_LINT_H
#define SELAT_RULES_LINT_H

#include <rules/pack.h>
#include <rules/warnlist.h>

#define SL_LINT_CODES(X)                                                                           \
	X(TOO_SHORT, "too-short", "nothing to look for has 3 bytes or more: matches everywhere")   \
	X(TOO_COMMON, "too-common", "all it looks for is in most traffic of that protocol")        \
	X(FLOOD, "flood", "runs of one byte, one or two bytes in a stream, an unbounded .*")       \
	X(SLOW_REGEX, "slow-regex", "an expression that PCRE2 has to try on every value")          \
	X(WARNING_LIST, "warning-list",                                                            \
	  "a public resolver, a cloud's or CDN's domain, a top site")                              \
	X(PRIVATE_ADDRESS, "private-address", "private, multicast or otherwise special addresses") \
	X(DOCUMENTATION, "documentation",                                                          \
	  "addresses and names that are set aside for documentation")                              \
	X(PUBLIC_SUFFIX, "public-suffix", "a domain like co.uk, with everybody's names below it")  \
	X(DUPLICATE, "duplicate",                                                                  \
	  "another indicator, of this pack or another, looks for the same")                        \
	X(EXPIRED, "expired", "valid_until has passed: it will not match")                         \
	X(NO_EXPIRY, "no-expiry", "it never expires (told with --strict alone)")                   \
	X(UNSET_MARK, "unset-mark", "asks for a mark that no indicator of the pack sets")          \
	X(UNUSED_MARK, "unused-mark", "sets a mark that no indicator of the pack asks for")        \
	X(NO_EFFECT, "no-effect", "silent, and neither marks nor passes: nobody would know")       \
	X(EMPTY, "empty", "a pack without indicators, or all of them are off")                     \
	X(NEVER, "never", "cannot hold, as a hash in upper case or a field of another protocol")

enum sl_lint_code {
#define X(id, name, help) SL_LINT_##id,
	SL_LINT_CODES(X)
#undef X
		SL_LINT_COUNT
};

enum sl_lint_level { SL_LINT_TELL, SL_LINT_ALLOW, SL_LINT_DENY };

struct sl_lint {
	struct sl_problems *problems;
	const struct sl_warnlist *known;
	enum sl_lint_level level[SL_LINT_COUNT];
	int64_t now;   /* seconds since 1970 */
	size_t denied; /* warnings that count as errors */
};

/* keys: the way to the place, as in struct sl_problem. */
void sl_lint_warn(struct sl_lint *lint, const struct sl_pack *pack, size_t indicator,
		  const char *keys, enum sl_lint_code code, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* The checks of one indicator, and those of all packs. */
void sl_lint_patterns(struct sl_lint *lint, const struct sl_pack *pack, size_t indicator);
void sl_lint_values(struct sl_lint *lint, const struct sl_pack *pack, size_t indicator);
void sl_lint_never(struct sl_lint *lint, const struct sl_pack *pack, size_t indicator);
void sl_lint_marks(struct sl_lint *lint, const struct sl_pack *pack);
void sl_lint_duplicates(struct sl_lint *lint, const struct sl_packs *packs);

#endif
