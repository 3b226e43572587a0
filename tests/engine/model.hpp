// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Model: a slow, obvious evaluator, written from the language's definitions and sharing no code with the engine.
///
/// It keeps every accepted line and, when asked, works out the truth of every node at every single millisecond from the
/// first instant to the last, then walks the alerts through them. No incremental state at all.
#include <vector>

#include "tocsin/engine/engine.hpp"

namespace tocsin::test_support {
/// What stands: an alert event without what may differ by arrival order.
struct StandingFact {
  engine::Instant at;
  std::uint16_t alert;
  engine::EventKind kind;
  engine::Level level;
  engine::Instant raised_at;
  friend bool operator==(const StandingFact&, const StandingFact&) = default;
  friend bool operator<(const StandingFact& left, const StandingFact& right) {
    if (left.at != right.at) return left.at < right.at;
    if (left.alert != right.alert) return left.alert < right.alert;
    return left.kind < right.kind;
  }
};

class Model {
 public:
  Model(const engine::Image& image, engine::Instant first) : image_{image}, first_{first}, clock_{first} {}

  /// Takes a line as the engine would. @returns what the language says becomes of it.
  engine::Disposition take(const engine::Input& input);
  [[nodiscard]] engine::Instant clock() const { return clock_; }
  /// Everything the alerts did from the first instant up to `to`, in output order.
  [[nodiscard]] std::vector<StandingFact> facts(engine::Instant to) const;

 private:
  struct Number {
    double value;
    bool known;
  };
  struct Timeline;

  /// A report or retraction that was accepted.
  struct Line : engine::Input {
    bool withdrawn = false;
  };

  [[nodiscard]] bool stale(const engine::Input& input) const;
  [[nodiscard]] std::vector<engine::Input> newest(std::uint16_t indicator, engine::Instant at) const;
  [[nodiscard]] bool overdue(std::uint16_t feed, engine::Instant at) const;
  [[nodiscard]] bool blind(std::uint16_t indicator, engine::Instant at) const;
  [[nodiscard]] Number number(const Timeline& line, std::uint16_t node, engine::Instant at) const;
  [[nodiscard]] engine::Truth truth(const Timeline& line, std::uint16_t node, engine::Instant at) const;
  void walk_alert(const Timeline& line, std::uint16_t alert, engine::Instant to, std::vector<StandingFact>& out) const;
  [[nodiscard]] std::size_t origins_in(const std::vector<std::uint16_t>& indicators, engine::Instant at,
                                       engine::Span window) const;

  const engine::Image& image_;
  engine::Instant first_;
  engine::Instant clock_;
  std::vector<Line> lines_;  ///< accepted reports and retractions, in event order
  std::vector<engine::Input> heartbeats_;
};
}  // namespace tocsin::test_support
