// SPDX-License-Identifier: Apache-2.0
#include "verbs/ack.hpp"

#include <cstdio>
#include <utility>

#include "lib/exit_status.hpp"
#include "lib/net.hpp"

namespace tocsin::tools {
int run_ack(const AckOptions& options) {
  catch_stop_signals();
  Context context;
  Control control{context, options.endpoint, Milliseconds{static_cast<std::int64_t>(options.timeout_s * 1000)}};
  wire::ControlRequest request;
  request.kind = options.consumer.empty() ? wire::ControlKind::acknowledge : wire::ControlKind::ack_alerts;
  request.number = options.number;
  request.text = options.note;
  request.consumer = options.consumer;
  const auto reply = control.ask(std::move(request));
  if (!reply) {
    std::fprintf(stderr, "%s\n", control.error().c_str());
    return static_cast<int>(Exit::unreachable);
  }
  if (reply->ok) return static_cast<int>(Exit::done);
  std::fprintf(stderr, "%s: %s\n", options.endpoint.c_str(), reply->error.c_str());
  return static_cast<int>(Exit::bad_input);
}
}  // namespace tocsin::tools
