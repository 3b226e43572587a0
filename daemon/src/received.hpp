// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What each connection brought, counted where libzmq receives it: neither libzmq nor the kernel tells that of a
/// local socket.
#include <cstdint>

namespace tocsin::daemon {
/// Bytes received on a descriptor since the program began, whoever had it. Of descriptors above 4095: 0. Any thread.
[[nodiscard]] std::uint64_t received_bytes(int fd);

/// Readable once the bytes of ring_when_received() came: for who polls it along with others. The process has one, made
/// by the first call and never closed, since libzmq's threads may ring it as long as they live. -1: the system has no
/// descriptor for it.
[[nodiscard]] int received_bell();
/// Silences the bell until so many bytes more are received, on whatever descriptors. One thread.
void ring_when_received(std::uint64_t bytes);
}  // namespace tocsin::daemon
