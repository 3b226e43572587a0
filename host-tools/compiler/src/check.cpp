// SPDX-License-Identifier: Apache-2.0
// Names, limits and the rules of the language for declarations. Alerts are in check_alerts.cpp.
#include <algorithm>
#include <set>

#include "check_base.hpp"
#include "model.hpp"

namespace tocsin::compiler {
namespace {
class DeclarationChecker : public CheckBase {
 public:
  using CheckBase::CheckBase;

  void declare_all() {
    declare(book_.theaters, model_.theaters, "theater", engine::kTheatersMax);
    declare(book_.actors, model_.actors, "actor", engine::kIndicatorsMax);
    declare(book_.origins, model_.origins, "origin", engine::kOriginsMax);
    declare(book_.feeds, model_.feeds, "feed", engine::kFeedsMax);
    declare(book_.indicators, model_.indicators, "indicator", engine::kIndicatorsMax);
    declare(book_.conditions, model_.conditions, "condition", engine::kNodesMax);
    declare(book_.alerts, model_.alerts, "alert", engine::kAlertsMax);
    declare(book_.hypotheses, model_.hypotheses, "hypothesis", engine::kIndicatorsMax);
    for (const ConditionDecl& condition : book_.conditions) {
      const std::uint32_t indicator = model_.indicators.find(condition.name.text);
      if (indicator == kNowhere) continue;
      error(condition.name.at, quoted(condition.name.text) + " is the name of an indicator already",
            "indicators and conditions share one set of names",
            {{book_.indicators[indicator].name.at, "the indicator is here"}});
    }
  }

  void check_declarations() {
    if (book_.horizon) positive(*book_.horizon, "`horizon`");
    for (const TheaterDecl& theater : book_.theaters) {
      if (theater.blind_after && (theater.blind_after->value == 0 || theater.blind_after->value >= engine::kNone)) {
        error(theater.blind_after->at, "`blind after` needs a number from 1 to 65534");
      }
    }
    for (const FeedDecl& feed : book_.feeds) check_feed(feed);
    for (const IndicatorDecl& indicator : book_.indicators) check_indicator(indicator);
  }

 private:
  template <typename Declaration>
  void declare(const std::vector<Declaration>& declarations, NameTable& table, std::string_view kind,
               std::size_t most) {
    for (std::size_t i = 0; i < declarations.size(); ++i) {
      const Word& name = declarations[i].name;
      if (i == most)
        error(name.at, "more than " + std::to_string(most) + " declarations of this kind", "divide the book");
      const std::uint32_t first = table.add(name.text, static_cast<std::uint32_t>(i));
      if (first == kNowhere) continue;
      error(name.at, "a second " + std::string{kind} + " called " + quoted(name.text),
            kind == "alert" ? "alerts and linkages share one set of names" : "",
            {{declarations[first].name.at, "the first is here"}});
    }
  }

  void check_feed(const FeedDecl& feed) {
    if (feed.origins.empty() && !feed.incomplete) {
      error(feed.name.at, "the feed " + quoted(feed.name.text) + " has no origin",
            "say whose eyes it carries: `origin NAME`");
    }
    for (const Word& origin : feed.origins) resolve(origin, model_.origins, "origin");
    distinct(feed.origins);
    if (feed.every.at.end != 0) positive(feed.every, "`every`");
    if (feed.grace.at.end != 0 && feed.every.at.end == 0 && !feed.incomplete) {
      error(feed.grace.at, "`grace` without `every` means nothing", "say how often the feed speaks: `every 1d`");
    }
  }

  void check_indicator(const IndicatorDecl& indicator) {
    if (!indicator.theater.text.empty()) resolve(indicator.theater, model_.theaters, "theater");
    if (!indicator.actor.text.empty()) resolve(indicator.actor, model_.actors, "actor");
    for (const Word& feed : indicator.feeds) resolve(feed, model_.feeds, "feed");
    distinct(indicator.feeds);
    if (indicator.keep.value == 0 || indicator.keep.value > engine::kKeepMax) {
      error(indicator.keep.at, "`keep` needs a number from 1 to " + std::to_string(engine::kKeepMax));
    }
    if (indicator.unit.text.size() > 64) error(indicator.unit.at, "a unit has at most 64 bytes");
  }
};

// Operands first, by name where there is a choice, so that the order of declarations does not show. Depth first with a
// stack of our own: a book may chain thousands of conditions.
class ConditionOrder : public CheckBase {
 public:
  using CheckBase::CheckBase;

  bool run() {
    state_.assign(book_.conditions.size(), State::fresh);
    bool acyclic = true;
    for (const auto& [name, index] : model_.conditions.sorted()) acyclic = visit(index) && acyclic;
    if (!acyclic) model_.condition_order.clear();
    return acyclic;
  }

 private:
  enum class State : std::uint8_t { fresh, open, done };
  struct Frame {
    std::uint32_t condition;
    std::vector<std::uint32_t> operands;
    std::size_t next = 0;
  };

  [[nodiscard]] std::vector<std::uint32_t> operands_of(std::uint32_t condition) const {
    std::set<std::pair<std::string_view, std::uint32_t>> found;
    for_each_leaf(*book_.conditions[condition].value, [&](const Expr& leaf) {
      if (leaf.kind != ExprKind::name || model_.indicators.find(leaf.name.text) != kNowhere) return;
      const std::uint32_t operand = model_.conditions.find(leaf.name.text);
      if (operand != kNowhere) found.emplace(book_.conditions[operand].name.text, operand);
    });
    std::vector<std::uint32_t> operands;
    for (const auto& [name, operand] : found) operands.push_back(operand);
    return operands;
  }

  bool visit(std::uint32_t start) {
    if (state_[start] != State::fresh) return true;
    bool acyclic = true;
    std::vector<Frame> stack;
    state_[start] = State::open;
    stack.push_back({start, operands_of(start)});
    while (!stack.empty()) {
      Frame& top = stack.back();
      if (top.next == top.operands.size()) {
        state_[top.condition] = State::done;
        model_.condition_order.push_back(top.condition);
        stack.pop_back();
        continue;
      }
      const std::uint32_t operand = top.operands[top.next++];
      if (state_[operand] == State::open) {
        say_cycle(stack, operand);
        acyclic = false;
      } else if (state_[operand] == State::fresh) {
        state_[operand] = State::open;
        stack.push_back({operand, operands_of(operand)});
      }
    }
    return acyclic;
  }

  void say_cycle(const std::vector<Frame>& stack, std::uint32_t first) {
    constexpr std::size_t kShown = 12;
    const auto begin =
        std::find_if(stack.begin(), stack.end(), [&](const Frame& frame) { return frame.condition == first; });
    std::string path;
    std::vector<Note> notes;
    for (auto at = begin; at != stack.end(); ++at) {
      if (static_cast<std::size_t>(at - begin) == kShown) {
        path += "... -> ";
        break;
      }
      path += book_.conditions[at->condition].name.text + " -> ";
      if (at != begin) notes.push_back({book_.conditions[at->condition].name.at, "through this one"});
    }
    error(book_.conditions[first].name.at,
          "the condition " + quoted(book_.conditions[first].name.text) + " refers to itself: " + path +
              book_.conditions[first].name.text,
          "a condition may rest only on others that do not rest on it", std::move(notes));
  }

  std::vector<State> state_;
};
}  // namespace

bool check(const Book& book, Model& model, std::vector<Diagnostic>& diagnostics) {
  DeclarationChecker declarations{book, model, diagnostics};
  declarations.declare_all();
  declarations.check_declarations();
  ExprChecker expressions{book, model, diagnostics};
  for (const ConditionDecl& condition : book.conditions) expressions.want_condition(*condition.value);
  const bool acyclic = ConditionOrder{book, model, diagnostics}.run();
  model.condition_reach.assign(book.conditions.size(), {});
  for (const std::uint32_t condition : model.condition_order) {
    model.condition_reach[condition] = reach_of(*book.conditions[condition].value, book, model);
  }
  check_alerts(book, model, diagnostics, acyclic);
  check_tests(book, model, diagnostics);
  return std::none_of(diagnostics.begin(), diagnostics.end(),
                      [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::error; });
}
}  // namespace tocsin::compiler
