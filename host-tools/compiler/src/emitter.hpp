// SPDX-License-Identifier: Apache-2.0
#pragma once
// The emitter's own state. Indices are given in the order of names, nodes operands first. A digest goes with every
// record that rules rest on, so that a rule's hash is made of what it reaches, however often parts are shared.
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "emit.hpp"
#include "hash.hpp"
#include "model.hpp"

namespace tocsin::compiler {
struct LimitPassed {};  // said already; caught by emit()

class Emitter {
 public:
  Emitter(const Book& book, const Model& model, std::vector<Diagnostic>& diagnostics)
      : book_{book}, model_{model}, diagnostics_{diagnostics} {}
  Records run();

 private:
  // Declaration index -> index in the image.
  using Numbering = std::vector<std::uint16_t>;
  static void number(const NameTable& table, Numbering& into);
  static std::vector<std::uint16_t> indices(const std::vector<Word>& names, const NameTable& table,
                                            const Numbering& numbering);
  static std::vector<std::uint16_t> sorted(std::vector<std::uint16_t> values);
  static void append(Canonical& form, std::vector<Digest> parts);

  [[noreturn]] void limit(Range at, std::string message, std::string help = "divide the book");
  engine::Name text(std::string_view value);
  engine::ListRef list(const std::vector<std::uint16_t>& values, Range at);
  // The run of a table that began at `first` and has just been filled.
  engine::ListRef run_from(std::size_t first, std::size_t end, Range at);

  // Vocabulary.
  void emit_vocabulary();
  void emit_feed(std::string_view name, const FeedDecl& feed);
  void emit_indicator(std::string_view name, const IndicatorDecl& indicator);
  void emit_theater_feeds();

  // Nodes and filters.
  void number_tags();
  std::uint16_t filter(const Filter& filter, std::uint16_t indicator);
  [[nodiscard]] engine::FilterTerm term_of(const FilterTerm& term) const;
  [[nodiscard]] Digest digest_of(const engine::FilterTerm& term) const;
  std::uint16_t node(engine::Node record, Range at, std::uint16_t root);
  [[nodiscard]] Digest digest_of(const engine::Node& node) const;
  std::uint16_t emit_call(const Expr& expr, std::uint16_t root);
  std::uint16_t emit_name(const Expr& expr, std::uint16_t root);
  std::uint16_t emit_expr(const Expr& expr, std::uint16_t root);
  void emit_condition(std::uint32_t declaration);
  [[nodiscard]] std::string_view condition_name(std::uint16_t image_index) const;

  // Alerts.
  void emit_alert(const AlertDecl& alert);
  void emit_levels(const AlertDecl& alert, engine::Alert& record);
  void emit_needs(const AlertDecl& alert, engine::Alert& record);
  void emit_weighs(const AlertDecl& alert, engine::Alert& record);
  void emit_words(const AlertDecl& alert, engine::Alert& record);
  [[nodiscard]] std::vector<std::uint16_t> feeds_of(const AlertDecl& alert) const;
  [[nodiscard]] Digest digest_of(const engine::Alert& record, const AlertDecl& alert) const;
  [[nodiscard]] Digest digest_of(const engine::Need& need) const;
  [[nodiscard]] Digest digest_of(const engine::WeighClause& clause) const;
  [[nodiscard]] std::uint64_t book_hash() const;

  const Book& book_;
  const Model& model_;
  std::vector<Diagnostic>& diagnostics_;
  Records out_;
  std::uint32_t ring_ = 0;
  Numbering theater_, actor_, origin_, feed_, indicator_, condition_, hypothesis_;
  std::map<std::string, std::uint16_t, std::less<>> tag_;
  std::vector<std::uint32_t> condition_of_;    // image index -> declaration
  std::vector<std::uint16_t> condition_node_;  // by declaration
  std::map<std::string, engine::Name, std::less<>> texts_;
  std::map<std::vector<std::uint16_t>, engine::ListRef> lists_;
  // op, digits, a, b, window, ago, value, numerator, at_least, filter
  using NodeKey = std::tuple<std::uint8_t, std::uint8_t, std::uint16_t, std::uint16_t, std::int64_t, std::int64_t,
                             std::uint64_t, std::int64_t, std::uint32_t, std::uint16_t>;
  std::map<NodeKey, std::uint16_t> shared_;
  std::map<std::pair<std::uint16_t, Digest>, std::uint16_t> filters_;  // by indicator and meaning
  std::vector<std::uint16_t> filters_on_;                              // how many, by indicator
  std::vector<Digest> theater_digests_, origin_digests_, feed_digests_, indicator_digests_, filter_digests_,
      node_digests_, alert_digests_;
};
}  // namespace tocsin::compiler
