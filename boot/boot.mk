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
	$(call say,NAMES)
	$(Q)$(AWK) -f $< </dev/null >$@

$(BUILD)/symbols-all.asm: $(BUILD)/kernel-unnamed.elf tools/symbols.awk
	$(call say,NAMES)
	$(Q)$(NM) -n $< | $(AWK) -f tools/symbols.awk >$@

$(BUILD)/symbols-%.o: $(BUILD)/symbols-%.asm
	$(call say,NASM)
	$(Q)cd $(@D) && $(NASM) -f elf64 -o $(@F) $(<F)

$(BUILD)/kernel-unnamed.elf: $(KERNEL_OBJECTS) $(BUILD)/symbols-none.o linker.ld boot/boot.mk
	$(call say,LD)
	$(Q)$(LD) $(KERNEL_LDFLAGS) -o $@ $(KERNEL_OBJECTS) $(BUILD)/symbols-none.o

$(BUILD)/iommukit.elf: $(KERNEL_OBJECTS) $(BUILD)/symbols-all.o linker.ld boot/boot.mk
	$(call say,LD)
	$(Q)$(LD) $(KERNEL_LDFLAGS) -o $@ $(KERNEL_OBJECTS) $(BUILD)/symbols-all.o

.SECONDARY: $(BUILD)/symbols-all.asm $(BUILD)/symbols-none.asm $(BUILD)/kernel-unnamed.elf

# What goes into images: without debug information.
$(BUILD)/boot/iommukit.elf: $(BUILD)/iommukit.elf
	@mkdir -p $(@D)
	$(call say,COPY)
	$(Q)$(OBJCOPY) --strip-debug $< $@

# ---- iommukit.iso: GRUB for BIOS and UEFI, from a disc or a stick ----

GRUB_MKIMAGE ?= grub-mkimage
XORRISO ?= xorriso
GRUB_LIB ?= /usr/lib/grub
GRUB_FONT ?= /usr/share/grub/unicode.pf2
APPEND ?=
GRUB_MODULES := all_video boot echo font gfxterm halt iso9660 multiboot2 normal part_gpt part_msdos \
    reboot search search_label serial terminal test
GRUB_MODULES_BIOS := biosdisk vbe vga
GRUB_MODULES_EFI := efi_gop fat
FAT_SERIAL := 494f4d4d
# Every tool below dates what it makes by this, in UTC.
IMAGE_ENV := SOURCE_DATE_EPOCH=$(BOOT_EPOCH) TZ=UTC0 MTOOLS_SKIP_CHECK=1

# GRUB reads what is built in before it knows comments.
$(BUILD)/boot/grub-early.cfg: boot/grub_early.cfg
	@mkdir -p $(@D)
	$(call say,MAKE)
	$(Q)grep -v '^#' $< >$@

$(BUILD)/boot/grub-bios.img: $(BUILD)/boot/grub-early.cfg boot/boot.mk
	@mkdir -p $(@D)
	$(call say,GRUB)
	$(Q)$(GRUB_MKIMAGE) -O i386-pc-eltorito -d $(GRUB_LIB)/i386-pc -p /boot/grub -c $< -o $@ \
	    $(GRUB_MODULES) $(GRUB_MODULES_BIOS)

$(BUILD)/boot/grub-efi/BOOTX64.EFI: $(BUILD)/boot/grub-early.cfg boot/boot.mk
	@mkdir -p $(@D)
	$(call say,GRUB)
	$(Q)$(GRUB_MKIMAGE) -O x86_64-efi -d $(GRUB_LIB)/x86_64-efi -p /boot/grub -c $< -o $@ \
	    $(GRUB_MODULES) $(GRUB_MODULES_EFI)

# A FAT image of $(2) KiB with the files $(3) in EFI/BOOT.
define fat_image
@rm -f $(1)
$(Q)$(IMAGE_ENV) mformat -C -i $(1) -T $$(( $(2) * 2 )) -h 16 -s 63 -N $(FAT_SERIAL) -v IOMMUKIT ::
$(Q)$(IMAGE_ENV) mmd -i $(1) ::/EFI ::/EFI/BOOT
$(Q)$(IMAGE_ENV) mcopy -i $(1) $(3) ::/EFI/BOOT/
endef

$(BUILD)/boot/grub-efi.img: $(BUILD)/boot/grub-efi/BOOTX64.EFI
	$(call fat_image,$@,2880,$<)

# An ISO for one run has a name and a menu of its own: make ISO=... MENU=... APPEND=...
ISO ?= $(BUILD)/iommukit.iso
MENU ?= $(BUILD)/boot/grub.cfg

# Rewritten only when the words have changed.
.PHONY: FORCE
$(MENU): boot/grub_menu.awk FORCE
	@mkdir -p $(@D)
	@APPEND='$(subst ','\'',$(APPEND))' $(AWK) -f $< >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# The stick: boot code in the MBR for BIOS, the EFI system partition behind the file system.
$(ISO): $(BUILD)/boot/iommukit.elf $(MENU) $(BUILD)/boot/grub-bios.img \
    $(BUILD)/boot/grub-efi.img
	@rm -f $@
	$(call say,IMAGE)
	$(Q)$(IMAGE_ENV) $(XORRISO) -as mkisofs -quiet -r -V IOMMUKIT -o $@ -graft-points \
	    --set_all_file_dates =$(BOOT_EPOCH) -partition_offset 16 --mbr-force-bootable \
	    --grub2-mbr $(GRUB_LIB)/i386-pc/boot_hybrid.img \
	    -c boot/boot.cat -b boot/grub/bios.img -no-emul-boot -boot-load-size 4 -boot-info-table \
	    --grub2-boot-info \
	    -append_partition 2 0xef $(BUILD)/boot/grub-efi.img -appended_part_as_gpt \
	    -eltorito-alt-boot -e --interval:appended_partition_2:all:: -no-emul-boot \
	    boot/iommukit.elf=$(BUILD)/boot/iommukit.elf boot/grub/grub.cfg=$(MENU) \
	    boot/grub/bios.img=$(BUILD)/boot/grub-bios.img boot/grub/unicode.pf2=$(GRUB_FONT) \
	    2>$(BUILD)/boot/xorriso.txt || { cat $(BUILD)/boot/xorriso.txt; false; }

# ---- iommukit.efi: the kernel inside a UEFI application ----

EFI_INCLUDE ?= /usr/include/efi
EFI_LIB ?= /usr/lib
EFI_FILES := boot/efi/main.c boot/efi/gather.c boot/efi/load_kernel.c boot/efi/load_options.c \
    boot/doors.c kernel/acpi.c kernel/serial.c kernel/string.c \
    $(addprefix drivers/iommu/,handoff.c intel/dmar.c intel/vtd_handoff.c amd/ivrs.c amd/ivrs_entry.c \
        amd/amdvi_handoff.c)
EFI_CFLAGS := $(COMMON) -isystem $(EFI_INCLUDE) -isystem $(EFI_INCLUDE)/x86_64 -Iboot/efi -O2 -g -ffreestanding \
    -fpic -fvisibility=hidden -fshort-wchar -mno-red-zone -mgeneral-regs-only -fno-strict-aliasing \
    -fno-stack-protector -fno-asynchronous-unwind-tables -DGNU_EFI_USE_MS_ABI
EFI_OBJECTS := $(patsubst %.c,$(BUILD)/efi/%.o,$(EFI_FILES)) $(BUILD)/efi/kernel_image.o
EFI_SECTIONS := .text .sdata .data .rodata .dynamic .rel .rela .rel.* .rela.* .reloc

$(BUILD)/efi/%.o: %.c Makefile boot/boot.mk $(COMPILER)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(EFI_CFLAGS) -c -o $@ $<

$(BUILD)/efi/kernel_image.o: boot/efi/kernel_image.asm $(BUILD)/boot/iommukit.elf
	@mkdir -p $(@D)
	$(call say,NASM)
	$(Q)$(NASM) -f elf64 -I$(BUILD)/ -o $@ $<

$(BUILD)/efi/iommukit.so: $(EFI_OBJECTS)
	$(call say,LD)
	$(Q)$(LD) -nostdlib -shared -Bsymbolic --no-undefined --build-id=none -z noexecstack -z max-page-size=4096 -z norelro \
	    -T $(EFI_LIB)/elf_x86_64_efi.lds -o $@ $(EFI_LIB)/crt0-efi-x86_64.o $(EFI_OBJECTS) -L$(EFI_LIB) -lgnuefi

$(BUILD)/iommukit.efi: $(BUILD)/efi/iommukit.so
	$(call say,EFI)
	$(Q)SOURCE_DATE_EPOCH=$(BOOT_EPOCH) $(OBJCOPY) $(addprefix -j ,$(EFI_SECTIONS)) --target efi-app-x86_64 --subsystem=10 $< $@

# A disk with the application where firmware looks for it, and its command line beside it;
# one for a single run has names of its own: make EFI_IMAGE=... EFI_CMDLINE=.../cmdline.txt APPEND=...
EFI_IMAGE ?= $(BUILD)/iommukit-efi.img
EFI_CMDLINE ?= $(BUILD)/boot/efi/cmdline.txt

$(BUILD)/boot/efi/BOOTX64.EFI: $(BUILD)/iommukit.efi
	@mkdir -p $(@D)
	$(call say,COPY)
	$(Q)cp $< $@

$(EFI_CMDLINE): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(APPEND))' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(EFI_IMAGE): $(BUILD)/boot/efi/BOOTX64.EFI $(EFI_CMDLINE)
	$(call fat_image,$@,16384,$^)
