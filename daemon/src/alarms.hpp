// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Alarms: what is wrong with the daemon itself, for operators: `clock`, `self_check`, `journal`, `book`,
/// `keys`, `unshelved`.
///
/// A log line tells each change; status shows those that are raised; a listener may publish them (`~daemon/NAME`).
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::daemon {
struct Alarm {
  std::string name;
  std::string text;           ///< what is wrong and how to mend it
  bool raised = false;        ///< false: it was, and is no more
  std::uint64_t changes = 0;  ///< how often it was raised or cleared
};

/// The daemon's own alarms. One thread. A handful of names: each keeps its place for good.
class Alarms {
 public:
  /// Called after every change, on the thread that made it. Must not call raise() or clear().
  using Listener = std::function<void(const Alarm&)>;
  void listen(Listener listener) { listener_ = std::move(listener); }

  /// Raises it, or gives a raised one another text. The same name and text again changes nothing.
  void raise(std::string_view name, std::string_view text);
  /// Ends it. One that is not raised stays as it is.
  void clear(std::string_view name);
  [[nodiscard]] bool raised(std::string_view name) const;
  /// All that ever were raised, oldest first.
  [[nodiscard]] std::span<const Alarm> all() const { return alarms_; }

 private:
  void tell_(const Alarm& alarm) const;

  std::vector<Alarm> alarms_;
  Listener listener_;
};
}  // namespace tocsin::daemon
