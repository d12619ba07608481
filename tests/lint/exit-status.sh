#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: exit-status.sh BUILD_FOLDER
# iommukit-lint as a user calls it: exit status 0 for tables and machines that
# are sound, 1 where there is something to mend, 2 for what is no table. The
# real tables are read in place (ACPI_TABLES, else ../shared/acpi-tables beside
# the project) and skipped where there are none.
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL
build=$1
root=$(dirname "$0")/../..
make -s -C "$root" BUILD="$build" "$build/iommukit-lint" "$build/iommukit-lint-static" || exit 1
tables=${ACPI_TABLES:-$root/../shared/acpi-tables}
work=$build/lint-test
rm -rf "$work"
mkdir -p "$work/empty"
passed=0
failed=0
skipped=0

# result NAME TRUE_OR_FALSE WHAT
result() {
    if [ "$2" = true ]; then
        passed=$((passed + 1))
        echo "ok - ${lint##*/}/$1"
    else
        failed=$((failed + 1))
        echo "not ok - ${lint##*/}/$1: $3"
    fi
}

# status NAME WANTED ARGUMENT...
status() {
    name=$1
    wanted=$2
    shift 2
    "$lint" "$@" >"$work/out" 2>"$work/err"
    seen=$?
    [ "$seen" = "$wanted" ] && right=true || right=false
    result "$name" $right "status $seen, expected $wanted: $(cat "$work/out" "$work/err" | head -c 300)"
}

# What is to be mended: every other table of the corpus is sound.
findings='dmar/asus-h110m-a-m-2-dmar.dat dmar/asus-prime-h270-plus-dmar.dat dmar/hp-elitebook-8540p-dmar.dat
dmar/hp-elitebook-8740w-dmar.dat dmar/lenovo-thinkpad-e15-gen-2-20td0005mh-dmar.dat dmar/lenovo-vtd-fix-patched-dmar.dat
dmar/msi-ms-7a15-dmar.dat
dmar/supermicro-x11-dual-skylake-sp-dmar.dat
ivrs/fwts-ivrs-test-3f5e-ivrs.dat ivrs/fwts-ivrs-test-5e0d-ivrs.dat ivrs/gigabyte-a320m-s2h-ivrs.dat
ivrs/gigabyte-f2a78m-hd2-ivrs.dat
other/fwts-checksum-0001-acpidump-0004-apic.dat other/fwts-checksum-0001-acpidump-0004-hpet.dat
other/fwts-checksum-0001-acpidump-0004-mcfg.dat other/fwts-viot-0001-acpidump-0002-viot.dat
machines/gigabyte-a320m-s2h machines/lenovo-thinkpad-e15-gen-2'

# The tables of one folder, or the machines, in one line.
corpus() {
    count=0
    wrong=
    for path in "$@"; do
        short=${path#"$tables"/}
        wanted=0
        for name in $findings; do
            [ "$name" = "$short" ] && wanted=1
        done
        "$lint" "$path" >"$work/out" 2>&1
        seen=$?
        count=$((count + 1))
        [ "$seen" = "$wanted" ] || wrong="$wrong $short: $seen, expected $wanted;"
    done
    [ -z "$wrong" ] && right=true || right=false
    result "corpus-${short%%/*}-$count" $right "$wrong"
}

all() {
    printf 'no table' >"$work/word"
    : >"$work/nothing"
    status unreadable-word 2 "$work/word"
    status unreadable-empty 2 "$work/nothing"
    status unreadable-absent 2 "$work/absent"
    status unreadable-empty-folder 2 "$work/empty"
    status help 0 --help
    status version 0 --version
    if [ ! -d "$tables/dmar" ]; then
        skipped=$((skipped + 1))
        echo "ok - ${lint##*/}/corpus # SKIP no folder of real tables"
        return
    fi
    for kind in dmar ivrs other; do
        corpus "$tables/$kind"/*.dat
    done
    set --
    for machine in "$tables"/machines/*/apic.dat; do
        set -- "$@" "${machine%/apic.dat}"
    done
    corpus "$@"
    status json-of-findings 1 --json "$tables/machines/gigabyte-a320m-s2h"
    status json-of-sound 0 --json "$tables/machines/asus-minipc-pn51"
    "$lint" "$tables/machines/gigabyte-a320m-s2h" | grep -q 'ivrs_ioapic\[1\]=00:00\.1' && right=true || right=false
    result parameter-is-printed $right "no ivrs_ioapic[1]=00:00.1"
    head -c 100 "$tables/dmar/acer-aspire-a114-31-dmar.dat" >"$work/cut.dat"
    status cut-table 1 "$work/cut.dat"
}

for lint in "$build/iommukit-lint" "$build/iommukit-lint-static"; do
    all
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
