// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin log verify` and `head`: whether a journal still says what was written, a stopped daemon's or a running
/// one's.
#include "verbs/log.hpp"

namespace tocsin::tools {
/// @returns 0 nothing is wrong, 1 something is, or it cannot be read.
int run_log_verify(const LogOptions& options);
/// The newest signed head and the public key, to be kept where whoever can write the journal cannot. @returns 0, 1 when
/// the journal cannot be read or the daemon refuses, 3 when the daemon cannot be reached.
int run_log_head(const LogOptions& options);
}  // namespace tocsin::tools
