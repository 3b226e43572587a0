// SPDX-License-Identifier: Apache-2.0
#include "block.hpp"

#include <cstring>

#include "tocsin/engine/base/check.hpp"

namespace tocsin::engine {
namespace {
constexpr std::size_t aligned(std::size_t bytes) { return (bytes + 7U) & ~std::size_t{7}; }

/// Hands out consecutive, aligned arrays of a block.
class Cutter {
 public:
  explicit Cutter(std::byte* at) : at_{at} {}
  template <class T>
  std::span<T> take(std::size_t count) {
    static_assert(alignof(T) <= 8);
    T* first = static_cast<T*>(static_cast<void*>(at_));
    at_ += aligned(count * sizeof(T));
    return {first, count};
  }

 private:
  std::byte* at_;
};

std::size_t state_bytes(const Image& image) {
  return aligned(sizeof(StateHeader)) + aligned(image.nodes.size() * sizeof(NodeState)) +
         aligned(image.indicators.size() * sizeof(IndicatorState)) + aligned(image.feeds.size() * sizeof(FeedState)) +
         aligned(image.alerts.size() * sizeof(AlertMachine)) + aligned(image.theaters.size() * sizeof(TheaterState));
}
}  // namespace

Layout layout_of(const Image& image) {
  std::size_t samples = 0;
  for (const Indicator& indicator : image.indicators) samples += indicator.keep;
  const std::size_t log_capacity = image.bounds.log_capacity;
  Layout layout{};
  layout.header_bytes = aligned(sizeof(Header));
  layout.state_bytes = state_bytes(image);
  layout.rings_bytes = aligned(image.indicators.size() * sizeof(Ring)) + aligned(samples * sizeof(Sample));
  layout.contacts_bytes = aligned(image.feeds.size() * sizeof(std::uint64_t)) +
                          aligned(image.feeds.size() * sizeof(std::uint16_t)) +
                          aligned(image.feeds.size() * image.bounds.contact_runs * sizeof(ContactRun));
  layout.log_bytes = aligned(log_capacity * sizeof(LogEntry)) + aligned(log_capacity * sizeof(std::uint16_t));
  layout.standing_bytes = aligned(image.bounds.standing_capacity * sizeof(StandingEvent)) +
                          aligned(image.alerts.size() * sizeof(AlertMemory));
  layout.checkpoint_bytes = layout.header_bytes + layout.state_bytes + layout.rings_bytes + layout.contacts_bytes +
                            layout.log_bytes + layout.standing_bytes;
  layout.block_bytes = layout.checkpoint_bytes + aligned(image.bounds.copies * sizeof(CopyMark)) +
                       (2U + image.bounds.copies) * layout.state_bytes;
  return layout;
}

State Block::state_at(std::size_t offset) const {
  Cutter cut{bytes_ + offset};
  State state{};
  state.header = cut.take<StateHeader>(1).data();
  state.nodes = cut.take<NodeState>(image_.nodes.size());
  state.indicators = cut.take<IndicatorState>(image_.indicators.size());
  state.feeds = cut.take<FeedState>(image_.feeds.size());
  state.alerts = cut.take<AlertMachine>(image_.alerts.size());
  state.theaters = cut.take<TheaterState>(image_.theaters.size());
  return state;
}

Block::Block(const Image& image, const Layout& layout, std::byte* bytes)
    : image_{image}, layout_{layout}, bytes_{bytes} {
  header_ = Cutter{bytes}.take<Header>(1).data();
  base_ = state_at(layout.header_bytes);
  Cutter cut{bytes + layout.header_bytes + layout.state_bytes};
  std::size_t samples = 0;
  for (const Indicator& indicator : image.indicators) samples += indicator.keep;
  rings_ = cut.take<Ring>(image.indicators.size());
  samples_ = cut.take<Sample>(samples);
  contact_counts_ = cut.take<std::uint16_t>(image.feeds.size());
  contact_runs_ = cut.take<ContactRun>(image.feeds.size() * image.bounds.contact_runs);
  seq_ends_ = cut.take<std::uint64_t>(image.feeds.size());
  log_ = cut.take<LogEntry>(image.bounds.log_capacity);
  order_ = cut.take<std::uint16_t>(image.bounds.log_capacity);
  standing_ = cut.take<StandingEvent>(image.bounds.standing_capacity);
  memory_ = cut.take<AlertMemory>(image.alerts.size());
  copy_marks_ = cut.take<CopyMark>(image.bounds.copies);
  const std::size_t states = layout.checkpoint_bytes + aligned(image.bounds.copies * sizeof(CopyMark));
  head_ = state_at(states);
  scratch_ = state_at(states + layout.state_bytes);
  copies_offset_ = states + 2 * layout.state_bytes;
}

State Block::copy(std::size_t index) const { return state_at(copies_offset_ + index * layout_.state_bytes); }

std::span<Sample> Block::samples(std::uint16_t indicator) const {
  const Indicator& record = image_.indicators[indicator];
  return samples_.subspan(record.ring, record.keep);
}

std::span<ContactRun> Block::contact_runs(std::uint16_t feed) const {
  return contact_runs_.subspan(std::size_t{feed} * image_.bounds.contact_runs, image_.bounds.contact_runs);
}

void Block::assign(const State& to, const State& from) const {
  std::memcpy(static_cast<void*>(to.header), static_cast<const void*>(from.header), layout_.state_bytes);
}
}  // namespace tocsin::engine
