// SPDX-License-Identifier: Apache-2.0
/// What: an alert event reads well: each number as the book writes it, what an analyst weighs it with, who may see it.
/// How: whole texts expected, from records filled by hand.
#include "lib/alert_text.hpp"

#include <string>

#include "CppUTest/TestHarness.h"

using namespace tocsin;

namespace {
constexpr engine::Instant kLaunch = 1'716'817'440'000;  // 2024-05-27T13:44:00Z
constexpr engine::Span kDay = 86'400'000;

wire::AlertRecord raised() {
  wire::AlertRecord alert;
  alert.name = "distraction";
  alert.alert_kind = engine::AlertKind::linkage;
  alert.level = engine::Level::high;
  alert.raised_at = alert.at = alert.detected_at = kLaunch;
  return alert;
}
std::string text_of(const wire::AlertRecord& alert) { return tools::alert_text(alert, {}); }
}  // namespace

TEST_GROUP(AlertText){};

TEST(AlertText, writes_a_number_as_the_book_does) {
  wire::AlertRecord alert = raised();
  alert.saturated = true;
  auto& item = alert.evidence.emplace_back();
  item.condition = "strait_odd";
  item.indicator = "pla_aircraft";
  item.number = "quantile";
  item.quantile = 0.95;
  item.window_ms = 90 * kDay;
  item.ago_ms = kDay;
  item.at_least = 20;
  item.filter = {{"value", ">=", "", 20}, {"origin", "=", "mnd", 0}};
  item.value = 44.5;
  item.at = kLaunch;
  item.saturated = true;
  STRCMP_EQUAL(
      "2024-05-27T13:44:00Z  RAISED     HIGH      distraction  linkage\n"
      "  why       quantile(pla_aircraft[value >= 20, origin = mnd], 0.95, 90d ending 1d ago, at least 20) = 44.5"
      "  in strait_odd  (more reports than are kept)\n",
      text_of(alert).c_str());
}

TEST(AlertText, says_what_to_weigh_it_with_and_who_may_see_it) {
  wire::AlertRecord alert = raised();
  alert.hypotheses = {{"coordinated", "Coordinated distraction", 2}, {"opportunism", "", -1}};
  alert.against = {{"lull", engine::Truth::unknown}, {"exercise_on", engine::Truth::yes}};
  alert.caveats = {"Order in time is not coordination."};
  alert.disconfirmers = {{"No second act within 72 h", kLaunch + 3 * kDay}};
  alert.marking = wire::Marking::amber_strict;
  alert.release = {"usa", "rok"};
  STRCMP_EQUAL(
      "2024-05-27T13:44:00Z  RAISED     HIGH      distraction  linkage\n"
      "  suggests  +2  Coordinated distraction  coordinated\n"
      "            -1  opportunism\n"
      "  against   lull is unknown\n"
      "            exercise_on is true\n"
      "  caveat    Order in time is not coordination.\n"
      "  disproved by: No second act within 72 h  due 2024-05-30T13:44:00Z\n"
      "  marking   AMBER_STRICT, release to usa, rok\n",
      text_of(alert).c_str());
}

TEST(AlertText, makes_words_from_outside_printable) {
  wire::AlertRecord alert = raised();
  alert.caveats = {"a\x1b[31mb"};
  alert.release = {"u\x07sa"};
  const std::string text = text_of(alert);
  STRCMP_CONTAINS("a?[31mb", text.c_str());
  STRCMP_CONTAINS("u?sa", text.c_str());
}
