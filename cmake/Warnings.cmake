# SPDX-License-Identifier: Apache-2.0
# tocsin::warnings    the warning set; every target of ours links it PRIVATE. They become errors through
#                     CMAKE_COMPILE_WARNING_AS_ERROR, which the presets set.
# tocsin::no_runtime  for code that must run without an operating system: no exceptions, RTTI or guarded statics.

# One result on every processor: a fused multiply-add rounds once where two instructions round twice.
add_compile_options(-ffp-contract=off)

add_library(tocsin_warnings INTERFACE)
add_library(tocsin::warnings ALIAS tocsin_warnings)
target_compile_options(tocsin_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Wcast-align -Wcast-qual
  -Wdouble-promotion -Wformat=2 -Wundef -Wnon-virtual-dtor -Woverloaded-virtual -Wswitch-enum)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(tocsin_warnings INTERFACE -Wlogical-op -Wduplicated-cond)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)  # optimised std::string code sets it off without cause (GCC bug 105329)
    target_compile_options(tocsin_warnings INTERFACE -Wno-restrict)
  endif()
  if(NOT TOCSIN_SANITIZE AND NOT TOCSIN_COVERAGE)  # instrumentation adds branches it misreads
    target_compile_options(tocsin_warnings INTERFACE -Wduplicated-branches)
  endif()
  if(CMAKE_SIZEOF_VOID_P EQUAL 4)  # notes on an ABI change between GCC 6 and 7
    target_compile_options(tocsin_warnings INTERFACE -Wno-psabi)
  endif()
  if(CMAKE_SIZEOF_VOID_P EQUAL 8)  # where size_t is 32 bits, a cast from it to uint32_t is only useless there
    target_compile_options(tocsin_warnings INTERFACE -Wuseless-cast)
  endif()
endif()

add_library(tocsin_no_runtime INTERFACE)
add_library(tocsin::no_runtime ALIAS tocsin_no_runtime)
target_compile_options(tocsin_no_runtime INTERFACE -fno-exceptions -fno-rtti -fno-threadsafe-statics)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT TOCSIN_SANITIZE AND NOT TOCSIN_COVERAGE)
  # Not in tocsin::warnings: inlined std::string and third-party templates set -Wnull-dereference off without cause.
  target_compile_options(tocsin_no_runtime INTERFACE -Wnull-dereference $<$<NOT:$<CONFIG:Debug>>:-Wstack-usage=1024>)
endif()
