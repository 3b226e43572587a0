# SPDX-License-Identifier: Apache-2.0
# Whole-tree instrumentation, chosen by preset: sanitizers, coverage, clang-tidy.
if(TOCSIN_SANITIZE)
  # No checks of vptr and function: they ask for type information, which portable code, FlatBuffers' inline classes in it
  # too, is built without.
  add_compile_options(-fsanitize=${TOCSIN_SANITIZE} -fno-sanitize=vptr $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=function>
    -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TOCSIN_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # false alarms that instrumentation provokes in GCC 12
    add_compile_options(-Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds -Wno-restrict)
  elseif(TOCSIN_SANITIZE MATCHES "address")
    add_compile_definitions(__SANITIZE_ADDRESS__=1)  # as GCC says it
  endif()
endif()
if(TOCSIN_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "TOCSIN_FUZZ needs clang; use the preset 'fuzz'")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(TOCSIN_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
if(TOCSIN_TIDY)
  find_program(CLANG_TIDY NAMES clang-tidy-14 clang-tidy REQUIRED)
  set(CMAKE_CXX_CLANG_TIDY ${CLANG_TIDY} --warnings-as-errors=*)
endif()
