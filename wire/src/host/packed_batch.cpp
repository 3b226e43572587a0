// SPDX-License-Identifier: Apache-2.0
#include "host/packed_batch.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tocsin::wire::packed {
namespace {
using engine::InputKind;

constexpr std::size_t kPlaces = 2 * kNamesMax;  // a power of two, never more than half of it taken
constexpr std::size_t kVarintMax = 10;          // bytes of the largest
constexpr std::size_t kFixedMax = 192;          // of an item, or of a list of known names; its texts aside
static_assert(std::endian::native == std::endian::little, "numbers are copied as they are");
constexpr unsigned kDispositionShift = 2;
constexpr std::size_t kRowBytesMax = 0x7FFFFFFF;  // what a BLOB of SQLite can be

constexpr std::uint64_t folded(std::uint64_t difference) { return (difference << 1U) ^ (0U - (difference >> 63U)); }
constexpr std::uint64_t unfolded(std::uint64_t value) { return (value >> 1U) ^ (0U - (value & 1U)); }

std::size_t hash_of(std::string_view text) {
  std::uint64_t hash = text.size();
  while (!text.empty()) {
    std::uint64_t piece = 0;
    const std::size_t size = std::min<std::size_t>(text.size(), sizeof piece);
    std::memcpy(&piece, text.data(), size);
    hash = (std::rotl(hash, 23) ^ piece) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32U;
    text.remove_prefix(size);
  }
  return static_cast<std::uint32_t>(hash) & (kPlaces - 1);
}
}  // namespace

std::uint16_t has_of(const InputView& input) {
  unsigned has = 0;
  const auto add = [&has](bool is, Has what) { has |= is ? unsigned{what} : 0U; };
  add(input.received.has_value(), kReceived);
  add(input.seq.has_value(), kSeq);
  add(input.target_seq.has_value(), kTargetSeq);
  add(input.value.has_value(), kValue);
  add(input.latitude.has_value(), kLatitude);
  add(input.longitude.has_value(), kLongitude);
  add(input.credibility != 0 || input.status != engine::Status::actual || input.marking != Marking::unspecified,
      kGrades);
  add(!input.actor.empty() || !input.target.empty() || !input.unit.empty(), kActors);
  add(!input.ref.empty(), kRef);
  add(!input.note.empty(), kNote);
  add(input.tags.size > 0 || input.release.size > 0, kLists);
  return static_cast<std::uint16_t>(has & may_have(input.kind));
}

std::uint16_t may_have(InputKind kind) {
  switch (kind) {
    case InputKind::report:
      return 0xFFE0U;
    case InputKind::heartbeat:
      return kReceived;
    case InputKind::retraction:
      return kReceived | kSeq | kTargetSeq;
    case InputKind::clock:
      break;
  }
  return 0;
}

Writer::Writer() {
  names_.reserve(kNamesMax);
  places_.resize(kPlaces);
}

std::span<const std::byte> Writer::encode(std::span<const JournalItem> items) {
  size_ = 0;
  clock_ = 0;
  seq_ = 0;
  latest_.fill({});
  if (!names_.empty()) std::fill(places_.begin(), places_.end(), std::uint16_t{0});
  names_.clear();
  room_(kMagic.size() + kVarintMax);
  std::copy(kMagic.begin(), kMagic.end(), bytes_.begin());
  size_ = kMagic.size();
  varint_(items.size());
  for (const JournalItem& item : items) put_(item);
  return std::span{bytes_}.first(size_);
}

void Writer::put_(const JournalItem& item) {
  const InputView& input = item.input;
  const std::uint16_t has = has_of(input);
  const unsigned flags =
      has | static_cast<unsigned>(input.kind) | (static_cast<unsigned>(item.disposition) & 7U) << kDispositionShift;
  room_(kFixedMax);
  byte_(static_cast<std::uint8_t>(flags & 0xFFU));
  byte_(static_cast<std::uint8_t>(flags >> 8U));
  const auto clock = static_cast<std::uint64_t>(item.clock);
  difference_(clock, clock_);
  clock_ = clock;
  varint_(item.principal);
  difference_(static_cast<std::uint64_t>(input.time), clock);
  if ((has & kReceived) != 0) difference_(static_cast<std::uint64_t>(*input.received), clock);
  if (input.kind == InputKind::clock) return;
  name_(input.feed, Role::feed);
  if ((has & kSeq) != 0) {
    difference_(*input.seq, seq_);
    seq_ = *input.seq;
  }
  if ((has & kTargetSeq) != 0) difference_(*input.target_seq, input.seq.value_or(0));
  if (input.kind == InputKind::report) report_(input, has);
}

void Writer::report_(const InputView& input, std::uint16_t has) {
  name_(input.indicator, Role::indicator);
  name_(input.origin, Role::origin);
  if ((has & kValue) != 0) number_(*input.value);
  if ((has & kLatitude) != 0) number_(*input.latitude);
  if ((has & kLongitude) != 0) number_(*input.longitude);
  if ((has & kGrades) != 0) {
    byte_(input.credibility);
    byte_(static_cast<std::uint8_t>(input.status));
    byte_(static_cast<std::uint8_t>(input.marking));
  }
  if ((has & kActors) != 0) {
    name_(input.actor, Role::actor);
    name_(input.target, Role::target);
    name_(input.unit, Role::unit);
  }
  if ((has & kRef) != 0) text_(input.ref);
  if ((has & kNote) != 0) text_(input.note);
  if ((has & kLists) != 0) {
    list_(input.tags);
    list_(input.release);
  }
}

/// Room for so many bytes of a text and for whatever else an item has.
void Writer::room_(std::size_t bytes) {
  const std::size_t wanted = size_ + bytes + kFixedMax;
  if (bytes_.size() < wanted) bytes_.resize(std::max(wanted, 2 * bytes_.size()));
}

void Writer::varint_(std::uint64_t value) {
  while (value >= 0x80U) {
    byte_(static_cast<std::uint8_t>((value & 0x7FU) | 0x80U));
    value >>= 7U;
  }
  byte_(static_cast<std::uint8_t>(value));
}

void Writer::difference_(std::uint64_t value, std::uint64_t from) { varint_(folded(value - from)); }

void Writer::number_(double value) {
  std::memcpy(&bytes_[size_], &value, sizeof value);
  size_ += sizeof value;
}

void Writer::text_(std::string_view text) {
  room_(kVarintMax + text.size());
  varint_(text.size());
  if (!text.empty()) std::memcpy(&bytes_[size_], text.data(), text.size());
  size_ += text.size();
}

void Writer::name_(std::string_view text, Role role) {
  if (text.empty()) return varint_(0);
  Known& latest = latest_[static_cast<std::size_t>(role)];
  if (latest.text == text) return varint_(latest.code);
  std::uint16_t& place = place_of_(text);
  if (place != 0) {
    latest = {text, std::uint64_t{place} + 1};
    room_(kVarintMax);
    return varint_(latest.code);
  }
  room_(kVarintMax);
  varint_(1);
  text_(text);
  if (names_.size() == kNamesMax) return;
  names_.push_back(text);
  place = static_cast<std::uint16_t>(names_.size());
  latest = {text, std::uint64_t{place} + 1};
}

std::uint16_t& Writer::place_of_(std::string_view text) {
  std::size_t at = hash_of(text);
  while (places_[at] != 0 && names_[places_[at] - 1U] != text) at = (at + 1) & (kPlaces - 1);
  return places_[at];
}

template <std::size_t kCapacity>
void Writer::list_(const ViewList<kCapacity>& list) {
  room_(kVarintMax);
  byte_(list.size);
  for (std::size_t i = 0; i < list.size; ++i) name_(list.items[i], Role::listed);
}

bool Reader::open(std::span<const std::byte> row) {
  count_ = 0;
  left_ = 0;
  clock_ = 0;
  seq_ = 0;
  names_.clear();
  if (row.size() < kMagic.size() || !std::equal(kMagic.begin(), kMagic.end(), row.begin())) return false;
  rest_ = row.subspan(kMagic.size());
  std::uint64_t count = 0;
  // No limit of items, but each has so many bytes.
  if (!varint_(count) || count > rest_.size() / 4 || rest_.size() > kRowBytesMax) return false;
  if (count == 0 && !rest_.empty()) return false;
  count_ = static_cast<std::uint32_t>(count);
  left_ = count_;
  return true;
}

bool Reader::next(JournalItem& out) {
  if (left_ == 0) return false;
  --left_;
  if (read_(out) && (left_ > 0 || rest_.empty())) return true;
  left_ = 0;
  return false;
}

bool Reader::read_(JournalItem& out) {
  out = {};
  InputView& input = out.input;
  std::uint8_t low = 0;
  std::uint8_t high = 0;
  std::uint64_t principal = 0;
  if (!byte_(low) || !byte_(high) || !difference_(clock_, clock_) || !varint_(principal)) return false;
  const unsigned flags = low | unsigned{high} << 8U;
  const auto has = static_cast<std::uint16_t>(flags & 0xFFE0U);
  input.kind = static_cast<InputKind>(flags & 3U);
  out.disposition = static_cast<engine::Disposition>((flags >> kDispositionShift) & 7U);
  out.clock = static_cast<engine::Instant>(clock_);
  out.principal = static_cast<std::uint16_t>(principal);
  if (principal > 0xFFFFU || (has & may_have(input.kind)) != has || !instant_(clock_, input.time)) return false;
  if ((has & kReceived) != 0 && !instant_(clock_, input.received.emplace())) return false;
  if (input.kind == InputKind::clock) return true;
  if (!name_(input.feed)) return false;
  if ((has & kSeq) != 0) {
    if (!difference_(seq_, seq_)) return false;
    input.seq = seq_;
  }
  if ((has & kTargetSeq) != 0 && !difference_(input.seq.value_or(0), input.target_seq.emplace())) return false;
  return input.kind != InputKind::report || read_report_(input, has);
}

bool Reader::read_report_(InputView& out, std::uint16_t has) {
  if (!name_(out.indicator) || !name_(out.origin)) return false;
  if ((has & kValue) != 0 && !number_(out.value.emplace())) return false;
  if ((has & kLatitude) != 0 && !number_(out.latitude.emplace())) return false;
  if ((has & kLongitude) != 0 && !number_(out.longitude.emplace())) return false;
  if ((has & kGrades) != 0) {
    std::uint8_t status = 0;
    std::uint8_t marking = 0;
    if (!byte_(out.credibility) || !byte_(status) || !byte_(marking)) return false;
    out.status = static_cast<engine::Status>(status);
    out.marking = static_cast<Marking>(marking);
  }
  if ((has & kActors) != 0 && !(name_(out.actor) && name_(out.target) && name_(out.unit))) return false;
  if ((has & kRef) != 0 && !text_(out.ref)) return false;
  if ((has & kNote) != 0 && !text_(out.note)) return false;
  return (has & kLists) == 0 || (list_(out.tags) && list_(out.release));
}

bool Reader::byte_(std::uint8_t& out) {
  if (rest_.empty()) return false;
  out = std::to_integer<std::uint8_t>(rest_.front());
  rest_ = rest_.subspan(1);
  return true;
}

bool Reader::varint_(std::uint64_t& out) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    std::uint8_t byte = 0;
    if (!byte_(byte)) return false;
    if (shift == 63 && byte > 1) return false;
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) {
      out = value;
      return true;
    }
  }
  return false;
}

bool Reader::difference_(std::uint64_t from, std::uint64_t& out) {
  std::uint64_t value = 0;
  if (!varint_(value)) return false;
  out = from + unfolded(value);
  return true;
}

bool Reader::instant_(std::uint64_t from, engine::Instant& out) {
  std::uint64_t value = 0;
  if (!difference_(from, value)) return false;
  out = static_cast<engine::Instant>(value);
  return true;
}

bool Reader::number_(double& out) {
  if (rest_.size() < sizeof out) return false;
  std::memcpy(&out, rest_.data(), sizeof out);
  rest_ = rest_.subspan(sizeof out);
  return true;
}

bool Reader::text_(std::string_view& out) {
  std::uint64_t size = 0;
  if (!varint_(size) || size > rest_.size()) return false;
  const auto bytes = rest_.first(static_cast<std::uint32_t>(size));
  out = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  rest_ = rest_.subspan(bytes.size());
  return true;
}

bool Reader::name_(std::string_view& out) {
  std::uint64_t code = 0;
  if (!varint_(code)) return false;
  if (code == 0) {
    out = {};
    return true;
  }
  if (code > 1) {
    if (code - 2 >= names_.size()) return false;
    out = names_[static_cast<std::uint32_t>(code - 2)];
    return true;
  }
  if (!text_(out)) return false;
  if (names_.size() < kNamesMax) names_.push_back(out);
  return true;
}

template <std::size_t kCapacity>
bool Reader::list_(ViewList<kCapacity>& out) {
  std::uint8_t size = 0;
  if (!byte_(size) || size > kCapacity) return false;
  for (out.size = 0; out.size < size; ++out.size) {
    if (!name_(out.items[out.size])) return false;
  }
  return true;
}
}  // namespace tocsin::wire::packed
