// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file compile(): the text of a watch book in, a rule image and everything there is to say about the book out.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/compiler/ast.hpp"
#include "tocsin/compiler/diagnostic.hpp"
#include "tocsin/compiler/source.hpp"
#include "tocsin/engine/rule/image.hpp"

namespace tocsin::compiler {
/// Bytes that start at a multiple of 8, as load_image() wants them. Copies and moves keep that.
class AlignedBytes {
 public:
  AlignedBytes() = default;
  explicit AlignedBytes(std::span<const std::byte> bytes);
  [[nodiscard]] std::span<const std::byte> bytes() const;
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t size_ = 0;
};

/// A named budget.
struct Target {
  std::string_view name;
  std::uint32_t block_bytes_max;  ///< the engine's whole state [bytes]
  engine::Bounds bounds;          ///< block_bytes is filled in by the compiler
};
/// All targets, smallest first: mcu 64 KiB, edge 1 MiB, server 64 MiB.
[[nodiscard]] std::span<const Target> targets();
/// @returns nothing when there is no target of that name.
[[nodiscard]] std::optional<Target> find_target(std::string_view name);
/// The target with another reach of late news: so many of the newest reports and withdrawals (Bounds::log_capacity).
/// @returns nothing unless there are kReachMin to kReachMax of them.
[[nodiscard]] std::optional<Target> with_reach(Target target, std::uint64_t reports);
inline constexpr std::uint64_t kReachMin = 16;
inline constexpr std::uint64_t kReachMax = engine::kLogMax;
/// The names for a message: "mcu, edge, server".
[[nodiscard]] std::string target_names();

/// One part of the engine's state.
struct BudgetPart {
  std::string name;
  std::uint64_t bytes = 0;
  std::string detail;  ///< what it is for, in words
  /// Rows of conditions and alerts: their share of BudgetReport::line_steps.
  std::uint64_t steps = 0;
};
/// What a book costs and how far back it looks.
struct BudgetReport {
  std::string target;
  std::uint64_t limit_bytes = 0;
  std::uint64_t block_bytes = 0;
  std::vector<BudgetPart> parts;  ///< they add up to block_bytes
  /// The same memory by whose it is, largest first. What several conditions or alerts share is the first one's.
  std::vector<BudgetPart> indicators;
  std::vector<BudgetPart> conditions;
  std::vector<BudgetPart> alerts;
  std::uint64_t instant_steps = 0;  ///< most work at one instant: see engine::Cost
  std::uint64_t line_steps = 0;     ///< most work for one line; UINT64_MAX: more than can be counted
  engine::Span look_back_ms = 0;    ///< longest chain of windows that any alert rests on
  bool endless = false;  ///< besides, a `since` without `in last` or a `from ... until` looks back without end
};
/// A table for people, one part a line.
[[nodiscard]] std::string render(const BudgetReport& budget);
/// "91d", and whether some rule looks back without end.
[[nodiscard]] std::string look_back_text(const BudgetReport& budget);

struct CompileResult {
  bool ok = false;
  std::vector<Diagnostic> diagnostics;  ///< in the order of the text
  AlignedBytes image;                   ///< the rule image; empty unless ok
  Book book;                            ///< as far as it could be read, tests included
  BudgetReport budget;                  ///< filled when the rules are right, even if they do not fit
};

/// Compiles a book. Any bytes are taken: what is not a watch book gets diagnostics. Never throws, keeps nothing.
[[nodiscard]] CompileResult compile(const SourceFile& source, const Target& target);
}  // namespace tocsin::compiler
