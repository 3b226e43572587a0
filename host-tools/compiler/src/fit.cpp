// SPDX-License-Identifier: Apache-2.0
// Which `in last C to D` would fit, when a book does not fit because of what they remember, alone or with the reports
// that the indicators keep.
#include <algorithm>

#include "tocsin/engine/engine.hpp"
#include "tocsin/text/json_lines.hpp"

#include "emit.hpp"
#include "numbers.hpp"

namespace tocsin::compiler {
namespace {
constexpr std::uint16_t kSpareRuns = 3;  // as the emitter adds

constexpr std::uint16_t kSmallKeep = 16;

/// The book with less to remember: at most so many truths by each operator, so many reports by each indicator.
class Smaller {
 public:
  Smaller(const Records& records, const Target& target, std::uint16_t keep_max)
      : image_{records.view()}, nodes_{records.nodes}, indicators_{records.indicators}, most_{target.block_bytes_max} {
    image_.base_ring_samples = 0;
    for (engine::Indicator& indicator : indicators_) {
      indicator.keep = std::min(indicator.keep, keep_max);
      indicator.ring = image_.base_ring_samples;
      image_.base_ring_samples += indicator.keep;
    }
    image_.indicators = indicators_;
  }
  [[nodiscard]] bool fits(const Records& records, std::uint16_t runs_max) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) nodes_[i].runs = std::min(records.nodes[i].runs, runs_max);
    image_.nodes = nodes_;
    return engine::layout_of(image_).block_bytes <= most_;
  }

 private:
  engine::Image image_;
  std::vector<engine::Node> nodes_;
  std::vector<engine::Indicator> indicators_;
  std::size_t most_;
};

/// How many truths each operator may remember. @pre with none it fits.
std::uint16_t most_runs(Smaller& book, const Records& records) {
  std::uint16_t fits = 0;
  std::uint16_t too_many = engine::kRunsMax;
  while (too_many - fits > 1) {
    const auto middle = static_cast<std::uint16_t>((fits + too_many) / 2);
    (book.fits(records, middle) ? fits : too_many) = middle;
  }
  return fits;
}
}  // namespace

bool say_what_would_fit(const Records& records, const Target& target, std::uint64_t block_bytes,
                        std::vector<Diagnostic>& diagnostics) {
  Smaller as_written{records, target, engine::kKeepMax};
  const bool alone = as_written.fits(records, 0);  // what they remember is all that is too much
  Smaller kept_less{records, target, kSmallKeep};
  if (!alone && !kept_less.fits(records, 0)) return false;
  const std::uint16_t fits = most_runs(alone ? as_written : kept_less, records);
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
                               (from > 0 && alone ? ", up to " + spelled(from) + " to " + to + " fits" : ""),
                           "`" + would + "` fits" + (alone ? "" : " with `keep 16` for the indicators") +
                               "; or compile for a larger target",
                           {}});
  }
  return said && alone;
}
}  // namespace tocsin::compiler
