// SPDX-License-Identifier: Apache-2.0
#include "tocsin/daemon/refusals.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "tocsin/daemon/log.hpp"
#include "tocsin/engine/base/check.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::size_t kNameExcerpt = 40;

/// @returns true when the row is new.
bool add_to(std::vector<journal::RejectionRow>& rows, std::string_view principal, std::uint8_t reason,
            std::string_view sample, std::uint64_t count = 1) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const journal::RejectionRow& row) {
    return row.reason == reason && row.principal == principal;
  });
  if (found != rows.end()) {
    found->count += count;
    found->sample = sample;  // the newest is the one to look into
    return false;
  }
  journal::RejectionRow row;
  row.principal = principal;
  row.reason = reason;
  row.count = count;
  row.sample = sample;
  rows.push_back(std::move(row));
  return true;
}
}  // namespace

void Refusals::load(std::vector<journal::RejectionRow> rows) {
  totals_ = std::move(rows);
  for (const auto& row : uncommitted_) (void)add_to(totals_, row.principal, row.reason, row.sample, row.count);
}

std::span<const journal::RejectionRow> Refusals::seal() {
  TOCSIN_CHECK(sealed_.empty());
  sealed_.swap(uncommitted_);
  return sealed_;
}

void Refusals::unseal() {
  for (const auto& row : sealed_) (void)add_to(uncommitted_, row.principal, row.reason, row.sample, row.count);
  sealed_.clear();
}

bool Refusals::count(std::string_view principal, wire::Refusal reason, std::string_view sample) {
  const auto number = static_cast<std::uint8_t>(reason);
  const auto excerpt = printable(sample, journal::kSampleBytesMax);
  (void)add_to(totals_, principal, number, excerpt);
  return add_to(uncommitted_, principal, number, excerpt);
}

std::vector<wire::RefusalCount> Refusals::totals() const {
  std::vector<wire::RefusalCount> counts;
  counts.reserve(totals_.size());
  for (const auto& row : totals_) {
    counts.push_back({row.principal, static_cast<wire::Refusal>(row.reason), row.count, row.sample});
  }
  return counts;
}

std::string sample_of(const wire::InputView& view) {
  std::string text;
  const auto add = [&text](const char* key, const std::string& value) {
    if (!text.empty()) text += ' ';
    text += key;
    text += '=';
    text += value;
  };
  static constexpr std::array<const char*, 4> kKinds{"report", "heartbeat", "retraction", "clock"};
  add("kind", kKinds.at(static_cast<std::size_t>(view.kind)));
  if (!view.feed.empty()) add("feed", printable(view.feed, kNameExcerpt));
  if (view.seq) add("seq", std::to_string(*view.seq));
  if (!view.indicator.empty()) add("indicator", printable(view.indicator, kNameExcerpt));
  if (!view.origin.empty()) add("origin", printable(view.origin, kNameExcerpt));
  add("time", format_time(view.time));
  if (view.value) {
    std::array<char, 32> number{};
    const int size = std::snprintf(number.data(), number.size(), "%.9g", *view.value);
    add("value", std::string(number.data(), static_cast<std::size_t>(size)));
  }
  return text;
}
}  // namespace tocsin::daemon
