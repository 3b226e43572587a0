// SPDX-License-Identifier: Apache-2.0
#include "alert_query.hpp"

#include "tocsin/wire/alert_codec.hpp"

namespace tocsin::daemon {
// Not by the book that rules: it may have changed since.
bool visible(const AudienceConfig* audience, std::span<const std::byte> bytes) {
  if (audience == nullptr || (audience->all_releases && audience->ceiling == engine::Marking::red)) return true;
  const auto record = wire::decode_alert(bytes);
  if (!record) return false;
  const std::vector<std::string_view> release(record->release.begin(), record->release.end());
  return may_see(*audience, record->marking, release);
}

journal::Outcome read_alerts(journal::Journal& journal, AlertQuery& query) {
  std::size_t bytes = 0;
  std::size_t looked_at = 0;
  query.alerts.clear();
  query.more = false;
  query.looked_at = query.since == 0 && !query.consumer.empty() ? journal.cursor(query.consumer) : query.since;
  return journal.read_alerts(query.looked_at, [&](const journal::StoredAlert& alert) {
    if (query.alerts.size() >= query.limit || bytes + alert.bytes.size() > kAnswerBytesMax ||
        looked_at >= kLookedAtMax) {
      query.more = true;
      return false;
    }
    ++looked_at;
    query.looked_at = alert.number;
    if (!visible(query.audience, alert.bytes)) return true;
    bytes += alert.bytes.size();
    query.alerts.emplace_back(alert.bytes.begin(), alert.bytes.end());
    return true;
  });
}
}  // namespace tocsin::daemon
