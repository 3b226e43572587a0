// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file BookBuilder: rule images for engine tests, built node by node on every target without the compiler.
#include <cstdint>
#include <string>
#include <vector>

#include "tocsin/engine/engine.hpp"

namespace tocsin::test_support {
/// Records of a book under construction. Add named things in name order; add a node after its operands.
class BookBuilder {
 public:
  explicit BookBuilder(engine::Span horizon_ms) { horizon_ms_ = horizon_ms; }

  std::uint16_t theater(const char* name, engine::Span step_down_ms = 0, std::uint16_t blind_after = engine::kNone);
  std::uint16_t origin(const char* name, char reliability = 'B');
  std::uint16_t feed(const char* name, std::vector<std::uint16_t> origins, engine::Span every_ms = 0,
                     engine::Span grace_ms = 0);
  std::uint16_t indicator(const char* name, std::vector<std::uint16_t> feeds, std::uint16_t keep = 16,
                          std::uint16_t theater = 0);

  std::uint16_t actor(const char* name);
  std::uint16_t tag(const char* name);
  /// A filter on an indicator; its bit is the next free one of that indicator.
  std::uint16_t filter(std::uint16_t indicator, const std::vector<engine::FilterTerm>& terms);
  static engine::FilterTerm term(engine::FilterKey key, engine::Op comparison, std::uint16_t ref, double value = 0);

  std::uint16_t literal(double value);
  std::uint16_t number(engine::Op op, std::uint16_t indicator, engine::Span window_ms = 0);
  std::uint16_t node(engine::Op op, std::uint16_t a, std::uint16_t b = 0, engine::Span window_ms = 0);
  /// `a in last from_ms to to_ms` and `a since b in last from_ms to to_ms`, with as many runs as they need.
  std::uint16_t in_last(std::uint16_t a, engine::Span from_ms, engine::Span to_ms);
  std::uint16_t since(std::uint16_t a, std::uint16_t b, engine::Span from_ms, engine::Span to_ms);
  /// A node that was added, to set what the functions above leave at its default.
  [[nodiscard]] engine::Node& edit(std::uint16_t node) { return nodes_[node]; }
  std::uint16_t condition(const char* name, std::uint16_t node);
  std::uint16_t hypothesis(const char* name);

  struct NeedOptions {
    std::vector<std::uint16_t> indicators;
    std::vector<std::uint16_t> filters = {};  ///< empty: none has one; else as many as indicators
    std::uint16_t count = 2;
    engine::Span window_ms = 1;
    engine::Level cap = engine::Level::watch;
  };
  struct WeighOptions {
    std::uint16_t when = engine::kNone;
    std::vector<engine::Weight> weights;
  };
  struct AlertOptions {
    engine::Level level = engine::Level::watch;
    engine::Span hold_ms = 0;
    engine::Span cooldown_ms = 0;
    std::uint16_t clear = engine::kNone;
    std::uint8_t evidence = 8;
    std::vector<std::uint16_t> theaters = {0};
    std::vector<engine::LevelRule> levels = {};
    std::vector<std::uint16_t> need_indicators = {};  ///< one `needs`, when not empty
    std::uint16_t need_count = 2;
    engine::Span need_window_ms = 1;
    engine::Level need_cap = engine::Level::watch;
    std::vector<NeedOptions> needs = {};  ///< further ones
    std::vector<WeighOptions> weighs = {};
    std::vector<std::uint16_t> against = {};  ///< indices of named conditions
  };
  std::uint16_t alert(const char* name, std::uint16_t when, const AlertOptions& options);
  std::uint16_t alert(const char* name, std::uint16_t when) { return alert(name, when, AlertOptions{}); }

  engine::Bounds bounds{64, 64, 3, 8, 0, 0};

  /// The finished image as 8-byte words; size() is a multiple of 8.
  [[nodiscard]] std::vector<std::uint64_t> build();
  [[nodiscard]] std::size_t node_count() const { return nodes_.size(); }

 private:
  engine::Name text(const char* value);
  engine::ListRef list(const std::vector<std::uint16_t>& elements);
  void add_need(const NeedOptions& options);
  [[nodiscard]] std::vector<std::uint64_t> encode() const;
  void reach_feeds(std::uint16_t node, std::vector<bool>& seen, std::vector<std::uint16_t>& feeds) const;

  engine::Span horizon_ms_;
  std::string text_;
  std::vector<std::uint16_t> lists_;
  std::vector<engine::Theater> theaters_;
  std::vector<engine::Origin> origins_;
  std::vector<engine::Feed> feeds_;
  std::vector<engine::Indicator> indicators_;
  std::vector<engine::Node> nodes_;
  std::vector<engine::Condition> conditions_;
  std::vector<engine::LevelRule> level_rules_;
  std::vector<engine::Need> needs_;
  std::vector<engine::Alert> alerts_;
  std::vector<engine::Actor> actors_;
  std::vector<engine::Tag> tags_;
  std::vector<engine::Filter> filters_;
  std::vector<engine::FilterTerm> filter_terms_;
  std::vector<engine::Hypothesis> hypotheses_;
  std::vector<engine::WeighClause> weigh_clauses_;
  std::vector<engine::Weight> weights_;
  std::uint32_t ring_ = 0;
};

/// An engine with its image and memory, for tests.
class Bench {
 public:
  explicit Bench(BookBuilder& book);
  /// The last step's events, pulled.
  std::vector<engine::AlertEvent> step(const engine::Input& input);
  engine::Disposition disposition = engine::Disposition::taken;

  static engine::Input report(std::uint16_t feed, std::uint64_t seq, std::uint16_t indicator, engine::Instant time,
                              double value, engine::Instant received, std::uint16_t origin = 0);
  static engine::Input heartbeat(std::uint16_t feed, engine::Instant time, engine::Instant received);
  static engine::Input clock(engine::Instant time);
  static engine::Input retraction(std::uint16_t feed, std::uint64_t seq, std::uint64_t target, engine::Instant time,
                                  engine::Instant received);

  [[nodiscard]] engine::Engine& engine() { return engine_; }
  [[nodiscard]] const engine::Image& image() const { return image_; }

 private:
  static engine::Image load(const std::vector<std::uint64_t>& bytes);
  std::vector<std::uint64_t> bytes_;
  engine::Image image_;
  std::vector<std::uint64_t> block_;
  engine::Engine engine_;
};
}  // namespace tocsin::test_support
