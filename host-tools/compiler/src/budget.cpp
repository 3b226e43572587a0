// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tocsin/engine/engine.hpp"
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
std::string row(const std::string& name, std::uint64_t bytes, const std::string& detail) {
  return "  " + padded(name, 18, false) + padded(std::to_string(bytes), 10, true) + "  " + detail + "\n";
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
  for (const engine::Indicator& indicator : records.indicators) {
    const std::uint64_t bytes =
        image.base_ring_samples == 0 ? 0 : layout.rings_bytes * indicator.keep / image.base_ring_samples;
    report.indicators.push_back(
        {std::string{image.view(indicator.name)}, bytes, "keep " + std::to_string(indicator.keep)});
  }
  std::stable_sort(report.indicators.begin(), report.indicators.end(),
                   [](const BudgetPart& a, const BudgetPart& b) { return a.bytes > b.bytes; });
  constexpr std::size_t kShown = 5;
  if (report.indicators.size() > kShown) report.indicators.resize(kShown);
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
  if (!budget.indicators.empty()) out += "largest indicators\n";
  for (const BudgetPart& part : budget.indicators) out += row(part.name, part.bytes, part.detail);
  return out + "looks back " + text::format_span(budget.look_back_ms) +
         (budget.endless ? ", and without end where it says `since` or `from ... until`\n" : "\n");
}
}  // namespace tocsin::compiler
