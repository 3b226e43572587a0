// SPDX-License-Identifier: Apache-2.0
#include "alert_query.hpp"

namespace tocsin::daemon {
journal::Outcome read_alerts(journal::Journal& journal, AlertQuery& query) {
  std::size_t bytes = 0;
  return journal.read_alerts(query.since, [&](const journal::StoredAlert& alert) {
    if (query.alerts.size() >= query.limit || bytes + alert.bytes.size() > kAnswerBytesMax) {
      query.more = true;
      return false;
    }
    bytes += alert.bytes.size();
    query.alerts.emplace_back(alert.bytes.begin(), alert.bytes.end());
    return true;
  });
}
}  // namespace tocsin::daemon
