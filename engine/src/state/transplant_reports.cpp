// SPDX-License-Identifier: Apache-2.0
// The reports that both books know, taken over as the old engine took them. Which of the new book's filters they pass
// is known from the warming, or of a filter that both books have from the old engine.
#include <bit>

#include "transplant.hpp"

namespace tocsin::engine {
namespace {
/// The filter of an indicator with a hash, or kNone.
std::uint16_t find_filter(const Image& image, const Likeness& likeness, std::uint16_t indicator, std::uint64_t hash) {
  for (std::size_t i = 0; i < image.filters.size(); ++i) {
    const auto filter = static_cast<std::uint16_t>(i);
    if (image.filters[i].indicator == indicator && likeness.filter(filter) == hash) return filter;
  }
  return kNone;
}

EventKey key_of(const Sample& sample) { return {sample.time, sample.seq, sample.feed}; }

/// The sample at a place of a ring, oldest first.
Sample& sample_at(const Block& block, std::uint16_t indicator, std::size_t place) {
  const std::span<Sample> samples = block.samples(indicator);
  const std::size_t index = block.rings()[indicator].start + place;
  return samples[index < samples.size() ? index : index - samples.size()];
}
}  // namespace

void Transplant::map_filters(std::uint16_t index, std::uint16_t old) {
  new_only_ = 0;
  for (std::uint16_t& bit : old_bits_) bit = kNone;
  const IndicatorPlan* plan = &to_.plan().indicators[index];
  for (std::size_t i = plan[0].filters; i < plan[1].filters; ++i) {
    const std::uint16_t filter = to_.plan().indicator_filters[i];
    const std::uint16_t bit = to_.image().filters[filter].bit;
    const std::uint16_t same = find_filter(from_.image(), old_, old, new_.filter(filter));
    if (same != kNone) old_bits_[bit] = from_.image().filters[same].bit;
    if (same == kNone) new_only_ |= std::uint32_t{1} << bit;
  }
}

std::uint32_t Transplant::matches_of(std::uint32_t old_matches, std::uint32_t warmed) const {
  std::uint32_t matches = warmed & new_only_;
  for (std::size_t bit = 0; bit < kFiltersMax; ++bit) {
    if (old_bits_[bit] != kNone && ((old_matches >> old_bits_[bit]) & 1U) != 0) matches |= std::uint32_t{1} << bit;
  }
  return matches;
}

void Transplant::take_reports(std::uint16_t index) {
  const std::uint16_t old = old_indicators_[index];
  if (old == kNone) return;
  map_filters(index, old);
  convert_ring(index, old);
  fill_ring(index, old);
  take_indicator(index, old);
}

/// Writes the new book's indices and filters into the old ring. Both rings are in event order.
void Transplant::convert_ring(std::uint16_t index, std::uint16_t old) {
  const Ring& ring = from_.rings()[old];
  const Ring& warmed = to_.rings()[index];
  std::size_t kept = 0;
  std::size_t other = 0;
  for (std::size_t i = 0; i < ring.count; ++i) {
    Sample sample = sample_at(from_, old, i);
    sample.feed = new_feeds_[sample.feed];
    sample.origin = new_origins_[sample.origin];
    if (sample.feed == kNone || sample.origin == kNone) continue;
    while (other < warmed.count && key_of(sample_at(to_, index, other)) < key_of(sample)) ++other;
    const bool found = other < warmed.count && key_of(sample_at(to_, index, other)) == key_of(sample);
    sample.matches = matches_of(sample.matches, found ? sample_at(to_, index, other).matches : 0);
    sample_at(from_, old, kept++) = sample;
  }
  from_.rings()[old].count = static_cast<std::uint16_t>(kept);
}

/// The old ring's newest, and before them, where the new ring is longer, what only the warming knows.
void Transplant::fill_ring(std::uint16_t index, std::uint16_t old) {
  const Ring& ring = from_.rings()[old];
  Ring& filled = to_.rings()[index];
  const std::size_t room = to_.samples(index).size();
  const bool longer = room > from_.samples(old).size() && ring.count == from_.samples(old).size();
  std::size_t before = 0;
  while (longer && before < filled.count && key_of(sample_at(to_, index, before)) < key_of(sample_at(from_, old, 0)))
    ++before;
  const std::size_t skip = ring.count > room ? ring.count - room : 0;
  const std::size_t drop = before + ring.count - skip > room ? before + ring.count - skip - room : 0;
  if (skip > 0) {
    filled.pushed_out = sample_at(from_, old, skip - 1).time;
  } else if (drop > 0) {
    filled.pushed_out = sample_at(to_, index, drop - 1).time;
  } else if (before == 0) {
    filled.pushed_out = ring.pushed_out;
  }
  filled.start = static_cast<std::uint16_t>((filled.start + drop) % room);
  filled.count = static_cast<std::uint16_t>(before - drop);
  for (std::size_t i = skip; i < ring.count; ++i) {
    sample_at(to_, index, filled.count) = sample_at(from_, old, i);
    ++filled.count;
  }
}

void Transplant::take_indicator(std::uint16_t index, std::uint16_t old) const {
  const IndicatorState& before = from_.base().indicators[old];
  IndicatorState& state = to_.base().indicators[index];
  state.matches = matches_of(before.matches, state.touched ? state.matches : 0);
  state.pending = matches_of(before.pending, state.absorbed ? state.pending : 0);
  // Only where the old book did not look does the warming know more: it may have taken what the old engine did not.
  state.touched = (before.touched || (state.touched && from_.plan().indicators[old].pulses == 0)) &&
                  to_.plan().indicators[index].pulses > 0;
  state.absorbed = before.absorbed || (state.absorbed && !from_.is_used(old));
  if (!state.touched) state.matches = 0;  // nobody would clear them
  if (!state.absorbed) state.pending = 0;
  state.blind = before.blind;
}

/// Whether the old book could take an entry of the new log in.
bool Transplant::is_known(const LogEntry& entry) const {
  if (old_feeds_[entry.feed] == kNone) return false;
  return entry.kind != EntryKind::report ||
         (old_indicators_[entry.indicator] != kNone && old_origins_[entry.origin] != kNone);
}

/// Takes out of the new log what the old engine could have taken and did not, and knows withdrawals as it does.
void Transplant::drop_strangers() {
  const Log log{to_};
  const Log known{from_};
  for (std::size_t i = log.count(); i > 0; --i) {
    const std::uint16_t slot = log.slot_at(i - 1);
    const LogEntry& entry = log.entry(slot);
    if (!is_known(entry)) continue;
    const std::uint16_t old = known.find_seq(old_feeds_[entry.feed], entry.seq);
    if (old == kNone || known.entry(old).content != entry.content || known.entry(old).time != entry.time) {
      log.erase(i - 1);
    } else if (entry.withdrawn != known.entry(old).withdrawn) {
      if (entry.withdrawn) {
        log.erase(i - 1);  // it comes back as the old engine has it
      } else {
        log.withdraw(slot);
      }
    }
  }
}

void Transplant::take_log() {
  drop_strangers();
  const Log known{from_};
  const Log log{to_};
  std::size_t missing = 0;
  const auto each_missing = [&](auto visit) {
    for (std::size_t i = 0; i < known.count(); ++i) {
      const LogEntry& entry = known.entry(known.slot_at(i));
      const std::uint16_t feed = new_feeds_[entry.feed];
      if (feed != kNone && log.find_seq(feed, entry.seq) == kNone) visit(entry);
    }
  };
  each_missing([&](const LogEntry&) { ++missing; });
  // The oldest of what only the new book knows make place.
  for (std::size_t i = 0; i < log.count() && log.count() + missing > to_.log().size();) {
    if (is_known(log.entry(log.slot_at(i)))) {
      ++i;
    } else {
      log.erase(i);
    }
  }
  each_missing([this](const LogEntry& entry) { take_entry(entry); });
}

void Transplant::take_entry(const LogEntry& entry) {
  const Log log{to_};
  Input input;
  const bool report = entry.kind == EntryKind::report;
  input.kind = report ? InputKind::report : InputKind::retraction;
  input.credibility = entry.credibility;
  input.has_target_seq = entry.has_target;
  input.feed = new_feeds_[entry.feed];
  input.indicator = report ? new_indicators_[entry.indicator] : entry.indicator;
  input.origin = report ? new_origins_[entry.origin] : entry.origin;
  input.content = entry.content;
  input.time = entry.time;
  input.seq = entry.seq;
  input.target_seq = entry.target_seq;
  input.value = entry.value;
  if (log.full() || (report && (input.indicator == kNone || input.origin == kNone))) return;
  if (report) map_filters(input.indicator, entry.indicator);
  static_cast<void>(log.insert(input, report ? matches_of(entry.matches, 0) : 0, entry.withdrawn));
}
}  // namespace tocsin::engine
