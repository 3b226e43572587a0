// SPDX-License-Identifier: Apache-2.0
#include "rig.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <time.h>  // NOLINT(modernize-deprecated-headers): POSIX clocks

#include "tocsin/engine/rule/cost.hpp"
#include "tocsin/test_support/heap_guard.hpp"

namespace tocsin::bench {
namespace {
/// Processor time of this thread [s]: what else runs on the machine does not count.
double processor_seconds() {
  timespec now{};
  static_cast<void>(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now));
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}
}  // namespace

Rig::Rig(std::string text, const char* target) : event_{std::make_unique<engine::AlertEvent>()} {
  const compiler::SourceFile source{"benchmark.watch", std::move(text)};
  compiler::CompileResult result = compiler::compile(source, compiler::find_target(target).value());
  if (!result.ok) {
    static_cast<void>(std::fputs(compiler::render_all(result.diagnostics, source).c_str(), stderr));
    std::abort();
  }
  bytes_ = std::move(result.image);
  const engine::ImageError error = engine::load_image(bytes_.bytes(), image_);
  if (error != engine::ImageError::none) {
    static_cast<void>(std::fputs(engine::describe(error), stderr));
    std::abort();
  }
  block_.resize((engine::layout_of(image_).block_bytes + sizeof block_[0] - 1) / sizeof block_[0]);
  engine_ = std::make_unique<engine::Engine>(image_, std::as_writable_bytes(std::span{block_}));
}

std::uint64_t Rig::worst_step_allowed() const {
  std::vector<std::uint64_t> steps(image_.nodes.size());
  return engine::cost_of(image_, steps).line;
}

Run Rig::run(const std::vector<engine::Input>& lines) {
  Run run;
  run.lines = lines.size();
  const engine::Instant first =
      std::min_element(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.time < b.time; })->time;
  engine_->start(first, {});
  const std::size_t quarter = std::max<std::size_t>(1, lines.size() / run.quarter_seconds.size());
  const test_support::HeapGuard guard;
  const double start = processor_seconds();
  double mark = start;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (engine_->step(lines[i]) != engine::Disposition::taken) ++run.not_taken;
    while (engine_->next_event(*event_)) {
      ++run.events;
      if (event_->kind == engine::EventKind::retracted) ++run.retractions;
      run.ledger.take(*event_);
    }
    if ((i + 1) % quarter != 0 || (i + 1) / quarter > run.quarter_seconds.size()) continue;
    const double now = processor_seconds();
    run.quarter_seconds[(i + 1) / quarter - 1] = now - mark;
    mark = now;
  }
  run.seconds = processor_seconds() - start;
  run.allocations = guard.allocations();
  run.worst_step = engine_->work().worst_step;
  run.final_early = engine_->counters().finalised_early;
  return run;
}
}  // namespace tocsin::bench
