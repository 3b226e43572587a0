// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"

#include <algorithm>

#include "zap_policy.hpp"

namespace tocsin::daemon {
namespace {
bool has_principal(const Config& config, const std::string& endpoint) {
  return std::any_of(config.principals.begin(), config.principals.end(),
                     [&](const PrincipalConfig& one) { return one.endpoint == endpoint; });
}

/// Index of the audience with that name; the first one when there is none (the config was checked).
std::size_t audience_of(const Config& config, const std::string& name) {
  for (std::size_t i = 0; i < config.audiences.size(); ++i) {
    if (config.audiences[i].name == name) return i;
  }
  return 0;
}

void resolve_names(const std::vector<PlacedText>& names, std::size_t count, bool all, std::vector<bool>& out,
                   const auto& find) {
  out.clear();
  if (all) return;
  out.resize(count);
  for (const auto& name : names) {
    const auto index = find(name.text);
    if (index != engine::kNone) out[index] = true;  // the config was checked; a new book may lack it
  }
}
}  // namespace

bool Rights::may_value(std::uint16_t indicator, double value) const {
  return std::all_of(ranges.begin(), ranges.end(), [&](const Range& range) {
    return range.indicator != indicator || (value >= range.min && value <= range.max);
  });
}

Authority::Authority(const Config& config, const engine::Image& image, std::shared_ptr<const Keyring> keyring)
    : keyring_{std::move(keyring)} {
  for (const auto& principal : config.principals) {
    Rights rights;
    rights.name = principal.name;
    rights.may_retract = principal.may_retract;
    rights.roles = principal.roles;
    rights.audience = audience_of(config, principal.audience);
    rights.quota = principal.quota;
    rights_.push_back(std::move(rights));
  }
  for (const auto* const list : {&config.ingest, &config.alerts, &config.control}) {
    for (const auto& endpoint : *list) {
      if (has_principal(config, endpoint.text) || wants_keys(config, endpoint.text)) continue;
      Rights rights;
      rights.name = endpoint.text;
      rights.roles = Role::all;
      rights_.push_back(std::move(rights));
    }
  }
  for (const auto& broadcast : config.broadcast) {  // its messages bring no User-Id; found by its name
    if (of(broadcast.principal) != nullptr) continue;
    Rights rights;
    rights.name = broadcast.principal;
    rights_.push_back(std::move(rights));
  }
  for (std::size_t i = 0; i < rights_.size(); ++i) rights_[i].index = i;
  resolve(config, image);
}

const Rights* Authority::of(std::string_view user_id) const {
  const auto mark = user_id.rfind('#');
  if (mark != std::string_view::npos && (keyring_ == nullptr || !keyring_->good(user_id))) return nullptr;
  const auto name = user_id.substr(0, mark);
  const auto found = std::find_if(rights_.begin(), rights_.end(), [&](const Rights& one) { return one.name == name; });
  return found == rights_.end() ? nullptr : &*found;
}

std::vector<QuotaConfig> Authority::quotas() const {
  std::vector<QuotaConfig> quotas;
  for (const auto& rights : rights_) quotas.push_back(rights.quota);
  return quotas;
}

void Authority::resolve(const Config& config, const engine::Image& image) {
  for (std::size_t i = 0; i < config.principals.size(); ++i) {
    const auto& principal = config.principals[i];
    auto& rights = rights_[i];
    rights.all_feeds = principal.all_feeds;
    rights.all_indicators = principal.all_indicators;
    const auto indicator_of = [&](const std::string& name) { return image.find_indicator(name); };
    resolve_names(principal.feeds, image.feeds.size(), principal.all_feeds, rights.feeds,
                  [&](const std::string& name) { return image.find_feed(name); });
    resolve_names(principal.indicators, image.indicators.size(), principal.all_indicators, rights.indicators,
                  indicator_of);
    rights.ranges.clear();
    for (const auto& range : principal.ranges) {
      const auto index = indicator_of(range.indicator.text);
      if (index != engine::kNone) rights.ranges.push_back({index, range.min, range.max});
    }
  }
}
}  // namespace tocsin::daemon
