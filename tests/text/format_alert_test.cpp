// SPDX-License-Identifier: Apache-2.0
/// What: alert events have one spelling: fixed keys in fixed order, absent ones left out.
/// How: whole lines expected, from events that went through the encoder and decoder.
#include <array>
#include <string>

#include "tocsin/test_support/sample_image.hpp"
#include "tocsin/text/json_lines.hpp"

#include "golden_values.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a test of many small names

namespace {
alignas(16) std::array<std::byte, wire::kAlertBytesMax> arena;
engine::AlertEvent event;

std::string format(const wire::AlertContext& context = golden::context()) {
  const auto record = wire::decode_alert(wire::encode_alert(event, test_support::sample_book(), context, arena));
  CHECK_TRUE(record.has_value());
  return text::format_alert(record.value_or(wire::AlertRecord{}));
}
void bare(engine::EventKind kind) {
  event.kind = kind;
  event.item_count = 0;
  event.report_count = 0;
  event.overdue_feeds = {};
  event.blind_indicators = {};
  event.hypothesis_count = 0;
  event.against_count = 0;
  event.saturated = false;
}
}  // namespace

TEST_GROUP(FormatAlert){void setup() override{event = golden::event();
}
}
;

TEST(FormatAlert, writes_an_event_with_its_evidence) {
  STRCMP_EQUAL(
      R"({"event":"raised","name":"distraction","kind":"linkage","level":"watch","raised_at":"2024-05-27T13:44:00Z",)"
      R"("at":"2024-05-27T13:44:00Z","detected_at":"2024-05-27T13:44:01.500Z","rev":1,"rule":"1122334455667788",)"
      R"("book":"c0ffee0ddba11ad5","site":"taipei","n":42,"status":"actual",)"
      R"("theaters":[{"theater":"strait","level":"elevated"},{"theater":"korea","level":"unknown"}],"origins":2,)"
      R"("evidence":[{"condition":"strait_surge","indicator":"pla_aircraft","reports":[)"
      R"({"feed":"mnd_daily","seq":12,"time":"2024-05-23T01:00:00Z","value":30,"origin":"mnd","grade":"B2"},)"
      R"({"feed":"mnd_daily","seq":11,"time":"2024-05-23T00:00:00Z","value":19,"origin":"mnd","grade":"B"}],)"
      R"("number":"sum","window":"1d","value":49,"at":"2024-05-23T01:00:00Z","saturated":true},)"
      R"({"condition":"launch_day","indicator":"dprk_severe","reports":[)"
      R"({"feed":"launches","seq":40,"time":"2024-05-27T13:44:00Z","value":1,"origin":"jcs","grade":"B1"}],)"
      R"("number":"pulse","value":1},)"
      R"({"indicator":"plan_ships","number":"max","window":"2d","value":"unknown"},)"
      R"({"indicator":"pla_aircraft","number":"quantile","q":0.95,"window":"90d","ending":"1d",)"
      R"("filter":"value >= 20, origin = mnd, grade >= B2","at_least":20,"value":"unknown"}],)"
      R"("unknown_feeds":["mnd_daily"],)"
      R"("hypotheses":[{"name":"coordinated","weight":2},{"name":"opportunism","weight":-1}],)"
      R"("title":"DPRK acts inside a Taiwan contingency","blind_indicators":["pla_aircraft","plan_ships"],)"
      R"("against":[{"condition":"lull","value":"unknown"}],"caveats":["Order in time is not coordination."],)"
      R"("disconfirm":[{"text":"No second act","due":"2024-05-30T13:44:00Z"}],"marking":"amber",)"
      R"("release":["usa","rok"],"saturated":true})",
      format().c_str());
}

TEST(FormatAlert, leaves_out_what_is_absent) {
  bare(engine::EventKind::cleared);
  event.alert = test_support::sample::strait_activity;
  event.status = engine::Status::test;
  STRCMP_EQUAL(
      R"({"event":"cleared","name":"strait_activity","kind":"alert","level":"watch",)"
      R"("raised_at":"2024-05-27T13:44:00Z","at":"2024-05-27T13:44:00Z","detected_at":"2024-05-27T13:44:01.500Z",)"
      R"("rev":1,"rule":"0102030405060708","book":"c0ffee0ddba11ad5","status":"test",)"
      R"("theaters":[{"theater":"strait","level":"elevated"}],"title":"PLA surge around Taiwan"})",
      format({}).c_str());
}

TEST(FormatAlert, gives_unknown_and_known_no_start_of_an_episode) {
  for (const auto kind : {engine::EventKind::unknown, engine::EventKind::known}) {
    bare(kind);
    STRCMP_CONTAINS(R"("level":"watch","at":)", format().c_str());
  }
}

TEST(FormatAlert, says_what_was_retracted_and_why) {
  bare(engine::EventKind::retracted);
  event.retracted_kind = engine::EventKind::raised;
  event.reason = {test_support::sample::launches, false, 40, event.at};
  const wire::AlertContext context{{}, std::nullopt, true};
  STRCMP_CONTAINS(R"("marking":"amber","release":["usa","rok"],"not_journaled":true,)"
                  R"("retracts":{"event":"raised","at":"2024-05-27T13:44:00Z"},)"
                  R"("reason":{"feed":"launches","seq":40}})",
                  format(context).c_str());
  event.reason = {test_support::sample::launches, true, 0, event.at};
  STRCMP_CONTAINS(R"("reason":{"feed":"launches","heartbeat":"2024-05-27T13:44:00Z"}})", format().c_str());
}

TEST(FormatAlert, says_what_a_new_book_did) {
  bare(engine::EventKind::cleared);
  wire::AlertContext context;
  context.by_book = true;
  STRCMP_CONTAINS(R"(,"why":"book"})", format(context).c_str());
  bare(engine::EventKind::raised);
  context = {};
  context.history = true;
  STRCMP_CONTAINS(R"(,"history":true})", format(context).c_str());
  context.shelved = true;
  STRCMP_CONTAINS(R"(,"history":true,"shelved":true})", format(context).c_str());
}

TEST(FormatAlert, says_when_evidence_was_left_out) {
  event.truncated = true;
  STRCMP_CONTAINS(R"("saturated":true,"truncated":true})", format().c_str());
}

TEST(FormatAlert, names_an_overdue_feed) {
  event.item_count = 1;
  event.items[0] = {event.at,
                    0,
                    1,
                    engine::kNone,
                    engine::kNone,
                    test_support::sample::launches,
                    engine::kNone,
                    static_cast<std::uint8_t>(engine::Op::overdue),
                    true,
                    false,
                    0,
                    0};
  STRCMP_CONTAINS(R"("evidence":[{"number":"overdue","value":1,"feed":"launches"}])", format().c_str());
}
