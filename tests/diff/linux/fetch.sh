#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Puts Debian's arm64 busybox-static and bash-static below
# $BUILD/debian-arm64/bin, from the sources that apt already has and
# without telling it of another architecture. Once they are there, no
# network is needed. Exit 0: they are there; 1: one line says why not.
set -u
build=${BUILD:-build}
out=$build/debian-arm64

[ -x "$out/bin/busybox" ] && [ -x "$out/bin/bash-static" ] && exit 0

fail() {
	echo "fetch: Debian's arm64 busybox-static and bash-static are needed in $out/bin: $1" >&2
	exit 1
}
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
	fail "this is not Debian; unpack the two packages there by hand"

mkdir -p "$out/apt/lists/partial" "$out/apt/cache/archives/partial" ||
	fail "cannot create $out/apt"
out=$(cd "$out" && pwd)
apt="-q -oAPT::Architecture=arm64 -oAPT::Architectures=arm64 -oDir::State::Lists=$out/apt/lists -oDir::Cache=$out/apt/cache -oAPT::Sandbox::User=root -oAcquire::Retries=2"
echo "fetch: busybox-static and bash-static for arm64 to $out"
# shellcheck disable=SC2086
apt-get $apt update >"$out/apt/log" 2>&1 ||
	fail "apt-get update failed (no network?), see $out/apt/log"
# shellcheck disable=SC2086
(cd "$out/apt" && apt-get $apt download busybox-static bash-static) >>"$out/apt/log" 2>&1 ||
	fail "apt-get download failed, see $out/apt/log"
for package in "$out"/apt/*.deb; do
	dpkg-deb -x "$package" "$out/apt/x" || fail "$package does not unpack"
done
mkdir -p "$out/bin"
cp "$out/apt/x/bin/busybox" "$out/apt/x/bin/bash-static" "$out/bin/" ||
	fail "the packages hold no /bin/busybox or /bin/bash-static any more"
rm -rf "$out/apt"
