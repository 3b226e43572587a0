// SPDX-License-Identifier: Apache-2.0
#include "audience.hpp"

#include <algorithm>

namespace tocsin::daemon {
bool may_see(const AudienceConfig& audience, engine::Marking marking, std::span<const std::string_view> release) {
  if (marking > audience.ceiling) return false;
  if (audience.all_releases || release.empty()) return true;
  return std::any_of(release.begin(), release.end(), [&](std::string_view word) {
    return std::find(audience.release.begin(), audience.release.end(), word) != audience.release.end();
  });
}

void Audiences::resolve(const engine::Image& image) {
  alerts_ = image.alerts.size();
  sees_.assign(alerts_ * size(), false);
  for (std::size_t index = 0; index < alerts_; ++index) {
    const auto& alert = image.alerts[index];
    std::vector<std::string_view> release;
    for (const auto word : image.texts.subspan(alert.release.first, alert.release.count)) {
      release.push_back(image.view(word));
    }
    for (std::size_t audience = 0; audience < size(); ++audience) {
      sees_[audience * alerts_ + index] =
          may_see(config_.audiences[audience], static_cast<engine::Marking>(alert.marking), release);
    }
  }
}
}  // namespace tocsin::daemon
