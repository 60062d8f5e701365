#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Fills DIR with the files that the cases read: root.sh DIR BUSYBOX
set -eu
mkdir -p "$1/tree/a/b" "$1/tree/empty" "$1/bin"
cd "$1"
awk 'BEGIN { x = 12345; for (i = 0; i < 2000; i++) { x = (x * 1103515245 + 12345) % 2147483648; printf "%d word%d %s\n", x, x % 97, (x % 3 ? "apple" : "pear") } }' >words
awk 'BEGIN { for (i = 0; i < 6000; i++) printf "line %d of a file that is larger than a pipe\n", i }' >big
printf 'name,amount\nann,3\nbob,4\nann,5\ncid,9\n' >table.csv
printf 'one\ntwo\nthree\n' >three
printf 'one\n2\nthree\n' >three.other
printf '' >nothing
printf 'no newline at the end' >short
head -c 70000 big >tree/big
cp words tree/a/words
cp three tree/a/b/three
ln -s a/b/three tree/link
ln -s ../../three tree/a/up
ln -s /three tree/absolute
ln -s ../../../../../../etc/hostname tree/outside
ln -s nowhere tree/dangling
printf '#!/bin/busybox sh\necho script "$0" "$@"\n' >script
chmod 755 script
ln -s /three three.link
cp "$2" bin/busybox
# Names of owners, as the reference finds them.
mkdir etc
cp /etc/passwd /etc/group etc/
for applet in sh cat grep gzip gunzip sort wc sed awk echo; do
	ln -s busybox "bin/$applet"
done
