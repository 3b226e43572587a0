// SPDX-License-Identifier: Apache-2.0
// What the core says of itself and of its feeds: status, rates, what was lost, the clock's alarm.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/daemon/core.hpp"
#include "tocsin/daemon/log.hpp"

#include "alarms.hpp"
#include "authority.hpp"
#include "rule_reach.hpp"

namespace tocsin::daemon {
namespace {
/// The name under which the journal keeps when a publisher's messages were last found missing. No heap.
class LostMark {
 public:
  explicit LostMark(std::string_view publisher) {
    const auto size =
        std::snprintf(text_.data(), text_.size(), "~lost/%.*s", static_cast<int>(publisher.size()), publisher.data());
    size_ = std::min(static_cast<std::size_t>(size), text_.size() - 1);
  }
  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 128> text_{};  // a principal's name has at most 64 bytes
  std::size_t size_ = 0;
};
}  // namespace

void Core::fill_status(wire::StatusReport& status) {
  status.site = config_.site;
  status.book_title = image().view(image().book_title);
  status.book_hash = image().book_hash;
  status.engine_bytes = block_bytes_;
  status.batches = committed_batch_;
  status.newest_alert = newest_alert();
  status.journal_ok = !in_trouble();
  status.journal_error = journal_error_;
  status.refusals = refusals_.totals();
  if (started_) {
    const auto& counters = engine_->counters();
    status.clock = config_.clock == ClockSource::system ? engine_clock_.now() : engine_->clock();
    status.first_instant = engine_->first_instant();
    status.reach = engine_->reach();
    status.taken = counters.taken;
    status.duplicate = counters.duplicate;
    status.reused = counters.reused;
    status.stale = counters.stale;
    status.withdrawn = counters.withdrawn;
    status.not_evaluated = counters.not_evaluated;
    status.late = counters.late;
    status.finalised_early = counters.finalised_early;
    status.worst_step = engine_->work().worst_step;
  }
  fill_names_(status);
  fill_health_(status);
}

void Core::fill_names_(wire::StatusReport& status) const {
  const auto& book = image();
  std::uint16_t index = 0;  // no table of an image has more than 16 bits can count
  for (const auto& theater : book.theaters) {
    const auto level = started_ ? engine_->theater_level(index) : engine::Level::unknown;
    status.theaters.push_back({std::string(book.view(theater.name)), level});
    ++index;
  }
  index = 0;
  for (const auto& alert : book.alerts) {
    const auto state = started_ ? engine_->alert_state(index) : engine::AlertState{};
    status.alerts.push_back(
        {std::string(book.view(alert.name)), state.raised, state.level, state.when, state.raised_at, std::nullopt});
    fill_shelf_(status.alerts.back());
    ++index;
  }
  index = 0;
  for (const auto& known : feeds_) {
    status.feeds.push_back({std::string(book.view(book.feeds[index].name)), known.mark, known.any, known.reports,
                            started_ ? engine_->last_contact(index) : engine::kNever,
                            started_ && engine_->feed_overdue(index), known.rate, known.rejected, known.lost,
                            known.rejected_by, known.lag_ms, std::nullopt});
    if (known.lag_ms) status.feeds.back().mean_lag_ms = std::llround(known.mean_lag_ms);
    ++index;
  }
}

void Core::fill_health_(wire::StatusReport& status) {
  const auto& book = image();
  status.horizon_ms = book.horizon_ms;
  for (const auto& alarm : alarms_->all()) status.alarms.push_back({alarm.name, alarm.text, alarm.raised});
  if (!started_ || !engine_->look(engine_->clock())) return;
  std::vector<bool> saturated(book.indicators.size());
  for (std::size_t i = 0; i < book.nodes.size(); ++i) {
    const auto& node = book.nodes[i];
    if (engine::shape_of(node.op) != engine::Shape::report_number) continue;
    if (engine_->node_view(static_cast<std::uint16_t>(i)).saturated) saturated[node.a] = true;
  }
  for (std::size_t i = 0; i < saturated.size(); ++i) {
    if (saturated[i]) status.saturated_indicators.emplace_back(book.view(book.indicators[i].name));
  }
}

void Core::take_rates(std::int64_t passed_ms) {
  constexpr double kMinuteMs = 60'000;
  const double passed = static_cast<double>(std::max<std::int64_t>(passed_ms, 1));
  const double share = std::min(passed / kMinuteMs, 1.0);
  for (auto& feed : feeds_) {
    const double now = static_cast<double>(feed.reports - std::min(feed.counted, feed.reports)) * 1000 / passed;
    feed.counted = feed.reports;
    feed.rate += (now - feed.rate) * share;
    if (feed.rate < 1e-6) feed.rate = 0;
  }
}

/// How late it came, whether or not that was too late to count.
void Core::take_lag_(const engine::Input& report) {
  constexpr double kReports = 16;
  auto& feed = feeds_[report.feed];
  const engine::Span lag = report.received - report.time;
  const bool first = !feed.lag_ms.has_value();
  feed.lag_ms = lag;
  feed.mean_lag_ms += (static_cast<double>(lag) - feed.mean_lag_ms) / (first ? 1 : kReports);
}

void Core::watch_clock() {
  if (config_.clock != ClockSource::system) return;
  const auto trouble = engine_clock_.trouble();
  if (trouble == EngineClock::Trouble::none) {
    alarms_->clear("clock");
  } else {
    alarms_->raise("clock", describe(trouble));
  }
}

void Core::mark_lost_(const Principal& publisher, engine::Instant at, std::uint64_t lost) {
  for (std::size_t i = 0; i < feeds_.size(); ++i) {
    if (publisher.rights != nullptr && !publisher.rights->may_feed(static_cast<std::uint16_t>(i))) continue;
    feeds_[i].lost += std::min(lost, UINT64_MAX - feeds_[i].lost);
    feeds_[i].lost_at = std::max(feeds_[i].lost_at, at);
  }
}

void Core::lose(const Principal& publisher, const LostFrames& frames) {
  journal::Gap gap;
  gap.at = wall();  // something may be missing right up to now
  gap.source = publisher.name;
  gap.first = frames.first;
  gap.last = frames.last;
  mark_lost_(publisher, gap.at, frames.untold);
  if (in_trouble()) return;
  // Retention may remove gaps that the reach of a rule still needs, never the time of the newest.
  const LostMark mark{publisher.name};
  const bool kept = slabs_[filling_].add(gap, frames.socket) &&
                    keep(journal::Cursor{mark.view(), static_cast<std::uint64_t>(gap.at), true});
  if (!kept && gaps_kept_) LogLine(Severity::warning, "gap_not_journaled").field("publisher", publisher.name);
  gaps_kept_ = kept;
}

std::string Core::adopt_book_() {
  authority_->resolve(config_, image());
  reaches_ = rule_reaches(image());
  for (const auto& broadcast : config_.broadcast) {
    const auto at = journal_->cursor(LostMark{broadcast.principal}.view());
    const auto* const publisher = principal_of(broadcast.principal);
    if (at != 0 && publisher != nullptr) mark_lost_(*publisher, static_cast<engine::Instant>(at), 0);
  }
  const auto outcome = journal_->read_gaps([this](const journal::Gap& gap) {
    const auto* publisher = gap.kind == journal::GapKind::broadcast ? principal_of(gap.source) : nullptr;
    if (publisher != nullptr) mark_lost_(*publisher, gap.at, 0);
    return true;
  });
  return outcome ? outcome->text : std::string{};
}

void Core::find_lost_feeds_() {
  lost_feeds_ = {};
  const auto& reach = reaches_[event_.alert];
  for (std::size_t i = 0; i < feeds_.size(); ++i) {
    const bool reached = ((reach.feeds[i / 64] >> (i % 64)) & 1U) != 0;
    if (reached && feeds_[i].lost_at != engine::kNever && feeds_[i].lost_at >= event_.at - reach.span) {
      lost_feeds_[i / 64] |= 1ULL << (i % 64);
    }
  }
}
}  // namespace tocsin::daemon
