# SPDX-License-Identifier: Apache-2.0
# Target:  64 bit Arm Linux (Debian arm64).
# Needs:   g++-aarch64-linux-gnu, qemu-user-static, and a sysroot made by scripts/mksysroot.sh (scripts/test makes it).
# Tests run in qemu-user through CMAKE_CROSSCOMPILING_EMULATOR.
set(TOCSIN_TRIPLET aarch64-linux-gnu)
set(TOCSIN_DEBIAN_ARCH arm64)
set(TOCSIN_QEMU qemu-aarch64-static)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
include(${CMAKE_CURRENT_LIST_DIR}/linux-cross.cmake)
