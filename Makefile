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

.PHONY: all objs iso initrd user test-programs clean setup run gdb debug demo test test-boot check layers format mutate bench
.DELETE_ON_ERROR:
.SECONDARY:

all: $(ELF) $(ISO) $(INITRD)

# ---- The kernel ------------------------------------------------------------------------------

KERNEL_DIRS := boot kernel kernel/base kernel/core kernel/sys mm fs fs/* drivers drivers/* arch/$(ARCH)
KERNEL_SRC  := $(sort $(foreach d,$(KERNEL_DIRS),$(wildcard $(d)/*.c $(d)/*.S)))
KERNEL_OBJ  := $(patsubst %,$(OBJ)/%.o,$(KERNEL_SRC:.c=))

WARN    := -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	   -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wno-missing-field-initializers
CFLAGS  := -std=gnu11 -O2 -g -ffreestanding -fno-pic -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	   -fno-strict-aliasing -fno-strict-overflow -fno-common -fno-omit-frame-pointer \
	   -fno-asynchronous-unwind-tables -fno-delete-null-pointer-checks \
	   -ffunction-sections -fdata-sections -fno-stack-protector -fcf-protection=none -fno-ident \
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
USER_BIN  := $(patsubst user/%.c,build/user/%,$(USER_SRC))
USERFLAGS := -static -O2 -g0 -std=gnu11 -Wall -Wextra -Werror -I.

user: $(USER_BIN)

build/user/%: user/%.c Makefile
	@mkdir -p $(@D)
	@echo "  MUSLCC  $<"
	@$(MUSLCC) $(USERFLAGS) -MMD -MP -MF build/user/$*.d -MT $@ $< -o $@ -lpthread

-include $(USER_BIN:%=%.d)

# Programs of the tests: not in the initrd, a test adds the one it wants.
TEST_BIN := $(patsubst tests/user/%.c,build/tests/user/%,$(wildcard tests/user/*.c))

test-programs: $(TEST_BIN)

build/tests/user/%: tests/user/%.c Makefile
	@mkdir -p $(@D)
	@echo "  MUSLCC  $<"
	@$(MUSLCC) $(USERFLAGS) -MMD -MP -MF build/tests/user/$*.d -MT $@ $< -o $@ -lpthread

-include $(TEST_BIN:%=%.d)

initrd: $(INITRD)

$(INITRD): $(USER_BIN) scripts/mkinitrd scripts/newc.py
	@echo "  CPIO    $@"
	@scripts/mkinitrd $@ $(USER_BIN)

# ---- The bootable image ----------------------------------------------------------------------

iso: $(ISO)

$(ISO): $(ELF) $(INITRD) scripts/grubiso.py
	@echo "  ISO     $@"
	@$(PYTHON) scripts/grubiso.py $@ $(ELF) $(INITRD)

# ---- Tests -----------------------------------------------------------------------------------

debug:
	@$(MAKE) --no-print-directory DEBUG=1 build/debug/tidemark.elf

layers: objs
	@scripts/check-layers $(OBJ)

format:
	@scripts/check-format

check: setup
	@$(MAKE) --no-print-directory format layers host-tests
	@tests/run host

test: setup
	@$(MAKE) --no-print-directory all debug test-programs host-tests layers format
	@tests/run host boot mutate

test-boot: setup
	@$(MAKE) --no-print-directory all debug test-programs
	@tests/run boot

bench: setup
	@$(MAKE) --no-print-directory all
	@scripts/bench

mutate: setup
	@tests/mutate

# ---- Running ---------------------------------------------------------------------------------

RUN := scripts/run $(if $(filter 1,$(DEBUG)),--debug) $(if $(MEMORY),--memory $(MEMORY)) \
	$(if $(CPUS),--cpus $(CPUS)) $(if $(NUMA),--numa $(NUMA)) $(if $(BOOT),--boot $(BOOT)) \
	$(if $(APPEND),--append '$(APPEND)') $(RUNFLAGS)

setup:
	@scripts/setup

run: setup
	@$(MAKE) --no-print-directory all
	@$(RUN) --swap 512M

# The guided tour: exit status 0 only if every check of it held.
demo: setup
	@$(MAKE) --no-print-directory all
	@scripts/run --swap 64M --cpus 2 --append 'loglevel=3 trace' --timeout 600 \
		--exec "/bin/tour$$(test -t 1 && echo ' --colour')"

run-%: setup
	@$(MAKE) --no-print-directory all
	@$(RUN) --exec '/bin/$* $(ARGS)'

gdb: setup
	@$(MAKE) --no-print-directory all
	@scripts/gdb $(if $(filter 1,$(DEBUG)),--debug) $(RUNFLAGS)

clean:
	rm -rf build
