# SPDX-License-Identifier: Apache-2.0

# tocsin_add_test(<folder>.<unit> SOURCES <files> LINKS <targets>
#                 [LABELS <labels>] [TIMEOUT <seconds>] [ARGS <program arguments>]
#                 [HOST_ONLY] [HOSTED_ONLY] [NO_LEAK_DETECTION])
# One CppUTest program and one CTest entry, run in the emulator when cross-built.
#   LABELS             default: unit
#   TIMEOUT            default: 60, counted in native seconds; emulated runs get four times as much
#   HOST_ONLY          only in native builds
#   HOSTED_ONLY        only where there is an operating system (native, armhf, aarch64)
#   NO_LEAK_DETECTION  CppUTest's leak detector is off: for threads, ZeroMQ and SQLite (it is not thread-safe)
# Programs on hosted systems see TOCSIN_SOURCE_DIR, the absolute path of the source tree, as a string.
function(tocsin_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "HOST_ONLY;HOSTED_ONLY;NO_LEAK_DETECTION" "TIMEOUT" "SOURCES;LINKS;LABELS;ARGS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tocsin_add_test(${name}): unknown argument ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if((arg_HOST_ONLY AND CMAKE_CROSSCOMPILING) OR (arg_HOSTED_ONLY AND TOCSIN_BARE_METAL))
    return()
  endif()
  set(main tocsin_test_main)
  if(arg_NO_LEAK_DETECTION)
    set(main tocsin_test_main_no_leak_detection)
  endif()
  add_executable(${name} ${arg_SOURCES} $<TARGET_OBJECTS:${main}> $<TARGET_OBJECTS:tocsin_test_panic>)
  target_link_libraries(${name} PRIVATE ${arg_LINKS} tocsin::test_support tocsin::warnings CppUTest::CppUTest)
  if(TOCSIN_BARE_METAL)
    target_link_libraries(${name} PRIVATE tocsin::board_test tocsin::no_runtime)
    set_target_properties(${name} PROPERTIES SUFFIX .elf)
  else()
    target_compile_definitions(${name} PRIVATE TOCSIN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  endif()
  target_link_libraries(${name} PRIVATE tocsin_test_relaxations)
  add_test(NAME ${name} COMMAND ${name} ${arg_ARGS})
  tocsin_set_test_limits(${name} "${arg_TIMEOUT}" "${arg_LABELS}")
endfunction()

# tocsin_add_fuzz(<folder>.<unit> SOURCES <files> LINKS <targets> CORPUS <folder>
#                 [SECONDS <seconds>] [MAX_LENGTH <bytes>])
# The sources define LLVMFuzzerTestOneInput. With clang and TOCSIN_FUZZ the program is a fuzzer and CTest runs it for
# SECONDS (default 20; 600 when TOCSIN_NIGHTLY); otherwise it replays the corpus, so that what a fuzzer once found stays
# found. The target tocsin_fuzzers builds all of them.
function(tocsin_add_fuzz name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS;SECONDS;MAX_LENGTH" "SOURCES;LINKS")
  if(CMAKE_CROSSCOMPILING)
    return()
  endif()
  cmake_path(ABSOLUTE_PATH arg_CORPUS NORMALIZE)
  add_executable(fuzz.${name} ${arg_SOURCES} $<TARGET_OBJECTS:tocsin_test_panic>)
  target_link_libraries(fuzz.${name} PRIVATE ${arg_LINKS} tocsin::warnings)
  if(NOT TARGET tocsin_fuzzers)
    add_custom_target(tocsin_fuzzers)
  endif()
  add_dependencies(tocsin_fuzzers fuzz.${name})
  if(TOCSIN_FUZZ)
    target_link_options(fuzz.${name} PRIVATE -fsanitize=fuzzer)
    set(seconds 20)
    if(TOCSIN_NIGHTLY)
      set(seconds 600)
    elseif(arg_SECONDS)
      set(seconds ${arg_SECONDS})
    endif()
    set(length "")
    if(arg_MAX_LENGTH)
      set(length -max_len=${arg_MAX_LENGTH})
    endif()
    # -entropic=0: on inputs that reach thousands of places its bookkeeping takes most of the time.
    math(EXPR timeout "${seconds} + 60")
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/found/${name})
    add_test(NAME fuzz.${name}
      COMMAND fuzz.${name} -max_total_time=${seconds} -timeout=20 -entropic=0 ${length} -print_final_stats=1
        -artifact_prefix=${CMAKE_CURRENT_BINARY_DIR}/
        ${CMAKE_CURRENT_BINARY_DIR}/found/${name} ${arg_CORPUS})
    tocsin_set_test_limits(fuzz.${name} ${timeout} fuzz)
  else()
    target_sources(fuzz.${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/fuzz_replay.cpp)
    add_test(NAME fuzz.${name} COMMAND fuzz.${name} ${arg_CORPUS})
    tocsin_set_test_limits(fuzz.${name} 60 "fuzz")
  endif()
endfunction()

# Whatever the table of faults names shows one, wherever it lies: label faults.
set(TOCSIN_FAULTS_PAGE ${PROJECT_SOURCE_DIR}/docs/operations.md)
set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${TOCSIN_FAULTS_PAGE})
set(TOCSIN_FAULT_TESTS)
file(STRINGS ${TOCSIN_FAULTS_PAGE} rows REGEX "^\\|.*`[a-z]+\\.[a-z_.]+`[^|]*\\|$")
foreach(row IN LISTS rows)
  string(REGEX REPLACE "^.*\\|([^|]*)\\|$" "\\1" shown_by "${row}")
  string(REGEX MATCHALL "[a-z-]+\\.[a-z_.]+" names "${shown_by}")
  list(APPEND TOCSIN_FAULT_TESTS ${names})
endforeach()
list(REMOVE_DUPLICATES TOCSIN_FAULT_TESTS)

# That each test of that table exists. Where the host tests are built, without sanitizers, all of them do.
function(tocsin_check_fault_tests)
  get_property(known GLOBAL PROPERTY TOCSIN_TESTS)
  foreach(name IN LISTS TOCSIN_FAULT_TESTS)
    if(NOT name IN_LIST known)
      message(SEND_ERROR "docs/operations.md says that ${name} shows a fault, and there is no such test")
    endif()
  endforeach()
endfunction()

# Internal, and for tests registered with a plain add_test: timeout [native seconds, empty = 60] and labels.
function(tocsin_set_test_limits name timeout labels)
  if(NOT timeout)
    set(timeout 60)
  endif()
  if(NOT labels)
    set(labels unit)
  endif()
  set_property(GLOBAL APPEND PROPERTY TOCSIN_TESTS ${name})
  if(name IN_LIST TOCSIN_FAULT_TESTS AND NOT "faults" IN_LIST labels)
    list(APPEND labels faults)
  endif()
  if(CMAKE_CROSSCOMPILING OR TOCSIN_SANITIZE)
    math(EXPR timeout "${timeout} * 4")
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${timeout} LABELS "${labels}")
  if(TOCSIN_SANITIZE MATCHES "thread")
    # Debian's libzmq is not instrumented, so what happens inside it looks like a race.
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT "TSAN_OPTIONS=ignore_noninstrumented_modules=1:halt_on_error=1")
  endif()
endfunction()

# tocsin_check_no_heap(<executable>): a test that no allocator is linked into the image.
function(tocsin_check_no_heap target)
  find_package(Python3 COMPONENTS Interpreter REQUIRED)
  add_test(NAME ${target}.no_heap
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tests/layering/check_symbols.py --nm ${CMAKE_NM} --no-heap
      $<TARGET_FILE:${target}>)
  tocsin_set_test_limits(${target}.no_heap 20 layering)
endfunction()
