// SPDX-License-Identifier: Apache-2.0
// Test lines are input lines: what the engine's gate would refuse does not compile.
#include <algorithm>

#include "check_base.hpp"

namespace tocsin::compiler {
namespace {
class TestChecker : public CheckBase {
 public:
  using CheckBase::CheckBase;

  void check(const TestDecl& test) {
    if (test.lines.empty() && !test.incomplete)
      error(test.title.at, "this test has no input line", "e.g. `at 2024-05-23T01:00Z FEED reports INDICATOR 1`");
    for (const TestLine& line : test.lines) check_line(test, line);
    for (const TestExpectation& expectation : test.expectations) {
      if (model_.alerts.find(expectation.alert.text) != kNowhere) continue;
      if (model_.conditions.find(expectation.alert.text) != kNowhere) {
        error(expectation.alert.at,
              quoted(expectation.alert.text) + " is a condition: tests expect events of alerts and linkages");
      } else {
        resolve(expectation.alert, model_.alerts, "alert or linkage");
      }
    }
  }

 private:
  void check_line(const TestDecl& test, const TestLine& line) {
    if (line.kind == TestLine::Kind::clock) return;
    const std::uint32_t feed = resolve(line.feed, model_.feeds, "feed");
    if (line.kind == TestLine::Kind::heartbeat) return;
    if (line.kind == TestLine::Kind::retracts) {
      if (check_carried(line.retracted, line.feed, feed)) check_retraction(test, line);
      return;
    }
    for (const TestReport& report : line.reports) check_carried(report.indicator, line.feed, feed);
    if (feed != kNowhere) check_origin(line, book_.feeds[feed]);
  }

  bool check_carried(const Word& indicator_name, const Word& feed_name, std::uint32_t feed) {
    const std::uint32_t indicator = resolve(indicator_name, model_.indicators, "indicator");
    if (indicator == kNowhere || feed == kNowhere) return false;
    const std::vector<Word>& feeds = book_.indicators[indicator].feeds;
    const auto same = [&](const Word& name) { return name.text == feed_name.text; };
    if (std::any_of(feeds.begin(), feeds.end(), same)) return true;
    error(indicator_name.at, "the feed " + quoted(feed_name.text) + " does not carry " + quoted(indicator_name.text),
          "add it to the indicator's `feeds`", {{book_.indicators[indicator].name.at, "the indicator is here"}});
    return false;
  }

  void check_origin(const TestLine& line, const FeedDecl& feed) {
    if (line.origin.text.empty()) {
      if (feed.origins.size() > 1) {
        error(line.feed.at, "the feed " + quoted(feed.name.text) + " has several origins: say which one saw it",
              "e.g. `from " + feed.origins.front().text + "`");
      }
      return;
    }
    if (resolve(line.origin, model_.origins, "origin") == kNowhere) return;
    const auto same = [&](const Word& name) { return name.text == line.origin.text; };
    if (std::any_of(feed.origins.begin(), feed.origins.end(), same)) return;
    error(line.origin.at,
          "the feed " + quoted(feed.name.text) + " does not carry the origin " + quoted(line.origin.text), {},
          {{feed.name.at, "the feed is here"}});
  }

  void check_retraction(const TestDecl& test, const TestLine& line) {
    for (const TestLine& other : test.lines) {
      if (other.kind != TestLine::Kind::reports || other.feed.text != line.feed.text ||
          other.time.instant != line.retracted_time.instant)
        continue;
      for (const TestReport& report : other.reports) {
        if (report.indicator.text == line.retracted.text) return;
      }
    }
    error(
        line.retracted_time.at,
        "this test has no report of " + quoted(line.retracted.text) + " by " + quoted(line.feed.text) + " at this time",
        "`of` takes the `at` of the report that is retracted");
  }
};
}  // namespace

void check_tests(const Book& book, Model& model, std::vector<Diagnostic>& diagnostics) {
  TestChecker checker{book, model, diagnostics};
  for (const TestDecl& test : book.tests) checker.check(test);
}
}  // namespace tocsin::compiler
