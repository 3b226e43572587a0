// SPDX-License-Identifier: Apache-2.0
#include "oracle.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "tocsin/model/model.hpp"
#include "tocsin/test_support/sample_image.hpp"
#include "tocsin/wire/alert_codec.hpp"
#include "tocsin/wire/batch_codec.hpp"

namespace tocsin::daemon::faults {
namespace {
using engine::EventKind;

engine::Mode mode_of(const Config& config) {
  return {config.label, config.label == engine::Status::exercise, config.label == engine::Status::test};
}

std::vector<std::vector<std::byte>> alerts_of(journal::Journal& journal, std::string& error) {
  std::vector<std::vector<std::byte>> alerts;
  const auto outcome = journal.read_alerts(0, [&](const journal::StoredAlert& alert) {
    alerts.emplace_back(alert.bytes.begin(), alert.bytes.end());
    return true;
  });
  if (outcome) error = outcome->text;
  return alerts;
}

/// Calls `step(item, input)` for each stored input until it says what is wrong.
template <typename Step>
std::string each_input(journal::Journal& journal, const engine::Image& image, const Step& step) {
  std::string error;
  const auto outcome = journal.read_batches(0, [&](const journal::StoredBatch& batch) {
    wire::JournalBatchReader reader;
    if (!reader.open(batch.bytes)) error = "batch " + std::to_string(batch.id) + " is unreadable";
    for (std::size_t i = 0; error.empty() && i < reader.count(); ++i) {
      wire::JournalItem item;
      engine::Input input;
      if (!reader.next(item) || wire::bind(item.input, image, item.clock, input) != wire::Refusal::none) {
        error = "an item of batch " + std::to_string(batch.id) + " is unreadable";
        break;
      }
      input.received = item.clock;
      error = step(item, input);
      if (!error.empty()) error = "batch " + std::to_string(batch.id) + ": " + error;
    }
    return error.empty();
  });
  return outcome ? outcome->text : error;
}

std::string disposition_differs(const wire::JournalItem& item, engine::Disposition disposition) {
  if (item.input.kind == engine::InputKind::clock || item.disposition == disposition) return {};
  return "feed " + std::string(item.input.feed) + " seq " + std::to_string(item.input.seq.value_or(0)) +
         " is stored with another disposition";
}

/// The feeds of which a stored alert event says that messages were lost: that is the network's doing, so no replay of
/// the inputs can know it.
std::vector<std::uint64_t> lost_feeds_of(std::span<const std::byte> alert, const engine::Image& image) {
  std::vector<std::uint64_t> lost(engine::kFeedsMax / 64);
  const auto record = wire::decode_alert(alert);
  if (!record) return lost;
  for (const auto& name : record->lost_feeds) {
    const std::size_t index = image.find_feed(name);
    if (index < engine::kFeedsMax) lost[index / 64] |= 1ULL << (index % 64);
  }
  return lost;
}

/// Takes the stored alert events for what they say.
class Standing {
 public:
  /// @returns what is wrong with the event, or empty.
  std::string follow(std::span<const std::byte> bytes) {
    const auto record = wire::decode_alert(bytes);
    if (!record) return "an alert event is unreadable";
    if (record->kind == EventKind::unknown || record->kind == EventKind::known) return {};
    const bool gone = record->kind == EventKind::retracted;
    if (gone && !record->retracts_kind) return "a retraction does not say what it withdraws";
    const model::Fact fact{gone ? record->retracts_at : record->at,
                           test_support::sample_book().find_alert(record->name),
                           gone ? *record->retracts_kind : record->kind, record->level, record->raised_at};
    if (!gone) {
      facts_.push_back(fact);
      return {};
    }
    const auto found = std::find(facts_.begin(), facts_.end(), fact);
    if (found == facts_.end()) return "a retraction withdraws nothing that stands";
    facts_.erase(found);
    return {};
  }
  [[nodiscard]] std::vector<model::Fact> facts() const {
    auto facts = facts_;
    std::sort(facts.begin(), facts.end());
    return facts;
  }

 private:
  std::vector<model::Fact> facts_;
};
}  // namespace

std::string missing(const test::ReportSet& sure, const test::ReportSet& stored) {
  for (const auto& [feed, seq] : sure) {
    if (stored.count({feed, seq}) == 0) return "acknowledged report " + feed + " " + std::to_string(seq) + " is gone";
  }
  return {};
}

std::string verify(journal::Journal& journal) {
  journal::JournalError error;
  const auto verification = journal.verify({}, error);
  if (verification == nullptr) return error.text;
  while (verification->step(10'000)) {
  }
  const auto& report = verification->report();
  if (report.fault_count > 0) return "verify: " + report.faults.front();
  return report.keyed ? std::string{} : "verify: the chain was not checked: " + report.notice;
}

std::string replay_differs(journal::Journal& journal, const Config& config) {
  std::string error;
  const auto stored = alerts_of(journal, error);
  if (!error.empty()) return error;
  if (journal.first_instant() == engine::kNever) return stored.empty() ? "" : "alert events before the first input";
  const auto& image = test_support::sample_book();
  std::vector<std::uint64_t> block((engine::layout_of(image).block_bytes + 7) / 8);
  const auto engine = std::make_unique<engine::Engine>(image, std::as_writable_bytes(std::span{block}));
  const auto event = std::make_unique<engine::AlertEvent>();
  std::vector<std::uint64_t> arena(wire::kAlertBytesMax / 8);
  engine->start(journal.first_instant(), mode_of(config));
  std::size_t number = 0;
  error = each_input(journal, image, [&](const wire::JournalItem& item, const engine::Input& input) -> std::string {
    const auto disposition = engine->step(input);
    while (engine->next_event(*event)) {
      wire::AlertContext context;
      context.site = config.site;
      context.number = ++number;
      if (number > stored.size()) return "the replay says more than is stored";
      const auto lost = lost_feeds_of(stored[number - 1], image);
      context.lost_feeds = lost;
      const auto bytes = wire::encode_alert(*event, image, context, std::as_writable_bytes(std::span{arena}));
      if (!std::equal(bytes.begin(), bytes.end(), stored[number - 1].begin(), stored[number - 1].end()))
        return "the replay's alert event " + std::to_string(number) + " is not the stored one";
    }
    return disposition_differs(item, disposition);
  });
  if (!error.empty() || number == stored.size()) return error;
  return "the replay says " + std::to_string(number) + " alert events of " + std::to_string(stored.size());
}

std::string model_differs(journal::Journal& journal, const Config& config) {
  std::string error;
  const auto stored = alerts_of(journal, error);
  if (!error.empty() || journal.first_instant() == engine::kNever) return error;
  const auto& image = test_support::sample_book();
  model::Model model{image, journal.first_instant(), mode_of(config)};
  error = each_input(journal, image, [&](const wire::JournalItem& item, const engine::Input& input) {
    if (item.disposition != engine::Disposition::stale) return disposition_differs(item, model.take(input));
    // The engine remembers so many reports, the model all of them: to it this one is known, or would still count.
    engine::Input clock;
    clock.kind = engine::InputKind::clock;
    clock.time = item.clock;
    clock.received = item.clock;
    (void)model.take(clock);
    return std::string{};
  });
  if (!error.empty()) return error;
  Standing standing;
  for (const auto& bytes : stored) {
    if (error = standing.follow(bytes); !error.empty()) return error;
  }
  // What happens at the clock itself may be decided by now, or not before the clock goes on.
  const auto facts = standing.facts();
  const auto clock = model.clock();
  const bool at_clock = !facts.empty() && facts.back().at >= clock;
  auto wanted = model.facts(clock);
  if (!at_clock) std::erase_if(wanted, [clock](const model::Fact& fact) { return fact.at >= clock; });
  std::sort(wanted.begin(), wanted.end());
  return wanted == facts ? std::string{} : "what stands is not what the model says";
}

std::string examine(journal::Journal& journal, const Config& config, const test::ReportSet& sure, Depth depth) {
  const auto stored = test::read_stored(journal);
  if (!stored.error.empty()) return stored.error;
  for (std::size_t i = 0; i < stored.numbers.size(); ++i) {
    if (stored.numbers[i] != i + 1) return "alert numbers have a gap at place " + std::to_string(i + 1);
  }
  if (auto wrong = missing(sure, stored.reports); !wrong.empty()) return wrong;
  if (auto wrong = verify(journal); !wrong.empty()) return wrong;
  if (depth == Depth::journal) return {};
  if (auto wrong = replay_differs(journal, config); !wrong.empty()) return wrong;
  return depth == Depth::model ? model_differs(journal, config) : std::string{};
}

std::string examine(const std::string& file, const Config& config, const test::ReportSet& sure, Depth depth) {
  journal::JournalError error;
  journal::OpenOptions options;
  options.read_only = true;
  const auto journal = journal::Journal::open(file, options, error);
  return journal == nullptr ? error.text : examine(*journal, config, sure, depth);
}
}  // namespace tocsin::daemon::faults
