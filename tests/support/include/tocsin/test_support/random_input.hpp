// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Random input lines that every reader must take.
#include <array>
#include <string>
#include <string_view>

#include "tocsin/test_support/prng.hpp"
#include "tocsin/wire/input_view.hpp"

namespace tocsin::test_support {
/// One random line and the storage of its texts. Not movable while its view is in use.
class RandomInput {
 public:
  /// @returns a line whose fields are all within their limits; the names are random, not a book's.
  wire::InputView make(Prng& prng) {
    wire::InputView view;
    view.kind = static_cast<engine::InputKind>(prng.below(4));
    view.time = prng.between(engine::kInstantMin, engine::kInstantMax);
    if (view.kind == engine::InputKind::clock) return view;
    view.feed = text(prng, feed_, wire::kNameBytesMax);
    if (prng.chance(50)) view.received = prng.between(engine::kInstantMin, engine::kInstantMax);
    if (view.kind == engine::InputKind::heartbeat) return view;
    view.seq = prng.below(engine::kSeqEnd - 1);
    if (view.kind == engine::InputKind::retraction || prng.chance(20)) view.target_seq = *view.seq + 1;
    if (view.kind == engine::InputKind::report) fill_report(prng, view);
    return view;
  }

 private:
  void fill_report(Prng& prng, wire::InputView& view) {
    view.indicator = text(prng, indicator_, wire::kNameBytesMax);
    if (prng.chance(50)) view.origin = text(prng, origin_, wire::kNameBytesMax);
    if (prng.chance(20)) view.actor = text(prng, actor_, wire::kNameBytesMax);
    if (prng.chance(20)) view.target = text(prng, target_, wire::kNameBytesMax);
    if (prng.chance(20)) view.unit = text(prng, unit_, wire::kNameBytesMax);
    if (prng.chance(20)) view.ref = text(prng, ref_, wire::kRefBytesMax);
    if (prng.chance(20)) view.note = text(prng, note_, wire::kNoteBytesMax);
    if (prng.chance(20)) fill_list(prng, tags_, view.tags);
    if (prng.chance(20)) fill_list(prng, release_, view.release);
    if (prng.chance(70)) view.value = number(prng);
    if (prng.chance(20)) {
      view.latitude = (prng.unit() - 0.5) * 180.0;
      view.longitude = (prng.unit() - 0.5) * 360.0;
    }
    view.credibility = static_cast<std::uint8_t>(prng.below(7));
    view.status = static_cast<engine::Status>(prng.below(3));
    view.marking = static_cast<wire::Marking>(prng.below(6));
  }

  static double number(Prng& prng) {
    if (prng.chance(50)) return static_cast<double>(prng.between(-1000, 1000));
    const double small = prng.unit() - 0.5;
    return prng.chance(50) ? small : small * 1e300;
  }

  static std::string_view text(Prng& prng, std::string& storage, std::size_t bytes_max) {
    constexpr std::array<std::string_view, 10> kPieces{"a",  "Z",  "9", "_",        " ",
                                                       "\"", "\\", "/", "\xC3\xA9", "\xF0\x9F\x94\x94"};
    storage.clear();
    const std::uint64_t pieces = 1 + prng.below(bytes_max / 4);
    for (std::uint64_t i = 0; i < pieces; ++i) storage += kPieces[static_cast<std::size_t>(prng.below(kPieces.size()))];
    return storage;
  }

  template <std::size_t kCapacity>
  static void fill_list(Prng& prng, std::array<std::string, kCapacity>& storage, wire::ViewList<kCapacity>& list) {
    list.size = static_cast<std::uint8_t>(1 + prng.below(kCapacity));
    for (std::size_t i = 0; i < list.size; ++i) list.items[i] = text(prng, storage[i], wire::kNameBytesMax);
  }

  std::string feed_;
  std::string indicator_;
  std::string origin_;
  std::string actor_;
  std::string target_;
  std::string unit_;
  std::string ref_;
  std::string note_;
  std::array<std::string, wire::kTagsMax> tags_;
  std::array<std::string, wire::kReleasesMax> release_;
};
}  // namespace tocsin::test_support
