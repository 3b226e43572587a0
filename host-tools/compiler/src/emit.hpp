// SPDX-License-Identifier: Apache-2.0
#pragma once
// From a checked book to the records of an image, and from those to bytes.
#include <optional>
#include <string>
#include <vector>

#include "tocsin/compiler/compile.hpp"
#include "tocsin/engine/rule/image.hpp"

#include "model.hpp"

namespace tocsin::compiler {
// The arrays of an image, owned.
struct Records {
  std::uint64_t book_hash = 0;
  std::uint32_t book_version = 1;
  engine::Name book_title{};
  engine::Span horizon_ms = 0;
  engine::Bounds bounds{};
  std::vector<engine::Theater> theaters;
  std::vector<engine::Actor> actors;
  std::vector<engine::Origin> origins;
  std::vector<engine::Feed> feeds;
  std::vector<engine::Indicator> indicators;
  std::vector<engine::Node> nodes;
  std::vector<engine::Condition> conditions;
  std::vector<engine::LevelRule> level_rules;
  std::vector<engine::Need> needs;
  std::vector<engine::Alert> alerts;
  std::vector<engine::Filter> filters;
  std::vector<engine::FilterTerm> filter_terms;
  std::vector<engine::Tag> tags;
  std::vector<engine::Hypothesis> hypotheses;
  std::vector<engine::WeighClause> weigh_clauses;
  std::vector<engine::Weight> weights;
  std::vector<engine::Disconfirm> disconfirms;
  std::vector<engine::Name> texts;
  std::vector<std::uint16_t> lists;
  std::string text;
  std::vector<Range> node_places;  // where each node was written first; not part of the image

  // A view of these arrays as the engine would load them; valid while they do not change.
  [[nodiscard]] engine::Image view() const;
};

// @returns nothing when a limit of the image is passed; the error is then in `diagnostics`.
[[nodiscard]] std::optional<Records> emit(const Book& book, const Model& model, const engine::Bounds& bounds,
                                          std::vector<Diagnostic>& diagnostics);
[[nodiscard]] AlignedBytes write_image(const Records& records);
// What the book costs; records.bounds.block_bytes need not be set.
[[nodiscard]] BudgetReport budget_of(const Records& records, const Target& target, const Reach& reach);
// For a book that does not fit: says at each `in last C to D` that remembers too much which C would fit.
// @returns false when it is not they, or not they alone, that are too large.
bool say_what_would_fit(const Records& records, const Target& target, std::uint64_t block_bytes,
                        std::vector<Diagnostic>& diagnostics);
}  // namespace tocsin::compiler
