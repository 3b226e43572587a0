// SPDX-License-Identifier: Apache-2.0
/// What: `tocsin log` of a running daemon says, byte for byte, what it says of the stopped one's file; asked while
/// reports pour in it leaves nothing out; who may not see a report or an alert does not hear of it. How: the built
/// programs, sockets in a temporary folder; time comes with the lines.
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "tocsin/journal/journal.hpp"

#include "operated_daemon.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::test_support;
using namespace std::chrono_literals;

namespace {
const std::string kBook = R"(watchbook "Busy" version 1
theater strait "Taiwan Strait" {}
origin mnd "Ministry" { reliability B }
feed mnd_daily { origin mnd }
indicator pla_aircraft "PLA aircraft" { kind force_movement  theater strait  feeds mnd_daily  keep 32 }
alert busy "Busy" { theater strait  when sum(pla_aircraft, 3m) >= 45 }
alert quiet "Quiet" { theater strait  when sum(pla_aircraft, 3m) >= 45  marking red }
)";

/// One a second, from 2024-05-01T00:00:00Z; every fifth is large. @param more  further keys.
std::string lines(int first, int count, const std::string& more = {}) {
  std::string all;
  for (int seq = first; seq < first + count; ++seq) {
    char time[32];
    (void)std::snprintf(time, sizeof time, "2024-05-%02dT%02d:%02d:%02dZ", 1 + seq / 86400, seq / 3600 % 24,
                        seq / 60 % 60, seq % 60);
    all += R"({"feed":"mnd_daily","seq":)" + std::to_string(seq) + R"(,"indicator":"pla_aircraft","time":")" + time +
           R"(","value":)" + (seq % 500 == 0 ? "50" : "0") + more + "}\n";
  }
  return all;
}

std::string bytes_of_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(text.substr(at, 2), nullptr, 16));
  }
  return bytes;
}

std::size_t lines_in(const std::string& text) {
  std::size_t count = 0;
  for (const char letter : text) count += letter == '\n' ? 1 : 0;
  return count;
}
}  // namespace

TEST_GROUP_BASE(LiveLog, OperatedDaemon){void setup() override{compile(folder.file("book.watch", kBook));
const std::string text = "image = \"book.tcn\"\njournal = \"journal.db\"\nclock = \"input\"\n[sockets]\ningest = [\"" +
                         endpoint("ingest") + "\"]\nalerts = \"" + endpoint("alerts") + "\"\ncontrol = [\"" +
                         endpoint("control") + "\", \"" + endpoint("guest") + "\", \"" + endpoint("mute") +
                         "\"]\n[[audience]]\nname = \"own\"\n[[audience]]\nname = \"partners\"\nceiling = \"green\"\n"
                         "[[principal]]\nname = \"guest\"\nendpoint = \"" +
                         endpoint("guest") +
                         "\"\nroles = [\"read\"]\naudience = \"partners\"\n[[principal]]\nname = \"mute\"\n"
                         "endpoint = \"" +
                         endpoint("mute") + "\"\nroles = [\"acknowledge\"]\n";
(void)folder.file("tocsind.toml", text);
launch();
}
void teardown() override { daemon.reset(); }
/// What a daemon with a bound does while it runs, here at once. @returns the number of the oldest that is left.
std::uint64_t remove_alerts() {
  tocsin::journal::JournalError error;
  tocsin::journal::OpenOptions options;
  options.retain_bytes = 64 * 1024;
  const auto journal = tocsin::journal::Journal::open(folder.path("journal.db"), options, error);
  CHECK_TRUE_TEXT(journal != nullptr, error.text.c_str());
  auto now = journal->last_clock();
  for (int stride = 0; stride < 100 && journal->state().first_alert < 100; ++stride, now += 3'600'000) {
    CHECK_FALSE(journal->retain(now).has_value());
  }
  return journal->state().first_alert;
}
std::string log_of(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "log");
  tocsin(arguments);
  ends_with(0);
  return done.out;
}
}
;

TEST(LiveLog, a_running_daemon_says_what_its_file_says_when_it_is_stopped) {
  inject(lines(1, 6000));  // more than one page of batches
  tocsin({"inject", endpoint("ingest"),
          folder.file("bad.jsonl", R"({"feed":"mnd_daily","seq":7000,"indicator":"ufos",)"
                                   R"("time":"2024-05-01T02:00:00Z","value":2})"
                                   "\n")});
  ends_with(1);
  tocsin({"ack", endpoint("control"), "1", "--note", "seen \"by\" duty"});
  ends_with(0);
  inject(lines(6001, 1) + lines(6500, 1));
  tocsin({"shelve", endpoint("control"), "busy", "--for", "1h", "--why", "known"});
  ends_with(0);
  const std::vector<std::vector<std::string>> questions{
      {"alerts", "--json"},
      {"alerts", "--brief"},
      {"inputs", "--json"},
      {"inputs"},
      {"batches", "--json"},
      {"batches"},
      {"acts", "--json"},
      {"acts"},
      {"gaps", "--json"},
      {"rejections", "--json"},
      {"rejections"},
      {"inputs", "--json", "--since", "3"},
      {"inputs", "--limit", "70"},
      {"batches", "--json", "--limit", "2"},
      {"acts", "--limit", "1"},
  };
  std::vector<std::string> live;
  for (auto question : questions) {
    question.insert(question.begin() + 1, endpoint("control"));
    live.push_back(log_of(question));
  }
  stop();
  for (std::size_t i = 0; i < questions.size(); ++i) {
    auto question = questions[i];
    question.insert(question.begin() + 1, folder.path("journal.db"));
    const auto stopped = log_of(question);
    CHECK_TEXT(stopped == live[i], (questions[i][0] + " " + questions[i].back() + " differ").c_str());
    if (questions[i][0] != "gaps") CHECK_FALSE_TEXT(stopped.empty(), questions[i][0].c_str());
  }
  LONGS_EQUAL(6002, lines_in(live[2]));
  LONGS_EQUAL(2, lines_in(live[6]));
  LONGS_EQUAL(1, lines_in(live[9]));
}

TEST(LiveLog, the_signed_head_to_be_kept_elsewhere_needs_no_stop) {
  inject(lines(1, 10));
  stop();  // which signs
  const auto stopped = log_of({"head", folder.path("journal.db")});
  STRCMP_CONTAINS("\"signature\":\"", stopped.c_str());
  launch();
  STRCMP_EQUAL(stopped.c_str(), log_of({"head", endpoint("control")}).c_str());
  tocsin({"log", "head", endpoint("mute")});  // may not read
  ends_with(1);
}

TEST(LiveLog, a_head_that_was_kept_shows_an_older_copy_put_back) {
  const auto journal = folder.path("journal.db");
  inject(lines(1, 10));
  stop();
  const auto older = content_of(journal);
  const auto first = log_of({"head", journal});
  launch();
  inject(lines(11, 10));
  stop();
  const auto kept = folder.file("kept.json", first + log_of({"head", journal}));  // the last one counts
  (void)log_of({"verify", journal, "--head", kept});
  (void)log_of({"verify", journal, "--head", folder.file("first.json", first)});
  (void)folder.file("journal.db", older);
  (void)log_of({"verify", journal});
  tocsin({"log", "verify", journal, "--head", kept});
  ends_with(1);
  STRCMP_CONTAINS("this journal is older than, or not, the one the head was kept of", done.out.c_str());

  tocsin({"log", "verify", journal, "--head", folder.file("short.json", R"({"batch":1,"chain":"00"})")});
  ends_with(1);
  STRCMP_CONTAINS("short.json: \"signature\" is missing or not of its kind; give a file", done.err.c_str());
  tocsin({"log", "verify", journal, "--head", folder.file("cut.json", first.substr(0, first.size() / 2))});
  ends_with(1);
  STRCMP_CONTAINS("cut.json: it does not end with a head; give a file", done.err.c_str());
  tocsin({"log", "verify", journal, "--head", folder.path("none.json")});
  ends_with(1);
  tocsin({"log", "verify", endpoint("control"), "--head", kept});
  ends_with(2);
  STRCMP_CONTAINS("--head goes with a journal's path", done.err.c_str());
}

// A head of nothing, with exit 0, would take the place of the good one that was kept.
TEST(LiveLog, a_damaged_signed_head_is_not_told) {
  inject(lines(1, 10));
  stop();
  const auto told = log_of({"head", folder.path("journal.db")});
  const auto signature = bytes_of_hex(told.substr(told.find(R"("signature":")") + 13, 128));
  auto journal = content_of(folder.path("journal.db"));
  for (auto at = journal.find(signature); at != std::string::npos; at = journal.find(signature, at)) {
    journal[at] = static_cast<char>(~journal[at]);
  }
  (void)folder.file("journal.db", journal);
  const auto is_refused = [this](const std::string& source) {
    tocsin({"log", "head", source});
    ends_with(1);
    STRCMP_EQUAL("", done.out.c_str());
    STRCMP_CONTAINS("the signature does not hold", done.err.c_str());
  };
  is_refused(folder.path("journal.db"));
  launch();
  is_refused(endpoint("control"));
}

TEST(LiveLog, asked_while_reports_pour_in_it_leaves_nothing_out) {
  const auto file = folder.file("many.jsonl", lines(1, 20'000));
  Child injector{{TOCSIN_PROGRAM, "inject", endpoint("ingest"), file}, {}, folder.path("inject.log")};
  std::vector<std::string> inputs;
  std::vector<std::string> alerts;
  do {
    inputs.push_back(log_of({"inputs", endpoint("control"), "--json"}));
    alerts.push_back(log_of({"alerts", endpoint("control"), "--json"}));
  } while (injector.running());
  LONGS_EQUAL_TEXT(0, injector.wait(60s), content_of(folder.path("inject.log")).c_str());
  stop();
  const auto all_inputs = log_of({"inputs", folder.path("journal.db"), "--json"});
  const auto all_alerts = log_of({"alerts", folder.path("journal.db"), "--json"});
  LONGS_EQUAL(20'000, lines_in(all_inputs));
  for (const auto& some : inputs) CHECK_TRUE(all_inputs.starts_with(some));
  for (const auto& some : alerts) CHECK_TRUE(all_alerts.starts_with(some));
}

TEST(LiveLog, alert_events_that_the_bound_removed_are_told_to_who_asks_for_them) {
  std::string all;
  for (int hour = 1; hour <= 600; ++hour) {  // each raises both alerts anew, and clears them
    char time[32];
    (void)std::snprintf(time, sizeof time, "2024-05-%02dT%02d:00:00Z", 1 + hour / 24, hour % 24);
    all += R"({"feed":"mnd_daily","seq":)" + std::to_string(hour) + R"(,"indicator":"pla_aircraft","time":")" + time +
           "\",\"value\":50}\n";
    if (hour % 50 != 0) continue;
    inject(all);  // each a batch of its own at least: the newest ones stay
    all.clear();
  }
  stop();
  launch();
  inject(R"({"feed":"mnd_daily","seq":601,"indicator":"pla_aircraft","time":"2024-05-30T00:00:00Z"})"
         "\n");
  stop();
  const auto oldest = remove_alerts();
  CHECK_TRUE(oldest > 10);
  const auto gone = " to " + std::to_string(oldest - 1) + " are gone: the journal's bound removed them\n";
  tocsin({"log", "alerts", folder.path("journal.db"), "--limit", "1"});
  STRCMP_CONTAINS(("alert events 1" + gone).c_str(), done.err.c_str());

  launch();
  tocsin({"log", "alerts", endpoint("control"), "--since", "3", "--limit", "1"});
  ends_with(0);
  STRCMP_CONTAINS(("alert events 4" + gone).c_str(), done.err.c_str());
  const std::vector<std::string> watch{"watch", endpoint("alerts"), "--control", endpoint("control"), "--count", "1"};
  auto siren = watch;
  siren.insert(siren.end(), {"--consumer", "siren"});
  tocsin(siren);
  ends_with(0);
  STRCMP_EQUAL(("watch: alert events 1" + gone).c_str(), done.err.c_str());
  auto in_time = watch;
  in_time.insert(in_time.end(), {"--since", std::to_string(oldest - 1)});
  tocsin(in_time);
  ends_with(0);
  STRCMP_EQUAL("", done.err.c_str());
}

TEST(LiveLog, who_may_not_see_something_does_not_hear_of_it) {
  inject(lines(1, 3) + lines(4, 2, R"(,"note":"secret","marking":"amber")") + lines(500, 1));
  for (const char* name : {"busy", "quiet"}) {
    tocsin({"shelve", endpoint("control"), name, "--for", "1h", "--why", std::string{"because of "} + name});
    ends_with(0);
  }
  LONGS_EQUAL(6, lines_in(log_of({"inputs", endpoint("control"), "--json"})));
  const auto inputs = log_of({"inputs", endpoint("guest"), "--json"});
  LONGS_EQUAL(4, lines_in(inputs));
  CHECK_TRUE(inputs.find("secret") == std::string::npos);
  const auto alerts = log_of({"alerts", endpoint("guest"), "--json"});
  STRCMP_CONTAINS("\"busy\"", alerts.c_str());
  CHECK_TRUE(alerts.find("quiet") == std::string::npos);
  const auto acts = log_of({"acts", endpoint("guest"), "--json"});
  STRCMP_CONTAINS("because of busy", acts.c_str());
  CHECK_TRUE(acts.find("quiet") == std::string::npos);
  tocsin({"inject", endpoint("ingest"),
          folder.file("bad.jsonl", R"({"feed":"mnd_daily","seq":7000,"indicator":"covert",)"
                                   R"("time":"2024-05-01T02:00:00Z","value":2,"marking":"red"})"
                                   "\n")});
  ends_with(1);
  tocsin({"shelve", endpoint("guest"), "busy", "--for", "1h", "--why", "mine"});  // its own refusal
  ends_with(1);
  const auto refused = log_of({"rejections", endpoint("guest"), "--json"});
  LONGS_EQUAL(2, lines_in(refused));
  CHECK_TRUE(refused.find("covert") == std::string::npos);
  STRCMP_CONTAINS("shelve", refused.c_str());
  STRCMP_CONTAINS("covert", log_of({"rejections", endpoint("control"), "--json"}).c_str());
  STRCMP_CONTAINS("covert", status().c_str());
  tocsin({"status", endpoint("guest"), "--json"});
  ends_with(0);
  CHECK_TRUE(done.out.find("covert") == std::string::npos);
  STRCMP_CONTAINS("shelve", done.out.c_str());
  for (const char* what : {"inputs", "acts", "gaps", "rejections", "batches", "alerts"}) {
    tocsin({"log", what, endpoint("mute")});
    ends_with(1);
    STRCMP_CONTAINS("it needs the role \"read\"", done.err.c_str());
  }
}
