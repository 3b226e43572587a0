// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin log verify JOURNAL`: whether a stopped daemon's journal still says what was written.
#include "verbs/log.hpp"

namespace tocsin::tools {
/// @returns 0 nothing is wrong, 1 something is, or it cannot be read.
int run_log_verify(const LogOptions& options);
/// `tocsin log head JOURNAL`: the signed head and the public key, to be kept where whoever can write the journal
/// cannot.
int run_log_head(const LogOptions& options);
}  // namespace tocsin::tools
