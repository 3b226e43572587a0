#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run-mps2-an386.sh IMAGE [ARGUMENT...]: runs a bare-metal image in QEMU's mps2-an386 (Cortex-M4F) and exits with the
# code the image gives by semihosting; 124 when it runs longer than TOCSIN_QEMU_TIMEOUT seconds (default 300).
# TOCSIN_QEMU_SERIAL is what UART0 is connected to, as for qemu's -serial (default none).
set -eu
image=$1
config="enable=on,target=native"
for argument in "$(basename "$image")" "$@"; do
  [ "$argument" = "$image" ] && continue
  config="$config,arg=$(printf %s "$argument" | sed 's/,/,,/g')" # qemu splits options at commas
done
exec timeout --kill-after=5 "${TOCSIN_QEMU_TIMEOUT:-300}" qemu-system-arm -M mps2-an386 -display none -monitor none \
  -serial "${TOCSIN_QEMU_SERIAL:-none}" -semihosting-config "$config" -kernel "$image" </dev/null
