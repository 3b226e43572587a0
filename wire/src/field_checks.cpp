// SPDX-License-Identifier: Apache-2.0
#include "field_checks.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace tocsin::wire {
namespace {
using engine::InputKind;

struct Rune {
  std::uint32_t code;
  std::size_t bytes;  // 0: not well-formed
};

// Decodes one character. @source RFC 3629, table 3-7 of the Unicode Standard.
Rune decode(std::string_view text) {
  const auto byte = [&text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80U; };
  const std::uint32_t first = byte(0);
  if (first < 0x80U) return {first, 1};
  if (first >= 0xC2U && first <= 0xDFU && tail(1)) return {((first & 0x1FU) << 6U) | (byte(1) & 0x3FU), 2};
  if ((first & 0xF0U) == 0xE0U && tail(1) && tail(2)) {
    const std::uint32_t code = ((first & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU);
    const bool surrogate = code >= 0xD800U && code <= 0xDFFFU;
    return {code, code >= 0x800U && !surrogate ? 3U : 0U};
  }
  if ((first & 0xF8U) == 0xF0U && tail(1) && tail(2) && tail(3)) {
    const std::uint32_t code =
        ((first & 0x07U) << 18U) | ((byte(1) & 0x3FU) << 12U) | ((byte(2) & 0x3FU) << 6U) | (byte(3) & 0x3FU);
    return {code, code >= 0x10000U && code <= 0x10FFFFU ? 4U : 0U};
  }
  return {0, 0};
}

bool is_control(std::uint32_t code) { return code < 0x20U || (code >= 0x7FU && code < 0xA0U); }

bool is_seq(const std::optional<std::uint64_t>& seq) { return seq.has_value() && *seq < engine::kSeqEnd; }

bool times_are_good(const InputView& view) {
  return is_instant(view.time) && (!view.received.has_value() || is_instant(*view.received));
}

bool seqs_are_good(const InputView& view) {
  if (view.kind == InputKind::heartbeat || view.kind == InputKind::clock) return true;
  if (!is_seq(view.seq)) return false;
  if (view.kind == InputKind::report && !view.target_seq.has_value()) return true;
  return is_seq(view.target_seq) && *view.target_seq != *view.seq;
}

template <std::size_t kCapacity, class Predicate>
bool all_of(const ViewList<kCapacity>& list, Predicate good) {
  for (std::size_t i = 0; i < list.size; ++i) {
    if (!good(list.items[i])) return false;
  }
  return true;
}

bool lengths_are_good(const InputView& view) {
  const auto short_enough = [](std::string_view name) { return name.size() <= kNameBytesMax; };
  for (const auto name : {view.feed, view.indicator, view.origin, view.actor, view.target, view.unit}) {
    if (!short_enough(name)) return false;
  }
  return view.ref.size() <= kRefBytesMax && view.note.size() <= kNoteBytesMax && all_of(view.tags, short_enough) &&
         all_of(view.release, short_enough);
}

bool texts_are_clean(const InputView& view) {
  for (const auto text : {view.feed, view.indicator, view.origin, view.actor, view.target, view.unit, view.ref}) {
    if (!is_clean_text(text)) return false;
  }
  const auto clean_and_set = [](std::string_view text) { return !text.empty() && is_clean_text(text); };
  return is_clean_text(view.note, Breaks::allowed) && all_of(view.tags, clean_and_set) &&
         all_of(view.release, clean_and_set);
}

// Written so that a NaN fails.
bool position_is_good(const InputView& view) {
  if (view.latitude.has_value() != view.longitude.has_value()) return false;
  if (!view.latitude.has_value()) return true;
  return std::fabs(*view.latitude) <= 90.0 && std::fabs(*view.longitude) <= 180.0;
}

/// Whether eight characters are all printable ASCII, as nearly all are.
bool are_printable(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kTops = 0x80 * kOnes;
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, text.data(), sizeof bytes);
  const std::uint64_t deleted = bytes ^ (0x7F * kOnes);
  // The top bit of a byte that is below space borrows; of one that is DEL likewise; any other has it already.
  return ((bytes | (bytes - 0x20 * kOnes) | (deleted - kOnes)) & kTops) == 0;
}

bool ranges_are_good(const InputView& view) {
  return view.credibility <= 6 && view.status <= engine::Status::test && view.marking <= Marking::red &&
         view.tags.size <= kTagsMax && view.release.size <= kReleasesMax && position_is_good(view);
}
}  // namespace

bool is_clean_text(std::string_view text, Breaks breaks) {
  while (!text.empty()) {
    if (text.size() >= 8 && are_printable(text)) {
      text.remove_prefix(8);
      continue;
    }
    const Rune rune = decode(text);
    if (rune.bytes == 0) return false;
    const bool is_break = rune.code == '\t' || rune.code == '\n';
    if (is_control(rune.code) && !(is_break && breaks == Breaks::allowed)) return false;
    text.remove_prefix(rune.bytes);
  }
  return true;
}

Refusal check_fields(const InputView& view) {
  if (view.kind > InputKind::clock) return Refusal::malformed;
  if (view.value.has_value() && !std::isfinite(*view.value)) return Refusal::bad_value;
  if (!times_are_good(view)) return Refusal::bad_time;
  if (!seqs_are_good(view)) return Refusal::bad_seq;
  if (!ranges_are_good(view)) return Refusal::bad_field;  // before the lists are walked
  if (!lengths_are_good(view)) return Refusal::too_long;
  return texts_are_clean(view) ? Refusal::none : Refusal::bad_field;
}
}  // namespace tocsin::wire
