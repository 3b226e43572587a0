// SPDX-License-Identifier: Apache-2.0
#include "tocsin/test_support/prng.hpp"

#include "scenario.hpp"

namespace tocsin::bench {
namespace {
using engine::Input;
using engine::InputKind;
using engine::Instant;
using engine::Span;

constexpr Instant kStart = 1'600'000'000'000;
constexpr Span kWindow = 100;  // [ms] of the first rule
constexpr Span kCooldown = 1'000'000;

std::string three_digits(std::uint32_t n) {
  return {static_cast<char>('0' + n / 100), static_cast<char>('0' + n / 10 % 10), static_cast<char>('0' + n % 10)};
}
std::uint32_t rules(TickBook book) { return book == TickBook::one ? 1 : kTickRules; }
std::uint32_t pairs(TickBook book) { return book == TickBook::pairs ? kTickRules : 1; }
Span window(TickBook book, std::uint32_t rule) { return kWindow + (book == TickBook::windows ? rule : 0); }
std::uint32_t pair_of(TickBook book, std::uint32_t rule) { return book == TickBook::pairs ? rule : 0; }

/// One rule stepped tick by tick, straight from what `then` and an alert mean.
class Stepper {
 public:
  Stepper(std::uint16_t alert, Span window, Span cooldown) : alert_{alert}, window_{window}, cooldown_{cooldown} {}
  void step(Instant now, bool a, bool b, Ledger& ledger) {
    if (b && !b_before_) latched_ = last_a_ >= now - window_;
    const bool when = b && latched_;
    if (when && !raised_ && now >= raised_at_ + cooldown_) {
      raised_ = true;
      raised_at_ = now;
      ledger.add({engine::EventKind::raised, alert_, engine::Level::watch, now, now});
    } else if (!when && raised_) {
      raised_ = false;
      ledger.add({engine::EventKind::cleared, alert_, engine::Level::watch, now, raised_at_});
    }
    b_before_ = b;
    if (a) last_a_ = now;
  }

 private:
  std::uint16_t alert_;
  Span window_;
  Span cooldown_;
  Instant last_a_ = engine::kNever / 2;
  Instant raised_at_ = engine::kNever / 2;
  bool b_before_ = false;
  bool latched_ = false;
  bool raised_ = false;
};

/// The booleans of one pair.
struct Pair {
  std::uint16_t indicator[2];
  bool value[2] = {false, false};
};

Input report(std::uint16_t indicator, Instant time, std::uint64_t seq, bool value) {
  Input line;
  line.kind = InputKind::report;
  line.feed = 0;
  line.origin = 0;
  line.indicator = indicator;
  line.seq = seq;
  line.content = static_cast<std::uint32_t>(seq * 2654435761U);
  line.time = line.received = time;
  line.value = value ? 1.0 : 0.0;
  return line;
}
}  // namespace

std::string text_of(TickBook book, Cooldown cooldown) {
  std::string text =
      "watchbook \"Ticks\" version 1\nhorizon 1s\ntheater west {}\norigin eyes { reliability B }\n"
      "feed wire { origin eyes }\n";
  for (std::uint32_t i = 0; i < pairs(book); ++i) {
    for (const char* side : {"a", "b"}) {
      text += std::string{"indicator "} + side + three_digits(i) + " { theater west feeds wire keep 16 }\n";
    }
  }
  for (std::uint32_t i = 0; i < rules(book); ++i) {
    const std::string pair = three_digits(pair_of(book, i));
    text += "alert r" + three_digits(i) + " { theater west  when last(a" + pair + ") = 1 then last(b" + pair +
            ") = 1 within " + std::to_string(window(book, i)) + "ms" +
            (cooldown == Cooldown::none ? "" : "  cooldown " + std::to_string(kCooldown) + "ms") + " }\n";
  }
  return text;
}

TickLines tick_lines(TickBook book, Cooldown cooldown, const engine::Image& image, std::size_t ticks) {
  test_support::Prng prng{5};
  TickLines out;
  std::vector<Pair> state(pairs(book));
  for (std::uint32_t i = 0; i < pairs(book); ++i) {
    state[i].indicator[0] = image.find_indicator("a" + three_digits(i));
    state[i].indicator[1] = image.find_indicator("b" + three_digits(i));
  }
  std::vector<Stepper> steppers;
  for (std::uint32_t i = 0; i < rules(book); ++i) {
    steppers.emplace_back(image.find_alert("r" + three_digits(i)), window(book, i),
                          cooldown == Cooldown::none ? 0 : kCooldown);
  }
  std::uint64_t seq = 0;
  for (std::size_t tick = 0; tick < ticks; ++tick) {
    const Instant now = kStart + static_cast<Instant>(tick);
    for (Pair& pair : state) {
      for (std::size_t side = 0; side < 2; ++side) {
        if (!prng.chance(1)) continue;
        pair.value[side] = !pair.value[side];
        out.lines.push_back(report(pair.indicator[side], now, ++seq, pair.value[side]));
      }
    }
    for (std::uint32_t i = 0; i < rules(book); ++i) {
      const Pair& own = state[pair_of(book, i)];
      steppers[i].step(now, own.value[0], own.value[1], out.expected);
    }
  }
  Input end;
  end.kind = InputKind::clock;
  end.time = end.received = kStart + static_cast<Instant>(ticks) - 1;
  out.lines.push_back(end);
  return out;
}
}  // namespace tocsin::bench
