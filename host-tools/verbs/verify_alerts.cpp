// SPDX-License-Identifier: Apache-2.0
#include "verbs/verify_alerts.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

#include "tocsin/journal/journal.hpp"
#include "tocsin/model/model.hpp"
#include "tocsin/text/json_lines.hpp"
#include "tocsin/wire/alert_codec.hpp"
#include "tocsin/wire/batch_codec.hpp"

#include "lib/exit_status.hpp"
#include "lib/json.hpp"
#include "lib/net.hpp"
#include "lib/terminal.hpp"

namespace tocsin::tools {
namespace {
using model::Fact;

constexpr std::size_t kShownMax = 20;

std::string word_of(engine::EventKind kind) { return std::string{text::name_of(kind)}; }
std::string word_of(engine::Level level) { return std::string{text::name_of(level)}; }

/// One logged alert event.
struct Logged {
  std::uint64_t number = 0;
  std::uint64_t book = 0;
  std::size_t rule = 0;  ///< index of the rule image it was raised under
  engine::EventKind kind{};
  Fact fact{};  ///< of a retraction: what it withdraws
  engine::Instant detected_at = 0;
  std::string name;
  bool checked_then = false;  ///< withdrawn later, or a withdrawal: the end alone does not show that it was right
};

/// One difference between log and model.
struct Difference {
  engine::Instant clock;  ///< of the engine, when it shows
  bool logged;            ///< logged and the model says otherwise; else: not logged and the model says it should be
  Fact fact;
  std::string name;
  std::string instead;  ///< what the other side has there
};

/// A rule image and the batches it ruled.
struct Rule {
  AlignedBuffer bytes;
  engine::Image image;
  std::uint64_t from_batch;
};

class Verification {
 public:
  explicit Verification(const VerifyAlertsOptions& options) : options_{options} { palette_.on = wants_colour(stdout); }
  int run();

 private:
  Exit fail(const std::string& text, Exit exit) {
    std::fprintf(stderr, "%s: %s\n", options_.journal.c_str(), text.c_str());
    return exit;
  }
  Exit open();
  Exit read_rules();
  Exit read_events();
  Exit read_inputs();
  Exit verify(std::size_t rule);
  void mark_withdrawn();
  void assign_rules();
  /// The engine's clock when a rule image began to rule.
  [[nodiscard]] engine::Instant since(const Rule& rule) const;
  void print() const;
  [[nodiscard]] std::string json() const;

  const VerifyAlertsOptions& options_;
  Palette palette_;
  std::unique_ptr<journal::Journal> journal_;
  std::vector<std::unique_ptr<Rule>> rules_;
  std::vector<Logged> events_;
  std::vector<std::vector<std::byte>> batches_;  ///< BLOBs, oldest first
  std::vector<engine::Instant> clocks_;          ///< the engine's, after each batch
  std::vector<std::uint64_t> batch_ids_;
  engine::Mode mode_;
  std::uint64_t inputs_ = 0;
  std::uint64_t dispositions_differ_ = 0;
  std::uint64_t damaged_ = 0;
  std::uint64_t unchecked_ = 0;  ///< unknown and known
  std::uint64_t wrong_ = 0;
  std::uint64_t missing_ = 0;
  std::vector<Difference> differences_;
};

Exit Verification::open() {
  journal::JournalError error;
  journal::OpenOptions open;
  open.read_only = true;
  journal_ = journal::Journal::open(options_.journal, open, error);
  if (!journal_) return fail(error.text, Exit::unreachable);
  return Exit::done;
}

Exit Verification::read_rules() {
  std::string error;
  const auto outcome = journal_->read_images([&](const journal::StoredImage& stored) {
    // Of several that would have ruled from the same batch on, the last one did.
    if (!rules_.empty() && rules_.back()->from_batch == stored.from_batch) rules_.pop_back();
    auto rule = std::make_unique<Rule>(Rule{AlignedBuffer{stored.bytes}, {}, stored.from_batch});
    const auto refused = engine::load_image(rule->bytes.bytes(), rule->image);
    if (refused != engine::ImageError::none) {
      error = "the rule image that ruled from batch " + std::to_string(stored.from_batch) +
              " on cannot be read: " + engine::describe(refused) + "; verify with the version that wrote it";
    }
    rules_.push_back(std::move(rule));
    return error.empty();
  });
  if (outcome) return fail(outcome->text, Exit::bad_input);
  if (!error.empty()) return fail(error, Exit::bad_input);
  return Exit::done;
}

Exit Verification::read_events() {
  const auto outcome = journal_->read_alerts(0, [this](const journal::StoredAlert& stored) {
    const AlignedBuffer buffer{stored.bytes};
    const auto record = wire::decode_alert(buffer.bytes());
    if (!record) {
      ++damaged_;
      return true;
    }
    Logged logged;
    logged.number = stored.number;
    logged.book = record->book;
    logged.kind = record->kind;
    logged.detected_at = record->detected_at;
    logged.name = record->name;
    const bool retraction = record->kind == engine::EventKind::retracted && record->retracts_kind;
    logged.fact = {retraction ? record->retracts_at : record->at, engine::kNone,
                   retraction ? *record->retracts_kind : record->kind, record->level, record->raised_at};
    events_.push_back(std::move(logged));
    return true;
  });
  if (outcome) return fail(outcome->text, Exit::bad_input);
  mark_withdrawn();
  assign_rules();
  return Exit::done;
}

engine::Instant Verification::since(const Rule& rule) const {
  engine::Instant clock = journal_->first_instant();
  for (std::size_t i = 0; i < batch_ids_.size() && batch_ids_[i] < rule.from_batch; ++i)
    clock = std::max(clock, clocks_[i]);
  return clock;
}

void Verification::assign_rules() {
  std::vector<engine::Instant> begins;
  for (const auto& rule : rules_) begins.push_back(since(*rule));
  std::size_t rule = 0;
  for (Logged& event : events_) {
    const auto next_rules = [&] {
      return rule + 1 < rules_.size() &&
             (event.book != rules_[rule]->image.book_hash || event.detected_at > begins[rule + 1]);
    };
    while (next_rules()) ++rule;
    event.rule = rule;
    if (rules_.empty() || event.book != rules_[rule]->image.book_hash) ++damaged_;  // of a book the journal lacks
  }
}

void Verification::mark_withdrawn() {
  for (std::size_t i = 0; i < events_.size(); ++i) {
    if (events_[i].kind != engine::EventKind::retracted) continue;
    events_[i].checked_then = true;
    for (std::size_t k = i; k > 0; --k) {
      Logged& other = events_[k - 1];
      if (other.kind == engine::EventKind::retracted || other.checked_then || other.name != events_[i].name) continue;
      if (!(other.fact == events_[i].fact)) continue;
      other.checked_then = true;
      break;
    }
  }
}

Exit Verification::read_inputs() {
  const auto outcome = journal_->read_batches(0, [this](const journal::StoredBatch& stored) {
    batches_.push_back(stored.bytes);
    clocks_.push_back(stored.clock);
    batch_ids_.push_back(stored.id);
    const AlignedBuffer buffer{stored.bytes};
    wire::JournalBatchReader reader;
    if (!reader.open(buffer.bytes())) return true;
    for (std::size_t i = 0; i < reader.count(); ++i) {
      wire::JournalItem item;
      if (!reader.next(item) || item.input.kind != engine::InputKind::report) continue;
      if (item.disposition == engine::Disposition::not_evaluated) continue;
      // The journal does not say what its engine was started for; its exercise and test reports do.
      mode_.evaluate_exercise = mode_.evaluate_exercise || item.input.status == engine::Status::exercise;
      mode_.evaluate_test = mode_.evaluate_test || item.input.status == engine::Status::test;
    }
    return true;
  });
  if (outcome) return fail(outcome->text, Exit::bad_input);
  if (!batch_ids_.empty() && batch_ids_.front() != 1) {
    return fail("begins with batch " + std::to_string(batch_ids_.front()) +
                    ": what the alerts before it rested on is gone, so they cannot be checked",
                Exit::bad_input);
  }
  return Exit::done;
}

/// What the log of one rule's time says stands, and how it differs from the model.
class LogOfRule {
 public:
  LogOfRule(const engine::Image& image, engine::Instant since) : image_{image}, since_{since} {}

  void follow(const Logged& event) {
    Fact fact = event.fact;
    fact.alert = image_.find_alert(event.name);
    if (event.kind != engine::EventKind::retracted) {
      standing_.push_back(fact);
      return;
    }
    const auto found = std::find(standing_.begin(), standing_.end(), fact);
    // What this book would have said of the time before it ruled was never logged, but may be withdrawn.
    if (found != standing_.end()) standing_.erase(found);
  }

  /// Compares what stands before `end`; what was reported once is not reported again.
  void compare(const model::Evaluation& meaning, engine::Instant end, engine::Instant clock,
               std::vector<Difference>& out) {
    std::vector<Fact> logged = before(standing_, end);
    std::vector<Fact> wanted = before(meaning.facts, end);
    for (const Fact& fact : logged) {
      if (!take_out(wanted, fact)) report({clock, true, fact, name(fact), nearest(meaning.facts, fact)}, out);
    }
    for (const Fact& fact : wanted) {
      if (fact.at >= since_) report({clock, false, fact, name(fact), nearest(standing_, fact)}, out);
    }
  }

 private:
  [[nodiscard]] std::string name(const Fact& fact) const {
    return fact.alert == engine::kNone ? "?" : std::string{image_.view(image_.alerts[fact.alert].name)};
  }
  static std::vector<Fact> before(std::vector<Fact> facts, engine::Instant end) {
    std::erase_if(facts, [end](const Fact& fact) { return fact.at >= end; });
    return facts;
  }
  static bool take_out(std::vector<Fact>& facts, const Fact& fact) {
    const auto found = std::find(facts.begin(), facts.end(), fact);
    if (found == facts.end()) return false;
    facts.erase(found);
    return true;
  }
  /// The other side's event of the same alert that is nearest in time, in words.
  static std::string nearest(const std::vector<Fact>& facts, const Fact& wanted) {
    const Fact* best = nullptr;
    for (const Fact& fact : facts) {
      if (fact.alert != wanted.alert) continue;
      const auto distance = [&](const Fact& other) {
        return other.at > wanted.at ? other.at - wanted.at : wanted.at - other.at;
      };
      if (best == nullptr || distance(fact) < distance(*best)) best = &fact;
    }
    if (best == nullptr) return "nothing of this alert";
    return word_of(best->kind) + " at " + text::format_instant(best->at) + " level " + word_of(best->level) +
           ", episode of " + text::format_instant(best->raised_at);
  }
  void report(const Difference& difference, std::vector<Difference>& out) {
    for (const auto& [fact, logged] : reported_) {
      if (fact == difference.fact && logged == difference.logged) return;
    }
    reported_.emplace_back(difference.fact, difference.logged);
    out.push_back(difference);
  }

  const engine::Image& image_;
  engine::Instant since_;  ///< the log of this rule begins here
  std::vector<Fact> standing_;
  std::vector<std::pair<Fact, bool>> reported_;
};

Exit Verification::verify(std::size_t index) {
  const Rule& rule = *rules_[index];
  const bool last = index + 1 == rules_.size();
  const std::uint64_t end_batch = last ? UINT64_MAX : rules_[index + 1]->from_batch;
  if (end_batch <= rule.from_batch && !last) return Exit::done;
  model::Model model{rule.image, journal_->first_instant(), mode_};
  LogOfRule log{rule.image, since(rule)};
  std::vector<const Logged*> events;
  for (const Logged& event : events_) {
    if (event.rule != index) continue;
    if (event.kind == engine::EventKind::unknown || event.kind == engine::EventKind::known) {
      ++unchecked_;
    } else {
      events.push_back(&event);
    }
  }
  std::size_t next = 0;
  bool waiting = false;  // an event was logged that must be looked at now
  const auto settle = [&](engine::Instant clock) {
    for (; next < events.size() && events[next]->detected_at <= clock; ++next) {
      log.follow(*events[next]);
      waiting = waiting || events[next]->checked_then;
    }
    if (!waiting) return;
    waiting = false;
    log.compare(model.evaluate(clock), clock, clock, differences_);
  };
  Progress progress{"verify", batches_.size(), "batches"};
  for (std::size_t i = 0; i < batches_.size() && batch_ids_[i] < end_batch; ++i) {
    const bool rules_here = batch_ids_[i] >= rule.from_batch;
    const AlignedBuffer buffer{batches_[i]};
    wire::JournalBatchReader reader;
    if (!reader.open(buffer.bytes())) {
      ++damaged_;
      continue;
    }
    for (std::size_t k = 0; k < reader.count(); ++k) {
      wire::JournalItem item;
      engine::Input input;
      if (!reader.next(item)) {
        ++damaged_;
        continue;
      }
      if (wire::bind_checked(item.input, rule.image, item.clock, input) != wire::Refusal::none)
        continue;  // another book's
      input.received = item.clock;
      // Lines of one clock are one group: which of them led to what is not logged.
      if (rules_here && item.clock > model.clock()) settle(model.clock());
      const auto disposition = model.take(input);
      if (!rules_here) continue;
      ++inputs_;
      const bool ours = item.input.kind == engine::InputKind::clock;
      if (!ours && disposition != item.disposition) ++dispositions_differ_;
    }
    if (i % 64 == 0) progress.update(i);
    if (stop_requested()) return fail("interrupted", Exit::bad_input);
  }
  engine::Instant end = model.clock();
  for (; next < events.size(); ++next) {
    log.follow(*events[next]);
    end = std::max(end, events[next]->fact.at + 1);
  }
  log.compare(model.evaluate(end), end, end, differences_);
  return Exit::done;
}

std::string Verification::json() const {
  std::vector<std::string> rows;
  for (const Difference& one : differences_) {
    if (rows.size() == kShownMax) break;
    JsonObject row;
    row.text("side", one.logged ? "log" : "model").text("event", word_of(one.fact.kind)).text("name", one.name);
    row.instant("at", one.fact.at).text("level", word_of(one.fact.level)).instant("raised_at", one.fact.raised_at);
    row.instant("clock", one.clock).text("other_side", one.instead);
    rows.push_back(row.str());
  }
  JsonObject object;
  object.number("inputs", inputs_).number("rules", rules_.size()).number("events", events_.size());
  object.number("agreed", events_.size() - unchecked_ - wrong_).number("differing", wrong_).number("missing", missing_);
  object.number("unchecked", unchecked_).number("dispositions_differing", dispositions_differ_);
  object.number("damaged", damaged_).raw("differences", json_array(rows));
  return object.str();
}

void Verification::print() const {
  if (options_.json) {
    std::printf("%s\n", json().c_str());
    return;
  }
  std::printf("%s: %s, %s, %s\n", options_.journal.c_str(), counted(inputs_, "input", "inputs").c_str(),
              counted(events_.size(), "alert event", "alert events").c_str(),
              counted(rules_.size(), "rule image", "rule images").c_str());
  std::size_t shown = 0;
  for (const Difference& one : differences_) {
    if (shown++ == kShownMax) break;
    const std::string what = word_of(one.fact.kind) + " " + one.name + " at " + text::format_instant(one.fact.at) +
                             " level " + word_of(one.fact.level) + ", episode of " +
                             text::format_instant(one.fact.raised_at);
    std::printf(
        "%s %s\n    %s %s (clock %s)\n",
        palette_.red(one.logged ? "logged, but the model disagrees:" : "not logged, but the model says:").c_str(),
        what.c_str(), one.logged ? "the model has" : "the log has", one.instead.c_str(),
        text::format_instant(one.clock).c_str());
  }
  if (differences_.size() > kShownMax) {
    std::printf("and %s more differences\n", grouped(differences_.size() - kShownMax).c_str());
  }
  std::printf("%s of %s agree", grouped(events_.size() - unchecked_ - wrong_).c_str(),
              grouped(events_.size() - unchecked_).c_str());
  if (missing_ != 0) std::printf(", %s missing", grouped(missing_).c_str());
  if (unchecked_ != 0) {
    std::printf("; %s unknown or known not checked (they speak of what was known when sent)",
                grouped(unchecked_).c_str());
  }
  if (dispositions_differ_ != 0) {
    std::printf("; %s became of otherwise than the model says",
                counted(dispositions_differ_, "input", "inputs").c_str());
  }
  if (damaged_ != 0) std::printf("; %s", counted(damaged_, "damaged record", "damaged records").c_str());
  std::printf("\n");
}

int Verification::run() {
  for (const auto step :
       {&Verification::open, &Verification::read_rules, &Verification::read_inputs, &Verification::read_events}) {
    if (const Exit exit = (this->*step)(); exit != Exit::done) return static_cast<int>(exit);
  }
  if (journal_->first_instant() != engine::kNever) {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (const Exit exit = verify(i); exit != Exit::done) return static_cast<int>(exit);
    }
  }
  for (const Difference& one : differences_) ++(one.logged ? wrong_ : missing_);
  print();
  const bool good = differences_.empty() && dispositions_differ_ == 0 && damaged_ == 0;
  return static_cast<int>(good ? Exit::done : Exit::bad_input);
}
}  // namespace

int run_verify_alerts(const VerifyAlertsOptions& options) {
  catch_stop_signals();
  return Verification{options}.run();
}
}  // namespace tocsin::tools
