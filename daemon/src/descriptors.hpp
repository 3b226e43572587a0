// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file How many file descriptors the sockets of a config can take. Without one libzmq ends the process when a peer
/// connects to an ipc:// endpoint.
#include <cstdint>

#include "tocsin/daemon/config.hpp"

namespace tocsin::daemon {
/// The most that the daemon holds at the same time: all peers there, as many shaking hands as may, and its own.
[[nodiscard]] std::uint64_t descriptors_needed(const Config& config);

/// Raises the process's soft limit of open files to the hard one where `needed` is above it and the system allows that.
/// @returns the limit from here on.
[[nodiscard]] std::uint64_t provide_descriptors(std::uint64_t needed);
}  // namespace tocsin::daemon
