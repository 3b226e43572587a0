#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check_unit.sh UNIT: systemd's own opinion of a unit file: free of mistakes, and little exposed.
set -eu
unit=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# The check wants the program to exist; it judges the rest of the file.
sed 's#/usr/bin/tocsind#/bin/true#' "$unit" >"$dir/tocsind.service"
if ! systemd-analyze verify --recursive-errors=yes "$dir/tocsind.service" >"$dir/verify" 2>&1; then
  cat "$dir/verify" >&2
  exit 1
fi
# Tenths of 10; 14 would be "OK".
systemd-analyze security --offline=true --no-pager --threshold=15 "$dir/tocsind.service" >"$dir/security" || {
  grep '✗' "$dir/security" >&2
  exit 1
}
tail -n 1 "$dir/security"
