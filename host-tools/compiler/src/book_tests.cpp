// SPDX-License-Identifier: Apache-2.0
#include "tocsin/compiler/book_tests.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "tocsin/compiler/diagnostic.hpp"
#include "tocsin/text/json_lines.hpp"
#include "tocsin/wire/input_view.hpp"

#include "words.hpp"

namespace tocsin::compiler {
namespace {
// One line as the engine's gate takes it, with the place it came from. Views point into the test.
struct TestInput {
  wire::InputView view;
  Range at;
};

// Numbers the lines from 1 per feed, as `replay` does, and finds the numbers that retractions name.
class InputList {
 public:
  explicit InputList(const TestDecl& test) : test_{test} {
    for (const TestLine& line : test.lines) add(line);
    for (std::size_t i = 0; i < retractions_.size(); ++i) resolve(retractions_[i]);
  }
  [[nodiscard]] const std::vector<TestInput>& inputs() const { return inputs_; }

  [[nodiscard]] engine::Instant first_instant() const {
    if (inputs_.front().view.kind == engine::InputKind::clock) return inputs_.front().view.time;
    std::optional<engine::Instant> first;
    for (const TestInput& input : inputs_) {
      if (input.view.kind != engine::InputKind::report && input.view.kind != engine::InputKind::heartbeat) continue;
      first = std::min(first.value_or(input.view.time), input.view.time);
    }
    return first.value_or(inputs_.front().view.time);
  }
  [[nodiscard]] engine::Instant last_instant() const {
    engine::Instant last = 0;
    for (const TestLine& line : test_.lines) {
      last =
          std::max({last, line.time.instant, line.received ? line.received->instant : 0, line.retracted_time.instant});
    }
    for (const TestExpectation& expectation : test_.expectations) last = std::max(last, expectation.time.instant);
    return last;
  }

 private:
  struct Retraction {
    std::size_t input;
    const TestLine* line;
  };

  void add(const TestLine& line) {
    TestInput input;
    input.at = line.at;
    input.view.feed = line.feed.text;
    input.view.time = line.time.instant;
    if (line.received) input.view.received = line.received->instant;
    switch (line.kind) {
      case TestLine::Kind::clock:
        input.view.kind = engine::InputKind::clock;
        break;
      case TestLine::Kind::heartbeat:
        input.view.kind = engine::InputKind::heartbeat;
        break;
      case TestLine::Kind::retracts:
        input.view.kind = engine::InputKind::retraction;
        input.view.time = line.retracted_time.instant;
        // It is received when the line says; the engine's clock never goes back.
        input.view.received = line.time.instant;
        input.view.seq = ++seq_[line.feed.text];
        retractions_.push_back({inputs_.size(), &line});
        break;
      case TestLine::Kind::reports:
        add_reports(line, input);
        return;
    }
    inputs_.push_back(input);
  }

  void add_reports(const TestLine& line, TestInput input) {
    input.view.kind = engine::InputKind::report;
    input.view.origin = line.origin.text;
    for (const TestReport& report : line.reports) {
      input.view.indicator = report.indicator.text;
      input.view.value = report.value;
      input.view.seq = ++seq_[line.feed.text];
      inputs_.push_back(input);
    }
  }

  // The newest such report before the retraction that is not retracted yet, else the first after it.
  void resolve(const Retraction& retraction) {
    wire::InputView& view = inputs_[retraction.input].view;
    const TestInput* chosen = nullptr;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const wire::InputView& other = inputs_[i].view;
      if (other.kind != engine::InputKind::report || other.feed != view.feed || other.time != view.time ||
          other.indicator != retraction.line->retracted.text || taken_[{std::string{view.feed}, *other.seq}]) {
        continue;
      }
      if (i < retraction.input || chosen == nullptr) chosen = &inputs_[i];
    }
    if (chosen == nullptr) {  // retracted twice: the second time changes nothing
      for (const TestInput& input : inputs_) {
        const wire::InputView& other = input.view;
        if (other.kind == engine::InputKind::report && other.feed == view.feed && other.time == view.time &&
            other.indicator == retraction.line->retracted.text) {
          chosen = &input;
        }
      }
    }
    if (chosen == nullptr) return;
    view.target_seq = chosen->view.seq;
    taken_[{std::string{view.feed}, *chosen->view.seq}] = true;
  }

  const TestDecl& test_;
  std::vector<TestInput> inputs_;
  std::vector<Retraction> retractions_;
  std::map<std::string, std::uint64_t, std::less<>> seq_;
  std::map<std::pair<std::string, std::uint64_t>, bool> taken_;
};

std::string remark_for(engine::Disposition disposition) {
  switch (disposition) {
    case engine::Disposition::taken:
      return {};
    case engine::Disposition::duplicate:
      return "a duplicate: changes nothing";
    case engine::Disposition::reused:
      return "its number was used before with other content: refused";
    case engine::Disposition::stale:
      return "stale: before the first instant or beyond the reach of late news, not evaluated";
    case engine::Disposition::withdrawn:
      return "retracted before it came: never counts";
    case engine::Disposition::not_evaluated:
      return "not evaluated";
    case engine::Disposition::full:
      return "refused: no place left for reports from the future";
  }
  return {};
}

// The engine with its memory.
class Run {
 public:
  explicit Run(const engine::Image& image)
      : image_{image},
        block_((engine::layout_of(image).block_bytes + 7) / 8),
        engine_{image, std::as_writable_bytes(std::span{block_})},
        event_{std::make_unique<engine::AlertEvent>()} {}

  void start(engine::Instant first) { engine_.start(first, engine::Mode{}); }

  [[nodiscard]] engine::Engine& evaluator() { return engine_; }

  TestStep step(const TestInput& line) {
    TestStep step;
    step.at = line.at;
    engine::Input input;
    const wire::Refusal refusal = wire::bind(line.view, image_, engine_.clock(), input);
    if (refusal != wire::Refusal::none) {
      step.remark = std::string{"refused: "} + wire::sentence_of(refusal);
      return step;
    }
    take(input, step);
    return step;
  }

  TestStep finish(engine::Instant end) {
    TestStep step;
    engine::Input input;
    input.kind = engine::InputKind::clock;
    input.time = end;
    input.received = end;
    take(input, step);
    return step;
  }

 private:
  void take(const engine::Input& input, TestStep& step) {
    step.remark = remark_for(engine_.step(input));
    while (engine_.next_event(*event_)) {
      TestEvent event;
      event.alert = image_.view(image_.alerts[event_->alert].name);
      event.kind = event_->kind;
      event.retracted_kind = event_->retracted_kind;
      event.level = event_->level;
      event.at = event_->at;
      event.detected_at = event_->detected_at;
      step.events.push_back(std::move(event));
    }
  }

  const engine::Image& image_;
  std::vector<std::uint64_t> block_;
  engine::Engine engine_;
  std::unique_ptr<engine::AlertEvent> event_;
};

bool matches(const TestExpectation& expectation, const TestEvent& event) {
  return !event.expected && expectation.alert.text == event.alert && expectation.event == event.kind &&
         expectation.time.instant == event.at && (!expectation.level || expectation.level->level == event.level);
}

bool take(const TestExpectation& expectation, std::vector<TestStep>& steps) {
  for (TestStep& step : steps) {
    for (TestEvent& event : step.events) {
      if (!matches(expectation, event)) continue;
      event.expected = true;
      return true;
    }
  }
  return false;
}

// All that the alert sent.
std::vector<std::string> instead_of(const TestExpectation& expectation, const std::vector<TestStep>& steps) {
  std::vector<std::string> sent;
  for (const TestStep& step : steps) {
    for (const TestEvent& event : step.events) {
      if (event.alert != expectation.alert.text) continue;
      sent.push_back(describe(event) + (event.expected ? " (taken by another expectation)" : ""));
    }
  }
  return sent;
}

bool counts_for_nothing_else(engine::EventKind kind) {
  return kind != engine::EventKind::unknown && kind != engine::EventKind::known;
}

std::string trimmed_line(const SourceFile& source, Range at) {
  std::string_view line = line_at(source.text, at.begin);
  const std::size_t first = line.find_first_not_of(" \t");
  if (first != std::string_view::npos) line.remove_prefix(first);
  return printable(line);
}

}  // namespace

TestResult run_book_test(const TestDecl& test, const engine::Image& image,
                         const std::function<void(engine::Engine&, const TestResult&)>& at_end) {
  TestResult result;
  result.title = test.title.text;
  result.at = test.title.at;
  const InputList lines{test};
  Run run{image};
  run.start(lines.first_instant());
  for (const TestInput& input : lines.inputs()) {
    result.steps.push_back(run.step(input));
    const TestStep& step = result.steps.back();
    if (step.remark.starts_with("refused")) result.failures.push_back({step.at, "this line is " + step.remark, {}});
  }
  result.steps.push_back(run.finish(lines.last_instant()));

  // Those that name a level are choosier and take first.
  std::vector<bool> met(test.expectations.size(), false);
  for (const bool with_level : {true, false}) {
    for (std::size_t i = 0; i < met.size(); ++i) {
      if (test.expectations[i].level.has_value() == with_level) met[i] = take(test.expectations[i], result.steps);
    }
  }
  for (std::size_t i = 0; i < met.size(); ++i) {
    if (met[i]) continue;
    const TestExpectation& expectation = test.expectations[i];
    std::string message = "this did not happen: " + expectation.alert.text + " " +
                          std::string{text::name_of(expectation.event)} + " at " +
                          text::format_instant(expectation.time.instant);
    if (expectation.level) message += " level " + std::string{text::name_of(expectation.level->level)};
    result.failures.push_back({expectation.at, std::move(message), instead_of(expectation, result.steps)});
  }
  if (test.nothing_else) {
    for (const TestStep& step : result.steps) {
      for (const TestEvent& event : step.events) {
        if (event.expected || !counts_for_nothing_else(event.kind)) continue;
        result.failures.push_back({*test.nothing_else, "something else happened: " + describe(event), {}});
      }
    }
  }
  if (at_end) at_end(run.evaluator(), result);
  return result;
}

std::string describe(const TestEvent& event) {
  std::string out = event.alert + " " + std::string{text::name_of(event.kind)};
  if (event.kind == engine::EventKind::retracted) out += " (" + std::string{text::name_of(event.retracted_kind)} + ")";
  out += " at " + text::format_instant(event.at);
  if (counts_for_nothing_else(event.kind)) out += " level " + std::string{text::name_of(event.level)};
  return out;
}

std::string render(const TestResult& result, const SourceFile& source) {
  std::string out;
  constexpr std::size_t kShown = 8;
  for (const TestFailure& failure : result.failures) {
    out += render(Diagnostic{Severity::error, failure.at, failure.message, {}, {}}, source);
    for (std::size_t i = 0; i < failure.instead.size() && i < kShown; ++i) {
      out += (i == 0 ? "  it sent " : "          ") + failure.instead[i] + "\n";
    }
    if (failure.instead.size() > kShown) out += "          and more, see below\n";
  }
  if (result.passed()) return out;
  out += "  timeline of \"" + printable(result.title) + "\":\n";
  Range shown;
  for (const TestStep& step : result.steps) {
    if (step.at.end == 0) {
      if (!step.events.empty()) out += "    then, as time passes\n";
    } else if (step.at.begin != shown.begin || shown.end == 0) {
      out += "    line " + std::to_string(place_of(source.text, step.at.begin).line) + ": " +
             trimmed_line(source, step.at) + "\n";
      shown = step.at;
    }
    if (!step.remark.empty()) out += "      " + step.remark + "\n";
    for (const TestEvent& event : step.events) {
      out += "      -> " + describe(event) +
             (event.detected_at != event.at ? ", known at " + text::format_instant(event.detected_at) : "") + "\n";
    }
  }
  return out;
}
}  // namespace tocsin::compiler
