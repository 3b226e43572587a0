// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin verify-alerts JOURNAL`: a second opinion on every alert event of a stopped daemon's journal.
#include <string>

namespace tocsin::tools {
struct VerifyAlertsOptions {
  std::string journal;  ///< path of a journal; its daemon must be stopped
  bool json = false;    ///< the result as one JSON object on stdout
};

/// Gives the journal's inputs to the model (host-tools/model, which shares no code with the engine) under the rule
/// image that ruled, and compares what it says with what was logged: at the end, and wherever something was withdrawn.
/// @returns 0 all agree; 1 something differs or the journal is damaged; 3 the journal cannot be opened.
int run_verify_alerts(const VerifyAlertsOptions& options);
}  // namespace tocsin::tools
