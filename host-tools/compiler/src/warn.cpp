// SPDX-License-Identifier: Apache-2.0
// Warnings: allowed, but probably not what was meant.
#include <algorithm>
#include <set>

#include "tocsin/text/json_lines.hpp"

#include "errors.hpp"
#include "model.hpp"
#include "words.hpp"

namespace tocsin::compiler {
namespace {
class Warner {
 public:
  Warner(const Book& book, const Model& model, std::vector<Diagnostic>& diagnostics)
      : book_{book}, model_{model}, diagnostics_{diagnostics} {}

  void run() {
    for (const IndicatorDecl& indicator : book_.indicators) {
      if (indicator.feeds.empty())
        warning(indicator.name.at, "the indicator " + quoted(indicator.name.text) + " has no feed: it is always blind",
                "name its `feeds`");
    }
    unused_conditions();
    for (const ConditionDecl& condition : book_.conditions) windows(*condition.value);
    for (const AlertDecl& alert : book_.alerts) {
      if (alert.kind == engine::AlertKind::linkage && alert.caveats.empty()) {
        warning(alert.name.at, "the linkage " + quoted(alert.name.text) + " has no caveat",
                "say what it does not prove: `caveat \"...\"`");
      }
      each_expression(alert, [&](const Expr& expr) { windows(expr); });
      evidence(alert);
    }
  }

 private:
  void warning(Range at, std::string message, std::string help) {
    if (diagnostics_.size() >= kWarningsMax) return;
    diagnostics_.push_back({Severity::warning, at, std::move(message), std::move(help), {}});
  }

  template <typename Visit>
  static void each_expression(const AlertDecl& alert, Visit visit) {
    if (alert.when) visit(*alert.when);
    if (alert.clear) visit(*alert.clear);
    for (const LevelClause& level : alert.levels) {
      if (level.when) visit(*level.when);
    }
  }

  void unused_conditions() {
    std::vector<bool> used(book_.conditions.size(), false);
    const auto mark = [&](const Expr& expr) {
      for_each_leaf(expr, [&](const Expr& leaf) {
        const std::uint32_t condition = leaf.kind == ExprKind::name ? model_.conditions.find(leaf.name.text) : kNowhere;
        if (condition != kNowhere) used[condition] = true;
      });
    };
    for (const AlertDecl& alert : book_.alerts) each_expression(alert, mark);
    // Users come after what they use, so backwards every user is known before its operands.
    for (auto at = model_.condition_order.rbegin(); at != model_.condition_order.rend(); ++at) {
      if (used[*at]) mark(*book_.conditions[*at].value);
    }
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (!used[i])
        warning(book_.conditions[i].name.at,
                "the condition " + quoted(book_.conditions[i].name.text) + " is never used by an alert or linkage",
                "use it or leave it out");
    }
  }

  void windows(const Expr& expr) {
    for_each_leaf(expr, [&](const Expr& leaf) {
      if (leaf.kind == ExprKind::overdue) {
        const FeedDecl& feed = book_.feeds[model_.feeds.find(leaf.name.text)];
        if (feed.every.ms == 0)
          warning(leaf.name.at, quoted(feed.name.text) + " promises no regularity: it is never overdue",
                  "give the feed an `every`");
      }
      if (leaf.kind != ExprKind::call) return;
      const IndicatorDecl& indicator = book_.indicators[model_.indicators.find(leaf.indicator.text)];
      for (const Argument& argument : leaf.arguments) {
        if (argument.kind == Argument::Kind::window) window(indicator, argument.window);
      }
    });
  }

  void window(const IndicatorDecl& indicator, const Duration& duration) {
    std::int64_t expected = 0;
    for (const Word& name : indicator.feeds) {
      const FeedDecl& feed = book_.feeds[model_.feeds.find(name.text)];
      if (feed.every.ms > 0) expected += (duration.ms + feed.every.ms - 1) / feed.every.ms;
    }
    if (expected <= static_cast<std::int64_t>(indicator.keep.value)) return;
    const std::string most = std::to_string(expected);
    warning(duration.at,
            "a window of " + text::format_span(duration.ms) + " can hold " + most + " reports of " +
                quoted(indicator.name.text) + ", which keeps " + std::to_string(indicator.keep.value),
            expected <= static_cast<std::int64_t>(engine::kKeepMax)
                ? "`keep " + most + "`, or a shorter window"
                : "a shorter window, or a feed that speaks less often");
  }

  // What an alert's evidence can show at most; named conditions are followed once each.
  void evidence(const AlertDecl& alert) {
    std::set<std::string> numbers;
    std::set<std::uint32_t> followed;
    std::vector<const Expr*> open{alert.when.get()};
    std::uint64_t reports = 0;
    while (!open.empty()) {
      const Expr& expr = *open.back();
      open.pop_back();
      for_each_leaf(expr, [&](const Expr& leaf) {
        const std::uint32_t condition =
            leaf.kind == ExprKind::name && model_.indicators.find(leaf.name.text) == kNowhere
                ? model_.conditions.find(leaf.name.text)
                : kNowhere;
        if (condition != kNowhere) {
          if (followed.insert(condition).second) open.push_back(book_.conditions[condition].value.get());
        } else if (numbers.insert(to_sexpr(leaf)).second && leaf.kind != ExprKind::overdue) {
          reports += alert.evidence.value;
        }
      });
    }
    if (numbers.size() > engine::kEvidenceItemsMax) {
      warning(alert.when->at,
              "the evidence of " + quoted(alert.name.text) + " can have " + std::to_string(numbers.size()) +
                  " numbers, an event shows " + std::to_string(engine::kEvidenceItemsMax),
              "the rest is cut and marked truncated; make parts alerts of their own");
    } else if (reports > engine::kEvidenceReportsMax) {
      warning(alert.evidence.at.end != 0 ? alert.evidence.at : alert.name.at,
              "the evidence of " + quoted(alert.name.text) + " can have " + std::to_string(reports) +
                  " reports, an event shows " + std::to_string(engine::kEvidenceReportsMax),
              "the rest is cut and marked truncated; `evidence " +
                  std::to_string(std::max<std::size_t>(1, engine::kEvidenceReportsMax / numbers.size())) + "` fits");
    }
  }

  const Book& book_;
  const Model& model_;
  std::vector<Diagnostic>& diagnostics_;
};
}  // namespace

void warn(const Book& book, const Model& model, std::vector<Diagnostic>& diagnostics) {
  Warner{book, model, diagnostics}.run();
}
}  // namespace tocsin::compiler
