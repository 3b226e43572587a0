// SPDX-License-Identifier: Apache-2.0
#include "tocsin/wire/rule_words.hpp"

namespace tocsin::wire {
namespace {
using engine::FilterKey;
using engine::Op;

template <class Things>
std::string_view name_in(const engine::Image& image, const Things& things, std::uint16_t index) {
  return index < things.size() ? image.view(things[index].name) : std::string_view{};
}
}  // namespace

std::string_view number_word(std::uint8_t op) {
  constexpr std::array<std::string_view, 13> kWords = {"",    "count",  "sum", "last",   "max",      "origins", "mean",
                                                       "min", "median", "mad", "stddev", "quantile", "days"};
  if (op < kWords.size()) return kWords[op];
  if (op == static_cast<std::uint8_t>(Op::pulse)) return "pulse";
  return op == static_cast<std::uint8_t>(Op::overdue) ? "overdue" : "";
}

std::string_view sign_of(std::uint8_t op) {
  constexpr std::array<std::string_view, 4> kArithmetic = {"+", "-", "*", "/"};
  constexpr std::array<std::string_view, 6> kComparison = {"<", "<=", "=", "!=", ">=", ">"};
  constexpr auto kAdd = static_cast<std::uint8_t>(Op::add);
  constexpr auto kLess = static_cast<std::uint8_t>(Op::less);
  if (op >= kAdd && op < kAdd + kArithmetic.size()) return kArithmetic[op - kAdd];
  if (op >= kLess && op < kLess + kComparison.size()) return kComparison[op - kLess];
  return {};
}

std::string_view filter_key_word(std::uint8_t key) {
  constexpr std::array<std::string_view, 9> kWords = {"value", "origin",      "feed",        "actor", "target",
                                                      "grade", "reliability", "credibility", "tag"};
  return key < kWords.size() ? kWords[key] : std::string_view{};
}

FilterWord filter_word(const engine::Image& image, const engine::FilterTerm& term) {
  FilterWord out;
  switch (static_cast<FilterKey>(term.key)) {
    case FilterKey::value:
      break;
    case FilterKey::origin:
      out.name = name_in(image, image.origins, term.ref);
      break;
    case FilterKey::feed:
      out.name = name_in(image, image.feeds, term.ref);
      break;
    case FilterKey::actor:
    case FilterKey::target:
      out.name = name_in(image, image.actors, term.ref);
      break;
    case FilterKey::tag:
      out.name = name_in(image, image.tags, term.ref);
      break;
    case FilterKey::grade:
      out.letters = {static_cast<char>(term.ref >> 8U), static_cast<char>('0' + (term.ref & 0xFU))};
      out.count = 2;
      break;
    case FilterKey::reliability:
      out.letters[0] = static_cast<char>(term.ref);
      out.count = 1;
      break;
    case FilterKey::credibility:
      out.letters[0] = static_cast<char>('0' + term.ref % 10U);
      out.count = 1;
      break;
  }
  return out;
}

double quantile_of(const engine::Node& node) {
  double scale = 1;
  for (unsigned digit = 0; digit < node.digits; ++digit) scale *= 10;
  return static_cast<double>(node.numerator) / scale;  // both exact: the nearest double
}
}  // namespace tocsin::wire
