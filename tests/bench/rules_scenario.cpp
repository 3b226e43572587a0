// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "tocsin/test_support/prng.hpp"

#include "scenario.hpp"

namespace tocsin::bench {
namespace {
using engine::Input;
using engine::InputKind;
using engine::Instant;
using engine::Span;

constexpr Span kMinute = 60'000;
constexpr Span kHour = 60 * kMinute;
constexpr Span kMonth = 30 * 24 * kHour;
constexpr Instant kStart = 1'600'000'000'000;

std::string two_digits(std::uint32_t n) { return {static_cast<char>('0' + n / 10), static_cast<char>('0' + n % 10)}; }

Span count_window(const RulesBook& book, std::uint32_t rule) {
  return 48 * kHour + (book.sharing == Sharing::apart ? rule * kMinute : 0);
}
Span then_window(const RulesBook& book, std::uint32_t rule) {
  return 72 * kHour + (book.sharing == Sharing::apart ? rule * kMinute : 0);
}
std::string minutes(Span span) { return std::to_string(span / kMinute) + "m"; }
std::string suffix(const RulesBook& book, std::uint32_t rule) {
  return book.sharing == Sharing::spread ? two_digits(rule) : std::string{};
}
std::uint32_t pairs(const RulesBook& book) { return book.sharing == Sharing::spread ? kRules : 1; }

std::string indicator(const std::string& name, const std::string& theater, std::uint32_t keep) {
  return "indicator " + name + " { theater " + theater + " feeds wire keep " + std::to_string(keep) + " }\n";
}

std::string rule_text(const RulesBook& book, std::uint32_t rule) {
  const std::string a = "a" + suffix(book, rule);
  const std::string b = "b" + suffix(book, rule);
  std::string text = "linkage r" + two_digits(rule) + " { from west to east\n  when (" + a + " and count(" + a + ", " +
                     minutes(count_window(book, rule)) + ") >= 3) then " + b + " within " +
                     minutes(then_window(book, rule)) + "\n  level high\n";
  if (book.cooldown == Cooldown::month) text += "  cooldown 30d\n";
  return text + "  caveat \"Order in time is not coordination.\"\n}\n";
}

/// Times of the reports of one indicator, in order.
std::vector<Instant> times_of(const std::vector<Input>& lines, std::uint16_t indicator) {
  std::vector<Instant> times;
  for (const Input& line : lines) {
    if (line.kind == InputKind::report && line.indicator == indicator) times.push_back(line.time);
  }
  return times;
}

/// Those of them with at least three in the window that ends there.
std::vector<Instant> crowded(const std::vector<Instant>& times, Span window) {
  std::vector<Instant> found;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (!found.empty() && found.back() == times[i]) continue;
    std::size_t count = 0;
    for (std::size_t k = i; k < times.size() && times[k] == times[i]; ++k) ++count;
    for (std::size_t k = i; k > 0 && times[k - 1] > times[i] - window; --k) ++count;
    if (count >= 3) found.push_back(times[i]);
  }
  return found;
}

void expect_rule(const RulesBook& book, const engine::Image& image, std::uint32_t rule, const std::vector<Input>& lines,
                 Ledger& ledger) {
  const std::uint16_t alert = image.find_alert("r" + two_digits(rule));
  const auto a = crowded(times_of(lines, image.find_indicator("a" + suffix(book, rule))), count_window(book, rule));
  const auto b = times_of(lines, image.find_indicator("b" + suffix(book, rule)));
  const Span window = then_window(book, rule);
  const Span rest = book.cooldown == Cooldown::month ? kMonth : 0;
  Instant raised_at = engine::kNever / 2;
  std::size_t next = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    // Truth at neighbouring instants is one truth: it began with the first of them.
    if (i > 0 && b[i] <= b[i - 1] + 1) continue;
    while (next < a.size() && a[next] < b[i]) ++next;
    const bool met = next > 0 && a[next - 1] >= b[i] - window;
    if (!met || b[i] < raised_at + rest) continue;
    raised_at = b[i];
    Instant end = b[i] + 1;
    for (std::size_t k = i + 1; k < b.size() && b[k] <= end; ++k) end = b[k] + 1;
    ledger.add({engine::EventKind::raised, alert, engine::Level::high, raised_at, raised_at});
    ledger.add({engine::EventKind::cleared, alert, engine::Level::high, end, raised_at});
  }
}
}  // namespace

std::string text_of(const RulesBook& book) {
  std::string text =
      "watchbook \"Benchmark\" version 1\nhorizon 72h\ntheater west {}\ntheater east {}\n"
      "origin eyes { reliability B }\nfeed wire { origin eyes }\n";
  for (std::uint32_t i = 0; i < pairs(book); ++i) {
    text += indicator("a" + suffix(book, i), "west", book.keep) + indicator("b" + suffix(book, i), "east", book.keep);
  }
  text += indicator("other", "west", book.keep);
  for (std::uint32_t i = 0; i < kRules; ++i) text += rule_text(book, i);
  return text;
}

std::vector<Input> lines_for(const RulesBook& book, const engine::Image& image, std::size_t reports) {
  test_support::Prng prng{7};
  std::vector<std::uint16_t> a;
  std::vector<std::uint16_t> b;
  for (std::uint32_t i = 0; i < pairs(book); ++i) {
    a.push_back(image.find_indicator("a" + suffix(book, i)));
    b.push_back(image.find_indicator("b" + suffix(book, i)));
  }
  const std::uint16_t other = image.find_indicator("other");
  std::vector<Input> lines;
  lines.reserve(reports + 1);
  Instant time = kStart;
  for (std::size_t i = 0; i < reports; ++i) {
    time += static_cast<Span>(-std::log(1.0 - prng.unit()) * static_cast<double>(kHour));
    const std::uint64_t dice = prng.below(100);
    const std::size_t pair = prng.index(a.size());
    Input line;
    line.kind = InputKind::report;
    line.feed = 0;
    line.origin = 0;
    line.credibility = 2;
    line.indicator = dice < 20 ? a[pair] : dice < 25 ? b[pair] : other;
    line.seq = i + 1;
    line.content = static_cast<std::uint32_t>(i * 2654435761U);
    line.time = time;
    line.received = time;
    lines.push_back(line);
  }
  Input end;
  end.kind = InputKind::clock;
  end.time = end.received = time + 200 * kHour;
  lines.push_back(end);
  return lines;
}

std::vector<Input> delayed(std::vector<Input> lines) {
  test_support::Prng prng{11};
  for (Input& line : lines) {
    if (line.kind != InputKind::report) continue;
    const std::uint64_t dice = prng.below(100);
    Span delay = 0;
    if (dice < 70) {
      delay = prng.between(0, 10 * kMinute);
    } else if (dice < 95) {
      delay = prng.between(10 * kMinute, 6 * kHour);
    } else {
      delay = prng.between(6 * kHour, 48 * kHour);
    }
    line.received = line.time + delay;
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Input& left, const Input& right) { return left.received < right.received; });
  return lines;
}

Ledger expected(const RulesBook& book, const engine::Image& image, const std::vector<Input>& lines_in_order) {
  Ledger ledger;
  for (std::uint32_t rule = 0; rule < kRules; ++rule) expect_rule(book, image, rule, lines_in_order, ledger);
  return ledger;
}
}  // namespace tocsin::bench
