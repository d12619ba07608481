#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: run-all.sh BUILD_FOLDER
# Everything "make test" does, each part's output as it comes, and one line of
# totals over all of them at the end.
set -u
# A make of its own, not part of the one that called.
unset MAKEFLAGS MFLAGS MAKELEVEL
build=$1
root=$(dirname "$0")/..
mkdir -p "$build"
results=$build/test-results
rm -rf "$results"
mkdir -p "$results"

part() {
    name=$1
    shift
    echo "# $name"
    { "$@" 2>&1; echo "exit $?"; } | tee "$results/$name" | grep -v '^exit '
}
part check make -s -C "$root" BUILD="$build" check
part threads make -s -C "$root" BUILD="$build" check-threads
part boot "$root/tests/boot-all.sh" "$build"
part lint "$root/tests/lint/exit-status.sh" "$build"
part page "$root/tests/lint/page.sh" "$build"
part artefacts "$root/tests/artefacts.sh" "$build"

awk '
/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { passed += $1; failed += $3; skipped += $5; seen[FILENAME] = 1 }
/^exit / && $2 != 0 { status = 1 }
END {
    for (i = 1; i < ARGC; i++)
        if (!seen[ARGV[i]]) {
            print "# " ARGV[i] " ended without totals"
            failed++
        }
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit status || failed > 0
}' "$results"/*
