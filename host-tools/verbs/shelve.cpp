// SPDX-License-Identifier: Apache-2.0
#include "verbs/shelve.hpp"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "lib/exit_status.hpp"
#include "lib/json.hpp"
#include "lib/net.hpp"

namespace tocsin::tools {
namespace {
engine::Span unit_ms(char unit) {
  constexpr std::array<std::pair<char, engine::Span>, 5> kUnits{
      {{'s', 1000}, {'m', 60'000}, {'h', 3'600'000}, {'d', 86'400'000}, {'w', 604'800'000}}};
  for (const auto& [letter, ms] : kUnits) {
    if (letter == unit) return ms;
  }
  return 0;
}
}  // namespace

bool parse_duration(const std::string& text, engine::Span& out) {
  constexpr engine::Span kMost = 100'000'000;  // of a unit: no sum of a few of them overflows
  constexpr std::size_t kPartsMax = 5;
  std::string_view rest{text};
  engine::Span total = 0;
  for (std::size_t part = 0; !rest.empty(); ++part) {
    engine::Span count = -1;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    const auto digits = static_cast<std::size_t>(end - rest.data());
    const auto unit = digits < rest.size() ? unit_ms(rest[digits]) : 0;
    if (error != std::errc{} || part == kPartsMax || unit == 0 || count < 0 || count > kMost) return false;
    total += count * unit;
    rest.remove_prefix(digits + 1);
  }
  if (total > 0) out = total;
  return total > 0;
}

int run_shelve(const ShelveOptions& options) {
  wire::ControlRequest request;
  request.kind = options.off ? wire::ControlKind::unshelve : wire::ControlKind::shelve;
  request.name = options.name;
  request.span_ms = options.span_ms;
  request.until_clear = options.until_clear;
  request.text = options.why;
  Exit exit{};
  const auto reply = ask_once(options.endpoint, options.timeout_s, std::move(request), exit);
  if (!reply) return static_cast<int>(exit);
  return tell_answer(*reply, options.json, JsonObject{}.text("name", options.name).flag("shelved", !options.off));
}
}  // namespace tocsin::tools
