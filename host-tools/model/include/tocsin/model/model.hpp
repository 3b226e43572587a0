// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Model: a slow, obvious evaluator of a rule image, written from the language's definitions. It shares the
/// engine's headers and none of its code, so that where the two differ one of them is wrong.
///
/// A Model keeps every line it was given. Asked what follows, it works all out anew: each node of the rules becomes a
/// list of stretches of time over [first instant, to], and the alerts walk over those. Nothing is incremental.
/// Portable: standard containers, no files, no threads, nothing thrown.
///
/// Cost: evaluate() takes, for each number, a pass over the kept reports at each instant where it may change: about
/// 3 * reports * min(reports, keep) values for each number, and memory of some 100 bytes for each such instant.
#include <cstdint>
#include <vector>

#include "tocsin/engine/engine.hpp"
#include "tocsin/model/intervals.hpp"

namespace tocsin::model {
/// What an alert did, without what may differ by order of arrival.
struct Fact {
  engine::Instant at;
  std::uint16_t alert;  ///< index in Image::alerts
  engine::EventKind kind;
  engine::Level level;
  engine::Instant raised_at;
  friend bool operator==(const Fact&, const Fact&) = default;
  /// Output order.
  friend bool operator<(const Fact& left, const Fact& right) {
    if (left.at != right.at) return left.at < right.at;
    if (left.alert != right.alert) return left.alert < right.alert;
    return left.kind < right.kind;
  }
};

/// When a condition is true and when it is at least unknown; `yes` is a part of `maybe`. False otherwise.
struct Verdict {
  Intervals yes;
  Intervals maybe;
};

/// A number from `from` on, until the next piece.
struct NumberPiece {
  engine::Instant from;
  bool known;             ///< false: `value` means nothing
  bool saturated;         ///< a report already pushed out would lie in the window
  std::uint32_t reports;  ///< so many lie in the window and pass the filter
  double value;
};

/// A theater's level from `from` on, until the next piece.
struct LevelPiece {
  engine::Instant from;
  engine::Level level;
};

/// All that a set of lines means, from the first instant up to `within.to`.
struct Evaluation {
  Interval within{};
  std::vector<Intervals> overdue;                 ///< by feed
  std::vector<Intervals> blind;                   ///< by indicator
  std::vector<Verdict> verdicts;                  ///< by node; empty for numbers
  std::vector<std::vector<NumberPiece>> numbers;  ///< by node; empty for conditions
  std::vector<Intervals> needs;                   ///< by need, when its window holds enough origins
  std::vector<Fact> facts;                        ///< in output order
  std::vector<std::vector<LevelPiece>> theaters;  ///< by theater, what raised alerts make of it
  std::vector<Intervals> dark_theaters;           ///< by theater, when it is UNKNOWN

  /// A condition's truth. Before the first instant all are false.
  [[nodiscard]] engine::Truth truth(std::uint16_t node, engine::Instant at) const;
  /// A number's piece at an instant of `within`.
  [[nodiscard]] const NumberPiece& number(std::uint16_t node, engine::Instant at) const;
  /// A theater's level, UNKNOWN included.
  [[nodiscard]] engine::Level theater_level(std::uint16_t theater, engine::Instant at) const;
};

/// The lines so far, and what they mean. One owner, no threads.
class Model {
 public:
  /// @param image  a loaded image; it and its bytes must outlive the model.
  /// @param first  the first instant; the clock starts there.
  /// @param mode   what the engine it is compared with was started for.
  explicit Model(const engine::Image& image, engine::Instant first, engine::Mode mode = {})
      : image_{image}, first_{first}, clock_{first}, mode_{mode} {}

  /// Takes a line. @param input  as Engine::step() takes it. @returns what the language says becomes of it.
  engine::Disposition take(const engine::Input& input);
  [[nodiscard]] engine::Instant clock() const { return clock_; }
  [[nodiscard]] engine::Instant first_instant() const { return first_; }

  /// What all lines so far mean, up to `to`. @param to  [ms] at least the first instant, else nothing is evaluated.
  [[nodiscard]] Evaluation evaluate(engine::Instant to) const;
  /// What stands up to `to`, in output order: evaluate(to).facts.
  [[nodiscard]] std::vector<Fact> facts(engine::Instant to) const { return evaluate(to).facts; }

  /// Weights of an alert's hypotheses at an instant that `evaluation` covers: by weight, greatest first, then name.
  [[nodiscard]] std::vector<engine::HypothesisWeight> hypotheses(const Evaluation& evaluation, std::uint16_t alert,
                                                                 engine::Instant at) const;

 private:
  struct Line : engine::Input {
    bool withdrawn = false;
  };
  [[nodiscard]] bool stale(engine::Instant time) const;
  [[nodiscard]] engine::Disposition take_numbered(const engine::Input& input);

  const engine::Image& image_;
  engine::Instant first_;
  engine::Instant clock_;
  engine::Mode mode_;
  std::vector<Line> lines_;  ///< accepted reports and retractions, in event order
  std::vector<engine::Input> heartbeats_;
};
}  // namespace tocsin::model
