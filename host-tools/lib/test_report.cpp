// SPDX-License-Identifier: Apache-2.0
#include "lib/test_report.hpp"

#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <utility>

#include "tocsin/compiler/diagnostic.hpp"
#include "tocsin/text/json_lines.hpp"

namespace tocsin::tools {
namespace {
using compiler::TestDecl;
using compiler::TestEvent;
using compiler::TestExpectation;
using compiler::TestFailure;
using compiler::TestLine;
using compiler::TestResult;
using compiler::TestStep;

bool has_level(engine::EventKind kind) {
  return kind != engine::EventKind::unknown && kind != engine::EventKind::known;
}

// What differs, weighed: an event of the right kind is nearer than one at the right time.
std::tuple<bool, bool, engine::Span, int> difference(const TestExpectation& wanted, const TestEvent& event) {
  const engine::Span apart = std::abs(event.at - wanted.time.instant);
  const int levels = wanted.level && has_level(event.kind)
                         ? std::abs(static_cast<int>(wanted.level->level) - static_cast<int>(event.level))
                         : 0;
  return {event.expected, event.kind != wanted.event, apart, levels};
}

std::string in_words(const TestExpectation& wanted, const TestEvent& event) {
  std::string out{text::name_of(event.kind)};
  if (event.kind == engine::EventKind::retracted) out += " (" + std::string{text::name_of(event.retracted_kind)} + ")";
  const engine::Span apart = event.at - wanted.time.instant;
  out += apart == 0 ? " then" : " " + span_text(std::abs(apart)) + (apart > 0 ? " later" : " earlier");
  const bool level_differs = has_level(event.kind) && (!wanted.level || wanted.level->level != event.level);
  if (level_differs) out += ", at level " + std::string{text::name_of(event.level)};
  if (event.expected) out += ", which another expectation took";
  return out;
}

// --- The timeline ----------------------------------------------------------------------------------------------------
struct Entry {
  engine::Instant at = 0;
  std::size_t order = 0;  // of what happens at one instant: as it came
  char mark = ' ';
  std::string text;
  bool failing = false;
};

/// Where the statement of the test begins that follows the one at `begin`.
std::uint32_t next_statement(const TestDecl& test, std::uint32_t begin) {
  std::uint32_t next = UINT32_MAX;
  const auto at = [&](std::uint32_t other) {
    if (other > begin) next = std::min(next, other);
  };
  for (const TestLine& line : test.lines) at(line.at.begin);
  for (const TestExpectation& expectation : test.expectations) at(expectation.at.begin);
  if (test.nothing_else) at(test.nothing_else->begin);
  return next;
}

/// A line of a test as the book has it, whether it shares a line of the text or goes over several. Comments say what
/// the writer thought; the line itself is enough here.
std::string source_line(const compiler::SourceFile& source, const TestDecl& test, std::uint32_t begin) {
  const compiler::Location place = compiler::locate(source, begin);
  const std::size_t end =
      std::min<std::size_t>(place.text.size(), place.offset + (next_statement(test, begin) - begin));
  std::string line;
  for (std::size_t i = place.offset; i < end && place.text[i] != '}'; ++i) {
    if (place.text[i] == '#') i = std::min(place.text.find('\n', i), end - 1);
    if (place.text[i] != '\n') {
      line += place.text[i];
      continue;
    }
    line.resize(line.find_last_not_of(" \t\r") + 1);
    line += ' ';
    while (i + 1 < end && (place.text[i + 1] == ' ' || place.text[i + 1] == '\t')) ++i;
  }
  line.resize(line.find_last_not_of(" \t\r") + 1);
  return "line " + std::to_string(compiler::place_of(place.text, place.offset).line) + ": " + printable(line);
}

class Timeline {
 public:
  Timeline(const TestDecl& test, const TestResult& result, const compiler::SourceFile& source, const Palette& palette)
      : test_{test}, source_{source}, palette_{palette} {
    for (const TestLine& line : test.lines) add_line(line, result);
    for (const TestStep& step : result.steps) add_events(step);
    for (const TestFailure& failure : result.failures) {
      const TestExpectation* const wanted = expectation_of(failure, test);
      if (wanted == nullptr) continue;
      std::string text = wanted->alert.text + " " + std::string{text::name_of(wanted->event)};
      if (wanted->level) text += " at level " + std::string{text::name_of(wanted->level->level)};
      add(wanted->time.instant, '?', palette_.red("expected " + text + ", which did not happen"), true);
    }
    std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      return std::pair{a.at, a.order} < std::pair{b.at, b.order};
    });
  }

  [[nodiscard]] std::string render(bool around) const {
    constexpr std::size_t kAround = 6;
    std::vector<bool> shown(entries_.size(), !around);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (!entries_[i].failing) continue;
      const std::size_t first = i < kAround ? 0 : i - kAround;
      for (std::size_t k = first; k < entries_.size() && k <= i + kAround; ++k) shown[k] = true;
    }
    std::string out;
    std::size_t hidden = 0;
    std::string date;
    const auto say_hidden = [&] {
      if (hidden != 0) out += "    " + palette_.dim("... " + counted(hidden, "entry", "entries") + " not shown") + "\n";
      hidden = 0;
    };
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (!shown[i]) {
        ++hidden;
        continue;
      }
      say_hidden();
      const Entry& entry = entries_[i];
      std::string instant = text::format_instant(entry.at);
      // The same instant again is left blank, so that what belongs together stands out.
      if (instant == date) {
        instant.assign(instant.size(), ' ');
      } else {
        date = instant;
      }
      out += std::string{entry.failing ? "  > " : "    "} + instant + "  " + entry.mark + " " + entry.text + "\n";
    }
    say_hidden();
    return out;
  }

 private:
  void add(engine::Instant at, char mark, std::string text, bool failing = false) {
    entries_.push_back({at, entries_.size(), mark, std::move(text), failing});
  }

  void add_line(const TestLine& line, const TestResult& result) {
    std::string text = source_line(source_, test_, line.at.begin);
    const engine::Instant arrived = line.received ? line.received->instant : line.time.instant;
    latest_ = std::max(latest_, arrived);
    if (latest_ > line.time.instant && line.kind != TestLine::Kind::clock) {
      text += palette_.dim("  (arrived " + span_text(latest_ - line.time.instant) + " late)");
    }
    for (const TestStep& step : result.steps) {
      if (step.at.begin == line.at.begin && step.at.end != 0 && !step.remark.empty()) {
        text += palette_.yellow("  " + step.remark);
        break;
      }
    }
    const bool refused = std::any_of(result.failures.begin(), result.failures.end(),
                                     [&](const TestFailure& failure) { return failure.at.begin == line.at.begin; });
    add(line.time.instant, ' ', std::move(text), refused);
  }

  void add_events(const TestStep& step) {
    for (const TestEvent& event : step.events) {
      std::string text = event.alert + " " + std::string{text::name_of(event.kind)};
      if (event.kind == engine::EventKind::retracted) {
        text += " (" + std::string{text::name_of(event.retracted_kind)} + ")";
      }
      if (has_level(event.kind)) text += " at level " + std::string{text::name_of(event.level)};
      if (event.detected_at != event.at) {
        text += palette_.dim("  (known " + span_text(event.detected_at - event.at) + " later)");
      }
      const bool wrong = !event.expected && test_.nothing_else.has_value() && has_level(event.kind);
      if (wrong) text = palette_.red(text + ", which no line expects");
      add(event.at, '!', std::move(text), wrong);
    }
  }

  const TestDecl& test_;
  const compiler::SourceFile& source_;
  const Palette& palette_;
  std::vector<Entry> entries_;
  engine::Instant latest_ = engine::kNever;
};
}  // namespace

const TestExpectation* expectation_of(const TestFailure& failure, const TestDecl& test) {
  const auto found =
      std::find_if(test.expectations.begin(), test.expectations.end(), [&](const TestExpectation& expectation) {
        return expectation.at.begin == failure.at.begin && expectation.at.end == failure.at.end;
      });
  return found == test.expectations.end() ? nullptr : &*found;
}

std::optional<NearMiss> near_miss(const TestExpectation& expectation, const TestResult& result) {
  const TestEvent* best = nullptr;
  for (const TestStep& step : result.steps) {
    for (const TestEvent& event : step.events) {
      if (event.alert != expectation.alert.text) continue;
      if (best == nullptr || difference(expectation, event) < difference(expectation, *best)) best = &event;
    }
  }
  if (best == nullptr) return std::nullopt;
  return NearMiss{best, in_words(expectation, *best)};
}

std::string failure_text(const TestDecl& test, const TestResult& result, const compiler::SourceFile& source,
                         const std::vector<std::vector<std::string>>& lacking, const Palette& palette) {
  std::string out;
  for (std::size_t i = 0; i < result.failures.size(); ++i) {
    const TestFailure& failure = result.failures[i];
    const compiler::Diagnostic said{compiler::Severity::error, failure.at, failure.message, {}, {}};
    out += compiler::render(said, source);
    const TestExpectation* const wanted = expectation_of(failure, test);
    if (wanted != nullptr) {
      const auto near = near_miss(*wanted, result);
      out += near ? "  nearest: " + near->how + "\n" : "  " + wanted->alert.text + " sent nothing at all\n";
    }
    if (i >= lacking.size()) continue;
    for (const std::string& lack : lacking[i]) out += "  lacking at that instant: " + printable(lack) + "\n";
  }
  return out + "  in order of time (! is what the rules said):\n" + timeline_text(test, result, source, true, palette);
}

std::string timeline_text(const TestDecl& test, const TestResult& result, const compiler::SourceFile& source,
                          bool around, const Palette& palette) {
  return Timeline{test, result, source, palette}.render(around);
}
}  // namespace tocsin::tools
