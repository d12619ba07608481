# SPDX-License-Identifier: BSD-2-Clause
# iommukit: "make help" lists the targets. Objects go to build/, nothing else is written.

BUILD ?= build
CC ?= gcc
NASM ?= nasm
PYTHON ?= python3
ifeq ($(origin CC),default)
CC := gcc
endif

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
# All processors.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

# "make V=1" shows the commands, otherwise one short line each.
Q := $(if $(V),,@)
ifeq ($(findstring s,$(filter-out --%,$(firstword $(MAKEFLAGS)))),)
say = @printf '  %-5s %s\n' $(1) $@
endif

# Another compiler makes everything anew.
COMPILER := $(BUILD)/compiler.txt
$(shell mkdir -p $(BUILD) && { echo '$(CC)' | cmp -s - $(COMPILER) || echo '$(CC)' >$(COMPILER); })

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Werror
INCLUDES := -I. -Idrivers/iommu/include -Idrivers/iommu -Idrivers/firmware -Idrivers/pci -Idrivers/exerciser -Isuite -Ikernel -Iboot
# Artefacts do not depend on where or when they are built.
REPRODUCIBLE := -ffile-prefix-map=$(CURDIR)=. -fno-ident
COMMON := -std=gnu11 $(WARNINGS) $(INCLUDES) $(REPRODUCIBLE) -MMD -MP

include drivers/iommu/sources.mk
IOMMU_FILES := $(addprefix drivers/iommu/,$(IOMMU_SOURCES))
DRIVER_FILES := $(sort $(wildcard drivers/firmware/*.c drivers/pci/*.c drivers/exerciser/*.c))
SUITE_FILES := $(sort $(wildcard suite/*.c))
KERNEL_FILES := $(sort $(wildcard kernel/*.c boot/*.c))
KERNEL_ASM := $(sort $(wildcard kernel/*.asm boot/*.asm))

# ---- freestanding: the library and the kernel ----

FREESTANDING := $(COMMON) -O2 -g -ffreestanding -fno-pic -fno-pie -mno-red-zone -mgeneral-regs-only \
    -fno-omit-frame-pointer -fno-strict-aliasing -fno-asynchronous-unwind-tables
KERNEL_CFLAGS := $(FREESTANDING) -mcmodel=kernel -fstack-protector-strong -mstack-protector-guard=global
LIB_CFLAGS := $(FREESTANDING) -mcmodel=large -fno-stack-protector

$(BUILD)/kernel/%.o: %.c Makefile $(COMPILER)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(KERNEL_CFLAGS) -c -o $@ $<

# Backtraces miss the caller of a leaf function without a frame of its own.
$(BUILD)/kernel/kernel/%.o: KERNEL_CFLAGS += -mno-omit-leaf-frame-pointer

$(BUILD)/kernel/%.asm.o: %.asm Makefile
	@mkdir -p $(@D)
	$(call say,NASM)
	$(Q)$(NASM) -f elf64 -I./ -I$(BUILD)/ -MD $(@:.o=.d) -MQ $@ -o $@ $<

$(BUILD)/lib/%.o: %.c Makefile $(COMPILER)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(LIB_CFLAGS) -c -o $@ $<

KERNEL_OBJECTS := $(patsubst %.c,$(BUILD)/kernel/%.o,$(IOMMU_FILES) $(DRIVER_FILES) $(SUITE_FILES) $(KERNEL_FILES)) \
    $(patsubst %.asm,$(BUILD)/kernel/%.asm.o,$(KERNEL_ASM))
LIB_OBJECTS := $(patsubst %.c,$(BUILD)/lib/%.o,$(IOMMU_FILES))

$(BUILD)/libiommu.a: $(LIB_OBJECTS)
	@rm -f $@
	$(call say,AR)
	$(Q)ar rcsD $@ $^

include boot/boot.mk

# ---- host: unit tests, the model, tools ----

# Kernel files tested on the host as they are; what a few of them ask of the kernel, their tests give.
KERNEL_PORTABLE := $(wildcard $(addprefix kernel/,acpi.c acpi_cpus.c acpi_tables.c cmdline.c format.c font.c json.c line.c page_alloc.c symbols.c words.c policy.c run_queue.c keymap.c screen.c window_space.c clock_calibrate.c proof.c checks.c chipset.c preboot.c preboot_dma.c iova_ranges.c shell_words.c shell_dump.c shell_pci.c table_memory.c ivrs_dump.c irq_override.c ioapic.c hpet.c verdict.c)) \
    $(addprefix kernel/,qr.c panel.c big_text.c dashboard.c compact.c) \
    boot/doors.c boot/multiboot2.c boot/efi/load_options.c
HOST_SOURCES ?= $(sort $(wildcard drivers/iommu/*.c drivers/iommu/pt/*.c drivers/iommu/intel/*.c drivers/iommu/amd/*.c \
    drivers/firmware/*.c drivers/pci/*.c drivers/exerciser/*.c suite/*.c tests/model/*.c tests/fixtures/*.c tests/fuzz/targets*.c tools/lint/sysfs_pci.c) $(KERNEL_PORTABLE))
HOST_CFLAGS := $(COMMON) -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
    -fno-sanitize-recover=all -Itests/unit -Itests/model -Itests/fixtures -Itests/fuzz
HOST_OBJECTS := $(patsubst %.c,$(BUILD)/host/%.o,$(HOST_SOURCES))
UNIT_TESTS := $(patsubst tests/unit/test_%.c,%,$(filter-out tests/unit/test_main.c,$(sort $(wildcard tests/unit/test_*.c))))
UNIT_PROGRAMS := $(addprefix $(BUILD)/host/tests/test_,$(UNIT_TESTS))

$(BUILD)/host/%.o: %.c Makefile $(COMPILER)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(HOST_CFLAGS) -c -o $@ $<

$(BUILD)/host/libhost.a: $(HOST_OBJECTS)
	@rm -f $@
	$(call say,AR)
	$(Q)ar rcsD $@ $^

$(BUILD)/host/tests/test_%: $(BUILD)/host/tests/unit/test_%.o $(BUILD)/host/tests/unit/test_main.o $(BUILD)/host/libhost.a
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -fsanitize=address,undefined -o $@ $^ -lm

# The library and the scenarios under ThreadSanitizer. What stands for hardware stays without it: a unit reads and
# writes memory as it likes. GCC warns of fences, which the tool does not know; they order atomic accesses, which are no races.
TSAN_SOURCES := $(filter drivers/iommu/% suite/%,$(HOST_SOURCES))
TSAN_CFLAGS := $(COMMON) -O1 -g -Itests/unit -Itests/model -Itests/fixtures
TSAN_TESTS := $(BUILD)/tsan/tests/unit/test_threads.o $(BUILD)/tsan/tests/unit/test_main.o
$(patsubst %.c,$(BUILD)/tsan/%.o,$(TSAN_SOURCES)): TSAN_CFLAGS += -fsanitize=thread -Wno-unknown-warning-option \
    -Wno-tsan -DPT_LOAD_ORDER=__ATOMIC_ACQUIRE

$(BUILD)/tsan/%.o: %.c Makefile $(COMPILER)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(TSAN_CFLAGS) -c -o $@ $<

$(BUILD)/tsan/libhost.a: $(patsubst %.c,$(BUILD)/tsan/%.o,$(HOST_SOURCES))
	@rm -f $@
	$(call say,AR)
	$(Q)ar rcsD $@ $^

$(BUILD)/tsan/test_threads: $(TSAN_TESTS) $(BUILD)/tsan/libhost.a
	$(call say,CC)
	$(Q)$(CC) -fsanitize=thread -o $@ $^ -lm

.PHONY: check-threads
check-threads: $(BUILD)/tsan/test_threads
	$<

.SECONDARY: $(BUILD)/host/tests/unit/test_main.o $(UNIT_PROGRAMS) $(patsubst %,$(BUILD)/host/tests/unit/test_%.o,$(UNIT_TESTS))
.PHONY: check-%
check-%: $(BUILD)/host/tests/test_%
	$<

# Host tools: the kernel's own sources, with a C library. Once as usual, once without shared libraries.
LINT_FILES := $(sort $(wildcard tools/lint/*.c drivers/firmware/*.c drivers/pci/*.c)) \
    drivers/iommu/intel/dmar.c drivers/iommu/amd/ivrs.c drivers/iommu/amd/ivrs_entry.c \
    kernel/json.c kernel/format.c kernel/words.c
LINT_OBJECTS := $(patsubst %.c,$(BUILD)/tools/%.o,$(LINT_FILES))
TOOL_CFLAGS := $(COMMON) -O2 -g -fstack-protector-strong -fPIE

$(BUILD)/tools/%.o: %.c Makefile $(COMPILER)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(TOOL_CFLAGS) -c -o $@ $<

$(BUILD)/tools/tools/lint/html.o: tools/lint/page.html

$(BUILD)/iommukit-lint: $(LINT_OBJECTS)
	$(call say,LINK)
	$(Q)$(CC) -pie -o $@ $^ -ljansson

$(BUILD)/iommukit-lint-static: $(LINT_OBJECTS)
	$(call say,LINK)
	$(Q)$(CC) -static -o $@ $^ -ljansson

# With the sanitizers, for its test.
$(BUILD)/host/tools/lint/html.o: tools/lint/page.html

$(BUILD)/host/iommukit-lint: $(patsubst %.c,$(BUILD)/host/%.o,$(LINT_FILES))
	$(call say,LINK)
	$(Q)$(CC) -fsanitize=address,undefined -o $@ $^ -ljansson

# Every header compiles alone.
HEADERS := $(sort $(wildcard boot/*.h kernel/*.h suite/*.h drivers/*/*.h drivers/iommu/*/*.h drivers/iommu/include/iommu/*.h tools/lint/*.h))
$(BUILD)/host/headers/%.ok: % Makefile
	@mkdir -p $(@D)
	@echo '#include "$<"' | $(CC) $(filter-out -MMD -MP,$(COMMON)) -I. -fsyntax-only -x c -
	@touch $@

include tests/tests.mk

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
