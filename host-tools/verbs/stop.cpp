// SPDX-License-Identifier: Apache-2.0
#include "verbs/stop.hpp"

#include <utility>

#include "lib/exit_status.hpp"
#include "lib/net.hpp"

namespace tocsin::tools {
int run_stop(const StopOptions& options) {
  wire::ControlRequest request;
  request.kind = wire::ControlKind::shutdown;
  Exit exit{};
  const auto reply = ask_once(options.endpoint, options.timeout_s, std::move(request), exit);
  if (!reply) return static_cast<int>(exit);
  return tell_answer(*reply, options.json, JsonObject{}.flag("stopping", true));
}
}  // namespace tocsin::tools
