// SPDX-License-Identifier: Apache-2.0
#include "tocsin/compiler/compile.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "tocsin/engine/engine.hpp"

#include "emit.hpp"
#include "errors.hpp"
#include "model.hpp"

namespace tocsin::compiler {
namespace {
constexpr std::uint32_t kKiB = 1024;
constexpr engine::Bounds bounds(std::uint16_t log, std::uint16_t standing, std::uint16_t copies, std::uint16_t runs) {
  return {log, standing, copies, runs, 0, 0};
}
constexpr std::array kTargets{
    Target{"mcu", 64 * kKiB, bounds(256, 64, 1, 16)},
    Target{"edge", 1024 * kKiB, bounds(4096, 512, 4, 64)},
    Target{"server", 64 * 1024 * kKiB, bounds(4096, 32768, 12, 1024)},
};

bool has_error(std::span<const Diagnostic> diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::error; });
}

Reach reach_of_all(const Book& book, const Model& model) {
  Reach all;
  const auto add = [&](const Expr* expr) {
    if (expr != nullptr) all.add(reach_of(*expr, book, model));
  };
  for (const AlertDecl& alert : book.alerts) {
    add(alert.when.get());
    add(alert.clear.get());
    for (const LevelClause& level : alert.levels) add(level.when.get());
    for (const WeighClause& weigh : alert.weighs) add(weigh.when.get());
    for (const Word& name : alert.against) all.add(model.condition_reach[model.conditions.find(name.text)]);
    for (const NeedClause& need : alert.needs) all.look_back_ms = std::max(all.look_back_ms, need.within.ms);
  }
  return all;
}

void say_too_large(const BudgetReport& budget, const Book& book, std::vector<Diagnostic>& diagnostics) {
  Diagnostic diagnostic;
  diagnostic.at = book.watchbook;
  diagnostic.message = "the book needs " + std::to_string(budget.block_bytes) + " bytes, " + budget.target + " has " +
                       std::to_string(budget.limit_bytes) + ":";
  for (const BudgetPart& part : budget.parts)
    diagnostic.message += " " + part.name + " " + std::to_string(part.bytes) + ",";
  diagnostic.message.pop_back();
  std::string largest;
  for (std::size_t i = 0; i < budget.indicators.size() && i < 3; ++i) {
    largest += (largest.empty() ? "" : ", ") + budget.indicators[i].name + " (" +
               std::to_string(budget.indicators[i].bytes) + " bytes)";
  }
  if (!largest.empty())
    diagnostic.help = "lower `keep` of " + largest + ", drop conditions, or compile for a larger target";
  else
    diagnostic.help = "declare less, or compile for a larger target";
  diagnostics.push_back(std::move(diagnostic));
}

void internal_error(std::string what, const Book& book, std::vector<Diagnostic>& diagnostics) {
  diagnostics.push_back({Severity::error,
                         book.watchbook,
                         "internal error: " + std::move(what),
                         "this is a fault of the compiler; please report it with the book",
                         {}});
}

// Emits, measures, and proves that the engine takes what was made.
void produce(const Model& model, const Target& target, CompileResult& result) {
  std::optional<Records> records = emit(result.book, model, target.bounds, result.diagnostics);
  if (!records) return;
  result.budget = budget_of(*records, target, model.reach);
  if (result.budget.block_bytes > target.block_bytes_max) {
    if (say_what_would_fit(*records, target, result.budget.block_bytes, result.diagnostics)) return;
    say_too_large(result.budget, result.book, result.diagnostics);
    return;
  }
  records->bounds.block_bytes = static_cast<std::uint32_t>(result.budget.block_bytes);
  AlignedBytes image = write_image(*records);
  engine::Image loaded;
  const engine::ImageError error = engine::load_image(image.bytes(), loaded);
  if (error != engine::ImageError::none) {
    internal_error(std::string{"the engine refuses the image: "} + engine::describe(error), result.book,
                   result.diagnostics);
    return;
  }
  result.image = std::move(image);
  result.ok = true;
}
}  // namespace

AlignedBytes::AlignedBytes(std::span<const std::byte> bytes) : words_((bytes.size() + 7) / 8), size_{bytes.size()} {
  if (!bytes.empty()) std::memcpy(words_.data(), bytes.data(), bytes.size());
}
std::span<const std::byte> AlignedBytes::bytes() const { return std::as_bytes(std::span{words_}).first(size_); }

std::span<const Target> targets() { return kTargets; }
std::optional<Target> find_target(std::string_view name) {
  const auto* const found =
      std::find_if(kTargets.begin(), kTargets.end(), [&](const Target& target) { return target.name == name; });
  return found == kTargets.end() ? std::nullopt : std::optional{*found};
}
std::optional<Target> with_reach(Target target, std::uint64_t reports) {
  if (reports < kReachMin || reports > kReachMax) return std::nullopt;
  target.bounds.log_capacity = static_cast<std::uint16_t>(reports);
  return target;
}
std::string target_names() {
  std::string names;
  for (const Target& target : kTargets) names += (names.empty() ? "" : ", ") + std::string{target.name};
  return names;
}

CompileResult compile(const SourceFile& source, const Target& target) {
  CompileResult result;
  bool cut = false;
  try {
    result.book = parse(source, result.diagnostics);
    if (result.diagnostics.size() >= kErrorsMax) throw TooManyErrors{};
    const bool parsed = !has_error(result.diagnostics);
    Model model;
    if (check(result.book, model, result.diagnostics) && parsed) {
      model.reach = reach_of_all(result.book, model);
      warn(result.book, model, target, result.diagnostics);
      produce(model, target, result);
    }
  } catch (const TooManyErrors&) {
    cut = true;
  } catch (const std::exception& error) {
    internal_error(error.what(), result.book, result.diagnostics);
    result.ok = false;
  }
  const auto earlier = [](const Diagnostic& a, const Diagnostic& b) { return a.at.begin < b.at.begin; };
  std::stable_sort(result.diagnostics.begin(), result.diagnostics.end(), earlier);
  if (cut) {
    const std::uint32_t at = result.diagnostics.back().at.begin;
    result.diagnostics.push_back({Severity::error, {at, at}, "too many errors: the rest is not shown", {}, {}});
  }
  return result;
}
}  // namespace tocsin::compiler
