// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What each connection brought, counted where libzmq receives it: neither libzmq nor the kernel tells that of a
/// local socket.
#include <cstdint>

namespace tocsin::daemon {
/// Bytes received on a descriptor since the program began, whoever had it. Of descriptors above 4095: 0. Any thread.
[[nodiscard]] std::uint64_t received_bytes(int fd);
}  // namespace tocsin::daemon
