// SPDX-License-Identifier: Apache-2.0
#include "tocsin/daemon/batch.hpp"

#include <cstring>

#include "tocsin/engine/base/check.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::size_t kAlertsExpected = 256;  // more in one batch cost an allocation, once
}  // namespace

Arena::Arena(std::size_t block_bytes) : block_words_{(block_bytes + kWord - 1) / kWord} {
  blocks_.push_back(std::make_unique_for_overwrite<std::uint64_t[]>(block_words_));
}

std::span<std::byte> Arena::take(std::size_t size) {
  const std::size_t words = (size + kWord - 1) / kWord;
  TOCSIN_CHECK(words <= block_words_);
  if (words_ + words > block_words_) {
    if (++block_ == blocks_.size()) blocks_.push_back(std::make_unique_for_overwrite<std::uint64_t[]>(block_words_));
    words_ = 0;
  }
  const auto storage = std::as_writable_bytes(std::span{&blocks_[block_][words_], words}).first(size);
  words_ += words;
  used_ += words * kWord;
  return storage;
}

std::span<const std::byte> Arena::keep(std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
  const auto storage = take(bytes.size());
  std::memcpy(storage.data(), bytes.data(), bytes.size());
  return storage;
}

void Arena::clear() {
  block_ = 0;
  words_ = 0;
  used_ = 0;
}

Batch::Batch(std::size_t bytes) : bytes_{bytes}, frames_{bytes + wire::kFrameBytesMax} {
  TOCSIN_CHECK(bytes >= kBytesMin && bytes <= kBytesMax);
  items_.reserve(kItemsMax + wire::kFrameItemsMax);  // clock lines come on top
  alerts_.reserve(kAlertsExpected);
  announcements_.reserve(kAlertsExpected);
  acts_.reserve(kWordsMax);
  cursors_.reserve(kWordsMax);
  gaps_.reserve(kWordsMax);
  gap_counts_.reserve(kWordsMax);
}

bool Batch::has_room() const {
  return frames_.used() < bytes_ && items_.size() + wire::kFrameItemsMax <= kItemsMax && kept_.used() < kAlertBytesMax;
}

std::span<std::byte> Batch::reserve(std::size_t size) { return frames_.take(size); }

std::string_view Batch::keep_(std::string_view text) {
  const auto bytes = kept_.keep(std::as_bytes(std::span{text.data(), text.size()}));
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

void Batch::add(const journal::StoredAlert& alert, const Announcement& announcement) {
  alerts_.push_back({alert.number, alert.at, kept_.keep(alert.bytes)});
  announcements_.push_back(announcement);
  announcements_.back().unjournaled = kept_.keep(announcement.unjournaled);
}

bool Batch::add(const journal::Act& act) {
  if (acts_.size() >= kWordsMax) return false;
  add_own(act);
  return true;
}

void Batch::add_own(const journal::Act& act) {
  acts_.push_back({act.at, keep_(act.principal), keep_(act.kind), keep_(act.text)});
}

bool Batch::add(const journal::Cursor& cursor) {
  for (auto& known : cursors_) {
    if (known.consumer != cursor.consumer || known.is_mark != cursor.is_mark) continue;
    known.number = cursor.is_mark ? cursor.number : std::max(known.number, cursor.number);
    return true;
  }
  if (cursors_.size() == kWordsMax) return false;
  cursors_.push_back({keep_(cursor.consumer), cursor.number, cursor.is_mark});
  return true;
}

// One that goes on is the same one; and whose numbers leap about is told roughly, since a gap is kept for long.
bool Batch::add(const journal::Gap& gap, std::uint32_t count) {
  constexpr std::size_t kOfOneMax = 8;
  std::size_t of_one = 0;
  journal::Gap* last = nullptr;
  for (std::size_t i = 0; i < gaps_.size(); ++i) {
    if (gaps_[i].kind != gap.kind || gaps_[i].source != gap.source || gap_counts_[i] != count) continue;
    last = &gaps_[i];
    ++of_one;
  }
  if (last != nullptr && (last->last + 1 == gap.first || of_one >= kOfOneMax)) {
    last->first = std::min(last->first, gap.first);
    last->last = std::max(last->last, gap.last);
    return true;
  }
  if (gaps_.size() == kWordsMax) return false;
  gaps_.push_back({gap.at, keep_(gap.source), gap.first, gap.last, gap.kind});
  gap_counts_.push_back(count);
  return true;
}

void Batch::clear() {
  frames_.clear();
  kept_.clear();
  items_.clear();
  news_ = false;
  alerts_.clear();
  announcements_.clear();
  acts_.clear();
  cursors_.clear();
  gaps_.clear();
  gap_counts_.clear();
}
}  // namespace tocsin::daemon
