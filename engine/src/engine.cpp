// SPDX-License-Identifier: Apache-2.0
#include "tocsin/engine/engine.hpp"

#include <cstring>
#include <memory>
#include <type_traits>

#include "tocsin/engine/base/check.hpp"
#include "tocsin/engine/base/crc32.hpp"

#include "state/contacts.hpp"
#include "state/evaluate.hpp"
#include "state/evidence.hpp"
#include "state/log.hpp"
#include "state/step.hpp"

namespace tocsin::engine {
namespace {
constexpr std::uint32_t kBlockMagic = 0x544E4342;  // "TNCB"

/// Over a checkpoint, with the header's own checksum field taken as zero.
std::uint32_t checksum_of(Header header, std::span<const std::byte> checkpoint) {
  header.crc = 0;
  return crc32(checkpoint.subspan(sizeof header), crc32(std::as_bytes(std::span{&header, 1})));
}

void clear_copies(const Block& block) {
  const std::span<CopyMark> marks = block.copy_marks();
  for (std::size_t i = 0; i < marks.size(); ++i) marks[i] = {0, 0, static_cast<std::uint16_t>(i), false, {}};
  if (block.midst_mark() != nullptr) *block.midst_mark() = {};
}

void clear_words(const Node& node, std::span<Instant> words) {
  const Shape shape = shape_of(node.op);
  const bool zero = shape < Shape::hold_for || ((shape == Shape::in_last || shape == Shape::since) && node.ago_ms > 0);
  const Instant empty = zero ? 0 : shape == Shape::hold_for ? kForever : kNever;
  for (Instant& word : words) word = empty;
}

void clear_state(const Block& block, const State& state, Instant first) {
  *state.header = {};
  state.header->evaluated = first - 1;
  state.header->last = kNever;
  state.header->pending = kForever;
  state.header->timed = kForever;
  const std::span<const Node> nodes = block.image().nodes;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    state.nodes[i] = {};
    const std::size_t words = words_of(nodes[i]);
    if (words > 0) clear_words(nodes[i], state.words.subspan(block.plan().nodes[i].words, words));
  }
  for (Instant& timer : state.timers) timer = kForever;
  for (Instant& least : state.mins) least = kForever;
  for (IndicatorState& indicator : state.indicators) {
    indicator = {};
    indicator.tail = kNone;
  }
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

// The views of the block are kept in the engine, where the header cannot name their type.
static_assert(sizeof(Block) <= Engine::kViewBytes && alignof(Block) <= 8);
static_assert(std::is_trivially_copyable_v<Block> && std::is_trivially_destructible_v<Block>);

Engine::Engine(const Image& image, std::span<std::byte> block) {
  TOCSIN_CHECK(block.size() >= layout_of(image).block_bytes);
  TOCSIN_CHECK(reinterpret_cast<std::uintptr_t>(block.data()) % 8 == 0);
  std::construct_at(static_cast<Block*>(static_cast<void*>(view_.data())), image, block.data());
  this->block().make_plan();
}

const Block& Engine::block() const { return *static_cast<const Block*>(static_cast<const void*>(view_.data())); }

void Engine::start(Instant first, Mode mode) {
  const Block& block = this->block();
  Header& header = block.header();
  header = {};
  header.magic = kBlockMagic;
  header.engine_version = kEngineVersion;
  header.book_hash = block.image().book_hash;
  header.checkpoint_bytes = block.layout().checkpoint_bytes;
  header.label = static_cast<std::uint8_t>(mode.label);
  header.evaluate_mask =
      static_cast<std::uint8_t>(1U | (mode.evaluate_exercise ? 2U : 0U) | (mode.evaluate_test ? 4U : 0U));
  header.first = first;
  header.clock = first;
  header.decided = first - 1;
  header.final_until = kNever;
  header.forgotten_until = kNever;
  header.absorbed_time = kNever;
  Log{block}.clear();
  Contacts{block}.clear();
  for (AlertMemory& memory : block.memory()) memory = {kNever, kNever, 0, 0, false, {}};
  clear_copies(block);
  clear_state(block, block.base(), first);
  block.assign(*block.head().header, *block.base().header);
  block.work() = {};
}

Disposition Engine::step(const Input& input) { return Stepper{block()}.step(input); }
bool Engine::next_event(AlertEvent& out) { return Stepper{block()}.next_event(out); }
Instant Engine::first_instant() const { return block().header().first; }
Instant Engine::clock() const { return block().header().clock; }
Instant Engine::next_due() const { return Evaluator{block(), block().head(), nullptr}.next_due(); }
Instant Engine::reach() const { return Stepper{block()}.reach(); }
const Counters& Engine::counters() const { return block().header().counters; }
const Work& Engine::work() const { return block().work(); }

namespace {
AlertState shown(const State& state, std::uint16_t alert) {
  const AlertMachine& machine = state.alerts[alert];
  return {machine.raised, machine.level, machine.when, machine.raised_at, machine.last_raise, machine.clear_since};
}
}  // namespace

AlertState Engine::alert_state(std::uint16_t alert) const { return shown(block().head(), alert); }

std::uint16_t Engine::episode_rev(std::uint16_t alert) const {
  return Standing{block()}.rev_of(EventKind::cleared, alert, block().head().alerts[alert].raised_at);
}

Level Engine::theater_level(std::uint16_t theater) const {
  return shown_level(block().image(), block().head(), theater);
}

bool Engine::feed_overdue(std::uint16_t feed) const { return block().head().feeds[feed].overdue; }

Instant Engine::last_contact(std::uint16_t feed) const {
  const Instant report = block().head().feeds[feed].contact;
  const Instant heartbeat = Contacts{block()}.newest(feed, block().header().clock);
  return heartbeat > report ? heartbeat : report;
}

bool Engine::look(Instant at) {
  const Block& block = this->block();
  const StateHeader& base = *block.base().header;
  if (at < block.header().first || at > block.header().clock || at < base.evaluated) return false;
  // The base has taken in samples of the next instant, which may have pushed out what this one rests on.
  if (at == base.evaluated && base.pending != kForever) return false;
  Stepper{block}.go_to(at);
  return true;
}

NodeView Engine::node_view(std::uint16_t node) const { return view_of(block(), node); }
AlertState Engine::looked_alert(std::uint16_t alert) const { return shown(block().scratch(), alert); }

NeedView Engine::need_view(std::uint16_t alert, std::uint16_t need) const {
  const Image& image = block().image();
  const State& state = block().scratch();
  const Need& record = image.needs[image.alerts[alert].needs.first + need];
  const bool met = state.alerts[alert].raised && ((unsigned{state.alerts[alert].needs_met} >> need) & 1U) != 0;
  return {origins_of_need(block(), state, record, state.header->evaluated), met};
}

bool Engine::looked_blind(std::uint16_t indicator) const { return block().scratch().indicators[indicator].blind; }
bool Engine::looked_overdue(std::uint16_t feed) const { return block().scratch().feeds[feed].overdue; }

std::span<const std::byte> Engine::save() {
  const Block& block = this->block();
  Header& header = block.header();
  TOCSIN_CHECK(static_cast<Phase>(header.phase) == Phase::idle);
  header.decided = block.head().header->evaluated;
  const std::span<const std::byte> bytes{block.bytes(), block.layout().checkpoint_bytes};
  header.crc = checksum_of(header, bytes);
  return bytes;
}

RestoreError Engine::restore(std::span<const std::byte> checkpoint) {
  const Block& block = this->block();
  const std::size_t size = block.layout().checkpoint_bytes;
  if (checkpoint.size() != size) return RestoreError::size;
  Header saved{};
  std::memcpy(&saved, checkpoint.data(), sizeof saved);
  if (saved.magic != kBlockMagic || saved.checkpoint_bytes != size) return RestoreError::corrupt;
  if (saved.engine_version != kEngineVersion) return RestoreError::version;
  if (saved.book_hash != block.image().book_hash) return RestoreError::other_image;
  if (checksum_of(saved, checkpoint) != saved.crc) return RestoreError::corrupt;
  std::memmove(block.bytes(), checkpoint.data(), checkpoint.size());
  clear_copies(block);
  block.assign(*block.head().header, *block.base().header);
  static_cast<void>(Evaluator{block, block.head(), nullptr}.advance(block.header().decided));
  block.work() = {};
  return RestoreError::none;
}
}  // namespace tocsin::engine
