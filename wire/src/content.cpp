// SPDX-License-Identifier: Apache-2.0
#include "content.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <span>

#include "tocsin/engine/base/crc32.hpp"

namespace tocsin::wire {
namespace {
// What is hashed is a serialisation in which every line has one form and no two lines have the same: little endian,
// fixed order, a length before each text and list, a presence byte before each optional number.
class Hash {
 public:
  void integer(std::uint64_t value, std::size_t bytes) {
    if (size_ + bytes > gathered_.size()) flush();
    for (std::size_t i = 0; i < bytes; ++i) gathered_[size_++] = static_cast<std::byte>((value >> (8U * i)) & 0xFFU);
  }
  void instant(engine::Instant value) { integer(static_cast<std::uint64_t>(value), 8); }
  void number(double value) { integer(std::bit_cast<std::uint64_t>(value == 0.0 ? 0.0 : value), 8); }
  void seq(const std::optional<std::uint64_t>& value) {
    integer(value.has_value() ? 1U : 0U, 1);
    if (value.has_value()) integer(*value, 8);
  }
  void degrees(const std::optional<double>& value) {
    integer(value.has_value() ? 1U : 0U, 1);
    if (value.has_value()) number(*value);
  }
  void text(std::string_view value) {
    integer(value.size(), 4);
    const auto bytes = std::as_bytes(std::span{value.data(), value.size()});
    if (size_ + bytes.size() > gathered_.size()) flush();
    if (bytes.size() > gathered_.size()) {
      crc_ = crc32(bytes, crc_);
      return;
    }
    if (!bytes.empty()) std::memcpy(&gathered_[size_], bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  template <std::size_t kCapacity>
  void list(const ViewList<kCapacity>& values) {
    integer(values.size, 1);
    for (std::size_t i = 0; i < values.size; ++i) text(values.items[i]);
  }
  [[nodiscard]] std::uint32_t value() {
    flush();
    return crc_;
  }

 private:
  void flush() {
    crc_ = crc32(std::span{gathered_}.first(size_), crc_);
    size_ = 0;
  }

  std::array<std::byte, 256> gathered_;  ///< a checksum takes few long pieces faster than many short ones
  std::size_t size_ = 0;
  std::uint32_t crc_ = 0;
};
}  // namespace

std::uint32_t content_of(const InputView& view) {
  Hash hash;
  hash.integer(static_cast<std::uint64_t>(view.kind), 1);
  hash.instant(view.time);
  hash.text(view.feed);
  if (view.kind == engine::InputKind::report || view.kind == engine::InputKind::retraction) {
    hash.seq(view.seq);
    hash.seq(view.target_seq);
  }
  if (view.kind == engine::InputKind::report) {
    hash.text(view.indicator);
    hash.number(view.value.value_or(1.0));
    hash.text(view.origin);
    hash.integer(view.credibility, 1);
    hash.integer(static_cast<std::uint64_t>(view.status), 1);
    hash.integer(static_cast<std::uint64_t>(view.marking), 1);
    hash.text(view.actor);
    hash.text(view.target);
    hash.list(view.tags);
    hash.degrees(view.latitude);
    hash.degrees(view.longitude);
    hash.text(view.unit);
    hash.text(view.ref);
    hash.text(view.note);
    hash.list(view.release);
  }
  return hash.value();
}
}  // namespace tocsin::wire
