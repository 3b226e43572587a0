#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check_unit.sh FOLDER: systemd's own opinion of the unit, alone and with each drop-in: free of mistakes, and
# little exposed.
set -eu
folder=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

judge() {  # judge UNIT
  if ! systemd-analyze verify --recursive-errors=yes "$1" >"$dir/verify" 2>&1; then
    cat "$dir/verify" >&2
    exit 1
  fi
  # Tenths of 10: at most 1.1.
  systemd-analyze security --offline=true --no-pager --threshold=11 "$1" >"$dir/security" || {
    grep '✗' "$dir/security" >&2
    tail -n 1 "$dir/security" >&2
    exit 1
  }
  tail -n 1 "$dir/security"
}

# The check wants the program to exist; it judges the rest of the file.
sed 's#/usr/bin/tocsind#/bin/true#' "$folder/tocsind.service" >"$dir/tocsind.service"
judge "$dir/tocsind.service"
# What libzmq and the daemon cannot start without.
grep -q '^SystemCallFilter=.*sched_setscheduler' "$dir/tocsind.service"
grep -q '^SystemCallFilter=.*seccomp' "$dir/tocsind.service"
# Without both the journal's thread stays where it is.
grep -q '^SystemCallFilter=.*setpriority' "$dir/tocsind.service"
grep -q '^LimitNICE=-10' "$dir/tocsind.service"
# A wrong config ends with 2 and stays down, which holds for the main process alone.
if grep -q '^ExecStartPre=' "$dir/tocsind.service"; then
  echo "ExecStartPre= is not covered by RestartPreventExitStatus=" >&2
  exit 1
fi
# The group that owns the sockets can have members: it is one that sysusers makes, and not the dynamic user's own.
group=$(sed -n 's/^Group=//p' "$dir/tocsind.service")
grep -q "^g $group " "$folder/tocsin.sysusers"
[ "$group" != "$(sed -n 's/^User=//p' "$dir/tocsind.service")" ]
if command -v systemd-sysusers >"$dir/which"; then
  systemd-sysusers --dry-run "$folder/tocsin.sysusers" >"$dir/sysusers" 2>&1 || { cat "$dir/sysusers" >&2; exit 1; }
fi
# Offline it looks at one file, so a drop-in's settings go in where they would take effect.
for name in network realtime; do
  sed '/^\[Install\]/,$d' "$dir/tocsind.service" >"$dir/tocsind-$name.service"
  grep -v '^\[Service\]' "$folder/tocsind-$name.conf" >>"$dir/tocsind-$name.service"
  judge "$dir/tocsind-$name.service"
done
