// SPDX-License-Identifier: Apache-2.0
#include "reports.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <string>

#include "tocsin/engine/base/check.hpp"
#include "tocsin/wire/batch_codec.hpp"

namespace tocsin::bench {
namespace {
struct Kind {
  const char* feed;
  const char* indicator;
  const char* origin;
};
// One feed of the shipped book per connection: a feed counts its own reports.
constexpr std::array<Kind, 3> kKinds{Kind{"mnd_daily", "plan_ships", "mnd"}, Kind{"launches", "dprk_incident", "jcs"},
                                     Kind{"analyst", "allied_exercise", "desk"}};
constexpr const char* kLoneNote = "observed at the ";  // a frame costs some 80 bytes besides
// What stands in a mould where a number goes. Nothing else in a frame looks like one, and each is there once.
constexpr std::uint64_t kFrameMark = 0x6D6F756C64000001;
constexpr std::uint64_t kSeqMark = 0x6D6F756C64000100;
constexpr std::uint64_t kTimeMark = 0x6D6F756C64000200;
constexpr std::uint64_t kValueMark = 0x6D6F756C64000300;
constexpr std::size_t kDigits = 9;
constexpr std::uint64_t kDigitsMark = 770'000'000;

std::string digits_of(std::uint64_t number) {
  std::string text = std::to_string(number);
  return std::string(kDigits - std::min(kDigits, text.size()), '0') + text;
}

std::size_t place_of(std::span<const std::byte> bytes, std::span<const std::byte> mark) {
  const auto found = std::search(bytes.begin(), bytes.end(), mark.begin(), mark.end());
  TOCSIN_CHECK(found != bytes.end());
  TOCSIN_CHECK(std::search(found + 1, bytes.end(), mark.begin(), mark.end()) == bytes.end());
  return static_cast<std::size_t>(found - bytes.begin());
}

std::size_t place_of(std::span<const std::byte> bytes, std::uint64_t mark) {
  return place_of(bytes, std::as_bytes(std::span{&mark, 1}));
}
}  // namespace

engine::Instant wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

FrameMould::FrameMould(std::size_t connection, std::size_t reports) : reports_(reports) {
  const Kind& kind = kKinds[connection % kKinds.size()];
  std::vector<wire::InputView> views(reports);
  std::vector<std::string> notes(reports, kLoneNote);
  for (std::size_t i = 0; i < reports; ++i) {
    if (reports > 1) {
      notes[i] = "observed at the usual place by the usual means, number " + digits_of(kDigitsMark + i) +
                 "; nothing out of the ordinary";
    }
    views[i].feed = kind.feed;
    views[i].indicator = kind.indicator;
    views[i].origin = kind.origin;
    views[i].seq = kSeqMark + i;
    views[i].time = static_cast<engine::Instant>(kTimeMark + i);
    views[i].value = std::bit_cast<double>(kValueMark + i);
    views[i].note = notes[i];
  }
  bytes_ = wire::encode_batch(kFrameMark, views);
  frame_ = place_of(bytes_, kFrameMark);
  for (std::size_t i = 0; i < reports; ++i) {
    auto& places = reports_[i];
    places = {place_of(bytes_, kSeqMark + i), place_of(bytes_, kTimeMark + i), place_of(bytes_, kValueMark + i), 0};
    const auto digits = digits_of(kDigitsMark + i);
    if (reports > 1) places.digits = place_of(bytes_, std::as_bytes(std::span{digits}));
  }
}

void FrameMould::put_(std::size_t place, std::uint64_t number) {
  std::memcpy(bytes_.data() + place, &number, sizeof number);
}

std::span<const std::byte> FrameMould::cast(std::uint64_t frame, std::uint64_t seq, engine::Instant time) {
  constexpr std::uint64_t kValues = 7;
  constexpr std::uint64_t kTen = 10;
  put_(frame_, frame);
  for (const Places& places : reports_) {
    put_(places.seq, seq);
    put_(places.time, static_cast<std::uint64_t>(time));
    put_(places.value, std::bit_cast<std::uint64_t>(static_cast<double>(seq % kValues)));
    std::uint64_t rest = seq;
    for (std::size_t i = kDigits; places.digits > 0 && i > 0; --i, rest /= kTen) {
      bytes_[places.digits + i - 1] = static_cast<std::byte>('0' + rest % kTen);
    }
    ++seq;
  }
  return bytes_;
}

std::span<const std::byte> Reports::frame(std::size_t connection, std::uint64_t frame, std::size_t reports) {
  auto& mould = moulds_.try_emplace({connection, reports}, connection, reports).first->second;
  auto& seq = seq_[connection % kKinds.size()];
  const auto bytes = mould.cast(frame, seq + 1, wall_ms());
  seq += reports;
  return bytes;
}
}  // namespace tocsin::bench
