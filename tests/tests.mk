# SPDX-License-Identifier: BSD-2-Clause
# The targets people call: run, test, check, bench, and what they are made of.

BOOT ?= pvh
APPEND ?=
export IOMMU BOOT ACCEL QEMU SMP APPEND QEMU_ARGS MEMORY TIMEOUT

.PHONY: all lib tools iso efi run test check mutants fuzz headers boot-tests nightly newer-qemu bench bench-host \
    format help setup-build setup-run setup-test setup-fuzz clean

# The tools come first: what is built follows in a make of its own, which says nothing of files that need no work.
.PHONY: wanted
wanted: $(WANTED)
	@:

all: setup-build
	@$(MAKE) --no-print-directory wanted WANTED="$(BUILD)/iommukit.elf $(BUILD)/libiommu.a $(BUILD)/iommukit.iso $(BUILD)/iommukit.efi \
	    $(BUILD)/iommukit-lint $(BUILD)/iommukit-lint-static"

# The library needs a compiler only: an embedder's machine may have nothing else.
lib: $(BUILD)/libiommu.a
iso efi: setup-build
	@$(MAKE) --no-print-directory wanted WANTED="$(BUILD)/iommukit.$@"

tools: setup-build
	@$(MAKE) --no-print-directory wanted WANTED="$(BUILD)/iommukit-lint $(BUILD)/iommukit-lint-static"

setup-build:
	@tools/setup.sh build
setup-run:
	@tools/setup.sh build run
setup-test:
	@tools/setup.sh build run test
setup-fuzz:
	@tools/setup.sh build fuzz

# ---- the main job ----

run: setup-run
	@$(MAKE) --no-print-directory wanted WANTED="$(BUILD)/iommukit.elf"
ifneq ($(filter bios uefi,$(BOOT)),)
	@$(MAKE) --no-print-directory wanted ISO=$(BUILD)/run/run.iso MENU=$(BUILD)/run/grub.cfg WANTED="$(BUILD)/run/run.iso"
else ifeq ($(BOOT),uefi-app)
	@$(MAKE) --no-print-directory wanted EFI_IMAGE=$(BUILD)/run/run-efi.img EFI_CMDLINE=$(BUILD)/run/cmdline.txt \
	    WANTED="$(BUILD)/run/run-efi.img"
endif
	@tools/run.sh $(BUILD)

# ---- host tests ----

TEST_RUNS := $(addprefix $(BUILD)/host/results/,$(UNIT_TESTS)) $(BUILD)/host/results/lint-program

# One result file a program: it is run again when it or a table changed.
$(BUILD)/host/results/%: $(BUILD)/host/tests/test_%
	@mkdir -p $(@D)
	@$< >$@.new 2>&1; echo "exit $$?" >>$@.new; mv $@.new $@

# The host tool, as a program.
$(BUILD)/host/results/lint-program: $(BUILD)/host/iommukit-lint $(BUILD)/host/build_table $(wildcard tests/lint/*.py)
	@mkdir -p $(@D)
	@$(PYTHON) tests/lint/run.py $(BUILD)/host/iommukit-lint $(BUILD)/host/build_table >$@.new 2>&1; \
	    echo "exit $$?" >>$@.new; mv $@.new $@

headers: $(patsubst %,$(BUILD)/host/headers/%.ok,$(HEADERS))

check: setup-build
	@$(MAKE) --no-print-directory wanted WANTED="headers $(BUILD)/libiommu.a $(TEST_RUNS)"
	@tools/check-symbols.sh $(BUILD)/libiommu.a
	@tools/totals.sh $(TEST_RUNS)

# Breaks the sources in one place at a time: each time one of the named tests must fail.
MUTANT_TESTS = $(sort $(shell sed -n 's/^by //; T; s|/[^ ]*||g; p' tests/mutation/*.txt))
mutants: setup-build
	@$(MAKE) --no-print-directory wanted WANTED="$(addprefix $(BUILD)/host/tests/test_,$(MUTANT_TESTS))"
	@CC="$(CC)" CFLAGS="$(HOST_CFLAGS)" $(PYTHON) tests/mutation/run.py $(BUILD) $(NAMES)

FUZZ_FILES = $(wildcard tests/fuzz/*.c) tests/fixtures/table_text.c $(IOMMU_FILES) $(wildcard drivers/firmware/*.c drivers/pci/*.c kernel/acpi.c kernel/acpi_cpus.c kernel/acpi_tables.c kernel/format.c)
$(BUILD)/fuzz/fuzz: $(FUZZ_FILES) $(wildcard tests/fuzz/*.h drivers/*/*.h drivers/iommu/*/*.h kernel/*.h)
	@mkdir -p $(@D)
	$(call say,CLANG)
	$(Q)clang $(filter-out -MMD -MP,$(COMMON)) -O2 -g -Itests/fuzz -Itests/fixtures -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=all -o $@ $(FUZZ_FILES)

# FUZZ_SECONDS each, NAMES to choose.
fuzz: setup-fuzz
	@$(MAKE) --no-print-directory wanted WANTED="$(BUILD)/fuzz/fuzz"
	@tests/fuzz/fuzz.sh $(BUILD) $(NAMES)

# A firmware table from text, for boot tests.
$(BUILD)/host/build_table: tests/boot/build_table.c tests/fixtures/table_text.c tests/fixtures/table_text.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(filter-out -MMD -MP,$(COMMON)) -O1 -Itests/fixtures -o $@ $(filter %.c,$^)

# ---- everything ----

newer-qemu:
	@tools/setup.sh newer
	@tools/fetch-qemu.sh

test: setup-test
	@tests/run-all.sh $(BUILD)

boot-tests:
	@tests/boot-all.sh $(BUILD) $(NAMES)

# Machines that take too long for every run.
nightly: setup-test
	@tests/boot-all.sh $(BUILD) --nightly

# ---- benchmarks ----

bench: setup-run
	@$(MAKE) --no-print-directory wanted WANTED="bench-host $(BUILD)/iommukit.elf"
	@tools/bench.sh $(BUILD)

$(BUILD)/host/bench/pt_bench: tests/bench/pt_bench.c $(wildcard drivers/iommu/pt/*) tests/model/fake_platform.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(filter-out -MMD -MP,$(COMMON)) -O2 -Itests/unit -Itests/model -o $@ tests/bench/pt_bench.c \
	    $(wildcard drivers/iommu/pt/*.c) tests/model/fake_platform.c

bench-host: $(BUILD)/host/bench/pt_bench
	@$<

format:
	@tools/setup.sh format
	$(Q)clang-format -i $(filter-out %_regs.h %_formats.h,$(shell git ls-files '*.c' '*.h'))

clean:
	rm -rf $(BUILD)

help:
	@tools/help.sh
