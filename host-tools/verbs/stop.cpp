// SPDX-License-Identifier: Apache-2.0
#include "verbs/stop.hpp"

#include <cstdio>
#include <utility>

#include "lib/exit_status.hpp"
#include "lib/json.hpp"
#include "lib/net.hpp"

namespace tocsin::tools {
int run_stop(const StopOptions& options) {
  wire::ControlRequest request;
  request.kind = wire::ControlKind::shutdown;
  Exit exit{};
  const auto reply = ask_once(options.endpoint, options.timeout_s, std::move(request), exit);
  if (!reply) return static_cast<int>(exit);
  if (options.json) {
    JsonObject object;
    std::printf("%s\n", object.flag("stopping", true).text("text", reply->text).str().c_str());
  } else {
    std::printf("%s\n", reply->text.c_str());
  }
  return static_cast<int>(Exit::done);
}
}  // namespace tocsin::tools
