// SPDX-License-Identifier: Apache-2.0
#include "tocsin/engine/engine.hpp"

#include <cstring>

#include "tocsin/engine/base/check.hpp"

#include "state/contacts.hpp"
#include "state/evaluate.hpp"
#include "state/evidence.hpp"
#include "state/log.hpp"
#include "state/step.hpp"

namespace tocsin::engine {
namespace {
constexpr std::uint32_t kBlockMagic = 0x544E4342;  // "TNCB"

/// CRC-32 (IEEE 802.3), bit by bit: a checkpoint is rare and a table would cost the firmware 1 KiB.
std::uint32_t checksum(std::span<const std::byte> bytes, std::uint32_t crc) {
  crc = ~crc;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

/// Over a checkpoint, with the header's own checksum field taken as zero.
std::uint32_t checksum_of(Header header, std::span<const std::byte> checkpoint) {
  header.crc = 0;
  const std::uint32_t crc = checksum(std::as_bytes(std::span{&header, 1}), 0);
  return checksum(checkpoint.subspan(sizeof header), crc);
}

void clear_state(const State& state, Instant first) {
  *state.header = {first - 1, kNever, first};
  for (NodeState& node : state.nodes) {
    node = {};
    node.due = kNever;  // numbers are taken at the first evaluation
    node.since_yes = kNever;
    node.since_maybe = kNever;
    node.witness = kNever;
  }
  for (IndicatorState& indicator : state.indicators) indicator = {kNone, false, false};
  for (FeedState& feed : state.feeds) feed = {kNever, false, {}};
  for (AlertMachine& alert : state.alerts) {
    alert = {};
    alert.last_raise = kNever;
    alert.clear_since = kForever;
    alert.doubt_since = first;
  }
  for (TheaterState& theater : state.theaters) {
    theater = {};
    theater.next_step = kForever;
  }
}
}  // namespace

Engine::Engine(const Image& image, std::span<std::byte> block)
    : image_{image}, layout_{layout_of(image)}, block_{block.data()} {
  TOCSIN_CHECK(block.size() >= layout_.block_bytes);
  TOCSIN_CHECK(reinterpret_cast<std::uintptr_t>(block.data()) % 8 == 0);
}

void Engine::start(Instant first, Mode mode) {
  const Block block{image_, layout_, block_};
  Header& header = block.header();
  header = {};
  header.magic = kBlockMagic;
  header.engine_version = kEngineVersion;
  header.book_hash = image_.book_hash;
  header.checkpoint_bytes = layout_.checkpoint_bytes;
  header.label = static_cast<std::uint8_t>(mode.label);
  header.evaluate_mask =
      static_cast<std::uint8_t>(1U | (mode.evaluate_exercise ? 2U : 0U) | (mode.evaluate_test ? 4U : 0U));
  header.first = first;
  header.clock = first;
  header.decided = first - 1;
  header.final_until = kNever;
  header.absorbed_time = kNever;
  Log{block}.clear();
  Contacts{block}.clear();
  for (AlertMemory& memory : block.memory()) memory = {kNever, kNever, 0, {}};
  for (CopyMark& mark : block.copy_marks()) mark = {};
  clear_state(block.base(), first);
  for (std::size_t i = 0; i < block.base().nodes.size(); ++i) {
    if (static_cast<Op>(image_.nodes[i].op) != Op::hold_for) continue;
    block.base().nodes[i].since_yes = kForever;
    block.base().nodes[i].since_maybe = kForever;
  }
  block.assign(block.head(), block.base());
}

Disposition Engine::step(const Input& input) {
  const Block block{image_, layout_, block_};
  return Stepper{block}.step(input);
}

bool Engine::next_event(AlertEvent& out) {
  const Block block{image_, layout_, block_};
  return Stepper{block}.next_event(out);
}

Instant Engine::first_instant() const { return Block{image_, layout_, block_}.header().first; }
Instant Engine::clock() const { return Block{image_, layout_, block_}.header().clock; }

Instant Engine::next_due() const {
  const Block block{image_, layout_, block_};
  return Evaluator{block, block.head(), nullptr}.next_due();
}

Instant Engine::reach() const {
  const Block block{image_, layout_, block_};
  return Stepper{block}.reach();
}

const Counters& Engine::counters() const { return Block{image_, layout_, block_}.header().counters; }

AlertState Engine::alert_state(std::uint16_t alert) const {
  const Block block{image_, layout_, block_};
  const AlertMachine& machine = block.head().alerts[alert];
  return {machine.raised, machine.level, machine.when, machine.raised_at};
}

Level Engine::theater_level(std::uint16_t theater) const {
  const Block block{image_, layout_, block_};
  return shown_level(image_, block.head(), theater);
}

bool Engine::feed_overdue(std::uint16_t feed) const {
  return Block{image_, layout_, block_}.head().feeds[feed].overdue;
}

Instant Engine::last_contact(std::uint16_t feed) const {
  const Block block{image_, layout_, block_};
  const Instant report = block.head().feeds[feed].contact;
  const Instant heartbeat = Contacts{block}.newest(feed, block.header().clock);
  return heartbeat > report ? heartbeat : report;
}

std::span<const std::byte> Engine::save() {
  const Block block{image_, layout_, block_};
  Header& header = block.header();
  TOCSIN_CHECK(static_cast<Phase>(header.phase) == Phase::idle);
  header.decided = block.head().header->evaluated;
  const std::span<const std::byte> bytes{block_, layout_.checkpoint_bytes};
  header.crc = checksum_of(header, bytes);
  return bytes;
}

RestoreError Engine::restore(std::span<const std::byte> checkpoint) {
  if (checkpoint.size() != layout_.checkpoint_bytes) return RestoreError::size;
  Header saved{};
  std::memcpy(&saved, checkpoint.data(), sizeof saved);
  if (saved.magic != kBlockMagic || saved.checkpoint_bytes != layout_.checkpoint_bytes) return RestoreError::corrupt;
  if (saved.engine_version != kEngineVersion) return RestoreError::version;
  if (saved.book_hash != image_.book_hash) return RestoreError::other_image;
  if (checksum_of(saved, checkpoint) != saved.crc) return RestoreError::corrupt;
  std::memmove(block_, checkpoint.data(), checkpoint.size());
  const Block block{image_, layout_, block_};
  for (CopyMark& mark : block.copy_marks()) mark = {};
  block.assign(block.head(), block.base());
  static_cast<void>(Evaluator{block, block.head(), nullptr}.advance(block.header().decided));
  return RestoreError::none;
}
}  // namespace tocsin::engine
