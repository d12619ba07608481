#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: check-symbols.sh LIBRARY
# The library asks its embedder for nothing by name but the four memory
# functions every freestanding compiler expects (docs/porting.md).
set -eu
defined=$(mktemp)
trap 'rm -f "$defined"' EXIT
nm --defined-only "$1" | awk 'NF == 3 { print $3 }' | sort -u >"$defined"
foreign=$(nm --undefined-only "$1" | awk '$1 == "U" { print $2 }' | sort -u | grep -vxF -f "$defined" |
    grep -vxE 'memcpy|memmove|memset|memcmp' || true)
[ -z "$foreign" ] || { echo "check-symbols: $1 needs: $foreign" >&2; exit 1; }
