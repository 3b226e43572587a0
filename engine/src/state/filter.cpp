// SPDX-License-Identifier: Apache-2.0
// Which filters of its indicator a report passes, decided once, when it arrives.
#include "filter.hpp"

namespace tocsin::engine {
namespace {
Number number_of(double value) {
  Number number;
  number.value = value;
  number.known = true;
  return number;
}

/// Compares two ranks, greater being better.
bool ranks(Op comparison, unsigned have, unsigned want) {
  return compare(comparison, number_of(have), number_of(want)) == Truth::yes;
}
constexpr unsigned rank_of_letter(unsigned letter) { return 'F' - letter; }
constexpr unsigned rank_of_digit(unsigned digit) { return 6U - digit; }

bool compare_grade(Op comparison, unsigned letter, unsigned digit, unsigned ref) {
  const unsigned want_letter = ref >> 8U;
  const unsigned want_digit = ref & 0xFFU;
  if (comparison == Op::equal) return letter == want_letter && digit == want_digit;
  if (comparison == Op::not_equal) return letter != want_letter || digit != want_digit;
  if (comparison == Op::greater_equal && (letter == 'F' || digit == 6)) return false;  // not judged: reaches nothing
  return ranks(comparison, rank_of_letter(letter), rank_of_letter(want_letter)) &&
         ranks(comparison, rank_of_digit(digit), rank_of_digit(want_digit));
}

bool compare_name(Op comparison, std::uint16_t have, std::uint16_t want) {
  if (have == kNone) return false;
  return (have == want) == (comparison == Op::equal);
}

bool passes(const Image& image, const FilterTerm& term, const Input& report) {
  const auto comparison = static_cast<Op>(term.comparison);
  const unsigned letter = image.origins[report.origin].reliability;
  const unsigned digit = report.credibility;
  switch (static_cast<FilterKey>(term.key)) {
    case FilterKey::value:
      return compare(comparison, number_of(report.value), number_of(term.value)) == Truth::yes;
    case FilterKey::origin:
      return compare_name(comparison, report.origin, term.ref);
    case FilterKey::feed:
      return compare_name(comparison, report.feed, term.ref);
    case FilterKey::actor:
      return compare_name(comparison, report.actor, term.ref);
    case FilterKey::target:
      return compare_name(comparison, report.target, term.ref);
    case FilterKey::grade:
      return digit != 0 && compare_grade(comparison, letter, digit, term.ref);
    case FilterKey::reliability:
      if (comparison == Op::greater_equal && letter == 'F') return false;
      return ranks(comparison, rank_of_letter(letter), rank_of_letter(term.ref));
    case FilterKey::credibility:
      if (digit == 0 || (comparison == Op::greater_equal && digit == 6)) return false;
      return ranks(comparison, rank_of_digit(digit), rank_of_digit(term.ref));
    case FilterKey::tag: {
      if (!report.has_tags) return false;
      const bool tagged = ((report.tags >> term.ref) & 1U) != 0;
      return tagged == (comparison == Op::equal);
    }
  }
  return false;
}
}  // namespace

std::uint32_t matches_of(const Block& block, const Input& report) {
  const Image& image = block.image();
  const IndicatorPlan* plan = &block.plan().indicators[report.indicator];
  std::uint32_t matches = 0;
  for (std::size_t i = plan[0].filters; i < plan[1].filters; ++i) {
    const Filter& filter = image.filters[block.plan().indicator_filters[i]];
    bool all = true;
    for (const FilterTerm& term : image.filter_terms.subspan(filter.terms.first, filter.terms.count)) {
      all = all && passes(image, term, report);
    }
    if (all) matches |= std::uint32_t{1} << filter.bit;
  }
  return matches;
}
}  // namespace tocsin::engine
