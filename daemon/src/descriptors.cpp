// SPDX-License-Identifier: Apache-2.0
#include "descriptors.hpp"

#include <sys/resource.h>

#include "zap_policy.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::uint64_t kOwn = 64;          // standard streams, journal, backup, keys, libzmq's threads, the doorbells
constexpr std::uint64_t kPerSocket = 3;     // its signal, and those of the pair that watches it
constexpr std::uint64_t kPerListener = 2;   // what listens, and the lock beside it
constexpr std::uint64_t kPerPublisher = 2;  // a connection, and the one that takes its place
constexpr std::uint64_t kBurst = 128;       // accepted before the first of them was looked at (ZMQ_BACKLOG)
}  // namespace

std::uint64_t descriptors_needed(const Config& config) {
  const std::uint64_t listeners = config.ingest.size() + config.alerts.size() + config.control.size();
  const std::uint64_t sockets = config.ingest.size() + config.broadcast.size() + 2;  // alerts and control: one each
  const std::uint64_t peers = config.bounds.peers * (1 + std::uint64_t{ZapPolicy::kWaitingPerPeer});
  return kOwn + kBurst + sockets * kPerSocket + listeners * (kPerListener + peers) +
         config.broadcast.size() * kPerPublisher;
}

std::uint64_t provide_descriptors(std::uint64_t needed) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur >= needed || limit.rlim_cur == limit.rlim_max) return limit.rlim_cur;
  const rlimit wanted{limit.rlim_max, limit.rlim_max};
  return setrlimit(RLIMIT_NOFILE, &wanted) == 0 ? wanted.rlim_cur : limit.rlim_cur;
}
}  // namespace tocsin::daemon
