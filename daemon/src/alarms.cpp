// SPDX-License-Identifier: Apache-2.0
#include "alarms.hpp"

#include <algorithm>

#include "tocsin/daemon/log.hpp"

namespace tocsin::daemon {
void Alarms::raise(std::string_view name, std::string_view text) {
  auto found = std::find_if(alarms_.begin(), alarms_.end(), [&](const Alarm& alarm) { return alarm.name == name; });
  if (found == alarms_.end()) found = alarms_.insert(alarms_.end(), {std::string{name}, {}, false, 0});
  if (found->raised && found->text == text) return;
  found->text = text;
  found->raised = true;
  ++found->changes;
  tell_(*found);
}

void Alarms::clear(std::string_view name) {
  const auto found =
      std::find_if(alarms_.begin(), alarms_.end(), [&](const Alarm& alarm) { return alarm.name == name; });
  if (found == alarms_.end() || !found->raised) return;
  found->raised = false;
  ++found->changes;
  tell_(*found);
}

bool Alarms::raised(std::string_view name) const {
  return std::any_of(alarms_.begin(), alarms_.end(),
                     [&](const Alarm& alarm) { return alarm.raised && alarm.name == name; });
}

void Alarms::tell_(const Alarm& alarm) const {
  LogLine(alarm.raised ? Severity::warning : Severity::info, alarm.raised ? "alarm" : "alarm_over")
      .field("name", alarm.name)
      .field("text", alarm.text);
  if (listener_) listener_(alarm);
}
}  // namespace tocsin::daemon
