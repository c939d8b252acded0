/* What a rule asks of the flow and the packet, and how often it is told. */
#include <rules/import/suricata.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void direction_set(struct suri_rule *r, enum sl_field_dir dir)
{
	if (r->dir != SL_DIR_BOTH && r->dir != dir)
		suri_refuse(r, "flow: both directions at once never hold");
	r->dir = dir;
}

void suri_flow(struct suri_rule *r, const char *name, char *value)
{
	char *rest = value, *word;
	while ((word = suri_piece(&rest, ','))) {
		if (strcmp(word, "to_server") == 0 || strcmp(word, "from_client") == 0)
			direction_set(r, SL_DIR_TO_SERVER);
		else if (strcmp(word, "to_client") == 0 || strcmp(word, "from_server") == 0)
			direction_set(r, SL_DIR_TO_CLIENT);
		else if (strcmp(word, "established") == 0)
			r->established = true;
		else if (strcmp(word, "not_established") == 0)
			r->not_established = true;
		else if (strcmp(word, "only_stream") == 0)
			r->stream = true;
		else if (strcmp(word, "no_stream") == 0)
			r->packets = true;
		else if (strcmp(word, "stateless") != 0)
			suri_refuse(r, "%s: \"%.32s\" has no counterpart", name, word);
	}
}

/* Marks have few letters: others become '+' and two hex digits. */
static json_t *mark_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._:/@-";
	char out[129];
	size_t len = 0;
	for (const char *c = name; *c && len + 4 < sizeof out; c++) {
		if (strchr(allowed, *c))
			out[len++] = *c;
		else
			len += (size_t)snprintf(out + len, sizeof out - len, "+%02x",
						(unsigned char)*c);
	}
	out[len] = '\0';
	return json_string(out);
}

static void any_of(struct suri_rule *r, char *names)
{
	if (json_object_get(r->where, "marked_any"))
		suri_refuse(r, "flowbits: asks for one of several names more than once");
	char *name;
	while ((name = suri_piece(&names, '|')))
		suri_append(r, r->where, "marked_any", mark_name(name));
}

static void bit_ask(struct suri_rule *r, const char *command, char *name)
{
	bool several = strchr(name, '|') != NULL;
	if (strcmp(command, "isset") == 0 && several)
		any_of(r, name);
	else if (several)
		suri_refuse(r, "flowbits: %s of one of several names has no counterpart", command);
	else
		suri_append(r, r->where, strcmp(command, "isset") == 0 ? "marked" : "not_marked",
			    mark_name(name));
}

void suri_flowbits(struct suri_rule *r, const char *name, char *value)
{
	char *rest = value, *command = suri_piece(&rest, ','), *bit = suri_piece(&rest, ',');
	if (command && strcmp(command, "noalert") == 0) {
		r->silent = true;
		return;
	}
	if (!command || !bit || !*bit || rest) {
		suri_refuse(r, "%s: a command and a name are needed", name);
		return;
	}
	if (strcmp(command, "isset") == 0 || strcmp(command, "isnotset") == 0)
		bit_ask(r, command, bit);
	else if (strchr(bit, '|'))
		suri_refuse(r, "%s: %.16s of several names has no counterpart", name, command);
	else if (strcmp(command, "set") == 0)
		suri_append(r, r->more, "mark", mark_name(bit));
	else if (strcmp(command, "unset") == 0)
		suri_append(r, r->more, "unmark", mark_name(bit));
	else if (strcmp(command, "toggle") == 0)
		suri_append(r, r->more, "toggle", mark_name(bit));
	else
		suri_refuse(r, "%s: \"%.32s\" has no counterpart", name, command);
}

void suri_noalert(struct suri_rule *r, const char *name, char *value)
{
	(void)name, (void)value;
	r->silent = true;
}

struct threshold {
	const char *type, *by;
	int64_t count, seconds;
};

static const char *word_map(const char *const (*map)[2], const char *word)
{
	for (; (*map)[0]; map++)
		if (strcmp((*map)[0], word) == 0)
			return (*map)[1];
	return NULL;
}

/* "type limit, track by_src, count 1, seconds 60", in any order. */
static bool threshold_read(struct suri_rule *r, const char *name, char *value, struct threshold *t)
{
	static const char *const types[][2] = {
		{ "limit", "limit" },
		{ "threshold", "every" },
		{ "both", "both" },
		{ NULL, NULL },
	};
	static const char *const tracks[][2] = {
		{ "by_src", "source" },     { "by_dst", "destination" }, { "by_both", "pair" },
		{ "by_rule", "indicator" }, { "by_flow", "flow" },       { NULL, NULL },
	};
	char *rest = value, *piece;
	while ((piece = suri_piece(&rest, ','))) {
		char *word = strchr(piece, ' ');
		if (word)
			*word++ = '\0';
		word = suri_trim(word ? word : piece + strlen(piece));
		bool ok = false;
		if (strcmp(piece, "type") == 0)
			ok = (t->type = word_map(types, word)) != NULL;
		else if (strcmp(piece, "track") == 0)
			ok = (t->by = word_map(tracks, word)) != NULL;
		else if (strcmp(piece, "count") == 0)
			ok = suri_number(word, 1, 1000000000 - 1, &t->count);
		else if (strcmp(piece, "seconds") == 0)
			ok = suri_number(word, 1, 7 * 24 * 3600, &t->seconds);
		if (!ok) {
			suri_refuse(r, "%s: \"%.32s %.32s\" has no counterpart", name, piece, word);
			return false;
		}
	}
	if (t->type && t->by && t->count && (t->seconds || strcmp(t->type, "every") == 0))
		return true;
	suri_refuse(r, "%s: type, track, count and seconds are needed", name);
	return false;
}

static void threshold_set(struct suri_rule *r, const struct threshold *t)
{
	json_t *object = json_pack("{ss sI}", "type", t->type, "count", (json_int_t)t->count);
	if (object && t->seconds)
		suri_set(r, object, "seconds", json_integer(t->seconds));
	if (object)
		suri_set(r, object, "by", json_string(t->by));
	if (json_object_get(r->more, "threshold"))
		suri_refuse(r, "has two thresholds");
	suri_set(r, r->more, "threshold", object);
}

void suri_threshold(struct suri_rule *r, const char *name, char *value)
{
	struct threshold t = { 0 };
	if (threshold_read(r, name, value, &t))
		threshold_set(r, &t);
}

/* It alerts once count is exceeded. */
void suri_detection_filter(struct suri_rule *r, const char *name, char *value)
{
	struct threshold t = { .type = "from" };
	if (!threshold_read(r, name, value, &t))
		return;
	t.type = "from";
	t.count++;
	threshold_set(r, &t);
}

void suri_vni(struct suri_rule *r, const char *name, char *value)
{
	int64_t vni;
	if (suri_number(value, 0, (1 << 24) - 1, &vni))
		suri_set(r, r->where, "vni", json_integer(vni));
	else
		suri_refuse(r, "%s: \"%.32s\" has no counterpart", name, value);
}

static void icmp_read(struct suri_rule *r, const char *name, const char *key, char *value)
{
	int64_t min, max;
	bool negated;
	if (!suri_range(r, name, value, UINT8_MAX, &min, &max, &negated))
		return;
	if (negated) {
		suri_refuse(r, "%s: a negated number has no counterpart", name);
		return;
	}
	if (min == max)
		suri_set(r, r->where, key, json_integer(min));
	else
		suri_set(r, r->where, key,
			 json_pack("{sI sI}", "min", (json_int_t)min, "max",
				   (json_int_t)(max < 0 ? UINT8_MAX : max)));
	r->packets = true;
}

void suri_itype(struct suri_rule *r, const char *name, char *value)
{
	icmp_read(r, name, "icmp_type", value);
}

void suri_icode(struct suri_rule *r, const char *name, char *value)
{
	icmp_read(r, name, "icmp_code", value);
}

/* Letters as Suricata writes them to those of a pack. False: one is unknown. */
static bool letters_read(const char *text, char out[9])
{
	static const char from[] = "FSRPAUEC21", to[] = "FSRPAUECEC", order[] = "FSRPAUEC";
	bool set[8] = { false };
	for (const char *c = text; *c; c++) {
		const char *at = strchr(from, *c);
		if (*c == '0')
			continue;
		if (!at)
			return false;
		set[strchr(order, to[at - from]) - order] = true;
	}
	for (int i = 0; i < 8; i++)
		if (set[i])
			*out++ = order[i];
	*out = '\0';
	return true;
}

/* All letters that are in neither. */
static void letters_others(char out[9], const char *a, const char *b)
{
	for (const char *c = "FSRPAUEC"; *c; c++)
		if (!strchr(a, *c) && !strchr(b, *c))
			*out++ = *c;
	*out = '\0';
}

/* "S", "S,12" (these are not looked at), "+SA" (others may be set), "!S", "*S". */
void suri_flags(struct suri_rule *r, const char *name, char *value)
{
	char *rest = value, *text = suri_piece(&rest, ','), *ignored = suri_piece(&rest, ',');
	char modifier = text ? *text : '\0', set[9], mask[9], clear[9];
	size_t len = text ? strlen(text) : 0;
	bool front = modifier && strchr("+*!", modifier) != NULL;
	if (!front && len && strchr("+*!", text[len - 1])) {
		modifier = text[len - 1];
		text[len - 1] = '\0';
		front = true;
	} else if (front) {
		text++;
	}
	if (!text || !letters_read(suri_trim(text), set) ||
	    !letters_read(ignored ? ignored : "", mask)) {
		suri_refuse(r, "%s: \"%.32s\" are no flags", name, value);
		return;
	}
	bool one = strlen(set) == 1;
	letters_others(clear, set, mask);
	if (front && modifier != '+' && !one)
		suri_refuse(r, "%s: %c of several flags has no counterpart", name, modifier);
	bool negated = front && modifier == '!';
	json_t *flags = json_object();
	if (*set && !negated)
		suri_set(r, flags, "set", json_string(set));
	if (negated || (!front && *clear))
		suri_set(r, flags, "clear", json_string(negated ? set : clear));
	suri_set(r, r->where, "tcp_flags", flags);
	r->packets = true;
}
