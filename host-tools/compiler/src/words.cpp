// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include <algorithm>
#include <array>

namespace tocsin::compiler {
namespace {
constexpr std::array kReserved = std::to_array<std::string_view>(
    {"actor",    "after",      "against",   "ago",        "alert",       "and",         "at",           "between",
     "blind",    "by",         "caveat",    "clear",      "clock",       "compartment", "compartments", "condition",
     "cooldown", "count",      "days",      "disconfirm", "else",        "ending",      "every",        "evidence",
     "expect",   "feed",       "feeds",     "for",        "from",        "grace",       "heartbeat",    "hold",
     "horizon",  "hypothesis", "in",        "include",    "indicator",   "keep",        "kind",         "last",
     "least",    "level",      "linkage",   "mad",        "marking",     "max",         "mean",         "median",
     "min",      "needs",      "not",       "nothing",    "of",          "or",          "origin",       "origins",
     "overdue",  "quantile",   "received",  "release",    "reliability", "reports",     "retracts",     "role",
     "since",    "stddev",     "step_down", "sum",        "test",        "theater",     "then",         "to",
     "unit",     "unless",     "until",     "version",    "watchbook",   "weigh",       "when",         "within"});
static_assert(std::is_sorted(kReserved.begin(), kReserved.end()));

constexpr std::size_t kQuotedMax = 40;

// Edit distance with swaps of neighbours, given up above `limit`.
std::size_t distance(std::string_view a, std::string_view b, std::size_t limit) {
  if ((a.size() > b.size() ? a.size() - b.size() : b.size() - a.size()) > limit) return limit + 1;
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}
}  // namespace

std::span<const std::string_view> reserved_words() { return kReserved; }
bool is_reserved(std::string_view word) { return std::binary_search(kReserved.begin(), kReserved.end(), word); }

std::string nearest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t kLongest = 64;
  if (word.empty() || word.size() > kLongest) return {};
  const std::size_t limit = word.size() <= 2 ? 1 : word.size() <= 5 ? 2 : 3;
  std::size_t best = limit + 1;
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kLongest) continue;
    const std::size_t far = distance(word, candidate, limit);
    // A slip leaves most of a word standing; of equally near ones the first in order.
    if (far * 2 > std::max(word.size(), candidate.size()) || far >= best) continue;
    best = far;
    found = candidate;
  }
  return std::string{found};
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string near = nearest(word, candidates);
  return near.empty() ? std::string{} : "did you mean `" + near + "`?";
}

std::size_t utf8_length(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const auto byte = [&](std::size_t i) -> unsigned { return static_cast<unsigned char>(bytes[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80U) return 1;
  const std::size_t length = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
  if (lead < 0xC2U || lead > 0xF4U || bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  if (lead == 0xE0U && byte(1) < 0xA0U) return 0;
  if (lead == 0xEDU && byte(1) > 0x9FU) return 0;
  if (lead == 0xF0U && byte(1) < 0x90U) return 0;
  if (lead == 0xF4U && byte(1) > 0x8FU) return 0;
  return length;
}

std::string printable(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t length = utf8_length(bytes.substr(i));
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const bool control =
        (lead < 0x20U && lead != '\t') || lead == 0x7FU ||
        (lead == 0xC2U && length == 2 && static_cast<unsigned char>(bytes[i + 1]) < 0xA0U);  // U+0080..009F
    if (length == 0 || control) {
      out += "\xEF\xBF\xBD";
      i += std::max<std::size_t>(1, length);
      continue;
    }
    out.append(bytes.substr(i, length));
    i += length;
  }
  return out;
}

std::string quoted(std::string_view word) {
  std::size_t cut = 0;
  while (cut < word.size() && cut < kQuotedMax) cut += std::max<std::size_t>(1, utf8_length(word.substr(cut)));
  const bool whole = cut >= word.size();
  return "`" + printable(word.substr(0, std::min(cut, word.size()))) + (whole ? "`" : "...`");
}
}  // namespace tocsin::compiler
