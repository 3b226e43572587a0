// SPDX-License-Identifier: Apache-2.0
#include "verbs/backup.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include "lib/exit_status.hpp"
#include "lib/net.hpp"
#include "lib/terminal.hpp"

namespace tocsin::tools {
namespace {
// What becomes of it the daemon tells only on the connection that began it, and whoever asks again begins another one.
constexpr const char* kGoesOn = "the daemon goes on with it, and its log says what became of it";

/// Begins it. The first question may have begun it although its answer was lost: whoever asks then is a stranger.
/// @returns the daemon's word that it has begun; otherwise nothing, with the exit status in `exit`.
std::optional<wire::ControlReply> begin(Control& control, wire::ControlRequest request, const BackupOptions& options,
                                        Exit& exit) {
  const auto path = request.text;
  auto reply = control.ask(std::move(request));
  if (!reply) {
    std::fprintf(stderr, "%s%s%s\n", control.error().c_str(), stop_requested() ? "; if it was asked, " : "",
                 stop_requested() ? kGoesOn : "");
    exit = Exit::unreachable;
    return std::nullopt;
  }
  if (reply->ok) return reply;
  exit = Exit::bad_input;
  if (reply->error.starts_with("a backup to '" + path + "' is under way")) {
    std::fprintf(stderr, "backup: one to '%s' is under way, this one or another's; %s\n", path.c_str(), kGoesOn);
  } else {
    std::fprintf(stderr, "%s: %s\n", options.endpoint.c_str(), reply->error.c_str());
  }
  return std::nullopt;
}
}  // namespace

int run_backup(const BackupOptions& options) {
  using Clock = std::chrono::steady_clock;
  constexpr Milliseconds kAnswer{5000};
  constexpr double kLateAnswer_s = 60;  // a daemon with a slow disk is late, and the copy makes the disk slower
  constexpr Milliseconds kLook{100};
  // The daemon makes the file: a path from our folder would mean another place there, or none.
  if (!options.out.starts_with('/')) {
    std::fprintf(stderr, "tocsin backup: %s: give the copy's path from the root, as it is on the daemon's machine\n",
                 options.out.c_str());
    return static_cast<int>(Exit::bad_usage);
  }
  catch_stop_signals();
  const auto path = std::filesystem::path{options.out}.lexically_normal().string();
  Context context;
  Control control{context, options.endpoint, kAnswer};
  const auto give_up = Clock::now() + std::chrono::duration<double>(options.timeout_s);
  wire::ControlRequest request;
  request.kind = wire::ControlKind::backup;
  request.text = path;
  Exit exit{};
  auto reply = begin(control, request, options, exit);
  if (!reply) return static_cast<int>(exit);
  control.wait_up_to(Milliseconds{static_cast<std::int64_t>(std::min(options.timeout_s, kLateAnswer_s) * 1000)});
  while (!stop_requested()) {
    std::this_thread::sleep_for(kLook);
    reply = control.ask_the_same(request);
    if (!reply) {
      if (stop_requested()) break;
      std::fprintf(stderr, "%s\nbackup: not known how it ends; %s\n", control.error().c_str(), kGoesOn);
      return static_cast<int>(Exit::bad_input);
    }
    if (!reply->ok) {
      std::fprintf(stderr, "%s: %s\n", options.endpoint.c_str(), reply->error.c_str());
      return static_cast<int>(Exit::bad_input);
    }
    if (reply->done) {
      if (!options.quiet) std::fprintf(stderr, "backup: '%s' is whole, was read back and is durable\n", path.c_str());
      return static_cast<int>(Exit::done);
    }
    if (Clock::now() > give_up) {
      std::fprintf(stderr, "backup: not done in time; %s\n", kGoesOn);
      return static_cast<int>(Exit::bad_input);
    }
  }
  std::fprintf(stderr, "backup: interrupted; %s\n", kGoesOn);
  return static_cast<int>(Exit::bad_input);
}
}  // namespace tocsin::tools
