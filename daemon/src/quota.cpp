// SPDX-License-Identifier: Apache-2.0
#include "quota.hpp"

#include <algorithm>

#include "tocsin/engine/base/check.hpp"

namespace tocsin::daemon {
namespace {
constexpr double kDefaultBurstSeconds = 2;
}  // namespace

bool TokenBucket::has(std::uint64_t now_ns, double count) {
  if (rate_ <= 0) return true;
  if (now_ns > filled_at_ns_) {
    const double seconds = static_cast<double>(now_ns - filled_at_ns_) / 1e9;
    tokens_ = std::min(burst_, tokens_ + seconds * rate_);
    filled_at_ns_ = now_ns;
  }
  return tokens_ >= std::min(count, burst_);
}

Quota::Buckets Quota::make_(const QuotaConfig& config) {
  Buckets buckets;
  const double burst_reports =
      config.burst > 0 ? config.burst : std::max(config.reports_per_second * kDefaultBurstSeconds, 1.0);
  buckets.reports = TokenBucket{config.reports_per_second, burst_reports};
  buckets.bytes = TokenBucket{config.bytes_per_second, std::max(config.bytes_per_second * kDefaultBurstSeconds, 1.0)};
  return buckets;
}

Quota::Quota(std::span<const QuotaConfig> own, const QuotaConfig& global) : global_{make_(global)} {
  own_.reserve(own.size());
  for (const auto& one : own) own_.push_back(make_(one));
}

Admission Quota::admit(std::size_t principal, std::uint64_t now_ns, std::uint64_t reports, std::uint64_t bytes) {
  TOCSIN_CHECK(principal < own_.size());
  auto& own = own_[principal];
  const auto count = static_cast<double>(reports);
  const auto size = static_cast<double>(bytes);
  if (!own.reports.has(now_ns, count) || !own.bytes.has(now_ns, size)) {
    count_(own, now_ns);
    return Admission::over_own;
  }
  if (!global_.reports.has(now_ns, count) || !global_.bytes.has(now_ns, size)) {
    ++own.refused;  // not its fault, so it is not held against it
    ++global_.refused;
    return Admission::over_global;
  }
  own.reports.take(count);
  own.bytes.take(size);
  global_.reports.take(count);
  global_.bytes.take(size);
  return Admission::ok;
}

void Quota::count_(Buckets& buckets, std::uint64_t now_ns) {
  ++buckets.refused;
  if (now_ns - buckets.window_since_ns > kRepeatWindowNs) {
    buckets.window_since_ns = now_ns;
    buckets.in_window = 0;
  }
  ++buckets.in_window;
}

bool Quota::repeats(std::size_t principal) {
  auto& own = own_.at(principal);
  if (own.in_window < kRepeatsMax) return false;
  own.in_window = 0;
  return true;
}
}  // namespace tocsin::daemon
