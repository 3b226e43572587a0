// SPDX-License-Identifier: Apache-2.0
/// What: `tocsin verify-alerts` agrees with a journal as a daemon writes it, late news included, and names what was
/// changed, left out or invented in one.
/// How: the compiler, the engine and the journal write a file as the daemon does, sometimes with a lie; the program
/// reads it.
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tocsin/compiler/compile.hpp"
#include "tocsin/engine/engine.hpp"
#include "tocsin/journal/journal.hpp"
#include "tocsin/test_support/prng.hpp"
#include "tocsin/wire/alert_codec.hpp"
#include "tocsin/wire/batch_codec.hpp"

#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::test_support;

namespace {
constexpr engine::Instant kFirst = 1'704'067'200'000;  // 2024-01-01T00:00Z
constexpr engine::Span kHour = 3'600'000;

constexpr const char* kBook = R"(watchbook "Verified" version 1
horizon 14d
theater strait { step_down 1d }
origin mnd { reliability B }
feed daily { origin mnd  every 12h grace 6h }
indicator air { theater strait  feeds daily  keep 16 }
condition surge = sum(air, 24h) >= 45
alert busy { theater strait  when surge  level elevated  level high when last(air) >= 40  clear when not surge for 6h }
alert quiet { theater strait  when max(air, 48h) <= 5 for 12h }
)";

/// What a test does to an event before it is stored; false: it is left out.
using Lie = std::function<bool(engine::AlertEvent&)>;

/// Writes a journal as the daemon does.
class Writer {
 public:
  explicit Writer(const std::string& path) {
    journal::JournalError error;
    journal_ = journal::Journal::open(path, {}, error);
    CHECK_TEXT(journal_ != nullptr, error.text.c_str());
    book_ = compiler::compile({"verified.watch", kBook}, *compiler::find_target("server"));
    CHECK(book_.ok);
    ENUMS_EQUAL_INT(engine::ImageError::none, engine::load_image(book_.image.bytes(), image_));
    block_.resize(engine::layout_of(image_).block_bytes / 8 + 1);
    engine_ = std::make_unique<engine::Engine>(image_, std::as_writable_bytes(std::span{block_}));
    engine_->start(kFirst, {});
    CHECK(!journal_->store_image(image_.book_hash, book_.image.bytes()));
  }
  Lie lie = [](engine::AlertEvent&) { return true; };

  void report(engine::Instant time, double value, engine::Instant received) {
    wire::InputView view;
    view.feed = "daily";
    view.indicator = "air";
    view.origin = "mnd";
    view.seq = ++seq_;
    view.time = time;
    view.received = received;
    view.value = value;
    step(view);
  }
  void retract(std::uint64_t seq, engine::Instant time, engine::Instant received) {
    wire::InputView view;
    view.kind = engine::InputKind::retraction;
    view.feed = "daily";
    view.seq = ++seq_;
    view.target_seq = seq;
    view.time = time;
    view.received = received;
    step(view);
  }
  [[nodiscard]] std::uint64_t events() const { return number_; }

 private:
  void step(const wire::InputView& view) {
    engine::Input input;
    ENUMS_EQUAL_INT(wire::Refusal::none, wire::bind(view, image_, engine_->clock(), input));
    const auto disposition = engine_->step(input);
    std::vector<journal::StoredAlert> alerts;
    std::deque<std::vector<std::byte>> storage;
    std::vector<std::uint64_t> arena(wire::kAlertBytesMax / 8);
    while (engine_->next_event(event_)) {
      if (!lie(event_)) continue;
      const auto bytes = wire::encode_alert(event_, image_, {.site = {}, .number = number_ + 1},
                                            std::as_writable_bytes(std::span{arena}));
      const auto& kept = storage.emplace_back(bytes.begin(), bytes.end());
      alerts.push_back({++number_, event_.at, kept});
    }
    const wire::JournalItem item{view, engine_->clock(), disposition, 0};
    journal::CommitBatch batch;
    batch.items = std::span{&item, 1};
    batch.alerts = alerts;
    batch.clock = engine_->clock();
    batch.first_instant = kFirst;
    const auto outcome = journal_->commit(batch);
    CHECK_TEXT(!outcome, outcome ? outcome->text.c_str() : "");
  }

  std::unique_ptr<journal::Journal> journal_;
  compiler::CompileResult book_;
  engine::Image image_;
  std::vector<std::uint64_t> block_;
  std::unique_ptr<engine::Engine> engine_;
  engine::AlertEvent event_;
  std::uint64_t seq_ = 0;
  std::uint64_t number_ = 0;
};

/// A report every eight hours for two months, every fourth one late by up to a week, some withdrawn.
void write_months(Writer& writer) {
  Prng prng{7};
  engine::Instant clock = kFirst;
  for (std::uint64_t i = 1; i <= 180; ++i) {
    clock += 8 * kHour;
    const engine::Instant time = prng.chance(25) ? clock - prng.between(1, 168) * kHour : clock;
    writer.report(time < kFirst ? kFirst : time, static_cast<double>(prng.below(50)), clock);
  }
  writer.retract(170, clock, clock);  // of a report at another time: the seq is what counts
}
}  // namespace

TEST_GROUP(VerifyAlerts) {
  TempFolder folder;
  std::string path = folder.path("journal.db");

  [[nodiscard]] Finished verify() const { return run_program({TOCSIN_PROGRAM, "verify-alerts", path, "--json"}); }
  /// Writes the months with a lie about the `n`-th event of a kind.
  void write_with(engine::EventKind kind, int n, const Lie& lie) const {
    Writer writer{path};
    int seen = 0;
    writer.lie = [&, kind, n](engine::AlertEvent& event) { return event.kind != kind || ++seen != n || lie(event); };
    write_months(writer);
    CHECK_TEXT(seen >= n, "the months have that many");
  }
  void expect(const Finished& done, int status, const char* part) const {
    CHECK_TEXT(done.status == status, (done.out + done.err).c_str());
    STRCMP_CONTAINS(part, done.out.c_str());
  }
};

TEST(VerifyAlerts, agrees_with_what_was_logged_in_order_and_late) {
  std::uint64_t events = 0;
  {
    Writer writer{path};
    write_months(writer);
    events = writer.events();
  }
  CHECK(events > 50);
  const auto done = verify();
  expect(done, 0, "\"differing\":0,\"missing\":0");
  STRCMP_CONTAINS(("\"events\":" + std::to_string(events)).c_str(), done.out.c_str());
  STRCMP_CONTAINS("\"dispositions_differing\":0", done.out.c_str());
}

TEST(VerifyAlerts, finds_a_raise_with_another_level) {
  write_with(engine::EventKind::raised, 3, [](engine::AlertEvent& event) {
    event.level = engine::Level::critical;
    return true;
  });
  const auto done = verify();
  expect(done, 1, "\"level\":\"critical\"");
  STRCMP_CONTAINS("\"side\":\"log\",\"event\":\"raised\"", done.out.c_str());
}

TEST(VerifyAlerts, finds_a_raise_at_another_instant) {
  write_with(engine::EventKind::raised, 2, [](engine::AlertEvent& event) {
    event.at += 1;
    event.raised_at += 1;
    return true;
  });
  expect(verify(), 1, "\"side\":\"log\",\"event\":\"raised\"");
}

TEST(VerifyAlerts, finds_a_clear_that_was_left_out) {
  write_with(engine::EventKind::cleared, 2, [](engine::AlertEvent&) { return false; });
  expect(verify(), 1, "\"side\":\"model\",\"event\":\"cleared\"");
}

TEST(VerifyAlerts, finds_a_withdrawal_that_was_left_out) {
  write_with(engine::EventKind::retracted, 1, [](engine::AlertEvent&) { return false; });
  expect(verify(), 1, "\"side\":\"log\"");
}

TEST(VerifyAlerts, shows_a_person_what_differs) {
  write_with(engine::EventKind::cleared, 2, [](engine::AlertEvent&) { return false; });
  const auto done = run_program({TOCSIN_PROGRAM, "verify-alerts", path});
  expect(done, 1, "not logged, but the model says: cleared");
  STRCMP_CONTAINS("1 missing", done.out.c_str());
}

TEST(VerifyAlerts, says_when_there_is_no_journal) {
  const auto done = verify();
  LONGS_EQUAL(3, done.status);
  STRCMP_CONTAINS(path.c_str(), done.err.c_str());
}

TEST(VerifyAlerts, has_nothing_to_say_of_an_empty_journal) {
  { Writer writer{path}; }
  expect(verify(), 0, "\"events\":0");
}
