# SPDX-License-Identifier: MIT
#
# One file, no recursion. `make` builds the release kernel, its ISO, the initrd and the user programs;
# `make DEBUG=1` builds the same sources with every check on, beside it under build/debug.
# Every object of a flavour lies under build/FLAVOUR/path/of/source.o; sources are found by wildcard,
# headers by the compiler (-MMD).
#
#   make run | gdb            start the machine         make run-PROG "ARGS=.."  run one user program
#   make run MEMORY=1G ...    words go to scripts/run   make iso initrd user     the pieces

CROSS_COMPILE ?= x86_64-linux-gnu-
CC      := $(CROSS_COMPILE)gcc
LD      := $(CROSS_COMPILE)ld
NM      := $(CROSS_COMPILE)nm
OBJCOPY := $(CROSS_COMPILE)objcopy
MUSLCC  ?= musl-gcc
PYTHON  ?= /usr/bin/python3
DEBUG   ?= 0
ARCH    := x86_64

ifeq ($(DEBUG),1)
FLAVOUR := debug
ELF     := build/debug/tidemark.elf
ISO     := build/debug/tidemark.iso
else
FLAVOUR := release
ELF     := build/tidemark.elf
ISO     := build/tidemark.iso
endif
OBJ    := build/$(FLAVOUR)
INITRD := build/initrd.cpio

# The targets people type build with all processors, unless -j was given.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: all objs iso initrd user test-programs clean setup run gdb debug demo demo-oom test test-boot check layers format mutate bench bench-host bench-linux race soak fuzz inject
.DELETE_ON_ERROR:
.SECONDARY:

all: $(ELF) $(ISO) $(INITRD)

# ---- The kernel ------------------------------------------------------------------------------

KERNEL_DIRS := boot kernel kernel/base kernel/core kernel/sys mm fs fs/* drivers drivers/* arch/$(ARCH)
KERNEL_SRC  := $(sort $(foreach d,$(KERNEL_DIRS),$(wildcard $(d)/*.c $(d)/*.S)))
KERNEL_OBJ  := $(patsubst %,$(OBJ)/%.o,$(KERNEL_SRC:.c=))

WARN    := -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	   -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wno-missing-field-initializers
# Functions with arrays compare a word below their return address with the task's (arch/x86_64/stackprotector.c).
STACK_GUARD := -fstack-protector-strong -mstack-protector-guard=tls -mstack-protector-guard-reg=gs \
	   -mstack-protector-guard-symbol=__stack_chk_guard
CFLAGS  := -std=gnu11 -O2 -g -ffreestanding -fno-pic -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	   -fno-strict-aliasing -fno-strict-overflow -fno-common -fno-omit-frame-pointer \
	   -fno-asynchronous-unwind-tables -fno-delete-null-pointer-checks \
	   -ffunction-sections -fdata-sections $(STACK_GUARD) -fcf-protection=none -fno-ident \
	   -fno-tree-loop-distribute-patterns -fzero-initialized-in-bss \
	   -I. -Iarch/$(ARCH)/include -DCONFIG_DEBUG=$(DEBUG) -include kernel/base/kconfig.h $(WARN)
ASFLAGS := -g -D__ASSEMBLY__ -fno-pic -I. -Iarch/$(ARCH)/include -DCONFIG_DEBUG=$(DEBUG) \
	   -include kernel/base/kconfig.h
LDFLAGS := -m elf_x86_64 -nostdlib -static --gc-sections --build-id=none -z noexecstack \
	   -z max-page-size=4096 --no-warn-rwx-segments -T linker.ld

# A tail call leaves no frame: a debug build keeps them all for its backtraces.
ifeq ($(DEBUG),1)
CFLAGS += -fno-optimize-sibling-calls
endif

$(OBJ)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(OBJ)/%.S.o: %.S Makefile
	@mkdir -p $(@D)
	@echo "  AS      $<"
	@$(CC) $(ASFLAGS) -MMD -MP -c $< -o $@

# Every object without the link: enough to know that a part of the kernel compiles.
objs: $(KERNEL_OBJ)

# The symbol table is part of the image it describes: link once without it, list the symbols, link again
# with the list. linker.ld puts it behind everything else, so no address moves between the two.
$(OBJ)/stage1.elf: $(KERNEL_OBJ) linker.ld
	@$(LD) $(LDFLAGS) $(KERNEL_OBJ) -o $@

$(OBJ)/kallsyms.S: $(OBJ)/stage1.elf scripts/kallsyms.py
	@$(NM) -n $< | $(PYTHON) scripts/kallsyms.py > $@

$(OBJ)/kallsyms.o: $(OBJ)/kallsyms.S
	@$(CC) $(ASFLAGS) -c $< -o $@

$(ELF): $(KERNEL_OBJ) $(OBJ)/kallsyms.o linker.ld
	@echo "  LD      $@"
	@$(LD) $(LDFLAGS) $(KERNEL_OBJ) $(OBJ)/kallsyms.o -o $@

-include $(KERNEL_OBJ:.o=.d)

# ---- User programs and the initrd ------------------------------------------------------------

USER_SRC  := $(wildcard user/*.c)
USER_DIRS := $(sort $(patsubst user/%/,%,$(dir $(wildcard user/*/*.c))))
USER_BIN  := $(patsubst user/%.c,build/user/%,$(USER_SRC)) $(USER_DIRS:%=build/user/%)
USERFLAGS := -static -O2 -g -std=gnu11 -Wall -Wextra -Werror -Wno-missing-field-initializers -Wno-unused-parameter -I.

user: $(USER_BIN)

build/user/%: user/%.c Makefile
	@mkdir -p $(@D)
	@echo "  MUSLCC  $<"
	@$(MUSLCC) $(USERFLAGS) -MMD -MP -MF build/user/$*.d -MT $@ $< -o $@ -lpthread

# A folder of sources is one program.
define user_folder
build/user/$(1): $$(wildcard user/$(1)/*.[ch] user/*.h) Makefile
	@mkdir -p $$(@D)
	@echo "  MUSLCC  user/$(1)"
	@$$(MUSLCC) $$(USERFLAGS) $$(filter %.c,$$^) -o $$@ -lpthread
endef
$(foreach d,$(USER_DIRS),$(eval $(call user_folder,$(d))))

-include $(USER_SRC:%.c=build/%.d)

# Programs of the tests: not in the initrd, a test adds the one it wants.
TEST_BIN := $(patsubst tests/user/%.c,build/tests/user/%,$(wildcard tests/user/*.c))

test-programs: $(TEST_BIN) build/bench/qemu_count.so

build/tests/user/%: tests/user/%.c Makefile
	@mkdir -p $(@D)
	@echo "  MUSLCC  $<"
	@$(MUSLCC) $(USERFLAGS) -MMD -MP -MF build/tests/user/$*.d -MT $@ $< -o $@ -lpthread

-include $(TEST_BIN:%=%.d)

# QEMU's side of counting instructions; no header of QEMU's is needed.
build/bench/qemu_count.so: scripts/qemu_count.c user/marks.h Makefile
	@mkdir -p $(@D)
	@echo "  HOSTCC  $<"
	@$(HOSTCC) -O2 -g -std=gnu11 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden -I. $< -o $@

initrd: $(INITRD)

# The guest gets the programs without what only a debugger reads: gdb takes that from build/user. A byte costs
# GRUB 13 instructions to load.
build/initrd/%: build/user/%
	@mkdir -p $(@D)
	@$(OBJCOPY) --strip-all $< $@

INITRD_BIN := $(USER_BIN:build/user/%=build/initrd/%)

$(INITRD): $(INITRD_BIN) $(wildcard user/etc/* user/scripts/*) scripts/mkinitrd scripts/newc.py
	@echo "  CPIO    $@"
	@scripts/mkinitrd $@ $(INITRD_BIN)

# ---- The bootable image ----------------------------------------------------------------------

iso: $(ISO)

$(ISO): $(ELF) $(INITRD) scripts/grubiso.py
	@echo "  ISO     $@"
	@$(PYTHON) scripts/grubiso.py $@ $(ELF) $(INITRD)

# ---- mm inside a Linux process -----------------------------------------------------------------
#
# Flavours under build/host/FLAVOUR: rel (libmm.a, for speed), san (all checks, ASan and UBSan), tsan, numa0
# (san without NUMA). A library is one object whose symbols are local but those of tests/host/libmm.h.
# tests/host/test_X.c becomes build/host/tests/test_X (flavour san), and with "/* flavours: ... */" in its
# first lines test_X-FLAVOUR for each one named.

HOSTCC ?= cc
HOST_CFLAGS := -std=gnu11 -O2 -g -fPIE -fno-strict-aliasing -fno-strict-overflow -fno-common \
	   -fno-omit-frame-pointer -ffunction-sections -fdata-sections -I. -Iarch/host/include -Itests/host \
	   -DCONFIG_HOST=1 -DNR_CPUS=64 -DMAX_NUMNODES=8 -include kernel/base/kconfig.h $(WARN)
HOST_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all
HOST_CFLAGS_rel   := -DCONFIG_DEBUG=0
HOST_CFLAGS_san   := -DCONFIG_DEBUG=1 $(HOST_SAN)
HOST_CFLAGS_tsan  := -DCONFIG_DEBUG=0 -fsanitize=thread --param tsan-distinguish-volatile=1
HOST_CFLAGS_numa0 := -DCONFIG_DEBUG=1 -DCONFIG_NUMA=0 $(HOST_SAN)
HOST_COV := -O1 --coverage -fprofile-update=prefer-atomic
HOST_CFLAGS_cov      := -DCONFIG_DEBUG=1 $(HOST_COV)
HOST_CFLAGS_covrel   := -DCONFIG_DEBUG=0 $(HOST_COV)
HOST_CFLAGS_covnuma0 := -DCONFIG_DEBUG=1 -DCONFIG_NUMA=0 $(HOST_COV)
HOST_CFLAGS_sancompaction := $(HOST_CFLAGS_san) -DCONFIG_COMPACTION=1
HOST_CFLAGS_covcompaction := $(HOST_CFLAGS_cov) -DCONFIG_COMPACTION=1
HOST_FLAVOURS := rel san tsan numa0 cov covrel covnuma0 sancompaction covcompaction

LIBMM_SRC := $(addprefix mm/,range_set.c e820.c memblock.c boot_memory.c zone.c memmap.c zonelist.c \
	   watermark.c buddy.c buddy_check.c fallback.c pcp.c vmstat.c page_alloc.c page_alloc_fast.c page_free.c \
	   page_check.c page_owner.c kmemcheck.c page_poison.c slowpath.c slowpath_engines.c alloc_report.c show_mem.c mm_trace.c) \
	   $(addprefix kernel/base/,bitops.c math.c kstrtox.c ratelimit.c string_ext.c spinlock.c lock_debug.c \
	   radix_tree.c radix_tree_tag.c rbtree.c vsprintf.c kallsyms.c sort.c crc32.c) \
	   $(addprefix arch/host/,cpu.c clock.c memory.c print.c libmm.c libmm_pfn.c libmm_absent.c tsan.c)
# The whole machine (arch/host/machine*.c): all of mm and kernel/core, one CPU, deterministic. Flavour san only.
MACHINE_SRC := $(filter-out mm/%_selftest.c,$(wildcard mm/*.c)) \
	   $(filter-out %_selftest.c kernel/core/hung_task.c,$(wildcard kernel/core/*.c)) $(filter kernel/base/%,$(LIBMM_SRC)) \
	   $(addprefix arch/host/,memory.c print.c) $(wildcard arch/host/machine*.c)
MACHINE_OBJ := $(MACHINE_SRC:%.c=build/host/san/%.o)
# One test has reclaim as it is with compaction configured (flavours X + compaction), and answers for mm/compact.c itself.
COMPACTION_SRC := mm/kswapd.c mm/vmscan.c mm/shrink_zone.c
machine_obj = $(if $(filter test_compaction_rows,$(1)),$(COMPACTION_SRC:%.c=build/host/$(2)compaction/%.o) \
	   $(patsubst %.c,build/host/$(2)/%.o,$(filter-out $(COMPACTION_SRC),$(MACHINE_SRC))),$(MACHINE_SRC:%.c=build/host/$(2)/%.o))

LIBMM_API := mm_host_start mm_host_stop mm_host_zone mm_host_check alloc_pages alloc_pages_node \
	   __free_pages page_to_pfn pfn_to_page

HOST_TEST_SRC := $(wildcard tests/host/test_*.c)
HOST_TESTS    := $(patsubst tests/host/%.c,build/host/tests/%,$(HOST_TEST_SRC))
host_more      = $(shell sed -n 's,^/\* flavours: \(.*\) \*/,\1,p' $(1))
HOST_TESTS    += $(foreach t,$(HOST_TEST_SRC),$(foreach f,$(call host_more,$(t)),\
	   build/host/tests/$(basename $(notdir $(t)))-$(f)))

.PHONY: host host-tests host-test fuzz-parsers coverage

host: build/host/libmm.a build/host/libmm-san.a build/host/libmm-tsan.a

# The libraries as others use them: nothing but libmm.h, libc and -lpthread.
LIBMM_SMOKE := $(foreach f,rel san tsan,build/host/tests/libmm_smoke-$(f))
LIBMM_rel   := build/host/libmm.a
LIBMM_san   := build/host/libmm-san.a
LIBMM_tsan  := build/host/libmm-tsan.a
$(LIBMM_SMOKE): build/host/tests/libmm_smoke-%: tests/host/libmm_smoke.c build/host/libmm.a build/host/libmm-san.a build/host/libmm-tsan.a
	@mkdir -p $(@D)
	@$(HOSTCC) -O2 -Wall -Itests/host $(filter -fsanitize=%,$(HOST_CFLAGS_$*)) $< $(LIBMM_$*) -lcmocka -lpthread -o $@

define host_flavour
HOST_OBJ_$(1) := $$(LIBMM_SRC:%.c=build/host/$(1)/%.o)

build/host/$(1)/%.o: %.c Makefile
	@mkdir -p $$(@D)
	@echo "  HOSTCC  $$< ($(1))"
	@$$(HOSTCC) $$(HOST_CFLAGS) $$(HOST_CFLAGS_$(1)) -MMD -MP -c $$< -o $$@

build/host/$(1)/libmm.o: $$(HOST_OBJ_$(1))
	@ld -r $$^ -o $$@.all
	@objcopy $$(addprefix --keep-global-symbol=,$$(LIBMM_API)) $$@.all $$@

-include $$(HOST_OBJ_$(1):.o=.d)
endef
-include $(MACHINE_OBJ:.o=.d) $(foreach f,cov covrel covnuma0,$(MACHINE_SRC:%.c=build/host/$(f)/%.d) \
	   $(HOST_TEST_SRC:%.c=build/host/$(f)/%.d)) \
	   $(foreach f,sancompaction covcompaction,$(COMPACTION_SRC:%.c=build/host/$(f)/%.d))
$(foreach f,$(HOST_FLAVOURS),$(eval $(call host_flavour,$(f))))

build/host/libmm.a: build/host/rel/libmm.o
build/host/libmm-%.a: build/host/%/libmm.o
	@rm -f $@
	@ar rcs $@ $<
build/host/libmm.a:
	@rm -f $@
	@ar rcs $@ $<

# Tests see the kernel's internals, so they link the objects and not the library.
# A test that includes machine_fixture.h is linked with the whole machine instead.
machine_test = $(shell grep -l '"tests/host/machine_fixture.h"' tests/host/$(1).c)
define host_test
build/host/tests/$(1)$(if $(3),-$(2)): build/host/$(2)/tests/host/$(1).o $(if $(call machine_test,$(1)),$$(call machine_obj,$(1),san),$$(HOST_OBJ_$(2)))
	@mkdir -p $$(@D)
	@$$(HOSTCC) $$(HOST_CFLAGS) $$(HOST_CFLAGS_$(2)) $$^ -o $$@ -Wl,--gc-sections $$(HOST_LDFLAGS) -lcmocka -lpthread
-include build/host/$(2)/tests/host/$(1).d
endef
$(foreach t,$(HOST_TEST_SRC),$(eval $(call host_test,$(basename $(notdir $(t))),san,)))
$(foreach t,$(HOST_TEST_SRC),$(foreach f,$(call host_more,$(t)),\
	   $(eval $(call host_test,$(basename $(notdir $(t))),$(f),y))))

# What a test needs beside the library or the machine.
EXTRA_SRC_test_grub_cmdline := boot/grub_cmdline.c
EXTRA_SRC_test_boot_info := $(addprefix boot/,boot_info.c multiboot2.c pvh.c grub_cmdline.c)
EXTRA_SRC_test_cpio := fs/cpio.c
EXTRA_SRC_test_unlz4 := fs/unlz4.c
EXTRA_SRC_test_elf := kernel/sys/elf_check.c
EXTRA_SRC_test_block_dev := $(addprefix fs/,block_dev.c block_pages.c inode.c loop.c)
EXTRA_SRC_test_optimal := tests/race/trace.c tests/race/optimal.c
EXTRA_SRC_test_reclaim_math := $(addprefix mm/,oom_score.c scan_count.c shrinker.c swap_readahead.c swap_map.c swap_header.c)
$(foreach t,grub_cmdline boot_info cpio unlz4 elf block_dev optimal reclaim_math,$(eval \
	   build/host/tests/test_$(t): $(EXTRA_SRC_test_$(t):%.c=build/host/san/%.o)))
# The slow path's neighbours, and printk(), are the test's own functions: the first definition, the test's, counts.
SCRIPTED_TESTS := $(shell grep -l '"tests/host/\(slow_world\|oom_fixture\|said\|panic_returns\).h"' tests/host/test_*.c)
$(foreach t,$(basename $(notdir $(SCRIPTED_TESTS))),build/host/tests/$(t) $(foreach f,$(HOST_FLAVOURS),build/host/tests/$(t)-$(f))): HOST_LDFLAGS := -Wl,-z,muldefs
$(foreach t,hooks cow_race compaction_rows,build/host/tests/test_$(t)): HOST_LDFLAGS := -Wl,-z,muldefs

# The OOM killer's scorer alone, for scripts/check-oom.
build/host/check_oom: build/host/rel/tests/host/check_oom.o build/host/rel/mm/oom_score.o
	@$(HOSTCC) $(HOST_CFLAGS) $^ -o $@ -Wl,--gc-sections

# Programs that scripts drive: tests/host/tool_X.c -> build/host/tool_X.
HOST_TOOLS := $(patsubst tests/host/%.c,build/host/%,$(wildcard tests/host/tool_*.c))

build/host/tool_%: build/host/rel/tests/host/tool_%.o $(HOST_OBJ_rel)
	@$(HOSTCC) $(HOST_CFLAGS) $(HOST_CFLAGS_rel) $^ -o $@ -Wl,--gc-sections -lpthread

# The contest of reclaim policies (docs/race.md): the whole machine for speed, and traces run through it.
RACE_OBJ := $(patsubst %.c,build/host/rel/%.o,$(MACHINE_SRC) $(wildcard tests/race/*.c))
-include $(RACE_OBJ:.o=.d)

build/host/race: $(RACE_OBJ)
	@$(HOSTCC) $(HOST_CFLAGS) $(HOST_CFLAGS_rel) $^ -o $@ -Wl,--gc-sections,--wrap=shrink_zone -lpthread

comma := ,

# clang's libFuzzer on the parsers: tests that include fuzz.h, built once more. make fuzz-parsers [SECONDS=n] [FUZZ=cpio]
FUZZ_TARGETS := $(patsubst tests/host/test_%.c,%,$(shell grep -l '"tests/host/fuzz.h"' tests/host/test_*.c))
FUZZ_BASE    := $(addprefix kernel/base/,kstrtox.c string_ext.c vsprintf.c kallsyms.c) arch/host/print.c
FUZZ_boot_info := $(addprefix boot/,boot_info.c multiboot2.c pvh.c grub_cmdline.c)
FUZZ_cpio    := fs/cpio.c
FUZZ_unlz4   := fs/unlz4.c
FUZZ_elf     := kernel/sys/elf_check.c
FUZZ_e820    := mm/e820.c mm/range_set.c
FUZZ_fuzz_buddy := $(LIBMM_SRC)
# Their memory is frames: the model finds what AddressSanitizer cannot.
FUZZ_SAN_fuzz_buddy := undefined
FUZZ_fuzz_slow_path := $(LIBMM_SRC)
FUZZ_SAN_fuzz_slow_path := undefined

build/fuzz/%: tests/host/test_%.c tests/host/fuzz.h Makefile $(wildcard boot/*.c fs/cpio.c kernel/sys/elf*.[ch] mm/*.[ch] tests/host/slow_world.h)
	@mkdir -p $@.corpus
	@echo "  FUZZ    $*"
	@clang $(filter-out $(WARN),$(HOST_CFLAGS)) -w -DCONFIG_DEBUG=1 -DLIBFUZZER \
		-fsanitize=fuzzer,$(strip $(or $(FUZZ_SAN_$*),address$(comma)undefined)) \
		-fno-sanitize-recover=all $< $(sort $(FUZZ_$*) $(FUZZ_BASE)) -o $@ -Wl,--gc-sections,-z,muldefs -lcmocka -lpthread

fuzz-parsers: setup $(patsubst %,build/fuzz/%,$(or $(FUZZ),$(FUZZ_TARGETS)))
	@for f in $(filter build/%,$^); do $$f -max_total_time=$(or $(SECONDS),60) -max_len=8192 -len_control=0 -artifact_prefix=build/fuzz/ $$f.corpus || exit 1; done

# Which lines of mm/ the host tests reach: all tests with debug checks, and those that name the flavours rel and numa0 in
# these too. Children of tests end in _exit() and abort(), which must not lose their counts.
COV_TESTS := $(HOST_TEST_SRC:tests/host/%.c=build/cov/%)
COV_TESTS += $(foreach t,$(HOST_TEST_SRC),$(foreach f,$(filter rel numa0,$(call host_more,$(t))),build/cov/$(basename $(notdir $(t)))-$(f)))

define cov_test
build/cov/$(1)$(3): build/host/cov$(2)/tests/host/$(1).o build/host/cov/tests/host/cov_exit.o \
	   $(if $(call machine_test,$(1)),$$(call machine_obj,$(1),cov$(2)),$$(HOST_OBJ_cov$(2))) \
	   $$(patsubst %.c,build/host/cov$(2)/%.o,$$(EXTRA_SRC_$(1)))
	@mkdir -p $$(@D)
	@$$(HOSTCC) $$(HOST_CFLAGS) $$(HOST_CFLAGS_cov$(2)) $$^ -o $$@ -Wl,--gc-sections,-z,muldefs -Wl,--wrap=_exit -Wl,--wrap=abort \
		-lcmocka -lpthread
endef
$(foreach t,$(HOST_TEST_SRC),$(eval $(call cov_test,$(basename $(notdir $(t))),,)))
$(foreach t,$(HOST_TEST_SRC),$(foreach f,$(filter rel numa0,$(call host_more,$(t))),\
	   $(eval $(call cov_test,$(basename $(notdir $(t))),$(f),-$(f)))))

# At least LEAST percent, or it fails; UNREACHED=mm/x.c prints the lines of a file that are left.
coverage: $(COV_TESTS)
	@scripts/coverage $(if $(LEAST),--least $(LEAST)) $(addprefix --unreached ,$(UNREACHED)) \
		build/host/cov,build/host/covrel,build/host/covnuma0,build/host/covcompaction $(COV_TESTS)

host-tests: host $(HOST_TESTS) $(HOST_TOOLS) $(LIBMM_SMOKE) build/host/check_oom

host-test: host-tests
	@tests/run host

# ---- Tests -----------------------------------------------------------------------------------

debug:
	@$(MAKE) --no-print-directory $(JOBS) DEBUG=1 build/debug/tidemark.elf

layers: objs
	@scripts/check-layers $(OBJ)

format:
	@scripts/check-format
	@scripts/gen-locking --check

check: setup
	@$(MAKE) --no-print-directory $(JOBS) objs host-tests
	@tests/run style host docs

# Continuous integration adds the group `mutate`.
TEST_GROUPS ?= style host race docs boot

test: setup
	@$(MAKE) --no-print-directory $(JOBS) all debug test-programs host-tests build/host/race
	@tests/run $(TEST_GROUPS)

test-boot: setup
	@$(MAKE) --no-print-directory $(JOBS) all debug test-programs
	@tests/run boot

bench: setup
	@$(MAKE) --no-print-directory $(JOBS) all
	@scripts/bench

# The library beside glibc's malloc, on this machine: nanoseconds and, with valgrind, instructions.
bench-host: setup
	@$(MAKE) --no-print-directory $(JOBS) build/host/tool_speed
	@scripts/bench-host

# Side by side with Debian's Linux, whose kernel package is fetched into build/linux; QUICK=1 is smaller and says less.
bench-linux: setup
	@$(MAKE) --no-print-directory $(JOBS) all build/tests/user/reclaim build/bench/qemu_count.so
	@scripts/bench-linux $(if $(QUICK),--quick)

mutate: setup
	@tests/mutate

# Every reclaim policy on every trace, against Belady's OPT: tables, a picture, the leaderboard (docs/race.md).
race: setup
	@$(MAKE) --no-print-directory $(JOBS) build/host/race
	@scripts/race $(ARGS)

# Open-ended: tasks that do everything at once on ever new seeds and machines; MINUTES=n, SEED=s, CPUS=1, 2 or 4.
soak: setup
	@$(MAKE) --no-print-directory $(JOBS) all
	@$(MAKE) --no-print-directory $(JOBS) all DEBUG=1
	@scripts/soak $(or $(MINUTES),10) "$(SEED)" $(CPUS)

# ---- Running ---------------------------------------------------------------------------------

RUN_WORDS = $(if $(filter 1,$(DEBUG)),--debug) $(if $(MEMORY),--memory $(MEMORY)) \
	$(if $(CPUS),--cpus $(CPUS)) $(if $(NUMA),--numa $(NUMA)) $(if $(BOOT),--boot $(BOOT)) \
	$(if $(APPEND),--append '$(APPEND)') $(RUNFLAGS)
RUN := scripts/run $(RUN_WORDS)

setup:
	@scripts/setup

# Random system calls: CALLS=n, SEED=n, and the words of `make run` (DEBUG=1 CPUS=4 MEMORY=48M RUNFLAGS="--swap 32M").
fuzz: setup
	@$(MAKE) --no-print-directory $(JOBS) all build/tests/user/sysfuzz
	@$(RUN) $(if $(BOOT),,--boot direct) --append "loglevel=5 watchdog=60" --add build/tests/user/sysfuzz \
		--exec "/sysfuzz --calls $(or $(CALLS),100000) --seed $(or $(SEED),$(shell date +%s)) $(ARGS)"

# Every place that allocates fails, in both builds: of a workload (its 1st, 2nd, 4th ... request) and of the boot.
inject: setup
	@$(MAKE) --no-print-directory $(JOBS) all test-programs
	@$(MAKE) --no-print-directory $(JOBS) all DEBUG=1
	@TIDEMARK_INJECT=all $(PYTHON) -m pytest -s -q tests/boot/test_inject.py

run: setup
	@$(MAKE) --no-print-directory $(JOBS) all
	@$(RUN) --swap 512M

# The guided tour: exit status 0 only if every check of it held. The tour tells what happens; the kernel's
# own messages stay in its log.
demo: setup
	@$(MAKE) --no-print-directory $(JOBS) all
	@echo "  DEMO    256 MiB, $(or $(CPUS),2) CPUs, 64 MiB of swap; booting through $(or $(BOOT),grub) takes a second or two"
	@test -t 1 && colour=--colour; $(RUN) $(if $(CPUS),,--cpus 2) --swap 64M --append loglevel=3 --timeout 600 \
		--exec "/bin/tour $$colour $(ARGS)"

# The court before a kill and after it: /proc/oom, a hog that takes what there is, /proc/oom again.
demo-oom: setup
	@$(MAKE) --no-print-directory $(JOBS) all
	@$(RUN) --swap 16M --timeout 300 --append loglevel=4 --add user/demo-oom.sh --exec "/bin/sh /demo-oom.sh"

run-%: setup
	@$(MAKE) --no-print-directory $(JOBS) all
	@$(RUN) --exec '/bin/$* $(ARGS)'

# TUI=1: with the source above; GDB_PORT=n: the port QEMU listens at; ATTACH=n: to a machine that waits there.
gdb: setup
	@$(MAKE) --no-print-directory $(JOBS) all
	@scripts/gdb $(if $(filter 1,$(TUI)),--tui) $(if $(GDB_PORT),--port $(GDB_PORT)) \
		$(if $(ATTACH),--attach $(ATTACH),--swap 512M) $(RUN_WORDS)

clean:
	rm -rf build
