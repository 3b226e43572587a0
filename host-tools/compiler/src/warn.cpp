// SPDX-License-Identifier: Apache-2.0
// Warnings: allowed, but probably not what was meant.
#include <algorithm>
#include <cmath>
#include <set>

#include "tocsin/text/json_lines.hpp"

#include "errors.hpp"
#include "model.hpp"
#include "never.hpp"
#include "numbers.hpp"
#include "words.hpp"

namespace tocsin::compiler {
namespace {
class Warner {
 public:
  Warner(const Book& book, const Model& model, const Target& target, std::vector<Diagnostic>& diagnostics)
      : book_{book}, model_{model}, target_{target}, diagnostics_{diagnostics}, never_{book, model} {}

  void run() {
    const bool empty = book_.theaters.empty() && book_.origins.empty() && book_.feeds.empty() &&
                       book_.indicators.empty() && book_.conditions.empty() && book_.alerts.empty();
    if (empty && book_.actors.empty() && !book_.horizon && book_.watchbook.end == 0) {
      warning({}, "this book is empty", "it needs a feed, an indicator and an alert at least");
    } else if (book_.alerts.empty() && book_.includes.empty() && book_.watchbook.end == 0) {
      warning({}, "this book has no `watchbook` line and no alert or linkage: it watches nothing",
              "begin with `watchbook \"TITLE\" version 1`; a file that others include needs neither");
    }
    for (const IndicatorDecl& indicator : book_.indicators) {
      if (indicator.feeds.empty())
        warning(indicator.name.at, "the indicator " + quoted(indicator.name.text) + " has no feed: it is always blind",
                "name its `feeds`");
    }
    unused_conditions();
    for (const ConditionDecl& condition : book_.conditions) {
      leaves(*condition.value);
      never(*condition.value, condition.name.at, "the condition " + quoted(condition.name.text));
    }
    for (const AlertDecl& alert : book_.alerts) {
      if (alert.kind == engine::AlertKind::linkage && alert.caveats.empty()) {
        warning(alert.name.at, "the linkage " + quoted(alert.name.text) + " has no caveat",
                "say what it does not prove: `caveat \"...\"`");
      }
      each_expression(alert, [&](const Expr& expr, const char* clause) {
        leaves(expr);
        never(expr, expr.at, std::string{"this `"} + clause + "`");
      });
      for (const NeedClause& need : alert.needs) {
        for (const NeedItem& item : need.items)
          window(book_.indicators[model_.indicators.find(item.indicator.text)], need.within, std::nullopt);
      }
      evidence(alert);
    }
    reach_of_late_news();
  }

 private:
  void warning(Range at, std::string message, std::string help, std::vector<Note> notes = {}) {
    if (diagnostics_.size() >= kWarningsMax) return;
    diagnostics_.push_back({Severity::warning, at, std::move(message), std::move(help), std::move(notes)});
  }

  template <typename Visit>
  static void each_expression(const AlertDecl& alert, Visit visit) {
    if (alert.when) visit(*alert.when, "when");
    if (alert.clear) visit(*alert.clear, "clear when");
    for (const LevelClause& level : alert.levels) {
      if (level.when) visit(*level.when, "level ... when");
    }
    for (const WeighClause& weigh : alert.weighs) {
      if (weigh.when) visit(*weigh.when, "weigh ... when");
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
    for (const AlertDecl& alert : book_.alerts) {
      each_expression(alert, [&](const Expr& expr, const char* /*clause*/) { mark(expr); });
      for (const Word& name : alert.against) used[model_.conditions.find(name.text)] = true;
    }
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

  // Numbers that an expression takes from reports.
  void leaves(const Expr& expr) {
    for_each_leaf(expr, [&](const Expr& leaf) {
      if (leaf.kind != ExprKind::call) return;
      const IndicatorDecl& indicator = book_.indicators[model_.indicators.find(leaf.indicator.text)];
      for (const Argument& argument : leaf.arguments) {
        if (argument.kind == Argument::Kind::window) window(indicator, argument.window, argument.ending);
        if (argument.kind == Argument::Kind::at_least) at_least(indicator, argument);
      }
    });
    spans(expr);
  }

  void at_least(const IndicatorDecl& indicator, const Argument& argument) {
    if (argument.number <= static_cast<double>(indicator.keep.value)) return;
    warning(argument.at,
            quoted(indicator.name.text) + " keeps " + std::to_string(indicator.keep.value) +
                " reports: this number is always unknown",
            "`keep " + text::format_number(argument.number) + "`, or ask for fewer");
  }

  void window(const IndicatorDecl& indicator, const Duration& duration, const std::optional<Duration>& ending) {
    const engine::Span back =
        duration.ms + (ending ? ending->ms : 0);  // what was pushed out before it ends is lost too
    longest_window(back, duration.at);
    std::int64_t expected = 0;
    for (const Word& name : indicator.feeds) {
      const FeedDecl& feed = book_.feeds[model_.feeds.find(name.text)];
      if (feed.every.ms > 0) expected += (back + feed.every.ms - 1) / feed.every.ms;
    }
    if (expected <= static_cast<std::int64_t>(indicator.keep.value)) return;
    const std::string most = std::to_string(expected);
    const std::string what = ending ? "a window of " + text::format_span(duration.ms) + " ending " +
                                          text::format_span(ending->ms) + " ago can reach back over "
                                    : "a window of " + text::format_span(duration.ms) + " can hold ";
    warning(duration.at,
            what + most + " reports of " + quoted(indicator.name.text) + ", which keeps " +
                std::to_string(indicator.keep.value),
            expected <= static_cast<std::int64_t>(engine::kKeepMax)
                ? "`keep " + most + "`, or a shorter window"
                : "a shorter window, or a feed that speaks less often");
  }

  // --- What late news can reach ---
  void longest_window(engine::Span span, Range at) {
    if (span <= longest_.ms) return;
    longest_ = {span, at};
  }
  // Spans of `for`, `in last`, `then` and `since` are windows too.
  void spans(const Expr& expr) {
    longest_window(expr.window.ms, expr.window.at);
    if (expr.left) spans(*expr.left);
    if (expr.right) spans(*expr.right);
  }

  // A feed that speaks every P sends that often for each indicator it carries. What is beyond the horizon is stale
  // anyway, so a feed that fills the log no faster takes nothing away.
  void reach_of_late_news() {
    const engine::Span wanted = std::min(longest_.ms, book_.horizon ? book_.horizon->ms : kDefaultHorizon);
    for (const FeedDecl& feed : book_.feeds) {
      if (feed.every.ms == 0) continue;
      engine::Span carried = 0;
      for (const IndicatorDecl& indicator : book_.indicators) {
        carried += std::count_if(indicator.feeds.begin(), indicator.feeds.end(),
                                 [&](const Word& name) { return name.text == feed.name.text; });
      }
      if (carried == 0) continue;
      const auto log = static_cast<engine::Span>(target_.bounds.log_capacity);
      const engine::Span reach = log * (feed.every.ms / carried) + log * (feed.every.ms % carried) / carried;
      if (reach >= wanted) continue;
      warning(feed.every.at,
              "the feed " + quoted(feed.name.text) + " may send " + std::to_string(carried) +
                  (carried == 1 ? " report" : " reports") + " every " + text::format_span(feed.every.ms) +
                  ": late news then reaches back " + spelled(reach) + ", less than a window of " +
                  text::format_span(longest_.ms),
              "a longer `every`, a shorter window, or a larger log: " + std::string{target_.name} + " has room for " +
                  std::to_string(log) + " reports, `--reach` changes that",
              {{longest_.at, "the window is here"}});
    }
  }

  // --- What can never be true ---
  // Why a comparison fails, when one side's range tells.
  [[nodiscard]] std::string reason(const Expr& comparison) const {
    for (const Expr* side : {comparison.left.get(), comparison.right.get()}) {
      const Interval range = never_.values_of(*side);
      if (range.empty()) return ": a side is always unknown";
      if (side->kind == ExprKind::number || !std::isfinite(range.least) || !std::isfinite(range.most)) continue;
      return ": " + std::string{side->kind == ExprKind::call ? quoted(side->name.text) : "one side"} + " is " +
             (range.least == range.most
                  ? text::format_number(range.least)
                  : "between " + text::format_number(range.least) + " and " + text::format_number(range.most)) +
             " here" + below(*side, range.least);
    }
    return {};
  }

  [[nodiscard]] static const Argument* at_least_of(const Expr& call) {
    const auto found = std::find_if(call.arguments.begin(), call.arguments.end(),
                                    [](const Argument& argument) { return argument.kind == Argument::Kind::at_least; });
    return found == call.arguments.end() ? nullptr : &*found;
  }

  // Why a count begins where it does.
  [[nodiscard]] static std::string below(const Expr& side, double least) {
    const Argument* const argument = side.kind == ExprKind::call ? at_least_of(side) : nullptr;
    if (argument == nullptr || side.name.text != "count" || argument->number != least) return {};
    return ", unknown below `at least " + text::format_number(least) + "`";
  }

  // Parts that would have to be false, and never are.
  void certain_parts(const Expr& expr, bool wanted, std::vector<Note>& notes) const {
    const bool comparison = expr.kind >= ExprKind::less && expr.kind <= ExprKind::greater;
    const bool named = expr.kind == ExprKind::name && model_.indicators.find(expr.name.text) == kNowhere;
    if (comparison || named) {
      if (wanted || never_.can_be(expr, false) || !never_.can_be(expr, true)) return;
      notes.push_back({expr.at, named ? "the condition " + quoted(expr.name.text) + " can never be false"
                                      : "this comparison can never be false" + reason(expr)});
      return;
    }
    const bool one_truth = expr.kind == ExprKind::negate || expr.kind == ExprKind::both ||
                           expr.kind == ExprKind::either || expr.kind == ExprKind::unless ||
                           expr.kind == ExprKind::in_last;
    if (!one_truth && !wanted) return;
    if (expr.left) certain_parts(*expr.left, expr.kind == ExprKind::negate ? !wanted : wanted, notes);
    if (expr.right) certain_parts(*expr.right, expr.kind == ExprKind::unless ? !wanted : wanted, notes);
  }

  // When each part can be so, but not all together.
  [[nodiscard]] Note contradiction(const Expr& expr) const {
    if (!Never{book_, model_, true}.can_be(expr, true)) return {expr.at, "its parts contradict each other"};
    Range at = expr.at;
    bool found = false;
    for_each_leaf(expr, [&](const Expr& leaf) {
      const Argument* const argument = leaf.kind == ExprKind::call ? at_least_of(leaf) : nullptr;
      if (found || argument == nullptr) return;
      at = argument->at;
      found = true;
    });
    return {at, "`at least` leaves it unknown of fewer reports, and of enough reports it can never be so"};
  }

  // The parts that cannot be so whatever is around them.
  struct Part {
    Note what;
    const char* mend;
  };
  void impossible_parts(const Expr& expr, std::vector<Part>& out) const {
    constexpr const char* kMend = "correct it or leave it out";
    const bool indicator = expr.kind == ExprKind::name || expr.kind == ExprKind::call;
    const Word& subject = expr.kind == ExprKind::call ? expr.indicator : expr.name;
    if (indicator && !never_.can_pass(subject, expr.filter)) {
      out.push_back({{expr.filter.at, "no report of " + quoted(subject.text) + " can pass this filter"}, kMend});
      return;
    }
    if (expr.kind == ExprKind::overdue && !never_.can_be(expr, true)) {
      out.push_back({{expr.name.at, quoted(expr.name.text) + " promises no regularity: it is never overdue"},
                     "give the feed an `every`"});
    }
    const std::size_t before = out.size();
    if (expr.left) impossible_parts(*expr.left, out);
    if (expr.right) impossible_parts(*expr.right, out);
    const bool comparison = expr.kind >= ExprKind::less && expr.kind <= ExprKind::greater;
    if (comparison && out.size() == before && !never_.can_be(expr, true))
      out.push_back({{expr.at, "this comparison can never be true" + reason(expr)}, kMend});
  }

  void never(const Expr& expr, Range at, const std::string& what) {
    constexpr std::size_t kShown = 8;
    std::vector<Part> parts;
    impossible_parts(expr, parts);
    if (never_.can_be(expr, true)) {
      for (Part& part : parts) warning(part.what.at, std::move(part.what.message), part.mend);
      return;
    }
    std::vector<Note> notes;
    for (Part& part : parts) {
      if (notes.size() < kShown) notes.push_back(std::move(part.what));
    }
    certain_parts(expr, true, notes);
    if (notes.size() > kShown) notes.resize(kShown);
    if (notes.empty()) notes.push_back(contradiction(expr));
    warning(at, what + " can never be true", "correct it or leave it out", std::move(notes));
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
  const Target& target_;
  std::vector<Diagnostic>& diagnostics_;
  const Never never_;
  Duration longest_;  // of all windows
};
}  // namespace

void warn(const Book& book, const Model& model, const Target& target, std::vector<Diagnostic>& diagnostics) {
  Warner{book, model, target, diagnostics}.run();
}
}  // namespace tocsin::compiler
