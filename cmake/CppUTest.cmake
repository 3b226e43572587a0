# SPDX-License-Identifier: Apache-2.0
# CppUTest::CppUTest, version 4.0 on every target.
# On Linux the distribution's library, found by hand because the CMake config Debian 12 ships looks one folder too
# high. On bare metal the same release is compiled from source (scripts/setup-cpputest unpacks it), with a target of our
# own: upstream's CMake sets global options and asks "is there fork" in a way that a static try_compile answers falsely.
if(TARGET CppUTest::CppUTest)
  return()
endif()

if(NOT TOCSIN_BARE_METAL)
  find_path(CPPUTEST_INCLUDE_DIR CppUTest/TestHarness.h)
  find_library(CPPUTEST_LIBRARY CppUTest)
  if(NOT CPPUTEST_INCLUDE_DIR OR NOT CPPUTEST_LIBRARY)
    message(FATAL_ERROR "CppUTest not found: install libcpputest-dev, or configure with -DBUILD_TESTING=OFF")
  endif()
  find_package(Threads REQUIRED)
  add_library(CppUTest::CppUTest STATIC IMPORTED GLOBAL)
  set_target_properties(CppUTest::CppUTest PROPERTIES
    IMPORTED_LOCATION ${CPPUTEST_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${CPPUTEST_INCLUDE_DIR}
    INTERFACE_LINK_LIBRARIES Threads::Threads)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND TOCSIN_SANITIZE)  # both would replace operator new
    set_property(TARGET CppUTest::CppUTest PROPERTY INTERFACE_COMPILE_DEFINITIONS CPPUTEST_MEM_LEAK_DETECTION_DISABLED)
  endif()
  return()
endif()

set(TOCSIN_CPPUTEST_SOURCE ${PROJECT_SOURCE_DIR}/third_party/cpputest/src CACHE PATH "CppUTest 4.0 source tree")
if(NOT EXISTS ${TOCSIN_CPPUTEST_SOURCE}/include/CppUTest/TestHarness.h)
  message(FATAL_ERROR "CppUTest sources not found in ${TOCSIN_CPPUTEST_SOURCE}: run scripts/setup-cpputest")
endif()
add_library(tocsin_cpputest STATIC)
add_library(CppUTest::CppUTest ALIAS tocsin_cpputest)
set(tocsin_cpputest_units
  CommandLineArguments CommandLineTestRunner JUnitTestOutput MemoryLeakDetector MemoryLeakWarningPlugin SimpleMutex
  SimpleString SimpleStringInternalCache TeamCityTestOutput TestFailure TestFilter TestHarness_c TestMemoryAllocator
  TestOutput TestPlugin TestRegistry TestResult TestTestingFixture Utest)
foreach(unit IN LISTS tocsin_cpputest_units)
  if(EXISTS ${TOCSIN_CPPUTEST_SOURCE}/src/CppUTest/${unit}.cpp)
    target_sources(tocsin_cpputest PRIVATE ${TOCSIN_CPPUTEST_SOURCE}/src/CppUTest/${unit}.cpp)
  endif()
endforeach()
target_sources(tocsin_cpputest PRIVATE ${TOCSIN_CPPUTEST_SOURCE}/src/Platforms/Gcc/UtestPlatform.cpp)
target_include_directories(tocsin_cpputest SYSTEM PUBLIC ${TOCSIN_CPPUTEST_SOURCE}/include)
# No leak detection and no C++ library hooks: neither heap accounting nor exceptions exist on the board.
target_compile_definitions(tocsin_cpputest PUBLIC
  CPPUTEST_MEM_LEAK_DETECTION_DISABLED CPPUTEST_STD_CPP_LIB_DISABLED CPPUTEST_HAVE_LONG_LONG_INT
  CPPUTEST_USE_LONG_LONG=1)
target_compile_options(tocsin_cpputest PRIVATE -w)
target_link_libraries(tocsin_cpputest PRIVATE tocsin::no_runtime)
