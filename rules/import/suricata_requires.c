/* `requires`: the version, keywords and features a rule wants. Rules are read as Suricata 8.0 reads
 * them; one that it would not load stays in the pack, as a shadow, or off if it cannot be read (it is
 * for another version: its words need not be known), so that nothing is lost. */
#include <rules/import/suricata.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION_READ = 8 * 1000000 + 0 * 1000 + 6 };

/* "7.0.3" as 7000003; moves *text. -1: no version is there. */
static long version_take(const char **text)
{
	long version = 0;
	const char *c = *text;
	for (int part = 0; part < 3; part++) {
		long n = 0;
		if (part > 0 && *c != '.') {
			version *= 1000;
			continue;
		}
		c += part > 0;
		if (!isdigit((unsigned char)*c))
			return -1;
		for (; isdigit((unsigned char)*c) && n < 1000; c++)
			n = n * 10 + (*c - '0');
		version = version * 1000 + n;
	}
	*text = c;
	return version;
}

/* ">= 7.0.3 < 8": all must hold. Returns -1 if it is no such text. */
static int all_hold(const char *text)
{
	int hold = 1;
	while (*(text += strspn(text, " \t"))) {
		char sign = *text++;
		bool equal = *text == '=';
		text += equal;
		text += strspn(text, " \t");
		long version = version_take(&text);
		if ((sign != '<' && sign != '>') || version < 0)
			return -1;
		if (sign == '<')
			hold &= VERSION_READ < version || (equal && VERSION_READ == version);
		else
			hold &= VERSION_READ > version || (equal && VERSION_READ == version);
	}
	return hold;
}

static int version_holds(char *text)
{
	int any = 0;
	char *piece;
	while ((piece = suri_piece(&text, '|'))) {
		int hold = all_hold(piece);
		if (hold < 0)
			return -1;
		any |= hold;
	}
	return any;
}

void suri_requires(struct suri_rule *r, const char *name, char *value)
{
	char *rest = value, *piece;
	while ((piece = suri_piece(&rest, ','))) {
		char *what = piece + strcspn(piece, " \t");
		if (*what)
			*what++ = '\0';
		what = suri_trim(what);
		int hold = 0;
		if (strcmp(piece, "version") == 0)
			hold = version_holds(what);
		else if (strcmp(piece, "keyword") == 0)
			hold = suri_keyword_known(what);
		else if (strcmp(piece, "feature") != 0)
			hold = -1;
		if (hold < 0) {
			suri_refuse(r, "%s: \"%.32s %.64s\" has no counterpart", name, piece, what);
		} else if (!hold && !*r->lacks) {
			r->shadow = true;
			snprintf(r->lacks, sizeof r->lacks, "%.32s \"%.64s\"", piece, what);
		}
	}
}
