// SPDX-License-Identifier: Apache-2.0
#include "verbs/log_level.hpp"

#include <utility>

#include "lib/exit_status.hpp"
#include "lib/net.hpp"

namespace tocsin::tools {
int run_log_level(const LogLevelOptions& options) {
  wire::ControlRequest request;
  request.kind = wire::ControlKind::log_level;
  request.text = options.level;
  Exit exit{};
  const auto reply = ask_once(options.endpoint, options.timeout_s, std::move(request), exit);
  if (!reply) return static_cast<int>(exit);
  return tell_answer(*reply, options.json, JsonObject{}.text("level", options.level));
}
}  // namespace tocsin::tools
