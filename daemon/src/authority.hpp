// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Authority: what each principal may do, resolved against the book.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/daemon/config.hpp"
#include "tocsin/engine/rule/image.hpp"

#include "keyring.hpp"

namespace tocsin::daemon {
/// What one principal may do.
struct Rights {
  struct Range {
    std::uint16_t indicator;  ///< index in the image
    double min;
    double max;
  };

  std::string name;
  std::size_t index = 0;  ///< of the principal in Authority::all(): for Quota and counters
  bool all_feeds = true;
  bool all_indicators = true;
  std::vector<bool> feeds;       ///< by index in the image; empty when all
  std::vector<bool> indicators;  ///< by index in the image; empty when all
  std::vector<Range> ranges;
  bool may_retract = true;
  Role roles = Role::none;
  std::size_t audience = 0;  ///< index in Config::audiences
  QuotaConfig quota;

  [[nodiscard]] bool may_feed(std::uint16_t feed) const { return all_feeds || (feed < feeds.size() && feeds[feed]); }
  [[nodiscard]] bool may_indicate(std::uint16_t indicator) const {
    return all_indicators || (indicator < indicators.size() && indicators[indicator]);
  }
  /// True when the value lies in every range given for the indicator; NaN lies in none.
  [[nodiscard]] bool may_value(std::uint16_t indicator, double value) const;
};

/// Rights by User-Id. Asked for every message, so that a key or principal that is withdrawn is cut on a live connection
/// too. One owner, one thread; no heap in of().
class Authority {
 public:
  /// Principals of the config first, in its order, then one for each endpoint that none of them has: whoever may use
  /// that endpoint may do all.
  /// @param keyring  may be null: no keys.
  Authority(const Config& config, const engine::Image& image, std::shared_ptr<const Keyring> keyring);

  /// The rights behind a User-Id as the ZAP thread gave it, or nullptr: nobody, take nothing from there.
  [[nodiscard]] const Rights* of(std::string_view user_id) const;
  [[nodiscard]] const std::vector<Rights>& all() const { return rights_; }
  [[nodiscard]] std::vector<QuotaConfig> quotas() const;
  /// Other keys, from now on.
  void replace(std::shared_ptr<const Keyring> keyring) { keyring_ = std::move(keyring); }
  /// The same principals on another book.
  void resolve(const Config& config, const engine::Image& image);

 private:
  std::vector<Rights> rights_;
  std::shared_ptr<const Keyring> keyring_;
};
}  // namespace tocsin::daemon
