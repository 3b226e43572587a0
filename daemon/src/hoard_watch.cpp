// SPDX-License-Identifier: Apache-2.0
#include "hoard_watch.hpp"

#include <algorithm>

namespace tocsin::daemon {
void HoardWatch::remember_(std::span<const ConnectionLook> all) {
  std::erase_if(known_, [&](const auto& one) {
    return std::none_of(all.begin(), all.end(), [&](const ConnectionLook& now) { return now.fd == one.first; });
  });
  for (const auto& now : all) {
    auto& then = known_.try_emplace(now.fd, now).first->second;
    if (then.messages != now.messages) then = now;
  }
}

std::vector<int> HoardWatch::look(std::size_t heap, std::span<const ConnectionLook> all) {
  if (!start_) start_ = heap;
  high_ = heap > *start_ + budget_;
  remember_(all);
  std::vector<int> gone;
  for (const auto& now : all) {
    if (high_ && now.bytes - known_.at(now.fd).bytes > kBytesMax) gone.push_back(now.fd);
  }
  return gone;
}
}  // namespace tocsin::daemon
