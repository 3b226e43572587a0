// SPDX-License-Identifier: Apache-2.0
/// What: `tocsin shelve` of a running daemon: durable when answered, so there after kill -9; marked in status, watch
/// and log; ended by a rise of the level; refused to who lacks the role, without a limit, a reason or a sensible
/// command. How: the built programs, a book with two levels, sockets in a temporary folder; time comes with the lines.
#include <csignal>
#include <memory>
#include <string>

#include "operated_daemon.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::test_support;
using namespace std::chrono_literals;

namespace {
const std::string kBook = R"(watchbook "Two levels" version 1
theater strait "Taiwan Strait" {}
origin mnd "Taiwan Ministry of National Defense" { reliability B }
feed mnd_daily { origin mnd  every 1d grace 12h }
indicator pla_aircraft "PLA aircraft" { kind force_movement  theater strait  feeds mnd_daily  keep 32 }
condition surge = sum(pla_aircraft, 24h) >= 45
alert strait_activity "PLA surge around Taiwan" {
  theater strait
  when    surge
  level   elevated
  level   high when sum(pla_aircraft, 24h) >= 90
}
)";

/// A line of that hour of the 23rd, hours from 01 to 23.
std::string line(int seq, const std::string& hour, int value) {
  return R"({"feed":"mnd_daily","seq":)" + std::to_string(seq) + R"(,"indicator":"pla_aircraft","time":"2024-05-23T)" +
         hour + R"(:00:00Z","value":)" + std::to_string(value) + "}\n";
}
}  // namespace

TEST_GROUP_BASE(ShelveVerb, OperatedDaemon){void start(){compile(folder.file("book.watch", kBook));
(void)folder.file("tocsind.toml",
                  "image = \"book.tcn\"\njournal = \"journal.db\"\nclock = \"input\"\nshelve_max = \"12h\"\n"
                  "[sockets]\ningest = [\"" +
                      endpoint("ingest") + "\"]\nalerts = \"" + endpoint("alerts") + "\"\ncontrol = [\"" +
                      endpoint("control") + "\", \"" + endpoint("guest") +
                      "\"]\n[[principal]]\nname = \"duty\"\nendpoint = \"" + endpoint("control") +
                      "\"\n[[principal]]\nname = \"guest\"\nendpoint = \"" + endpoint("guest") +
                      "\"\nroles = [\"read\"]\n");
launch();
}
/// What status says of the shelf; empty: there is none.
std::string shelf() {
  const auto all = status();
  const auto at = all.find("\"shelf\":{");
  return at == std::string::npos ? std::string{} : all.substr(at, all.find('}', at) - at + 1);
}
void shelve(const std::string& span, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"shelve", endpoint("control"), "strait_activity", "--for", span,
                                     "--why",  "known exercise"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  tocsin(arguments);
}
std::string alerts() {
  tocsin({"log", "alerts", endpoint("control"), "--json"});
  ends_with(0);
  return done.out;
}
}
;

TEST(ShelveVerb, what_was_answered_is_there_after_kill_9_and_ends_when_its_time_is_over) {
  start();
  inject(line(1, "01", 50));
  shelve("1h30m");
  ends_with(0);
  STRCMP_EQUAL("\"strait_activity\" is shelved until 2024-05-23T02:30:00.000Z; a rise of its level ends that\n",
               done.out.c_str());
  daemon->signal(SIGKILL);
  (void)daemon->wait(10s);
  launch();
  const std::string expected =
      R"("shelf":{"by":"duty","why":"known exercise","at":"2024-05-23T01:00:00Z","until":"2024-05-23T02:30:00Z",)"
      R"("level":"elevated","until_clear":false})";
  STRCMP_EQUAL(expected.c_str(), shelf().c_str());
  tocsin({"status", endpoint("control")});
  STRCMP_CONTAINS("raised, shelved", done.out.c_str());
  STRCMP_CONTAINS("strait_activity is shelved until 2024-05-23T02:30:00Z by duty: known exercise", done.out.c_str());
  tocsin({"status", endpoint("control"), "--metrics"});
  STRCMP_CONTAINS("alert_shelved{alert=\"strait_activity\"} 1", done.out.c_str());

  inject(line(2, "02", 1));
  STRCMP_EQUAL(expected.c_str(), shelf().c_str());
  inject(line(3, "03", 1));  // the daemon's clock, not the machine's
  STRCMP_CONTAINS(R"("ended":"time","ended_at":"2024-05-23T03:00:00Z"})", shelf().c_str());
  daemon->signal(SIGKILL);
  (void)daemon->wait(10s);
  launch();
  STRCMP_CONTAINS(R"("ended":"time")", shelf().c_str());
  tocsin({"status", endpoint("control")});
  STRCMP_CONTAINS("raised, unshelved", done.out.c_str());
  STRCMP_CONTAINS("its time was over, and nobody acknowledged that", done.out.c_str());
  STRCMP_CONTAINS("unshelved", status().c_str());

  tocsin({"ack", endpoint("control"), "1", "--note", "seen"});
  ends_with(0);
  STRCMP_EQUAL("", shelf().c_str());
  daemon->signal(SIGKILL);
  (void)daemon->wait(10s);
  launch();
  STRCMP_EQUAL("", shelf().c_str());
  const auto acts = acts_of_the_stopped();
  STRCMP_CONTAINS(R"("principal":"duty","act":"shelve","text":"strait_activity until=2024-05-23T02:30:00.000Z )"
                  R"(level=elevated why=known exercise")",
                  acts.c_str());
  STRCMP_CONTAINS(R"("principal":"tocsind","act":"unshelve","text":"strait_activity end=time")", acts.c_str());
  STRCMP_CONTAINS("event=shelve name=strait_activity by=duty until=2024-05-23T02:30:00.000Z", log().c_str());
  STRCMP_CONTAINS("event=unshelve name=strait_activity end=time", log().c_str());
}

TEST(ShelveVerb, what_is_told_meanwhile_is_marked_and_a_rise_of_the_level_breaks_it) {
  start();
  inject(line(1, "01", 50));
  shelve("12h");
  ends_with(0);
  // Late news takes the raise back and gives it anew.
  inject(R"({"feed":"mnd_daily","seq":2,"retracts":1,"time":"2024-05-23T01:00:00Z"})"
         "\n" +
         line(3, "02", 55));
  const auto marked = alerts();
  STRCMP_CONTAINS(R"("shelved":true)", marked.c_str());
  STRCMP_CONTAINS(R"("until")", shelf().c_str());
  tocsin({"log", "alerts", endpoint("control"), "--brief"});
  STRCMP_CONTAINS("[shelved]", done.out.c_str());

  inject(line(4, "03", 50));
  STRCMP_CONTAINS(R"("ended":"rose")", shelf().c_str());
  const auto all = alerts();
  const auto last = all.substr(all.rfind("{\"event\""));
  STRCMP_CONTAINS(R"("event":"escalated")", last.c_str());
  STRCMP_CONTAINS(R"("level":"high")", last.c_str());
  CHECK_TRUE(last.find("shelved") == std::string::npos);
  daemon->signal(SIGKILL);
  (void)daemon->wait(10s);
  launch();
  STRCMP_CONTAINS(R"("ended":"rose")", shelf().c_str());
  shelve("1h", {"--until-clear", "--json"});  // anew, at the level it has now
  ends_with(0);
  STRCMP_CONTAINS(R"({"name":"strait_activity","shelved":true,"text":)", done.out.c_str());
  STRCMP_CONTAINS(R"("level":"high","until_clear":true})", shelf().c_str());
  inject(R"({"clock":"2024-05-24T12:00:00Z"})"
         "\n");
  STRCMP_EQUAL("", shelf().c_str());  // both over: the alert is down, nothing is left to acknowledge
  STRCMP_CONTAINS("end=", acts_of_the_stopped().c_str());
}

TEST(ShelveVerb, ends_with_a_book_that_lacks_the_alert_and_outlives_one_that_has_it) {
  start();
  inject(line(1, "01", 50));
  shelve("1h");
  ends_with(0);
  auto book = kBook;
  book.replace(book.find("version 1"), 9, "version 2");
  tocsin({"reload", endpoint("control"), folder.file("second.watch", book), "--target", "edge"});
  ends_with(0);
  STRCMP_CONTAINS("\"until_clear\":false}", shelf().c_str());
  book.replace(book.find("alert strait_activity"), 21, "alert other_activity");
  tocsin({"reload", endpoint("control"), folder.file("third.watch", book), "--target", "edge", "--json"});
  ends_with(0);
  STRCMP_CONTAINS("{\"reloaded\":true,\"target\":\"edge\",", done.out.c_str());
  STRCMP_CONTAINS("\"text\":\"the book changed", done.out.c_str());
  STRCMP_EQUAL("", shelf().c_str());
  const auto acts = acts_of_the_stopped();
  STRCMP_CONTAINS(R"("text":"strait_activity end=book")", acts.c_str());
}

TEST(ShelveVerb, is_taken_back_with_off) {
  start();
  inject(line(1, "01", 50));
  shelve("1h");
  ends_with(0);
  tocsin({"shelve", endpoint("control"), "strait_activity", "--off", "--why", "over"});
  ends_with(0);
  STRCMP_EQUAL("\"strait_activity\" is not shelved any more\n", done.out.c_str());
  STRCMP_EQUAL("", shelf().c_str());
  tocsin({"shelve", endpoint("control"), "strait_activity", "--off"});
  ends_with(1);
  STRCMP_CONTAINS("is not shelved", done.err.c_str());
  STRCMP_CONTAINS(R"("act":"unshelve","text":"strait_activity end=operator why=over")", acts_of_the_stopped().c_str());
}

TEST(ShelveVerb, is_refused_with_what_would_mend_it_and_nothing_is_kept) {
  start();
  shelve("1h");
  ends_with(1);
  STRCMP_CONTAINS("is not raised", done.err.c_str());
  inject(line(1, "01", 50));
  shelve("12h1s");
  ends_with(1);
  STRCMP_CONTAINS("at most 12 h (shelve_max", done.err.c_str());
  tocsin({"shelve", endpoint("guest"), "strait_activity", "--for", "1h", "--why", "x"});
  ends_with(1);
  STRCMP_CONTAINS("\"guest\" may not ask for that: it needs the role \"acknowledge\"", done.err.c_str());
  tocsin({"shelve", endpoint("guest"), "strait_activity", "--off"});
  ends_with(1);
  tocsin({"shelve", endpoint("control"), "strait_activty", "--for", "1h", "--why", "x"});
  ends_with(1);
  STRCMP_CONTAINS("strait_activity", done.err.c_str());
  tocsin({"shelve", endpoint("control"), "surge", "--for", "1h", "--why", "x"});
  ends_with(1);
  STRCMP_CONTAINS("is a condition", done.err.c_str());
  STRCMP_EQUAL("", shelf().c_str());
  STRCMP_EQUAL("", acts_of_the_stopped().c_str());
}

TEST(ShelveVerb, takes_no_command_without_a_limit_or_a_reason) {
  const std::vector<std::vector<std::string>> bad{
      {},
      {"--for", "1h"},
      {"--why", "x"},
      {"--for", "1h", "--why", "x", "--off"},
      {"--until-clear", "--off"},
      {"--for", "1h", "--why", "x", "extra"},
      {"--for", "0h", "--why", "x"},
      {"--for", "-1h", "--why", "x"},
      {"--for", "8", "--why", "x"},
      {"--for", "8x", "--why", "x"},
      {"--for", "", "--why", "x"},
      {"--for", "99999999999999999999h", "--why", "x"},
      {"--for", "1h1h1h1h1h1h", "--why", "x"},
  };
  for (const auto& one : bad) {
    std::vector<std::string> arguments{"shelve", endpoint("nobody"), "strait_activity", "--timeout", "0.2"};
    arguments.insert(arguments.end(), one.begin(), one.end());
    tocsin(arguments);
    LONGS_EQUAL_TEXT(2, done.status, one.empty() ? "nothing" : one.back().c_str());
  }
  shelve("1d2h3m4s", {"--timeout", "0.2"});
  ends_with(3);  // nobody is there
}
