// SPDX-License-Identifier: Apache-2.0
// Any bytes as the daemon's config: it is read or every mistake has a place in the file; what is read keeps its bounds.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/daemon/config.hpp"
#include "tocsin/engine/base/check.hpp"
#include "tocsin/test_support/sample_image.hpp"

using namespace tocsin::daemon;

namespace {
void check_bounds(const Config& config) {
  TOCSIN_CHECK(!config.image.empty() && !config.journal.empty());
  TOCSIN_CHECK(!config.alerts.empty() && !config.control.empty() && !config.audiences.empty());
  TOCSIN_CHECK(!config.ingest.empty() || !config.broadcast.empty());
  const auto proof = config.keys.folder.empty() ? EndpointProof::none : EndpointProof::key;
  for (const auto* const list : {&config.ingest, &config.alerts, &config.control}) {
    for (const auto& endpoint : *list) TOCSIN_CHECK(check_endpoint(endpoint.text, proof).empty());
  }
  for (const auto& principal : config.principals) {
    TOCSIN_CHECK(!principal.name.empty() && principal.name.find('/') == std::string::npos);
    TOCSIN_CHECK(principal.connections >= 1 && principal.connections <= 64);
    TOCSIN_CHECK(principal.quota.reports_per_second >= 0 && principal.quota.bytes_per_second >= 0);
    for (const auto& range : principal.ranges) TOCSIN_CHECK(range.min <= range.max);
  }
  TOCSIN_CHECK(config.bounds.peers >= 1 && config.bounds.receive_high_water >= 1);
  TOCSIN_CHECK(config.clock == ClockSource::system || config.label != tocsin::engine::Status::actual);
}
}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  Config config;
  std::vector<ConfigProblem> problems;
  const bool right = parse_config(text, "/etc/tocsin/t.toml", config, problems);
  bool any_error = false;
  for (const auto& problem : problems) {
    any_error = any_error || !problem.warning;
    TOCSIN_CHECK(!format_problem("t.toml", problem).empty() && !problem.text.empty());
  }
  TOCSIN_CHECK(right != any_error);
  if (!right) return 0;
  check_bounds(config);
  (void)check_against_book(config, tocsin::test_support::sample_book(), problems);
  return 0;
}
