#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: artefacts.sh BUILD_FOLDER
# What is true of the files we build and keep, as TAP.
set -u
# A make of its own, not part of the one that called.
unset MAKEFLAGS MFLAGS MAKELEVEL
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
build=$1    # as make was given it: targets are known by that name
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0 passed=0 failed=0

# test NAME COMMAND...: passes when the command succeeds; what it printed is shown when not.
test_that() {
    number=$((number + 1))
    name=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        passed=$((passed + 1))
        echo "ok $number - artefacts/$name"
    else
        failed=$((failed + 1))
        echo "not ok $number - artefacts/$name"
        echo "  ---"
        tail -n 15 "$work/output" | sed 's/^/  /'
        echo "  ..."
    fi
}

copy_tree() {
    mkdir -p "$1"
    (cd "$root" && git ls-files -z --cached --others --exclude-standard | xargs -0 -I{} sh -c '[ -e "{}" ] && echo "{}"' |
        tar cf - -T -) | tar xf - -C "$1"
}
two_builds_are_identical() {
    copy_tree "$work/one" && copy_tree "$work/elsewhere/deep/two" || return 1
    for tree in "$work/one" "$work/elsewhere/deep/two"; do
        make -s -C "$tree" BUILD=build build/iommukit.elf build/iommukit.iso build/iommukit.efi build/libiommu.a \
            build/iommukit-lint build/iommukit-lint-static || return 1
        sleep 2
    done
    for file in iommukit.elf iommukit.iso iommukit.efi libiommu.a iommukit-lint iommukit-lint-static; do
        cmp "$work/one/build/$file" "$work/elsewhere/deep/two/build/$file" || return 1
    done
}
clang_builds_it_all() {
    make -s -C "$root" CC=clang BUILD="$work/clang" "$work/clang/iommukit.elf" "$work/clang/libiommu.a" \
        "$work/clang/iommukit.efi" "$work/clang/iommukit-lint"
}
the_static_tool_needs_no_library() {
    make -s -C "$root" BUILD="$build" "$build/iommukit-lint-static" && ! readelf -lW "$build/iommukit-lint-static" | grep INTERP &&
        "$build/iommukit-lint-static" --version
}
# But for pictures, and what a program is expected to print, compared to the byte.
every_file_names_its_licence() {
    missing=$(cd "$root" && git ls-files | grep -v -e '^\.gitignore$' -e '\.dump$' -e '\.png$' | while read -r file; do
        head -n 5 "$file" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' || echo "$file"
    done)
    echo "$missing"
    [ -z "$missing" ]
}
no_segment_is_writable_and_executable() {
    readelf -lW "$build/iommukit.elf" >"$work/segments" || return 1
    cat "$work/segments"
    ! grep -E 'LOAD.* RWE|GNU_STACK.* R?W?E' "$work/segments"
}
no_floating_point_in_the_kernel() {
    objdump -d --no-show-raw-insn "$build/iommukit.elf" >"$work/code" || return 1
    ! grep -m 5 -E '%(xmm|ymm|zmm|mm|st)[0-9(]' "$work/code"
}
a_changed_header_rebuilds_its_users() {
    before=$(stat -c %Y "$build/kernel/drivers/iommu/intel/vtd_unit.o")
    make -s -C "$root" BUILD="$build" -q "$build/iommukit.elf" || { echo "not up to date to begin with"; return 1; }
    ! make -s -C "$root" BUILD="$build" -q -W drivers/iommu/intel/vtd_regs.h "$build/iommukit.elf" && [ -n "$before" ]
}
nothing_to_do_is_nothing_said() {
    make -C "$root" BUILD="$build" tools >"$work/first" || return 1
    make --no-print-directory -C "$root" BUILD="$build" tools >"$work/again" 2>&1 || return 1
    cat "$work/again"
    [ ! -s "$work/again" ]
}

make_run_boots_by_grub_and_by_uefi() {
    make -s -C "$root" BUILD="$build" run BOOT=bios APPEND='run=dma/mapped-write-arrives report=none' &&
        make -s -C "$root" BUILD="$build" run BOOT=uefi-app APPEND='run=dma/mapped-write-arrives report=none'
}
make_run_tells_a_refused_argument_from_a_run() {
    ! make -s -C "$root" BUILD="$build" run QEMU_ARGS='-device no-such-device'
}

echo "TAP version 14"
test_that two_builds_are_identical two_builds_are_identical
test_that the_static_tool_needs_no_library the_static_tool_needs_no_library
test_that clang_builds_it_all clang_builds_it_all
test_that every_file_names_its_licence every_file_names_its_licence
test_that no_segment_is_writable_and_executable no_segment_is_writable_and_executable
test_that no_floating_point_in_the_kernel no_floating_point_in_the_kernel
test_that a_changed_header_rebuilds_its_users a_changed_header_rebuilds_its_users
test_that nothing_to_do_is_nothing_said nothing_to_do_is_nothing_said
test_that make_run_boots_by_grub_and_by_uefi make_run_boots_by_grub_and_by_uefi
test_that make_run_tells_a_refused_argument_from_a_run make_run_tells_a_refused_argument_from_a_run
echo "1..$number"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
