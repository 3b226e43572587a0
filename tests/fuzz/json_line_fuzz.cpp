// SPDX-License-Identifier: Apache-2.0
// Any bytes as a line. What is read must be written and read back as the same line, and pass the checks of bind() but
// for those that need a book's names.
#include "tocsin/test_support/fuzz.hpp"
#include "tocsin/test_support/sample_image.hpp"
#include "tocsin/text/json_lines.hpp"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a short program

namespace {
bool is_about_names(wire::Refusal refusal) {
  return refusal >= wire::Refusal::unknown_feed && refusal <= wire::Refusal::origin_missing;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json{reinterpret_cast<const char*>(data), size};
  text::Line line;
  std::string error;
  if (!text::parse_line(json, line, error)) {
    TOCSIN_CHECK(!error.empty() && error.size() < 512);
    return 0;
  }
  const std::string written = text::format_line(line.view());
  text::Line again;
  TOCSIN_CHECK(text::parse_line(written, again, error));
  TOCSIN_CHECK(text::format_line(again.view()) == written);

  engine::Input input;
  wire::InputView view = line.view();
  if (!view.seq.has_value()) view.seq = view.target_seq == 1U ? 2U : 1U;
  const wire::Refusal refusal = wire::bind(view, test_support::sample_book(), 0, input);
  TOCSIN_CHECK(refusal == wire::Refusal::none || is_about_names(refusal));
  return 0;
}
