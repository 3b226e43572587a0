# SPDX-License-Identifier: Apache-2.0
# Target:  bare-metal Cortex-M4F (single precision FPU), newlib.
# Needs:   gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm.
# Link options come from the board's targets (firmware/board): tocsin::board_test or tocsin::board_firmware.
# Do not pass CMAKE_CXX_FLAGS on the command line: it would replace the processor options below.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR cortex-m4)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)  # nothing links before the board's linker script is in place
set(TOCSIN_CPU_FLAGS "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -ffunction-sections -fdata-sections")
set(CMAKE_C_FLAGS_INIT "${TOCSIN_CPU_FLAGS}")
set(CMAKE_CXX_FLAGS_INIT "${TOCSIN_CPU_FLAGS} -fno-exceptions -fno-rtti -fno-threadsafe-statics")
set(CMAKE_ASM_FLAGS_INIT "${TOCSIN_CPU_FLAGS}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_CROSSCOMPILING_EMULATOR ${CMAKE_CURRENT_LIST_DIR}/run-mps2-an386.sh)
