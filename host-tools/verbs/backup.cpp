// SPDX-License-Identifier: Apache-2.0
#include "verbs/backup.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "lib/exit_status.hpp"
#include "lib/net.hpp"
#include "lib/terminal.hpp"

namespace tocsin::tools {
namespace {
// What becomes of it the daemon tells only to who began it, and whoever asks again begins another one.
constexpr const char* kGoesOn = "the daemon goes on with it, and its log says what became of it";
}  // namespace

int run_backup(const BackupOptions& options) {
  using Clock = std::chrono::steady_clock;
  constexpr Milliseconds kAnswer{5000};
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
  while (!stop_requested()) {
    wire::ControlRequest request;
    request.kind = wire::ControlKind::backup;
    request.text = path;
    const auto reply = control.ask(std::move(request));
    if (!reply) {
      std::fprintf(stderr, "%s\n", control.error().c_str());
      return static_cast<int>(Exit::unreachable);
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
    std::this_thread::sleep_for(kLook);
  }
  std::fprintf(stderr, "backup: interrupted; %s\n", kGoesOn);
  return static_cast<int>(Exit::bad_input);
}
}  // namespace tocsin::tools
