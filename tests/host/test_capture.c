/* SPDX-License-Identifier: MIT */
/* Capture: each reference to another page than the last few is written down, in order, and memory stays as it was. */
#include "tests/host/machine_fixture.h"

#include "mm/capture.h"

#define MACHINE .ram_mib = 24, .dma_mib = 4, .lowmem_mib = 16
#define RECORDS 4096

static struct capture_record records[RECORDS];

static void begin(unsigned int window)
{
	assert_int_equal(capture_start(current->tgid, current->mm, window, records, RECORDS), 0);
	capture_hide_all(current->mm);
}

static unsigned long end(void)
{
	capture_stop();
	assert_int_equal(capture_state().tgid, 0);
	return capture_state().count;
}

static void assert_record(unsigned long i, enum capture_op op, unsigned long va)
{
	assert_true(i < capture_state().count);
	assert_int_equal(records[i].op, op);
	assert_int_equal(records[i].object, 0);
	assert_int_equal(records[i].page, va >> PAGE_SHIFT);
}

/* A loop over more pages than the window: every single touch is there. */
static void every_touch(void)
{
	unsigned long va = map_anon(20 * PAGE_SIZE), n = 0;

	for (int i = 0; i < 20; i++)
		put(va + i * PAGE_SIZE, i);
	begin(8);
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 20; i++)
			assert_int_equal(touch(va + i * PAGE_SIZE, i % 3 == 0), 0);
	assert_int_equal(end(), 60);
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 20; i++)
			assert_record(n++, i % 3 ? CAPTURE_LOAD : CAPTURE_STORE, va + i * PAGE_SIZE);
	for (int i = 0; i < 20; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), i);
	assert_int_equal(capture_state().count, 60); /* it has ended */
}
MACHINE_TEST(every_touch, MACHINE)

/* Pages of the window are silent; a store after a load to a page that must be made writable is not. */
static void the_window(void)
{
	unsigned long va = map_anon(20 * PAGE_SIZE);

	begin(8);
	for (int round = 0; round < 5; round++)
		for (int i = 0; i < 8; i++)
			assert_int_equal(touch(va + i * PAGE_SIZE, false), 0);
	assert_int_equal(touch(va, true), 0); /* from the page of zeroes to one of its own */
	assert_int_equal(touch(va + 8 * PAGE_SIZE, false), 0); /* va leaves */
	assert_int_equal(touch(va + PAGE_SIZE, false), 0);
	assert_int_equal(touch(va, false), 0);
	assert_int_equal(end(), 11);
	assert_record(8, CAPTURE_STORE, va);
	assert_record(9, CAPTURE_LOAD, va + 8 * PAGE_SIZE);
	assert_record(10, CAPTURE_LOAD, va);
}
MACHINE_TEST(the_window, MACHINE)

/* Hidden pages go to swap and come back like others. */
static void under_pressure(void)
{
	unsigned long pages = 8000, va = map_anon(pages * PAGE_SIZE);

	swap_on("swap0", 16384);
	begin(16);
	for (unsigned long i = 0; i < pages; i++)
		put(va + i * PAGE_SIZE, ~i);
	for (unsigned long i = 0; i < pages; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), ~i);
	assert_true(event(PSWPOUT) > 1000 && event(PSWPIN) > 1000);
	assert_int_equal(end(), RECORDS);
	assert_int_equal(capture_state().lost, 2 * pages - RECORDS);
	for (unsigned long i = 0; i < RECORDS; i++)
		assert_record(i, CAPTURE_STORE, va + i * PAGE_SIZE);
}
MACHINE_TEST(under_pressure, MACHINE)

/* Another address space of the process is another program; other processes are nobody's business. */
static void exec_is_marked(void)
{
	struct mm_struct *old = current->mm, *new = mm_alloc();
	unsigned long va = map_anon(2 * PAGE_SIZE);

	assert_non_null(new);
	begin(8);
	put(va, 1);
	host_use_mm(new);
	va = map_anon(2 * PAGE_SIZE);
	put(va + PAGE_SIZE, 2);
	assert_int_equal(end(), 3);
	assert_int_equal(records[1].op, CAPTURE_EXEC);
	assert_record(2, CAPTURE_STORE, va + PAGE_SIZE);
	assert_int_equal(capture_start(current->tgid + 1, old, 8, records, RECORDS), 0);
	put(va, 3);
	assert_int_equal(end(), 0);
	host_use_mm(old);
	mmput(new);
}
MACHINE_TEST(exec_is_marked, MACHINE)

static void bad_windows(void)
{
	assert_int_equal(capture_start(current->tgid, current->mm, 7, records, RECORDS), -EINVAL);
	assert_int_equal(capture_start(current->tgid, current->mm, 65, records, RECORDS), -EINVAL);
	assert_int_equal(capture_state().tgid, 0);
}
MACHINE_TEST(bad_windows, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(every_touch),
		machine_unit_test(the_window),
		machine_unit_test(under_pressure),
		machine_unit_test(exec_is_marked),
		machine_unit_test(bad_windows),
	};

	return cmocka_run_group_tests_name("capture", tests, NULL, machine_group_end);
}
