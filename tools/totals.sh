#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: totals.sh RESULT...
# Adds up TAP outputs kept in files (each ending in "exit N"), shows what
# failed or was skipped, and one line of totals. Exit status 1 when something
# failed, ended abnormally, or nothing ran.
awk '
function bad_end(file) { print "not ok - " file " ended with status " status[file]; print output[file]; failed++ }
FNR == 1 { files[++n] = FILENAME }
/^exit / { status[FILENAME] = $2; next }
/^ok .* # SKIP/ { skipped++; print; next }
/^ok / { passed++; next }
/^not ok / { failed++; lost[FILENAME] = 1; show = 4 }
show > 0 { print; show-- }
{ output[FILENAME] = output[FILENAME] $0 "\n" }
END {
    for (i = 1; i <= n; i++)
        if (status[files[i]] != 0 && !lost[files[i]])
            bad_end(files[i])
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit failed > 0 || passed == 0
}' "$@"
