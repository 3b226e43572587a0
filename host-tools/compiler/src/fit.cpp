// SPDX-License-Identifier: Apache-2.0
// Which `in last C to D` would fit, when a book does not fit because of what they remember.
#include <algorithm>

#include "tocsin/engine/engine.hpp"
#include "tocsin/text/json_lines.hpp"

#include "emit.hpp"
#include "numbers.hpp"

namespace tocsin::compiler {
namespace {
constexpr std::uint16_t kSpareRuns = 3;  // as the emitter adds

bool fits_with(const Records& records, const Target& target, std::uint16_t runs_max) {
  std::vector<engine::Node> nodes = records.nodes;
  for (engine::Node& node : nodes) node.runs = std::min(node.runs, runs_max);
  engine::Image image = records.view();
  image.nodes = nodes;
  return engine::layout_of(image).block_bytes <= target.block_bytes_max;
}
}  // namespace

bool say_what_would_fit(const Records& records, const Target& target, std::uint64_t block_bytes,
                        std::vector<Diagnostic>& diagnostics) {
  if (!fits_with(records, target, 0)) return false;
  std::uint16_t fits = 0;
  std::uint16_t too_many = engine::kRunsMax;
  while (too_many - fits > 1) {
    const auto middle = static_cast<std::uint16_t>((fits + too_many) / 2);
    (fits_with(records, target, middle) ? fits : too_many) = middle;
  }
  bool said = false;
  for (std::size_t i = 0; i < records.nodes.size(); ++i) {
    const engine::Node& node = records.nodes[i];
    if (node.runs <= fits) continue;
    said = true;
    const engine::Span from = fits > kSpareRuns ? longest_from(node.window_ms, fits - kSpareRuns) : 0;
    const std::string to = text::format_span(node.window_ms);
    const std::string would = from > 0 ? "in last " + spelled(from) + " to " + to : "in last " + to;
    diagnostics.push_back({Severity::error,
                           records.node_places[i],
                           "the book needs " + std::to_string(block_bytes) + " bytes, " + std::string{target.name} +
                               " has " + std::to_string(target.block_bytes_max) + ": `in last " +
                               text::format_span(node.ago_ms) + " to " + to + "` remembers " +
                               std::to_string(node.runs) + " separate truths" +
                               (from > 0 ? ", up to " + spelled(from) + " to " + to + " fits" : ""),
                           "`" + would + "` fits; or compile for a larger target",
                           {}});
  }
  return said;
}
}  // namespace tocsin::compiler
