// SPDX-License-Identifier: Apache-2.0
#include "verbs/ack.hpp"

#include <utility>

#include "lib/exit_status.hpp"
#include "lib/net.hpp"

namespace tocsin::tools {
int run_ack(const AckOptions& options) {
  wire::ControlRequest request;
  request.kind = options.consumer.empty() ? wire::ControlKind::acknowledge : wire::ControlKind::ack_alerts;
  request.number = options.number;
  request.text = options.note;
  request.consumer = options.consumer;
  auto exit = Exit::done;
  (void)ask_once(options.endpoint, options.timeout_s, std::move(request), exit);
  return static_cast<int>(exit);
}
}  // namespace tocsin::tools
