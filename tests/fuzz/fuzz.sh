#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: fuzz.sh BUILD [TARGET...]
# Runs the fuzzers one after another, FUZZ_SECONDS each (default 60), or
# FUZZ_RUNS executions where that is set, from the kept inputs and, where the
# folder ACPI_TABLES is there (default ../shared/acpi-tables), the real tables
# in it. What is new stays in BUILD/fuzz/TARGET. Exits 1 when one finds
# something; the input lies in BUILD/fuzz then.
set -eu

build=$1
shift
here=$(dirname "$0")
tables=${ACPI_TABLES:-../shared/acpi-tables}
limit="-max_total_time=${FUZZ_SECONDS:-60}"
[ -z "${FUZZ_RUNS:-}" ] || limit="-runs=$FUZZ_RUNS"
[ $# -gt 0 ] || set -- $(cd "$here/corpus" && ls | sed 's/\.txt$//')

seeds() {
    case $1 in
    dmar) set -- "$tables"/dmar/*.dat "$tables"/machines/*/dmar.dat ;;
    ivrs) set -- "$tables"/ivrs/*.dat "$tables"/machines/*/ivrs.dat ;;
    *) set -- "$tables"/*/*.dat "$tables"/machines/*/*.dat ;;
    esac
    for seed; do
        [ ! -f "$seed" ] || cp "$seed" "$folder/seed-$(echo "$seed" | md5sum | cut -c1-12)"
    done
}

total=0 failed=0
for target; do
    [ -f "$here/corpus/$target.txt" ] || {
        echo "fuzz.sh: no target '$target'; there are" $(cd "$here/corpus" && ls | sed 's/\.txt$//') >&2
        exit 2
    }
    folder=$build/fuzz/$target
    mkdir -p "$folder"
    ln -f "$build/fuzz/fuzz" "$build/fuzz/fuzz_$target"
    python3 "$here/corpus.py" unpack "$target" "$folder"
    seeds "$target"
    log=$build/fuzz/$target.log
    "$build/fuzz/fuzz_$target" "$limit" -max_len=2048 -print_final_stats=1 \
        -artifact_prefix="$build/fuzz/$target-" "$folder" >"$log" 2>&1 || failed=1
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    [ -n "$runs" ] || { tail -n 30 "$log" >&2; runs=0; failed=1; }
    echo "fuzz: $target $runs executions"
    total=$((total + runs))
done
[ $failed = 0 ] && result="no finding" || result="FOUND something, see $build/fuzz/*.log"
echo "fuzz: $total executions, $result"
exit $failed
