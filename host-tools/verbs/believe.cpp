// SPDX-License-Identifier: Apache-2.0
#include "verbs/believe.hpp"

#include <cstdio>
#include <utility>

#include "lib/exit_status.hpp"
#include "lib/net.hpp"

namespace tocsin::tools {
int run_believe(const BelieveOptions& options) {
  wire::ControlRequest request;
  request.kind = wire::ControlKind::believe;
  Exit exit{};
  const auto reply = ask_once(options.endpoint, options.timeout_s, std::move(request), exit);
  if (!reply) return static_cast<int>(exit);
  std::printf("%s\n", reply->text.c_str());
  return static_cast<int>(Exit::done);
}
}  // namespace tocsin::tools
