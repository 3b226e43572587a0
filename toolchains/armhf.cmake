# SPDX-License-Identifier: Apache-2.0
# Target:  32 bit Arm Linux, hard float (ARMv7-A, Debian armhf).
# Needs:   g++-arm-linux-gnueabihf, qemu-user-static, and a sysroot made by scripts/mksysroot.sh (scripts/test makes it).
# Tests run in qemu-user through CMAKE_CROSSCOMPILING_EMULATOR.
set(TOCSIN_TRIPLET arm-linux-gnueabihf)
set(TOCSIN_DEBIAN_ARCH armhf)
set(TOCSIN_QEMU qemu-arm-static)
set(CMAKE_SYSTEM_PROCESSOR armv7l)
include(${CMAKE_CURRENT_LIST_DIR}/linux-cross.cmake)
