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
  std::vector<std::uint16_t> lists;
  std::string text;

  // A view of these arrays as the engine would load them; valid while they do not change.
  [[nodiscard]] engine::Image view() const;
};

// @returns nothing when a limit of the image is passed; the error is then in `diagnostics`.
[[nodiscard]] std::optional<Records> emit(const Book& book, const Model& model, const engine::Bounds& bounds,
                                          std::vector<Diagnostic>& diagnostics);
[[nodiscard]] AlignedBytes write_image(const Records& records);
// What the book costs; records.bounds.block_bytes need not be set.
[[nodiscard]] BudgetReport budget_of(const Records& records, const Target& target, engine::Span look_back);
}  // namespace tocsin::compiler
