// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What main.cpp and daemon_verbs.cpp share: how a verb is called.
#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "lib/exit_status.hpp"

namespace tocsin::tools {
inline constexpr const char* kExits =
    "\nExit status: 0 done, 1 the input is wrong or a test failed, 2 bad usage, 3 the other side cannot be reached.";

/// What the command line chose to do; returns the exit status.
using Run = std::function<int()>;

/// A new verb of `app`, whose help ends with the examples.
inline CLI::App* verb(CLI::App& app, const char* name, const char* what, const std::string& examples) {
  CLI::App* sub = app.add_subcommand(name, what);
  sub->footer("\nExamples:\n" + examples + kExits);
  return sub;
}

/// The verbs that talk to a running daemon. @param run  is set to what the command line chose; outlives `app`.
void add_daemon_verbs(CLI::App& app, Run& run);
/// Gives every verb of `app` with an endpoint the options by which we prove who we are there; what is no endpoint is
/// bad usage. Call it once, when all verbs are there.
void add_key_options(CLI::App& app);
/// Reads the keys for the verb that was chosen, if it can use some. @returns Exit::done; or the status to end with,
/// having said why: bad usage for one key without the other, bad input for what is no key.
[[nodiscard]] Exit take_keys(const CLI::App& app);
}  // namespace tocsin::tools
