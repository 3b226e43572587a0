// SPDX-License-Identifier: Apache-2.0
#include "block.hpp"

#include <cstring>

namespace tocsin::engine {
namespace {
constexpr std::size_t aligned(std::size_t bytes) { return (bytes + 7U) & ~std::size_t{7}; }
template <class T>
constexpr std::size_t room_for(std::size_t count) {
  return aligned(count * sizeof(T));
}

/// Hands out consecutive, aligned arrays of a block.
class Cutter {
 public:
  explicit Cutter(std::byte* at) : at_{at} {}
  template <class T>
  std::span<T> take(std::size_t count) {
    static_assert(alignof(T) <= 8);
    T* first = static_cast<T*>(static_cast<void*>(at_));
    at_ += room_for<T>(count);
    return {first, count};
  }

 private:
  std::byte* at_;
};

constexpr std::size_t groups_of(std::size_t timers) { return (timers + kTimerGroup - 1) / kTimerGroup; }
constexpr std::size_t bit_words(std::size_t bits) { return (bits + 63U) / 64U; }

/// Chains by hash: as many heads as the log has slots, rounded up to a power of two.
std::size_t heads_of(const Image& image) {
  std::size_t heads = 1;
  while (heads < image.bounds.log_capacity) heads *= 2;
  return heads;
}

std::size_t state_bytes(const Image& image, const Sizes& sizes) {
  return room_for<StateHeader>(1) + room_for<Instant>(sizes.words) + room_for<Instant>(sizes.timers) +
         room_for<Instant>(groups_of(sizes.timers)) + room_for<FeedState>(image.feeds.size()) +
         room_for<AlertMachine>(image.alerts.size()) + room_for<TheaterState>(image.theaters.size()) +
         room_for<IndicatorState>(image.indicators.size()) + room_for<NodeState>(image.nodes.size());
}

std::size_t plan_bytes(const Image& image, const Sizes& sizes) {
  return room_for<NodePlan>(image.nodes.size() + 1) + room_for<IndicatorPlan>(image.indicators.size() + 1) +
         room_for<FeedPlan>(image.feeds.size() + 1) + room_for<std::uint16_t>(sizes.timers) +
         room_for<std::uint16_t>(sizes.parents) + room_for<std::uint16_t>(sizes.node_alerts) +
         room_for<std::uint16_t>(sizes.indicator_nodes) + room_for<std::uint16_t>(sizes.indicator_alerts) +
         room_for<std::uint16_t>(image.filters.size()) + room_for<std::uint16_t>(sizes.feed_nodes) +
         room_for<std::uint16_t>(sizes.feed_indicators);
}

std::size_t work_bytes(const Image& image, const Sizes& sizes) {
  return room_for<std::uint64_t>(bit_words(image.nodes.size())) +
         room_for<std::uint64_t>(bit_words(image.alerts.size())) + room_for<double>(sizes.values) + room_for<Work>(1);
}

std::size_t midst_bytes(const Image& image, const Sizes& sizes) {
  if (!has_many_copies(image)) return 0;
  return room_for<Midst>(1) + state_bytes(image, sizes) + room_for<std::uint64_t>(bit_words(image.nodes.size())) +
         room_for<std::uint64_t>(bit_words(image.alerts.size()));
}
}  // namespace

Layout layout_of(const Image& image) {
  const Sizes sizes = sizes_of(image);
  const Bounds& bounds = image.bounds;
  std::size_t samples = 0;
  for (const Indicator& indicator : image.indicators) samples += indicator.keep;
  Layout layout{};
  layout.header_bytes = room_for<Header>(1);
  layout.state_bytes = state_bytes(image, sizes);
  layout.rings_bytes = room_for<Ring>(image.indicators.size()) + room_for<Sample>(samples);
  layout.contacts_bytes = room_for<std::uint64_t>(image.feeds.size()) + room_for<std::uint16_t>(image.feeds.size()) +
                          room_for<ContactRun>(image.feeds.size() * bounds.contact_runs);
  layout.log_bytes = room_for<LogEntry>(bounds.log_capacity) + room_for<std::uint16_t>(bounds.log_capacity) +
                     2 * room_for<std::uint16_t>(heads_of(image));
  layout.standing_bytes = room_for<StandingEvent>(standing_places(image)) + room_for<AlertMemory>(image.alerts.size());
  layout.plan_bytes = plan_bytes(image, sizes) + work_bytes(image, sizes) + midst_bytes(image, sizes);
  layout.checkpoint_bytes = layout.header_bytes + layout.state_bytes + layout.rings_bytes + layout.contacts_bytes +
                            layout.log_bytes + layout.standing_bytes;
  layout.block_bytes = layout.checkpoint_bytes + room_for<CopyMark>(bounds.copies) +
                       (2U + bounds.copies) * layout.state_bytes + layout.plan_bytes;
  return layout;
}

State Block::state_at(std::size_t offset) const {
  Cutter cut{bytes_ + offset};
  State state{};
  state.header = cut.take<StateHeader>(1).data();
  state.words = cut.take<Instant>(sizes_.words);
  state.timers = cut.take<Instant>(sizes_.timers);
  state.mins = cut.take<Instant>(groups_of(sizes_.timers));
  state.feeds = cut.take<FeedState>(image_.feeds.size());
  state.alerts = cut.take<AlertMachine>(image_.alerts.size());
  state.theaters = cut.take<TheaterState>(image_.theaters.size());
  state.indicators = cut.take<IndicatorState>(image_.indicators.size());
  state.nodes = cut.take<NodeState>(image_.nodes.size());
  return state;
}

Block::Block(const Image& image, std::byte* bytes)
    : image_{image}, sizes_{sizes_of(image)}, layout_{layout_of(image)}, bytes_{bytes} {
  theater_timers_ = sizes_.timers - image.theaters.size();
  alert_timers_ = theater_timers_ - image.alerts.size();
  header_ = Cutter{bytes}.take<Header>(1).data();
  base_ = state_at(layout_.header_bytes);
  Cutter cut{bytes + layout_.header_bytes + layout_.state_bytes};
  rings_ = cut.take<Ring>(image.indicators.size());
  samples_ = cut.take<Sample>(image.base_ring_samples);
  contact_counts_ = cut.take<std::uint16_t>(image.feeds.size());
  contact_runs_ = cut.take<ContactRun>(image.feeds.size() * image.bounds.contact_runs);
  seq_ends_ = cut.take<std::uint64_t>(image.feeds.size());
  log_ = cut.take<LogEntry>(image.bounds.log_capacity);
  order_ = cut.take<std::uint16_t>(image.bounds.log_capacity);
  seq_heads_ = cut.take<std::uint16_t>(heads_of(image));
  target_heads_ = cut.take<std::uint16_t>(heads_of(image));
  standing_ = cut.take<StandingEvent>(standing_places(image));
  memory_ = cut.take<AlertMemory>(image.alerts.size());
  copy_marks_ = cut.take<CopyMark>(image.bounds.copies);
  const std::size_t states = layout_.checkpoint_bytes + room_for<CopyMark>(image.bounds.copies);
  head_ = state_at(states);
  scratch_ = state_at(states + layout_.state_bytes);
  copies_offset_ = states + 2 * layout_.state_bytes;
  indicators_offset_ = static_cast<std::size_t>(static_cast<std::byte*>(static_cast<void*>(head_.indicators.data())) -
                                                static_cast<std::byte*>(static_cast<void*>(head_.header)));

  cut = Cutter{bytes + copies_offset_ + image.bounds.copies * layout_.state_bytes};
  plan_.nodes = cut.take<NodePlan>(image.nodes.size() + 1);
  plan_.indicators = cut.take<IndicatorPlan>(image.indicators.size() + 1);
  plan_.feeds = cut.take<FeedPlan>(image.feeds.size() + 1);
  plan_.timer_owners = cut.take<std::uint16_t>(sizes_.timers);
  plan_.parents = cut.take<std::uint16_t>(sizes_.parents);
  plan_.node_alerts = cut.take<std::uint16_t>(sizes_.node_alerts);
  plan_.indicator_nodes = cut.take<std::uint16_t>(sizes_.indicator_nodes);
  plan_.indicator_alerts = cut.take<std::uint16_t>(sizes_.indicator_alerts);
  plan_.indicator_filters = cut.take<std::uint16_t>(image.filters.size());
  plan_.feed_nodes = cut.take<std::uint16_t>(sizes_.feed_nodes);
  plan_.feed_indicators = cut.take<std::uint16_t>(sizes_.feed_indicators);
  dirty_nodes_ = cut.take<std::uint64_t>(bit_words(image.nodes.size()));
  dirty_alerts_ = cut.take<std::uint64_t>(bit_words(image.alerts.size()));
  values_ = cut.take<double>(sizes_.values);
  work_ = cut.take<Work>(1).data();
  const bool many = has_many_copies(image);
  midst_mark_ = many ? cut.take<Midst>(1).data() : nullptr;
  midst_nodes_ = cut.take<std::uint64_t>(many ? bit_words(image.nodes.size()) : 0);
  midst_alerts_ = cut.take<std::uint64_t>(many ? bit_words(image.alerts.size()) : 0);
  midst_offset_ = static_cast<std::size_t>(cut.take<std::byte>(0).data() - bytes);
}

void Block::assign(StateHeader& to, const StateHeader& from) const {
  std::memcpy(static_cast<void*>(&to), static_cast<const void*>(&from), layout_.state_bytes);
}
}  // namespace tocsin::engine
