# SPDX-License-Identifier: BSD-2-Clause
# The bootable artefacts. All are the same bytes wherever and whenever they
# are made: no build id, fixed dates, fixed identifiers.

# 2024-01-01 00:00 UTC, the date of every file in an image.
BOOT_EPOCH := 1704067200

LD ?= ld
NM ?= nm
OBJCOPY ?= objcopy
AWK ?= awk

KERNEL_LDFLAGS := -nostdlib -static --build-id=none -z max-page-size=4096 -z noexecstack \
    -T linker.ld

# ---- iommukit.elf: linked twice, the second time with the names of the first ----

$(BUILD)/symbols-none.asm: tools/symbols.awk
	@mkdir -p $(@D)
	$(AWK) -f $< </dev/null >$@

$(BUILD)/symbols-all.asm: $(BUILD)/kernel-unnamed.elf tools/symbols.awk
	$(NM) -n $< | $(AWK) -f tools/symbols.awk >$@

$(BUILD)/symbols-%.o: $(BUILD)/symbols-%.asm
	$(NASM) -f elf64 -o $@ $<

$(BUILD)/kernel-unnamed.elf: $(KERNEL_OBJECTS) $(BUILD)/symbols-none.o linker.ld boot/boot.mk
	$(LD) $(KERNEL_LDFLAGS) -o $@ $(KERNEL_OBJECTS) $(BUILD)/symbols-none.o

$(BUILD)/iommukit.elf: $(KERNEL_OBJECTS) $(BUILD)/symbols-all.o linker.ld boot/boot.mk
	$(LD) $(KERNEL_LDFLAGS) -o $@ $(KERNEL_OBJECTS) $(BUILD)/symbols-all.o

.SECONDARY: $(BUILD)/symbols-all.asm $(BUILD)/symbols-none.asm $(BUILD)/kernel-unnamed.elf
