// SPDX-License-Identifier: Apache-2.0
#include "verbs/believe.hpp"

#include <cstdint>
#include <cstdio>
#include <utility>

#include "lib/exit_status.hpp"
#include "lib/net.hpp"

namespace tocsin::tools {
int run_believe(const BelieveOptions& options) {
  catch_stop_signals();
  Context context;
  Control control{context, options.endpoint, Milliseconds{static_cast<std::int64_t>(options.timeout_s * 1000)}};
  wire::ControlRequest request;
  request.kind = wire::ControlKind::believe;
  const auto reply = control.ask(std::move(request));
  if (!reply) {
    std::fprintf(stderr, "%s\n", control.error().c_str());
    return static_cast<int>(Exit::unreachable);
  }
  if (!reply->ok) {
    std::fprintf(stderr, "%s: %s\n", options.endpoint.c_str(), reply->error.c_str());
    return static_cast<int>(Exit::bad_input);
  }
  std::printf("%s\n", reply->text.c_str());
  return static_cast<int>(Exit::done);
}
}  // namespace tocsin::tools
