/* Makes a program print its --help as sections of a man page, in mdoc(7).
 *
 * The option tables are private to their files, so the programs themselves are asked: each is
 * linked once more with this file, whose sl_options_print_help stands in the place of the help's
 * own (CMakeLists.txt tells the linker). `man-selat-rules lint --help` then prints the table of
 * `lint`. */
#include <common/options_internal.h>

void sl_options_print_help(const struct sl_options *spec)
{
	sl_options_print_man(spec);
}
