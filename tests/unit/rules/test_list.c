/* Lists beside a pack: every form of a value, what is wrong in a list, and lists of many values. */
#include "wrong.h"

#include <sys/stat.h>

#define PACK(condition)                                                                            \
	"selat: 1\npack: t/a\nversion: 1\nauthor: a.example\ntlp: TLP:GREEN\nindicators:\n"           \
	"- {id: x, match: [{" condition "}]}\n"

static struct sl_packs packs;

/* Reads the pack with its list, which must be without problems. */
static const struct sl_pack *read_pack(const char *pack, const char *list)
{
	char *names[] = { (char *)(uintptr_t) "p.yaml" };
	struct sl_problems problems = { 0 };
	struct sl_err err = { "" };
	file_write("p.yaml", pack);
	file_write("l.txt", list);
	assert_int_equal(sl_packs_read(&packs, names, 1, &problems, &err), 0);
	sl_problems_print(&problems, stderr);
	assert_int_equal(problems.errors, 0);
	sl_problems_fini(&problems);
	return &packs.pack[0];
}

static void done(void)
{
	sl_packs_fini(&packs);
	unlink("p.yaml");
	unlink("l.txt");
}

static void expect_item(const struct sl_values *v, size_t i, const char *bytes, size_t len)
{
	assert_true(i < v->n);
	assert_int_equal(v->at[i + 1] - v->at[i], len);
	assert_memory_equal(v->bytes + v->at[i], bytes, len);
}

static void values_in_every_form(void **state)
{
	(void)state;
	const struct sl_pack *pack = read_pack(PACK("field: http.uri, in: l.txt"),
					       "# a comment\n\n/One\r\n  /two words \t\n"
					       "hex:de AD be00\nbase64:/wA=\nhexagon");
	const struct sl_values *v = pack->indicator[0].condition[0].list;
	assert_int_equal(v->n, 5);
	expect_item(v, 0, "/One", 4);
	expect_item(v, 1, "/two words", 10);
	expect_item(v, 2, "\xde\xad\xbe\x00", 4);
	expect_item(v, 3, "\xff\x00", 2);
	expect_item(v, 4, "hexagon", 7);
	assert_int_equal(v->prefixes, 0);
	done();
}

static void names_are_normalised(void **state)
{
	(void)state;
	const struct sl_pack *pack =
		read_pack(PACK("field: dns.query, in: l.txt"), "Evil.Example.\nb\xc3\xbc" "cher.example\n");
	const struct sl_values *v = pack->indicator[0].condition[0].list;
	assert_int_equal(v->n, 2);
	expect_item(v, 0, "evil.example", 12);
	expect_item(v, 1, "xn--bcher-kva.example", 21);
	assert_true(pack->indicator[0].condition[0].flags & SL_COND_NOCASE);
	done();
}

static void addresses_are_prefixes(void **state)
{
	(void)state;
	const struct sl_pack *pack =
		read_pack(PACK("field: ip.dst, in: l.txt"), "198.51.100.0/24\n2001:db8::1\n");
	const struct sl_values *v = pack->indicator[0].condition[0].list;
	assert_int_equal(v->n, 0);
	assert_int_equal(v->prefixes, 2);
	assert_int_equal(v->prefix[0].bits, 24);
	assert_int_equal(v->prefix[1].address.family, 6);
	assert_int_equal(v->prefix[1].bits, 128);
	done();
}

/* One file, read as the field asks: twice the same list, once another form of it. */
static void a_file_is_read_once_a_form(void **state)
{
	(void)state;
	const struct sl_pack *pack =
		read_pack(PACK("field: dns.query, in: l.txt}, {field: tls.sni, in: l.txt}, "
			       "{field: smtp.helo, in: l.txt"),
			  "Evil.example\n");
	const struct sl_condition *c = pack->indicator[0].condition;
	assert_ptr_equal(c[0].list, c[1].list);
	assert_ptr_not_equal(c[0].list, c[2].list);
	expect_item(c[2].list, 0, "Evil.example", 12);
	assert_int_equal(pack->lists.n, 2);
	done();
}

static void what_is_in_a_list_is_in_the_digest(void **state)
{
	(void)state;
	uint8_t first[32];
	memcpy(first, read_pack(PACK("field: http.uri, in: l.txt"), "/a\n")->digest, sizeof first);
	done();
	const struct sl_pack *pack = read_pack(PACK("field: http.uri, in: l.txt"), "/b\n");
	assert_memory_not_equal(first, pack->digest, sizeof first);
	done();
}

static void a_million_lines(void **state)
{
	(void)state;
	enum { LINES = 1000000 };
	FILE *f = fopen("l.txt", "w");
	char *names[] = { (char *)(uintptr_t) "p.yaml" };
	struct sl_problems problems = { 0 };
	struct sl_err err = { "" };
	for (int i = 0; i < LINES; i++)
		fprintf(f, "/path/%d\n", i);
	fclose(f);
	file_write("p.yaml", PACK("field: http.uri, in: l.txt"));
	assert_int_equal(sl_packs_read(&packs, names, 1, &problems, &err), 0);
	assert_int_equal(problems.errors, 0);
	const struct sl_values *v = packs.pack[0].indicator[0].condition[0].list;
	assert_int_equal(v->n, LINES);
	expect_item(v, LINES - 1, "/path/999999", 12);
	done();
}

static void expect_list(const char *condition, const char *list, const char *problem)
{
	char pack[1024];
	snprintf(pack, sizeof pack, PACK("%s"), condition);
	if (list)
		file_write("l.txt", list);
	expect("p.yaml", pack, problem);
	unlink("l.txt");
}

/* expect() puts the pack's name before the problem; these are in the list's file. */
static void expect_in_list(const char *condition, const char *list, const char *problems)
{
	char pack[1024], *names[] = { (char *)(uintptr_t) "p.yaml" };
	snprintf(pack, sizeof pack, PACK("%s"), condition);
	file_write("p.yaml", pack);
	file_write("l.txt", list);
	char *got = problems_of(names, 1);
	assert_string_equal(got, problems);
	free(got);
	unlink("p.yaml");
	unlink("l.txt");
}

static void lists_that_cannot_be_read(void **state)
{
	(void)state;
	expect_list("field: http.uri, in: l.txt", NULL,
		    ":7:37: indicator \"x\": in: l.txt: cannot open the list: No such file or directory");
	expect_list("field: http.uri, in: /etc/passwd", NULL,
		    ":7:37: indicator \"x\": in: \"/etc/passwd\" must be a path from the pack's own folder");
	expect_list("field: http.uri, in: a/../../b", NULL,
		    ":7:37: indicator \"x\": in: \"a/../../b\" must not leave the pack's own folder");
	expect_list("field: http.uri, in: l.txt", "# nothing\n\n",
		    ":7:37: indicator \"x\": in: l.txt: has no values");
	assert_int_equal(mkdir("d", 0700), 0);
	expect_list("field: http.uri, in: d", NULL, ":7:37: indicator \"x\": in: d: is no file");
	rmdir("d");
}

static void mistakes_have_the_lists_line(void **state)
{
	(void)state;
	char long_line[8192] = "a\n";
	memset(long_line + 2, 'x', 7000);
	expect_in_list("field: ip.src, in: l.txt", "192.0.2.1\nnowhere\n192.0.2.1/24\n",
		       "l.txt:2:1: indicator \"x\": \"nowhere\" is no IP address or prefix; write it as "
		       "198.51.100.0/24 or 2001:db8::1\n"
		       "l.txt:3:1: indicator \"x\": \"192.0.2.1/24\" has bits set after its first 24; did "
		       "you mean 192.0.2.0/24?\n");
	expect_in_list("field: http.uri, in: l.txt", "hex:4\nhex:\nbase64:AAA\nhex:zz\n",
		       "l.txt:1:1: indicator \"x\": hex: \"4\" is no pair of hex digits\n"
		       "l.txt:2:1: indicator \"x\": hex: is empty\n"
		       "l.txt:3:1: indicator \"x\": base64: \"AAA\" is no base64 with its padding (RFC 4648)\n"
		       "l.txt:4:1: indicator \"x\": hex: \"zz\" is no pair of hex digits\n");
	expect_in_list("field: http.uri, in: l.txt", long_line,
		       "l.txt:2:1: indicator \"x\": the line is longer than 6160 bytes\n");
	long_line[5000] = '\n';
	long_line[5001] = '\0';
	expect_in_list("field: http.uri, in: l.txt", long_line,
		       "l.txt:2:1: indicator \"x\": a value is longer than 2048 bytes\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_in_every_form),
		cmocka_unit_test(names_are_normalised),
		cmocka_unit_test(addresses_are_prefixes),
		cmocka_unit_test(a_file_is_read_once_a_form),
		cmocka_unit_test(what_is_in_a_list_is_in_the_digest),
		cmocka_unit_test(a_million_lines),
		cmocka_unit_test(lists_that_cannot_be_read),
		cmocka_unit_test(mistakes_have_the_lists_line),
	};
	return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
