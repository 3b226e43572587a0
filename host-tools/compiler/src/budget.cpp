// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tocsin/engine/engine.hpp"
#include "tocsin/engine/rule/cost.hpp"
#include "tocsin/text/json_lines.hpp"

#include "emit.hpp"

namespace tocsin::compiler {
namespace {
std::string plural(std::size_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}
std::string padded(std::string text, std::size_t width, bool right) {
  const std::string fill(text.size() < width ? width - text.size() : 0, ' ');
  return right ? fill + text : text + fill;
}
constexpr std::size_t kNameColumns = 18;
constexpr std::size_t kBytesColumns = 10;
constexpr std::size_t kStepsColumns = 16;
std::string row(const std::string& name, std::uint64_t bytes, const std::string& detail) {
  return "  " + padded(name, kNameColumns, false) + padded(std::to_string(bytes), kBytesColumns, true) + "  " + detail +
         "\n";
}
std::string steps_text(std::uint64_t steps) { return steps == UINT64_MAX ? "uncounted" : std::to_string(steps); }
std::uint64_t plus(std::uint64_t left, std::uint64_t right) {
  return left > UINT64_MAX - right ? UINT64_MAX : left + right;
}

// Whose nodes are whose: equal parts of rules are one node, which is counted for the first that has it.
class Shares {
 public:
  explicit Shares(const engine::Image& image)
      : image_{image}, steps_(image.nodes.size()), taken_(image.nodes.size(), false) {
    cost_ = engine::cost_of(image, steps_);
  }
  [[nodiscard]] const engine::Cost& cost() const { return cost_; }

  // Operands come before what uses them, so conditions that others rest on do as well.
  void conditions(std::vector<BudgetPart>& rows) {
    std::vector<engine::Condition> order(image_.conditions.begin(), image_.conditions.end());
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.node < b.node; });
    for (const engine::Condition& condition : order) {
      BudgetPart part{std::string{image_.view(condition.name)}, 0, {}, 0};
      part.detail = plural(take(condition.node, part), "node");
      rows.push_back(std::move(part));
    }
  }
  void alerts(std::vector<BudgetPart>& rows) {
    for (std::size_t i = 0; i < image_.alerts.size(); ++i) {
      const engine::Alert& alert = image_.alerts[i];
      BudgetPart part{
          std::string{image_.view(alert.name)}, engine::alert_bytes(image_, static_cast<std::uint16_t>(i)), {}, 0};
      std::size_t nodes = take(alert.when, part);
      if (alert.clear != engine::kNone) nodes += take(alert.clear, part);
      for (const auto& rule : image_.level_rules.subspan(alert.levels.first, alert.levels.count))
        nodes += take(rule.node, part);
      for (const auto& weigh : image_.weigh_clauses.subspan(alert.weighs.first, alert.weighs.count)) {
        if (weigh.when != engine::kNone) nodes += take(weigh.when, part);
      }
      part.detail = plural(nodes, "node") + " of its own";
      rows.push_back(std::move(part));
    }
  }

 private:
  std::size_t take(std::uint16_t root, BudgetPart& part) {
    std::size_t count = 0;
    std::vector<std::uint16_t> open{root};
    while (!open.empty()) {
      const std::uint16_t index = open.back();
      open.pop_back();
      if (taken_[index]) continue;
      taken_[index] = true;
      ++count;
      part.bytes += engine::node_bytes(image_, index);
      part.steps = plus(part.steps, steps_[index]);
      const engine::Node& node = image_.nodes[index];
      const engine::Shape shape = engine::shape_of(node.op);
      if (shape == engine::Shape::literal || shape == engine::Shape::report_number || shape == engine::Shape::pulse ||
          shape == engine::Shape::overdue) {
        continue;
      }
      open.push_back(node.a);
      const bool one =
          shape == engine::Shape::negate || shape == engine::Shape::hold_for || shape == engine::Shape::in_last;
      if (!one) open.push_back(node.b);
    }
    return count;
  }

  const engine::Image& image_;
  std::vector<std::uint64_t> steps_;
  std::vector<bool> taken_;
  engine::Cost cost_;
};

void largest_first(std::vector<BudgetPart>& rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const BudgetPart& a, const BudgetPart& b) { return a.bytes > b.bytes; });
}
std::string table(const char* what, const std::vector<BudgetPart>& rows, bool with_steps) {
  if (rows.empty()) return {};
  std::size_t names = kNameColumns;
  for (const BudgetPart& part : rows) names = std::max(names, part.name.size());
  std::string out = "by " + padded(what, names - 1, false) + padded("bytes", kBytesColumns, true) +
                    (with_steps ? padded("steps a line", kStepsColumns, true) : "") + "\n";
  for (const BudgetPart& part : rows) {
    out += "  " + padded(part.name, names, false) + padded(std::to_string(part.bytes), kBytesColumns, true);
    if (with_steps) out += padded(steps_text(part.steps), kStepsColumns, true);
    out += "  " + part.detail + "\n";
  }
  return out;
}
}  // namespace

BudgetReport budget_of(const Records& records, const Target& target, const Reach& reach) {
  const engine::Image image = records.view();
  const engine::Layout layout = engine::layout_of(image);
  BudgetReport report;
  report.target = target.name;
  report.limit_bytes = target.block_bytes_max;
  report.block_bytes = layout.block_bytes;
  report.look_back_ms = reach.look_back_ms;
  report.endless = reach.endless;
  const std::uint64_t named =
      layout.header_bytes + layout.rings_bytes + layout.contacts_bytes + layout.log_bytes + layout.standing_bytes;
  report.parts = {
      {"header", layout.header_bytes, "clock, mode, counters"},
      {"states", layout.block_bytes - named,
       plural(records.nodes.size(), "node") + " and " + plural(records.alerts.size(), "alert") + ", " +
           std::to_string(layout.state_bytes) + " bytes a state"},
      {"reports kept", layout.rings_bytes,
       plural(image.base_ring_samples, "report") + " of " + plural(records.indicators.size(), "indicator")},
      {"contacts", layout.contacts_bytes,
       plural(records.feeds.size(), "feed") + ", " + std::to_string(records.bounds.contact_runs) +
           " runs of heartbeats each"},
      {"log", layout.log_bytes,
       "the newest " + std::to_string(records.bounds.log_capacity) + " reports and withdrawals"},
      {"standing events", layout.standing_bytes,
       std::to_string(records.bounds.standing_capacity) + " alert events that late news may withdraw"},
  };
  for (std::size_t i = 0; i < records.indicators.size(); ++i) {
    const engine::Indicator& indicator = records.indicators[i];
    report.indicators.push_back({std::string{image.view(indicator.name)},
                                 engine::indicator_bytes(image, static_cast<std::uint16_t>(i)),
                                 "keep " + std::to_string(indicator.keep), 0});
  }
  Shares shares{image};
  shares.conditions(report.conditions);
  shares.alerts(report.alerts);
  report.instant_steps = shares.cost().instant;
  report.line_steps = shares.cost().line;
  largest_first(report.indicators);
  largest_first(report.conditions);
  largest_first(report.alerts);
  return report;
}

std::string render(const BudgetReport& budget) {
  std::string out = "memory for " + budget.target + ", bytes\n";
  for (const BudgetPart& part : budget.parts) out += row(part.name, part.bytes, part.detail);
  constexpr std::uint64_t kPercent = 100;
  out +=
      row("total", budget.block_bytes,
          "of " + std::to_string(budget.limit_bytes) + " (" +
              std::to_string(budget.block_bytes * kPercent / std::max<std::uint64_t>(1, budget.limit_bytes)) + " %)");
  out += table("indicator", budget.indicators, false) + table("condition", budget.conditions, true) +
         table("alert", budget.alerts, true);
  out += "work at most: " + steps_text(budget.instant_steps) + " steps at one instant, " +
         steps_text(budget.line_steps) +
         " for one line, however late it comes and however long nothing came before it\n";
  return out + "looks back " + look_back_text(budget) + "\n";
}

std::string look_back_text(const BudgetReport& budget) {
  return text::format_span(budget.look_back_ms) +
         (budget.endless ? ", and without end where it says `since` or `from ... until`" : "");
}
}  // namespace tocsin::compiler
