/* The requests of a connection that wait for their responses: how long a response's body is depends on
 * the method (RFC 9112, section 6.3), and its file is named after the target. Bounded. Per worker. */
#include <sensor/inspect/http.h>

enum { ASKED_MOST = 32, NAME_MOST = 255 };

void sl_http_asked_put(struct sl_talk *t, const struct sl_http_head *h)
{
	struct sl_http *http = t->state;
	if (http->blind || sl_pairs_answered(&http->pairs, t->tx))
		return;
	if (http->asked_n == ASKED_MOST) { /* the other side is not seen, or not understood */
		sl_http_asked_clear(t);
		http->blind = true;
		return;
	}
	struct sl_span name = { NULL, 0 };
	if (sl_talk_wants(t, SL_FIELD_FILE_NAME))
		name = sl_http_segment(h->target);
	name.len = name.len < NAME_MOST ? name.len : NAME_MOST;
	struct sl_http_asked *a = sl_hold_take(t->inspect, sizeof *a + name.len);
	if (!a) {
		sl_http_asked_clear(t); /* none is better than the wrong one */
		return;
	}
	a->tx = t->tx;
	a->what = sl_http_is(h->method, "HEAD")	     ? SL_ASKED_HEAD :
		  sl_http_is(h->method, "CONNECT") ? SL_ASKED_CONNECT :
						       SL_ASKED_OTHER;
	a->name_len = (uint8_t)name.len;
	if (name.len)
		memcpy(a->name, name.at, name.len);
	*(http->first ? &http->last->next : &http->first) = a;
	http->last = a;
	http->asked_n++;
}

struct sl_http_asked *sl_http_asked_get(struct sl_talk *t)
{
	struct sl_http *http = t->state;
	struct sl_http_asked *a = http->first;
	if (!a || a->tx != t->tx) /* for want of memory it was not remembered */
		return NULL;
	http->first = a->next;
	http->asked_n--;
	return a;
}

void sl_http_asked_clear(struct sl_talk *t)
{
	struct sl_http *http = t->state;
	while (http->first) {
		struct sl_http_asked *next = http->first->next;
		sl_hold_give(t->inspect, http->first);
		http->first = next;
	}
	http->asked_n = 0;
}
