// SPDX-License-Identifier: Apache-2.0
#include "filter.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace tocsin::compiler {
namespace {
using engine::FilterKey;
constexpr std::array<std::pair<std::string_view, FilterKey>, 9> kKeys{{{"value", FilterKey::value},
                                                                       {"origin", FilterKey::origin},
                                                                       {"feed", FilterKey::feed},
                                                                       {"actor", FilterKey::actor},
                                                                       {"target", FilterKey::target},
                                                                       {"grade", FilterKey::grade},
                                                                       {"reliability", FilterKey::reliability},
                                                                       {"credibility", FilterKey::credibility},
                                                                       {"tag", FilterKey::tag}}};
constexpr int kDigits = 6;  // credibility 1..6; 0 stands for a report without one

// What a report is, as far as grades go.
struct Grade {
  char letter;
  int digit;
};

// Better is greater, but F and 6 never reach anything.
bool reaches(Grade grade, ExprKind comparison, bool letters, bool digits, Grade wanted) {
  const bool equal = (!letters || grade.letter == wanted.letter) && (!digits || grade.digit == wanted.digit);
  if (comparison == ExprKind::equal) return equal;
  if (comparison == ExprKind::not_equal) return !equal;
  if (comparison == ExprKind::greater_equal) {
    return (!letters || (grade.letter <= wanted.letter && grade.letter != 'F')) &&
           (!digits || (grade.digit <= wanted.digit && grade.digit != kDigits));
  }
  return (!letters || grade.letter >= wanted.letter) && (!digits || grade.digit >= wanted.digit);
}

bool grade_passes(const FilterTerm& term, Grade grade) {
  const FilterKey key = key_of(term);
  if (key == FilterKey::reliability) {
    const auto letter = reliability_of(term.value.text);
    return !letter || reaches(grade, term.comparison, true, false, {static_cast<char>(*letter), 0});
  }
  if (key == FilterKey::credibility) {
    const auto digit = credibility_of(term.value.text);
    return !digit || (grade.digit != 0 && reaches(grade, term.comparison, false, true, {'A', *digit}));
  }
  const auto both = grade_of(term.value.text);
  return !both || (grade.digit != 0 && reaches(grade, term.comparison, true, true,
                                               {static_cast<char>(*both >> 8U), static_cast<int>(*both & 0xFFU)}));
}

bool is_grade(FilterKey key) {
  return key == FilterKey::grade || key == FilterKey::reliability || key == FilterKey::credibility;
}

bool name_passes(const FilterTerm& term, std::string_view name) {
  return (term.value.text == name) == (term.comparison == ExprKind::equal);
}

bool origin_passes(const Filter& filter, const FeedDecl& feed, const OriginDecl& origin) {
  for (const FilterTerm& term : filter.terms) {
    const FilterKey key = key_of(term);
    if (key == FilterKey::origin && !name_passes(term, origin.name.text)) return false;
    if (key == FilterKey::feed && !name_passes(term, feed.name.text)) return false;
  }
  for (int digit = 0; digit <= kDigits; ++digit) {
    const bool passes = std::all_of(filter.terms.begin(), filter.terms.end(), [&](const FilterTerm& term) {
      return !is_grade(key_of(term)) || grade_passes(term, {origin.reliability, digit});
    });
    if (passes) return true;
  }
  return false;
}

// One actor, one target and one value each; a tag cannot be there and not be there.
bool contradicts_itself(const Filter& filter) {
  std::map<std::pair<FilterKey, std::string_view>, bool> wanted;
  std::map<FilterKey, std::string_view> one;
  for (const FilterTerm& term : filter.terms) {
    const FilterKey key = key_of(term);
    if (key != FilterKey::actor && key != FilterKey::target && key != FilterKey::tag) continue;
    const bool equal = term.comparison == ExprKind::equal;
    const auto [at, fresh] = wanted.try_emplace({key, term.value.text}, equal);
    if (!fresh && at->second != equal) return true;
    if (!equal || key == FilterKey::tag) continue;
    const auto [other, first] = one.try_emplace(key, term.value.text);
    if (!first && other->second != term.value.text) return true;
  }
  return false;
}

// Bounds of `value` terms. @returns false when no value passes.
bool narrow_values(const Filter& filter, FilterReach& reach) {
  bool open_least = false;
  bool open_most = false;
  std::set<double> excluded;
  const auto at_least = [&](double value, bool open) {
    if (value > reach.least || (value == reach.least && open)) open_least = open;
    reach.least = std::max(reach.least, value);
  };
  const auto at_most = [&](double value, bool open) {
    if (value < reach.most || (value == reach.most && open)) open_most = open;
    reach.most = std::min(reach.most, value);
  };
  for (const FilterTerm& term : filter.terms) {
    if (key_of(term) != FilterKey::value) continue;
    const bool equal = term.comparison == ExprKind::equal;
    if (equal || term.comparison == ExprKind::greater_equal) at_least(term.number, false);
    if (equal || term.comparison == ExprKind::less_equal) at_most(term.number, false);
    if (term.comparison == ExprKind::greater) at_least(term.number, true);
    if (term.comparison == ExprKind::less) at_most(term.number, true);
    if (term.comparison == ExprKind::not_equal) excluded.insert(term.number);
  }
  if (reach.least > reach.most) return false;
  return reach.least < reach.most || (!open_least && !open_most && excluded.count(reach.least) == 0);
}
}  // namespace

std::optional<FilterKey> filter_key(std::string_view word) {
  for (const auto& [name, key] : kKeys) {
    if (name == word) return key;
  }
  return std::nullopt;
}

std::optional<std::uint16_t> reliability_of(std::string_view text) {
  if (text.size() != 1 || text[0] < 'A' || text[0] > 'F') return std::nullopt;
  return static_cast<std::uint16_t>(text[0]);
}
std::optional<std::uint16_t> credibility_of(std::string_view text) {
  if (text.size() != 1 || text[0] < '1' || text[0] > '6') return std::nullopt;
  return static_cast<std::uint16_t>(text[0] - '0');
}
std::optional<std::uint16_t> grade_of(std::string_view text) {
  if (text.size() != 2) return std::nullopt;
  const auto letter = reliability_of(text.substr(0, 1));
  const auto digit = credibility_of(text.substr(1));
  if (!letter || !digit) return std::nullopt;
  return static_cast<std::uint16_t>(*letter * 256U + *digit);
}

engine::Op op_of_comparison(ExprKind kind) {
  static_assert(static_cast<int>(ExprKind::greater) - static_cast<int>(ExprKind::less) ==
                static_cast<int>(engine::Op::greater) - static_cast<int>(engine::Op::less));
  return static_cast<engine::Op>(static_cast<int>(engine::Op::less) + static_cast<int>(kind) -
                                 static_cast<int>(ExprKind::less));
}

FilterKey key_of(const FilterTerm& term) { return filter_key(term.key.text).value_or(FilterKey::value); }

FilterReach reach_of_filter(const IndicatorDecl& indicator, const Filter& filter, const Book& book,
                            const Model& model) {
  FilterReach reach;
  for (const Word& name : indicator.feeds) {
    const std::uint32_t feed = model.feeds.find(name.text);
    if (feed == kNowhere) continue;
    for (const Word& origin_name : book.feeds[feed].origins) {
      const std::uint32_t origin = model.origins.find(origin_name.text);
      if (origin == kNowhere || !origin_passes(filter, book.feeds[feed], book.origins[origin])) continue;
      reach.origins.insert(origin_name.text);
    }
  }
  reach.possible = narrow_values(filter, reach) && !contradicts_itself(filter) && !reach.origins.empty();
  return reach;
}
}  // namespace tocsin::compiler
