// SPDX-License-Identifier: Apache-2.0
#include "lib/near_name.hpp"

#include <algorithm>
#include <vector>

namespace tocsin::tools {
namespace {
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

bool equal_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}
}  // namespace

std::string near_name(std::string_view word, std::span<const std::string> names) {
  constexpr std::size_t kLongest = 64;
  if (word.empty() || word.size() > kLongest) return {};
  constexpr std::size_t kTelling = 3;
  for (const std::string& name : names) {
    if (equal_but_for_case(word, name)) return name;
  }
  if (word.size() < kTelling) return {};  // of a letter or two nothing is near: every short name would be
  std::string found;
  std::size_t best = word.size() / 3 + 2;
  for (const std::string& name : names) {
    if (name.size() < kTelling) continue;
    const std::size_t far = distance(word, name);
    if (far >= best) continue;
    best = far;
    found = name;
  }
  if (!found.empty()) return found;
  const auto part = std::find_if(names.begin(), names.end(),
                                 [&](const std::string& name) { return name.find(word) != std::string::npos; });
  return part == names.end() ? std::string{} : *part;
}
}  // namespace tocsin::tools
