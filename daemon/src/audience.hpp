// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Audiences: who may see which alert.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/daemon/config.hpp"
#include "tocsin/engine/rule/image.hpp"

namespace tocsin::daemon {
/// True when an alert of this marking and release list may go to the audience.
[[nodiscard]] bool may_see(const AudienceConfig& audience, engine::Marking marking,
                           std::span<const std::string_view> release);

/// The audiences of a config on one book. Immutable but for resolve().
class Audiences {
 public:
  /// @param config  outlives it; has at least one audience.
  Audiences(const Config& config, const engine::Image& image) : config_{config} { resolve(image); }
  /// Another book.
  void resolve(const engine::Image& image);

  [[nodiscard]] std::size_t size() const { return config_.audiences.size(); }
  [[nodiscard]] std::string_view name(std::size_t audience) const { return config_.audiences[audience].name; }
  [[nodiscard]] const AudienceConfig& config(std::size_t audience) const { return config_.audiences[audience]; }
  /// @param alert  index in the image.
  [[nodiscard]] bool sees(std::size_t audience, std::uint16_t alert) const { return sees_[audience * alerts_ + alert]; }

 private:
  const Config& config_;
  std::size_t alerts_ = 0;
  std::vector<bool> sees_;
};
}  // namespace tocsin::daemon
