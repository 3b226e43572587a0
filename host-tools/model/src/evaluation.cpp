// SPDX-License-Identifier: Apache-2.0
// Feeds, indicators and nodes as stretches of time.
#include <algorithm>
#include <cmath>

#include "evaluate.hpp"

namespace tocsin::model {
using namespace tocsin::engine;

void decide_contact(const Image& image, const std::vector<std::vector<Instant>>& contacts, Evaluation& out) {
  for (std::size_t i = 0; i < image.feeds.size(); ++i) {
    const Feed& feed = image.feeds[i];
    if (feed.every_ms == 0) {
      out.overdue.emplace_back();
      continue;
    }
    std::vector<Interval> fresh;  // a contact at c is within (t - P - G, t] for t from c to c + P + G - 1
    for (const Instant at : contacts[i]) fresh.push_back({at, at + feed.every_ms + feed.grace_ms - 1});
    out.overdue.push_back(complement(normalised(fresh, out.within), out.within));
  }
  for (const Indicator& indicator : image.indicators) {
    Intervals blind{out.within};
    bool regular = false;
    for (const std::uint16_t feed : image.list(indicator.feeds)) {
      if (image.feeds[feed].every_ms == 0) continue;
      regular = true;
      blind = intersected(blind, out.overdue[feed]);
    }
    if (!regular && indicator.feeds.count > 0) blind.clear();
    out.blind.push_back(blind);
  }
}

namespace {
NumberPiece piece_of(Instant from, double value) { return {from, std::isfinite(value), false, 0, value + 0.0}; }

/// A number as it is where no blindness hides it.
std::vector<NumberPiece> hidden(const std::vector<NumberPiece>& number, const Intervals& blind) {
  std::vector<Instant> changes;
  for (const NumberPiece& piece : number) changes.push_back(piece.from);
  for (const Interval& stretch : blind) {
    changes.push_back(stretch.from);
    changes.push_back(stretch.to + 1);
  }
  std::sort(changes.begin(), changes.end());
  changes.erase(std::unique(changes.begin(), changes.end()), changes.end());
  std::vector<NumberPiece> out;
  std::size_t i = 0;
  for (const Instant at : changes) {
    while (i + 1 < number.size() && number[i + 1].from <= at) ++i;
    out.push_back(number[i]);
    out.back().from = at;
    if (contains(blind, at)) out.back().known = false;
  }
  return out;
}

/// Calls visit(from, until, left, right) for each stretch over which both numbers stay the same.
template <class Visit>
void each_pair(const std::vector<NumberPiece>& left, const std::vector<NumberPiece>& right, Interval within,
               Visit visit) {
  std::size_t l = 0;
  std::size_t r = 0;
  for (Instant from = within.from; from <= within.to;) {
    Instant next = within.to + 1;
    if (l + 1 < left.size()) next = std::min(next, left[l + 1].from);
    if (r + 1 < right.size()) next = std::min(next, right[r + 1].from);
    visit(from, next - 1, left[l], right[r]);
    if (l + 1 < left.size() && left[l + 1].from == next) ++l;
    if (r + 1 < right.size() && right[r + 1].from == next) ++r;
    from = next;
  }
}

double computed(Op op, double left, double right) {
  if (op == Op::add) return left + right;
  if (op == Op::subtract) return left - right;
  if (op == Op::multiply) return left * right;
  return right == 0.0 ? std::nan("") : left / right;
}

std::vector<NumberPiece> arithmetic(const Evaluation& now, const Node& node) {
  std::vector<NumberPiece> out;
  const auto add = [&](Instant from, Instant, const NumberPiece& left, const NumberPiece& right) {
    const bool known = left.known && right.known;
    out.push_back(piece_of(from, known ? computed(static_cast<Op>(node.op), left.value, right.value) : std::nan("")));
    out.back().saturated = left.saturated || right.saturated;
  };
  each_pair(now.numbers[node.a], now.numbers[node.b], now.within, add);
  return out;
}

Verdict comparison(const Evaluation& now, const Node& node) {
  std::vector<Interval> yes;
  std::vector<Interval> maybe;
  const auto add = [&](Instant from, Instant until, const NumberPiece& left, const NumberPiece& right) {
    const bool known = left.known && right.known;
    const bool holds = known && compares(static_cast<Op>(node.op), left.value, right.value);
    if (holds) yes.push_back({from, until});
    if (holds || !known) maybe.push_back({from, until});
  };
  each_pair(now.numbers[node.a], now.numbers[node.b], now.within, add);
  return {normalised(yes, now.within), normalised(maybe, now.within)};
}

Verdict then(const Evaluation& now, const Node& node) {
  const Verdict& a = now.verdicts[node.a];
  const Verdict& b = now.verdicts[node.b];
  // The stretches of b.yes are its truths, each with the instant it began.
  const Intervals in_doubt = intersected(b.maybe, complement(b.yes, now.within));
  return {runs_after(b.yes, a.yes, node.window_ms), united(in_doubt, runs_after(b.yes, a.maybe, node.window_ms))};
}

/// Unknown is worked out by asking twice, once for what is true, once for what may be.
Verdict since(const Evaluation& now, const Node& node) {
  const Verdict& a = now.verdicts[node.a];
  const Verdict& b = now.verdicts[node.b];
  return {since(a.yes, b.yes, node.ago_ms, node.window_ms, now.within),
          since(a.maybe, b.maybe, node.ago_ms, node.window_ms, now.within)};
}

/// Unknown counts as not true here, so the result is never unknown.
Verdict from_until(const Evaluation& now, const Node& node) {
  const Intervals not_b = complement(now.verdicts[node.b].yes, now.within);
  const Intervals holds = since(not_b, now.verdicts[node.a].yes, 0, kUnbounded, now.within);
  return {holds, holds};
}

/// Conditions on one or two conditions.
Verdict condition(const Evaluation& now, const Node& node) {
  const Shape shape = shape_of(node.op);
  const Verdict& a = now.verdicts[node.a];
  if (shape == Shape::negate) return {complement(a.maybe, now.within), complement(a.yes, now.within)};
  if (shape == Shape::hold_for) return {held_for(a.yes, node.window_ms), held_for(a.maybe, node.window_ms)};
  if (shape == Shape::in_last) {
    return {in_last(a.yes, node.ago_ms, node.window_ms, now.within),
            in_last(a.maybe, node.ago_ms, node.window_ms, now.within)};
  }
  const Verdict& b = now.verdicts[node.b];
  if (shape == Shape::both) return {intersected(a.yes, b.yes), intersected(a.maybe, b.maybe)};
  if (shape == Shape::either) return {united(a.yes, b.yes), united(a.maybe, b.maybe)};
  if (shape == Shape::since) return since(now, node);
  if (shape == Shape::then) return then(now, node);
  return from_until(now, node);
}
}  // namespace

void decide_nodes(const Image& image, const Reports& reports, Evaluation& out) {
  for (const Node& node : image.nodes) {
    std::vector<NumberPiece> number;
    Verdict verdict;
    switch (shape_of(node.op)) {
      case Shape::literal:
        number = {piece_of(out.within.from, node.value)};
        break;
      case Shape::report_number:
        number = hidden(report_number(reports, node, out.within), out.blind[node.a]);
        break;
      case Shape::arithmetic:
        number = arithmetic(out, node);
        break;
      case Shape::comparison:
        verdict = comparison(out, node);
        break;
      case Shape::pulse:
        verdict.yes = pulse(reports, node, out.within);
        verdict.maybe = united(verdict.yes, out.blind[node.a]);
        break;
      case Shape::overdue:
        verdict = {out.overdue[node.a], out.overdue[node.a]};
        break;
      case Shape::both:
      case Shape::either:
      case Shape::negate:
      case Shape::hold_for:
      case Shape::in_last:
      case Shape::then:
      case Shape::since:
      case Shape::from_until:
        verdict = condition(out, node);
        break;
    }
    out.numbers.push_back(std::move(number));
    out.verdicts.push_back(std::move(verdict));
  }
}

Truth Evaluation::truth(std::uint16_t node, Instant at) const {
  const Verdict& verdict = verdicts[node];
  if (contains(verdict.yes, at)) return Truth::yes;
  return contains(verdict.maybe, at) ? Truth::unknown : Truth::no;
}

const NumberPiece& Evaluation::number(std::uint16_t node, Instant at) const {
  const std::vector<NumberPiece>& pieces = numbers[node];
  const auto after = std::upper_bound(pieces.begin(), pieces.end(), at,
                                      [](Instant i, const NumberPiece& piece) { return i < piece.from; });
  return *(after - 1);
}

Level Evaluation::theater_level(std::uint16_t theater, Instant at) const {
  if (contains(dark_theaters[theater], at)) return Level::unknown;
  const std::vector<LevelPiece>& pieces = theaters[theater];
  const auto after = std::upper_bound(pieces.begin(), pieces.end(), at,
                                      [](Instant i, const LevelPiece& piece) { return i < piece.from; });
  return after == pieces.begin() ? Level::calm : (after - 1)->level;
}
}  // namespace tocsin::model
