// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What must be true of a journal after any fault.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tocsin/daemon/config.hpp"
#include "tocsin/journal/journal.hpp"

#include "fixture.hpp"

namespace tocsin::daemon::faults {
/// How thoroughly to look: the model is slow; a journal that had other books can be replayed by neither.
enum class Depth : std::uint8_t { journal, quick, model };

/// Everything below, in one: empty when the journal is as it must be, else what is wrong.
/// @param sure  reports that must be stored.
[[nodiscard]] std::string examine(journal::Journal& journal, const Config& config, const test::ReportSet& sure,
                                  Depth depth = Depth::quick);
/// As above, of a stopped daemon's file.
[[nodiscard]] std::string examine(const std::string& file, const Config& config, const test::ReportSet& sure,
                                  Depth depth = Depth::quick);

/// The checksums, the dense numbers, the keyed chain, the signatures and SQLite's own structure.
[[nodiscard]] std::string verify(journal::Journal& journal);

/// Steps an engine from scratch through the stored inputs: it must say exactly the stored alert events, byte for byte,
/// and do with each input what is stored. Only for the sample book and a journal from its beginning.
[[nodiscard]] std::string replay_differs(journal::Journal& journal, const Config& config);

/// Gives the stored inputs to the model: what stands in the end must be what the stored alert events add up to.
[[nodiscard]] std::string model_differs(journal::Journal& journal, const Config& config);

/// (feed, seq) of the first that is not among `stored`; empty when all are.
[[nodiscard]] std::string missing(const test::ReportSet& sure, const test::ReportSet& stored);
}  // namespace tocsin::daemon::faults
