// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What the answers to control requests have in common.
#include <string>
#include <utility>

#include "tocsin/wire/control_codec.hpp"

namespace tocsin::daemon {
/// Makes it a refusal that says why. @returns true: the answer is complete.
inline bool fail(wire::ControlReply& reply, std::string text) {
  reply.ok = false;
  reply.error = std::move(text);
  return true;
}
}  // namespace tocsin::daemon
