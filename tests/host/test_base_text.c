/* SPDX-License-Identifier: MIT */
/*
 * Formatting against the C library's own printf, numbers from text, sorting, CRC, bitmaps and the
 * string functions no C library has.
 */
#include "arch/host/libc.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "kernel/base/bitops.h"
#include "kernel/base/crc32.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/sort.h"
#include "kernel/base/string.h"
#include "kernel/base/vsprintf.h"

/* The same text and length as libc's vsnprintf, for every size of buffer. */
static void same_as_libc(const char *fmt, ...)
{
	char want[256], got[256];
	va_list args, copy;
	int n;

	va_start(args, fmt);
	va_copy(copy, args);
	n = vsnprintf(want, sizeof(want), fmt, copy);
	va_end(copy);
	va_copy(copy, args);
	assert_int_equal(kvsnprintf(got, sizeof(got), fmt, copy), n);
	va_end(copy);
	assert_string_equal(got, want);
	for (size_t size = 1; size < (size_t)n + 2; size++) {
		memset(got, 'x', sizeof(got));
		va_copy(copy, args);
		assert_int_equal(kvsnprintf(got, size, fmt, copy), n);
		va_end(copy);
		assert_int_equal(strlen(got), min(size - 1, (size_t)n));
		assert_memory_equal(got, want, strlen(got));
		assert_int_equal(got[size], 'x');
	}
	va_end(args);
}

static void test_integers(void **state)
{
	static const long values[] = {0, 1, -1, 42, -4711, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN};
	static const char *const formats[] = {"%ld",  "%8ld",	"%-8ld|",  "%08ld",    "%+ld",
					      "% ld", "%.5ld",	"%8.5ld",  "%-8.5ld|", "%lx",
					      "%#lx", "%#18lx", "%#018lx", "%lX",      "%lo",
					      "%#lo", "%.0ld",	"%lu",	   "%20lu"};

	for (size_t f = 0; f < ARRAY_SIZE(formats); f++)
		for (size_t v = 0; v < ARRAY_SIZE(values); v++)
			same_as_libc(formats[f], values[v]);
	for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
		int i = (int)values[v];

		same_as_libc("%d %u %x %hd %hu %hhd %hhu", i, i, i, i, i, i, i);
		same_as_libc("%lld %llu %llx %zu %zd", (long long)values[v],
			     (unsigned long long)values[v], (unsigned long long)values[v],
			     (size_t)values[v], (ssize_t)values[v]);
	}
	same_as_libc("%*d|%-*d|%.*d|%*d|", 7, 5, 7, 5, 3, 5, -7, 5);
}

static void test_strings(void **state)
{
	same_as_libc("%s|%10s|%-10s|%.2s|%10.2s|%-10.2s|", "abc", "abc", "abc", "abc", "abc",
		     "abc");
	same_as_libc("%c%c|%3c|%-3c|%%", 'a', 'b', 'c', 'd');
	same_as_libc("%.*s", 3, "abcdef");
	same_as_libc("%s", "");
	same_as_libc("no conversion at all");
}

static void test_own_formats(void **state)
{
	const char *volatile nothing = NULL; /* so that the compiler does not see it */
	char buf[64];

	assert_int_equal(scnprintf(buf, sizeof(buf), "%s", nothing), 6);
	assert_string_equal(buf, "(null)");
	assert_int_equal(scnprintf(buf, 5, "%d", 1234567), 4);
	assert_string_equal(buf, "1234");
	assert_int_equal(scnprintf(buf, 0, "abc"), 0);
	scnprintf(buf, sizeof(buf), "%p", (void *)0xffff888000001000UL);
	assert_string_equal(buf, "ffff888000001000");
	scnprintf(buf, sizeof(buf), "%pS", (void *)0x1234UL);
	assert_string_equal(buf, "0x1234");
}

static void test_kstrto(void **state)
{
	unsigned long ul;
	long l;
	int i;
	bool b;

	assert_int_equal(kstrtoul("0x1F\n", 0, &ul), 0);
	assert_int_equal(ul, 31);
	assert_int_equal(kstrtoul("017", 0, &ul), 0);
	assert_int_equal(ul, 15);
	assert_int_equal(kstrtoul("18446744073709551615", 10, &ul), 0);
	assert_int_equal(kstrtoul("18446744073709551616", 10, &ul), -ERANGE);
	assert_int_equal(kstrtoul("", 10, &ul), -EINVAL);
	assert_int_equal(kstrtoul("12 ", 10, &ul), -EINVAL);
	assert_int_equal(kstrtoul("-1", 10, &ul), -EINVAL);
	assert_int_equal(kstrtol("-9223372036854775808", 10, &l), 0);
	assert_true(l == LONG_MIN);
	assert_int_equal(kstrtol("9223372036854775808", 10, &l), -ERANGE);
	assert_int_equal(kstrtoint("-1000", 10, &i), 0);
	assert_int_equal(i, -1000);
	assert_int_equal(kstrtoint("2147483648", 10, &i), -ERANGE);
	assert_int_equal(kstrtobool("on", &b), 0);
	assert_true(b);
	assert_int_equal(kstrtobool("off", &b), 0);
	assert_false(b);
	assert_int_equal(kstrtobool("x", &b), -EINVAL);
}

static void test_memparse(void **state)
{
	char *end;

	assert_int_equal(memparse("4096", &end), 4096);
	assert_int_equal(memparse("0x10k@1", &end), 16384);
	assert_int_equal(*end, '@');
	assert_int_equal(memparse("3G", &end), 3UL << 30);
	assert_int_equal(memparse("M", &end), 0);
	assert_int_equal(*end, 'M'); /* no number, nothing taken */
	assert_int_equal(memparse("15E", &end), 15ULL << 60);
	assert_int_equal(memparse("16E", &end), ~0ULL);
	assert_int_equal(*end, '\0');
	assert_int_equal(memparse("99999999999999999999999K,", &end), ~0ULL);
	assert_int_equal(*end, ',');
}

static int compare_ints(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void test_sort(void **state)
{
	int a[257], b[257];

	for (size_t n = 0; n < ARRAY_SIZE(a); n++) {
		for (size_t i = 0; i < n; i++)
			a[i] = b[i] = (int)((i * 7919 + n * 31) % 97);
		sort(a, n, sizeof(a[0]), compare_ints, NULL);
		qsort(b, n, sizeof(b[0]), compare_ints);
		assert_memory_equal(a, b, n * sizeof(a[0]));
	}
}

static void test_misc(void **state)
{
	char buf[8];
	u8 poison[40];

	assert_int_equal(crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(strscpy(buf, "1234567", 8), 7);
	assert_int_equal(strscpy(buf, "12345678", 8), -E2BIG);
	assert_string_equal(buf, "1234567");
	assert_true(strstarts("selftest", "self") && !strstarts("self", "selftest"));
	memset(poison, 0xaa, sizeof(poison));
	assert_null(memchr_inv(poison, 0xaa, sizeof(poison)));
	for (size_t i = 0; i < sizeof(poison); i++) {
		poison[i] = 0;
		assert_ptr_equal(memchr_inv(poison, 0xaa, sizeof(poison)), poison + i);
		poison[i] = 0xaa;
	}
	for (unsigned long x = 0; x < 70000; x += 7) {
		unsigned long r = int_sqrt(x);

		assert_true(r * r <= x && (r + 1) * (r + 1) > x);
	}
}

static void test_bitmap(void **state)
{
	DECLARE_BITMAP(map, 300);

	for (unsigned long start = 0; start < 300; start += 13) {
		for (unsigned long nr = 1; start + nr <= 300; nr += 17) {
			bitmap_zero(map, 300);
			bitmap_set(map, start, nr);
			assert_int_equal(bitmap_weight(map, 300), nr);
			assert_int_equal(find_first_bit(map, 300), start);
			assert_int_equal(find_last_bit(map, 300), start + nr - 1);
			assert_int_equal(find_next_zero_bit(map, 300, start), start + nr);
			bitmap_clear(map, start, nr);
			assert_true(bitmap_empty(map, 300));
		}
	}
	assert_int_equal(find_last_bit(map, 300), 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),    cmocka_unit_test(test_strings),
		cmocka_unit_test(test_own_formats), cmocka_unit_test(test_kstrto),
		cmocka_unit_test(test_memparse),    cmocka_unit_test(test_sort),
		cmocka_unit_test(test_misc),	    cmocka_unit_test(test_bitmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
