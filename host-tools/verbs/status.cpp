// SPDX-License-Identifier: Apache-2.0
#include "verbs/status.hpp"

#include <cstdio>

#include "lib/exit_status.hpp"
#include "lib/net.hpp"
#include "lib/status_metrics.hpp"
#include "lib/status_text.hpp"

namespace tocsin::tools {
int run_status(const StatusOptions& options) {
  catch_stop_signals();
  Context context;
  Control control{context, options.endpoint, Milliseconds{static_cast<std::int64_t>(options.timeout_s * 1000)}};
  const auto reply = control.ask({.kind = wire::ControlKind::status, .id = 0, .feed = {}, .since = 0, .limit = 0});
  if (!reply) {
    std::fprintf(stderr, "%s\n", control.error().c_str());
    return static_cast<int>(Exit::unreachable);
  }
  if (!reply->ok || !reply->status) {
    std::fprintf(stderr, "%s: %s\n", options.endpoint.c_str(), reply->error.c_str());
    return static_cast<int>(Exit::bad_input);
  }
  const Palette palette{.on = wants_colour(stdout)};
  std::string text;
  if (options.metrics) {
    text = status_metrics(*reply->status);
  } else {
    text = options.json ? status_json(*reply->status) + "\n" : status_text(*reply->status, palette, options.all);
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return static_cast<int>(Exit::done);
}
}  // namespace tocsin::tools
