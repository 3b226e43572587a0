# SPDX-License-Identifier: Apache-2.0
# cmake -D IMAGE=book.tcn -D SCHEMA=rule_image.fbs -D FLATC=flatc -D OUT=folder -P embed_rule_image.cmake
# Writes OUT/rule_image_size.hpp (the engine's block for this image) and OUT/rule_image.cpp (its bytes).
cmake_path(GET IMAGE STEM stem)
execute_process(
  COMMAND ${FLATC} --json --strict-json --raw-binary -o ${OUT} ${SCHEMA} -- ${IMAGE}
  RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(failed)
  message(FATAL_ERROR "${IMAGE} is not a rule image that flatc can read; make it with tocsin compile --target mcu.\n${output}")
endif()
file(READ ${OUT}/${stem}.json json)
file(REMOVE ${OUT}/${stem}.json)
string(JSON block_bytes GET "${json}" bounds block_bytes)

file(CONFIGURE OUTPUT ${OUT}/rule_image_size.hpp @ONLY CONTENT [[
// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

namespace tocsin::firmware {
/// Size of the engine's state for the rule image [bytes].
inline constexpr std::size_t kRuleImageBlockBytes = @block_bytes@;
}  // namespace tocsin::firmware
]])

file(READ ${IMAGE} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(CONFIGURE OUTPUT ${OUT}/rule_image.cpp @ONLY CONTENT [[
// SPDX-License-Identifier: Apache-2.0
#include "rule_image.hpp"

namespace {
alignas(8) constexpr unsigned char kBytes[] = {
@bytes@};
}

std::span<const std::byte> tocsin::firmware::rule_image() { return std::as_bytes(std::span{kBytes}); }
]])
