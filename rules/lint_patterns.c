/* Patterns that match too much: short, common, runs of a byte, expressions without a bound. Judged
 * by group: what stands beside something rare in one value is confirmed there, and costs nothing.
 */
#include <rules/expression.h>
#include <rules/lint.h>

#include <ctype.h>
#include <string.h>

enum { SHORT_BELOW = 3, RUN_BELOW = 32 };

/* What is in most traffic of its protocol, in lower case. */
/* clang-format off */
static const char *const common[] = {
	"http/1.1", "http/1.0", "get ", "post ", "head ", "put ", "get", "post", "head", "put",
	"get /", "post /", "get / http/1.1", "host:", "host: ", "user-agent", "user-agent:",
	"user-agent: ", "accept", "accept:", "accept: */*", "accept-encoding", "accept-language",
	"connection", "connection: close", "connection: keep-alive", "content-type",
	"content-type:", "content-length", "content-length:", "cookie:", "set-cookie",
	"set-cookie:", "referer:", "server:", "location:", "date:", "mozilla", "mozilla/",
	"mozilla/5.0", "mozilla/4.0", "mozilla/5.0 (windows nt 10.0", "windows nt", "windows",
	"applewebkit", "gecko", "chrome/", "safari/", "firefox/", "keep-alive", "close", "gzip",
	"deflate", "text/html", "text/plain", "text/css", "application/json",
	"application/octet-stream", "application/x-www-form-urlencoded", "application/javascript",
	"image/png", "image/jpeg", "image/gif", "charset=utf-8", "200 ok", "200", "301", "302",
	"304", "404", "not found", "nginx", "apache", "cloudflare", "http://", "https://", "http",
	"https", "www.", "www", ".com", ".net", ".org", ".php", ".html", ".htm", ".asp", ".aspx",
	".jsp", ".js", ".css", ".png", ".jpg", ".gif", ".exe", "index", "index.php", "index.html",
	"login", "admin", "<html", "<html>", "</html>", "<!doctype html", "<head>", "<body>",
	"<script", "<script>", "</script>", "<?xml", "<div", "id=", "user=", "name=", "noerror",
	"nxdomain", "ssh-2.0-", "ssh-2.0", "openssh", "ehlo ", "ehlo", "helo ", "mail from:",
	"rcpt to:", "quit", "quit\r\n", "220 ", "250 ", "250 ok", "starttls", "user ", "pass ",
	"\r\n", "\r\n\r\n", "\n\n", "h2", "http/1.1\r\n", "\x16\x03\x01", "\x16\x03\x03",
	"\x17\x03\x03", "\x14\x03\x03", "\x16\x03", "\x17\x03", "\x89png", "\x89png\r\n\x1a\n",
	"gif89a", "gif87a", "\xff\xd8\xff", "jfif", "%pdf", "%pdf-", "pk\x03\x04", "mz\x90",
	"\x1f\x8b\x08", "\x7f" "elf", "riff", "ftyp", "bm6", "id3", "rar!",
	"this program cannot be run in dos mode", NULL,
};
/* clang-format on */

static bool is_common(const struct sl_condition *c)
{
	for (size_t i = 0; common[i]; i++) {
		size_t k = 0;
		while (k < c->len && common[i][k] && tolower(c->bytes[k]) == (uint8_t)common[i][k])
			k++;
		if (k == c->len && !common[i][k])
			return true;
	}
	return false;
}

static bool is_literal(const struct sl_condition *c)
{
	return c->op == SL_OP_EQUALS || c->op == SL_OP_CONTAINS || c->op == SL_OP_STARTS ||
	       c->op == SL_OP_ENDS;
}

static bool is_run(const struct sl_condition *c)
{
	for (size_t i = 1; i < c->len; i++)
		if (c->bytes[i] != c->bytes[0])
			return false;
	return c->op != SL_OP_EQUALS && c->len >= SHORT_BELOW && c->len < RUN_BELOW;
}

/* At one place of the value alone. */
static bool is_fixed(const struct sl_condition *c)
{
	const struct sl_position *p = &c->position;
	return c->op == SL_OP_EQUALS || c->op == SL_OP_STARTS || c->op == SL_OP_ENDS ||
	       (p->depth != SL_NOT_GIVEN && p->depth <= (int32_t)c->len + 8);
}

/* Does `where` leave little traffic? */
static bool is_narrow(const struct sl_indicator *ind)
{
	const struct sl_where *w = ind->where;
	return w && (w->ports_n || w->client_ports_n || w->from_ports_n || w->to_ports_n ||
		     w->apps || w->marked_n || w->marked_any_n || w->flags & SL_WHERE_ICMP);
}

struct group {
	size_t first, last; /* conditions [first, last) */
	size_t best;        /* the longest literal that must hold; == last: none */
	size_t bytes;       /* of all such literals */
	bool fixed;
	bool strong; /* an expression or a list, which are judged by themselves */
	bool more;   /* something that is no literal or must not be: the author narrows it down */
};

static struct group group_at(const struct sl_indicator *ind, size_t first)
{
	struct group g = { .first = first, .last = first + 1 };
	while (g.last < ind->conditions && ind->condition[g.last].flags & SL_COND_SAME)
		g.last++;
	g.best = g.last;
	for (size_t i = first; i < g.last; i++) {
		const struct sl_condition *c = &ind->condition[i];
		g.more = g.more || c->flags & SL_COND_NOT || !is_literal(c);
		if (c->flags & SL_COND_NOT)
			continue;
		if (!is_literal(c)) {
			g.strong = g.strong || c->op == SL_OP_REGEX || c->op == SL_OP_IN;
			continue;
		}
		g.bytes += c->len;
		g.fixed = g.fixed || is_fixed(c);
		if (g.best == g.last || c->len > ind->condition[g.best].len)
			g.best = i;
	}
	return g;
}

static const char *keys_of(char out[64], const struct sl_indicator *ind, size_t condition)
{
	snprintf(out, 64, "match\n%zu\n%s\n", condition,
		 sl_condition_key(&ind->condition[condition]));
	return out;
}

static void length_lint(struct sl_lint *lint, const struct sl_pack *pack, size_t index,
			const struct group *g)
{
	const struct sl_indicator *ind = &pack->indicator[index];
	const struct sl_condition *c = &ind->condition[g->best];
	char keys[64];
	if (c->op == SL_OP_EQUALS || c->len >= SHORT_BELOW || g->strong ||
	    (g->fixed && (g->bytes >= SHORT_BELOW || is_narrow(ind))))
		return;
	bool stream = sl_field_info(c->field)->stream && !c->transforms && !g->fixed;
	sl_lint_warn(lint, pack, index, keys_of(keys, ind, g->best),
		     stream ? SL_LINT_FLOOD : SL_LINT_TOO_SHORT,
		     "%s: a pattern of %zu byte%s matches %s; look for 3 or more, or say where",
		     sl_condition_key(c), c->len, c->len == 1 ? "" : "s",
		     stream ? "in nearly every packet" : "nearly everywhere");
}

/* ".*" outside a class, not escaped. */
static const char *star_find(const char *regex)
{
	bool inside = false;
	for (const char *s = regex; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (*s == '[')
			inside = true;
		else if (*s == ']')
			inside = false;
		else if (!inside && *s == '.' && (s[1] == '*' || s[1] == '+'))
			return s;
	}
	return NULL;
}

static void regex_lint(struct sl_lint *lint, const struct sl_pack *pack, size_t index,
		       size_t condition)
{
	const struct sl_condition *c = &pack->indicator[index].condition[condition];
	const char *star = c->op == SL_OP_REGEX ? star_find(c->text) : NULL;
	char keys[64];
	if (!star)
		return;
	keys_of(keys, &pack->indicator[index], condition);
	if (star == c->text && star[1] == '*')
		sl_lint_warn(lint, pack, index, keys, SL_LINT_FLOOD,
			     "regex: \".*\" at the start finds nothing more and costs: drop it");
	else if (star[1] == '*' && !star[2])
		sl_lint_warn(lint, pack, index, keys, SL_LINT_FLOOD,
			     "regex: \".*\" at the end finds nothing more and costs: drop it");
	else if (sl_field_info(c->field)->stream && !c->transforms)
		sl_lint_warn(lint, pack, index, keys, SL_LINT_FLOOD,
			     "regex: \"%.2s\" has no bound, and %s is a stream: bound it, as in "
			     "\".{0,200}\"",
			     star, sl_field_info(c->field)->name);
}

/* Beside a literal in one value it is tried where that is found. */
static void search_lint(struct sl_lint *lint, const struct sl_pack *pack, size_t index,
			const struct group *g)
{
	const struct sl_indicator *ind = &pack->indicator[index];
	char keys[64];
	if (g->best < g->last)
		return;
	for (size_t i = g->first; i < g->last; i++)
		if (ind->condition[i].op == SL_OP_REGEX && ind->condition[i].search == SL_SEARCH_NONE)
			sl_lint_warn(
				lint, pack, index, keys_of(keys, ind, i), SL_LINT_SLOW_REGEX,
				"regex: Hyperscan has nothing to look for in it, so PCRE2 tries it on "
				"every value; add a literal with same: true");
}

void sl_lint_patterns(struct sl_lint *lint, const struct sl_pack *pack, size_t index)
{
	const struct sl_indicator *ind = &pack->indicator[index];
	size_t rare = 0, ordinary = ind->conditions;
	char keys[64];
	for (size_t i = 0; ind->kind == SL_IND_MATCH && i < ind->conditions;) {
		struct group g = group_at(ind, i);
		for (; i < g.last; i++) {
			const struct sl_condition *c = &ind->condition[i];
			regex_lint(lint, pack, index, i);
			if (is_literal(c) && is_run(c) && i == g.best)
				sl_lint_warn(lint, pack, index, keys_of(keys, ind, i),
					     SL_LINT_FLOOD,
					     "%s: a run of %zu bytes that are the same is in "
					     "padding and in "
					     "many files",
					     sl_condition_key(c), c->len);
		}
		search_lint(lint, pack, index, &g);
		if (g.best < g.last)
			length_lint(lint, pack, index, &g);
		bool usual = g.best < g.last && is_common(&ind->condition[g.best]);
		rare += g.more || !usual;
		if (usual && ordinary == ind->conditions)
			ordinary = g.best;
	}
	if (!rare && ordinary < ind->conditions && !ind->silent)
		sl_lint_warn(lint, pack, index, keys_of(keys, ind, ordinary), SL_LINT_TOO_COMMON,
			     "%s: \"%.64s\" is in most traffic of its protocol, and the indicator "
			     "has nothing "
			     "rarer",
			     sl_condition_key(&ind->condition[ordinary]),
			     ind->condition[ordinary].text);
}
