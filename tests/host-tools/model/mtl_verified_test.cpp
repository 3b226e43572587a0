// SPDX-License-Identifier: Apache-2.0
/// What: 100 formulas of metric temporal logic hold at every millisecond, in the model and in the engine, where a
/// monitor with a machine-checked proof says they do. How: each formula becomes a book with one alert on it. The model
/// is asked for the condition's truth; the engine's raised and cleared events are the truth's edges, with the reports
/// in order and with every one of them late.
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "tocsin/compiler/compile.hpp"
#include "tocsin/engine/engine.hpp"
#include "tocsin/model/model.hpp"

#include "image_parts.hpp"

#include "CppUTest/TestHarness.h"  // last: it redefines `new`

using namespace tocsin::engine;
using tocsin::model::Model;
using tocsin::test_support::report_at;

namespace {
constexpr Instant kFirst = 1'704'067'200'000;  // 2024-01-01T00:00Z
constexpr std::size_t kLength = 1500;
constexpr std::size_t kSignals = 4;
const std::string kFolder = TOCSIN_SOURCE_DIR "/tests/conformance/mtl-verified/";

struct Case {
  int log = 0;
  std::string verdict;
  std::string formula;
};

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  std::ifstream file(kFolder + "cases.txt");
  Case next;
  while (file >> next.log >> next.verdict && std::getline(file, next.formula)) cases.push_back(next);
  return cases;
}

/// By log: values of each signal at each millisecond.
std::map<int, std::vector<std::string>> read_logs() {
  std::map<int, std::vector<std::string>> logs;
  std::ifstream file(kFolder + "logs.txt");
  int log = 0;
  std::string indicator;
  std::string values;
  while (file >> log >> indicator >> values) logs[log].push_back(values);
  return logs;
}

std::vector<Input> reports_of(const std::vector<std::string>& signals) {
  std::vector<Input> reports;
  for (std::size_t ms = 0; ms < kLength; ++ms) {
    for (std::size_t i = 0; i < kSignals; ++i) {
      if (ms > 0 && signals[i][ms] == signals[i][ms - 1]) continue;
      reports.push_back(report_at(kFirst + static_cast<Instant>(ms), static_cast<std::uint16_t>(i),
                                  signals[i][ms] - '0', reports.size() + 1));
    }
  }
  return reports;
}

std::string book_of(const std::string& formula) {
  std::string book = "watchbook \"verified\" version 1\ntheater t\norigin o { reliability B }\nfeed f { origin o }\n";
  for (const char* digit : {"0", "1", "2", "3"}) {
    book += std::string("indicator a0") + digit + " { theater t feeds f }\ncondition p0" + digit + " = last(a0" +
            digit + ") >= 1\n";
  }
  return book + "condition formula = " + formula + "\nalert x { theater t when formula }\n";
}

/// A compiled formula.
struct Compiled {
  tocsin::compiler::CompileResult result;
  Image image;
};

void compile_case(const std::string& formula, Compiled& out) {
  const tocsin::compiler::SourceFile source{"verified.watch", book_of(formula)};
  out.result = tocsin::compiler::compile(source, *tocsin::compiler::find_target("server"));
  std::string messages = formula;
  for (const auto& diagnostic : out.result.diagnostics) messages += "\n" + diagnostic.message;
  CHECK_TEXT(out.result.ok, messages.c_str());
  ENUMS_EQUAL_INT(ImageError::none, load_image(out.result.image.bytes(), out.image));
}

std::string model_verdict(const Image& image, const std::vector<Input>& reports) {
  Model model{image, kFirst};
  for (const Input& report : reports) model.take(report);
  const auto found = model.evaluate(kFirst + static_cast<Instant>(kLength) - 1);
  std::string verdict(kLength, '?');
  for (std::size_t ms = 0; ms < kLength; ++ms) {
    const Truth truth = found.truth(image.alerts[0].when, kFirst + static_cast<Instant>(ms));
    verdict[ms] = truth == Truth::yes ? '1' : truth == Truth::no ? '0' : 'u';
  }
  return verdict;
}

/// From the alert's raised and cleared events, late news included.
std::string engine_verdict(const Image& image, const std::vector<Input>& reports) {
  std::vector<std::uint64_t> block(layout_of(image).block_bytes / 8 + 1);
  Engine engine{image, std::as_writable_bytes(std::span{block})};
  engine.start(kFirst, {});
  std::map<Instant, bool> edges;
  AlertEvent event;
  const auto step = [&](const Input& input) {
    ENUMS_EQUAL_INT(Disposition::taken, engine.step(input));
    while (engine.next_event(event)) {
      if (event.kind == EventKind::raised || event.kind == EventKind::cleared) {
        edges[event.at] = event.kind == EventKind::raised;
      } else if (event.kind == EventKind::retracted) {
        edges.erase(event.at);
      }
    }
  };
  for (const Input& report : reports) step(report);
  Input clock;
  clock.time = kFirst + static_cast<Instant>(kLength);
  clock.received = clock.time;
  step(clock);
  std::string verdict;
  bool holds = false;
  for (std::size_t ms = 0; ms < kLength; ++ms) {
    const auto edge = edges.find(kFirst + static_cast<Instant>(ms));
    if (edge != edges.end()) holds = edge->second;
    verdict += holds ? '1' : '0';
  }
  return verdict;
}
}  // namespace

TEST_GROUP(MtlVerified) {
  std::vector<Case> cases = read_cases();
  std::map<int, std::vector<std::string>> logs = read_logs();

  /// Compares one verdict; a failure names the formula and the first millisecond that differs.
  static void expect(const Case& wanted, const std::string& got, const char* who) {
    if (got == wanted.verdict) return;
    std::size_t ms = 0;
    while (got[ms] == wanted.verdict[ms]) ++ms;
    const std::string text = std::string(who) + " differs at millisecond " + std::to_string(ms) + ":" + wanted.formula;
    FAIL(text.c_str());
  }
};

TEST(MtlVerified, hold_in_the_model_and_in_the_engine_at_every_millisecond) {
  UNSIGNED_LONGS_EQUAL(100, cases.size());
  for (const Case& each : cases) {
    Compiled compiled;
    compile_case(each.formula, compiled);
    const std::vector<Input> reports = reports_of(logs[each.log]);
    expect(each, model_verdict(compiled.image, reports), "model");
    expect(each, engine_verdict(compiled.image, reports), "engine");
  }
}

TEST(MtlVerified, hold_in_the_engine_when_every_report_is_late) {
#ifdef NDEBUG
  constexpr std::size_t kStride = 1;
#else
  constexpr std::size_t kStride = 10;
#endif
  for (std::size_t i = 0; i < cases.size(); i += kStride) {
    Compiled compiled;
    compile_case(cases[i].formula, compiled);
    std::vector<Input> reports = reports_of(logs[cases[i].log]);
    // Blocks of 50 go backwards: each report but the first of a block is late.
    for (std::size_t from = 0; from < reports.size(); from += 50) {
      const auto begin = reports.begin() + static_cast<std::ptrdiff_t>(from);
      const auto end = reports.begin() + static_cast<std::ptrdiff_t>(std::min(from + 50, reports.size()));
      for (auto report = begin; report != end; ++report) report->received = (end - 1)->time;
      std::reverse(begin, end);
    }
    expect(cases[i], engine_verdict(compiled.image, reports), "engine, late");
  }
}
