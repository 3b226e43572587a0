# SPDX-License-Identifier: Apache-2.0
# tocsin_flatbuffers(<target> <file.fbs>...): an INTERFACE target whose users get
#   "tocsin/schemas/<file>_generated.h", made at build time, and <flatbuffers/flatbuffers.h>, both as system headers.
# The compiler always runs on the host, so it is looked up as a program: the imported target flatbuffers::flatc would
# be the foreign one when a sysroot is in use.
set(TOCSIN_FLATBUFFERS_HOOKS ${CMAKE_CURRENT_LIST_DIR}/flatbuffers_hooks.hpp)
function(tocsin_flatbuffers target)
  find_program(FLATC flatc DOC "FlatBuffers compiler of the host" REQUIRED)
  # The library is headers only here, and the same on every processor. A link to just that folder, since adding the
  # host's /usr/include to a cross build would put the host's C library headers in front.
  find_path(TOCSIN_FLATBUFFERS_HEADERS flatbuffers/flatbuffers.h PATHS /usr/include NO_CMAKE_FIND_ROOT_PATH REQUIRED)
  set(headers ${PROJECT_BINARY_DIR}/include/third_party)
  file(MAKE_DIRECTORY ${headers})
  file(CREATE_LINK ${TOCSIN_FLATBUFFERS_HEADERS}/flatbuffers ${headers}/flatbuffers SYMBOLIC)

  set(out ${PROJECT_BINARY_DIR}/include/schemas)
  set(outputs "")
  foreach(schema IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH schema NORMALIZE)
    cmake_path(GET schema STEM stem)
    cmake_path(GET schema PARENT_PATH folder)
    file(GLOB siblings CONFIGURE_DEPENDS ${folder}/*.fbs)  # a schema may include its siblings
    set(output ${out}/tocsin/schemas/${stem}_generated.h)
    add_custom_command(
      OUTPUT ${output}
      COMMAND ${FLATC} --cpp --cpp-std c++17 --scoped-enums -I ${folder} -o ${out}/tocsin/schemas ${schema}
      DEPENDS ${siblings}
      COMMENT "flatc ${stem}.fbs"
      VERBATIM)
    list(APPEND outputs ${output})
  endforeach()
  add_custom_target(${target}_generate DEPENDS ${outputs})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_generate)
  target_include_directories(${target} SYSTEM INTERFACE ${out} ${headers})
  target_compile_definitions(${target} INTERFACE
    FLATBUFFERS_ASSERT_INCLUDE="${TOCSIN_FLATBUFFERS_HOOKS}" FLATBUFFERS_ASSERT=TOCSIN_FLATBUFFERS_ASSERT)
endfunction()
