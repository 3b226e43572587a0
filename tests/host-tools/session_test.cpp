// SPDX-License-Identifier: Apache-2.0
/// What: a session steps lines and gives alert events that the formatter can print; what is refused changes nothing.
/// How: a golden scenario's book, compiled in memory; its lines one by one.
#include "lib/session.hpp"

#include <string>

#include "tocsin/text/json_lines.hpp"

#include "lib/book.hpp"
#include "lib/refusal_text.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using tools::Session;

namespace {
constexpr const char* kBook = TOCSIN_SOURCE_DIR "/tests/golden/late-raise/book.watch";
constexpr engine::Instant kFirst = 1'716'339'600'000;  // 2024-05-22T01:00:00Z
}  // namespace

TEST_GROUP(Session) {
  std::unique_ptr<Session> session;
  std::vector<wire::AlertRecord> events;

  void setup() override {
    tools::LoadedBook book;
    CHECK_TEXT(tools::load_book(kBook, "edge", book), book.messages.c_str());
    std::string error;
    session = Session::open(book.image, error);
    CHECK_TEXT(session != nullptr, error.c_str());
    session->start(kFirst, {.label = engine::Status::test});
  }
  tools::StepOutcome step(const char* json) {
    text::Line line;
    std::string error;
    CHECK_TEXT(text::parse_line(json, line, error), error.c_str());
    const auto outcome = session->step(line.view(), events);
    if (outcome.refusal != wire::Refusal::none) {
      refusal = tools::refusal_text(outcome.refusal, line.view(), session->image());
    }
    return outcome;
  }
  std::string refusal;
};

TEST(Session, raises_with_evidence_and_clears_when_time_passes) {
  step(R"({"feed":"mnd_daily","seq":1,"indicator":"pla_aircraft","time":"2024-05-23T01:00:00Z","value":49})");
  LONGS_EQUAL(1, events.size());
  ENUMS_EQUAL_INT(engine::EventKind::raised, events[0].kind);
  LONGLONGS_EQUAL(kFirst + 86'400'000, events[0].at);
  LONGS_EQUAL(1, events[0].evidence.size());
  DOUBLES_EQUAL(49.0, events[0].evidence[0].value.value_or(0), 0.0);
  session->advance(kFirst + 3 * 86'400'000, events);
  LONGS_EQUAL(2, events.size());
  ENUMS_EQUAL_INT(engine::EventKind::cleared, events[1].kind);
  LONGLONGS_EQUAL(kFirst + 2 * 86'400'000, events[1].at);
}

TEST(Session, says_what_is_refused_and_which_name_is_near) {
  const auto unknown =
      step(R"({"feed":"mnd_daily","seq":1,"indicator":"pla_aircrafts","time":"2024-05-23T01:00:00Z"})");
  ENUMS_EQUAL_INT(wire::Refusal::unknown_indicator, unknown.refusal);
  STRCMP_CONTAINS("did you mean \"pla_aircraft\"?", refusal.c_str());
  ENUMS_EQUAL_INT(wire::Refusal::unknown_feed,
                  step(R"({"feed":"x","seq":1,"indicator":"pla_aircraft","time":"2024-05-23T01:00:00Z"})").refusal);
  LONGS_EQUAL(0, events.size());
}

TEST(Session, refuses_another_content_under_a_used_number) {
  step(R"({"feed":"mnd_daily","seq":1,"indicator":"pla_aircraft","time":"2024-05-23T01:00:00Z","value":3})");
  const auto again =
      step(R"({"feed":"mnd_daily","seq":1,"indicator":"pla_aircraft","time":"2024-05-23T01:00:00Z","value":49})");
  ENUMS_EQUAL_INT(wire::Refusal::reused_seq, again.refusal);
  LONGS_EQUAL(0, events.size());
}

TEST(Session, starts_again_from_nothing) {
  step(R"({"feed":"mnd_daily","seq":1,"indicator":"pla_aircraft","time":"2024-05-23T01:00:00Z","value":49})");
  session->start(kFirst, {.label = engine::Status::test});
  events.clear();
  step(R"({"feed":"mnd_daily","seq":1,"indicator":"pla_aircraft","time":"2024-05-23T01:00:00Z","value":49})");
  LONGS_EQUAL(1, events.size());
}

TEST(Session, refuses_bytes_that_are_no_image) {
  std::string error;
  const std::vector<std::byte> bytes(100);
  CHECK(Session::open(bytes, error) == nullptr);
  CHECK_FALSE(error.empty());
  CHECK(Session::open({}, error) == nullptr);
}
