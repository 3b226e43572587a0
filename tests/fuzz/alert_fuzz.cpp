// SPDX-License-Identifier: Apache-2.0
// Any bytes as an alert event; what is decoded must be printable on one line.
#include "tocsin/test_support/fuzz.hpp"
#include "tocsin/text/json_lines.hpp"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a short program

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const test_support::AlignedInput input{data, size};
  const auto record = wire::decode_alert(input.bytes());
  if (!record.has_value()) return 0;
  const std::string json = text::format_alert(*record);
  TOCSIN_CHECK(json.front() == '{' && json.back() == '}');
  TOCSIN_CHECK(json.find('\n') == std::string::npos);
  return 0;
}
