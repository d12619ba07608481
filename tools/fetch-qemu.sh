#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: fetch-qemu.sh
# Unpacks a newer QEMU than the distribution's (the one of trixie-backports)
# with its own C library into a cache, without installing anything, and prints
# the folder. Uses the mirror that apt is set up with. Exit status 1, with the
# reason on standard error, when it cannot be had.
set -eu

suite=trixie-backports
base=${suite%-backports}
cache=${IOMMUKIT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/iommukit}
tree=$cache/qemu-$suite

if [ -x "$tree/usr/bin/qemu-system-x86_64" ]; then
    echo "$tree"
    exit 0
fi
fail() { echo "fetch-qemu: $*" >&2; exit 1; }
command -v mmdebstrap >/dev/null || fail "mmdebstrap is not installed"
. /etc/os-release
[ "${ID:-}" = debian ] || fail "needs Debian's apt, this is '${ID:-unknown}'"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
    "Codename: $VERSION_CODENAME" 'Component: main' 'Label: Debian' | head -n 1)
if [ -z "$mirror" ]; then
    # Without package lists apt cannot say which of its entries is Debian's own.
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' \
        | grep -v security | head -n 1)
fi
[ -n "$mirror" ] || fail "apt knows no mirror"

mkdir -p "$cache"
work=$(mktemp -d "$cache/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
timeout 600 mmdebstrap --quiet --variant=extract \
    --aptopt='APT::Install-Recommends "false"' --aptopt="APT::Default-Release \"$suite\"" \
    --aptopt='Acquire::Retries "1"' --aptopt='Acquire::http::Timeout "20"' \
    --include=qemu-system-x86 "$base" "$work/tree" \
    "deb $mirror $base main" "deb $mirror $suite main" >"$work/log" 2>&1 ||
    fail "the mirror does not give $suite: $(tail -n 1 "$work/log")"
rm -rf "$work/tree/usr/share/doc" "$work/tree/usr/share/man" "$work/tree/usr/share/locale" "$work/tree/var"
rm -rf "$tree"
mv "$work/tree" "$tree"
echo "$tree"
