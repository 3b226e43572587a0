// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file A daemon on tcp:// with CURVE, and what its peers need to come in.
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "process.hpp"

namespace tocsin::daemon::test {
/// Keys by `tocsin keys` and a config that asks for them, on a free port of the loopback; principals p0, p1, ... may
/// speak for every feed. Alerts come on another port as well as on ipc; control stays on ipc.
class Secured {
 public:
  /// @param tables  of the config, after all others; may go on with the last principal, and say other `feeds` of it.
  Secured(const char* image, std::size_t principals, const std::string& tables = {});
  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] const std::string& ingest() const { return ingest_; }
  [[nodiscard]] const std::string& alerts() const { return alerts_; }
  [[nodiscard]] std::string control() const { return folder.endpoint("control.sock"); }
  [[nodiscard]] const PeerKeys& keys(std::size_t principal) const { return keys_[principal]; }
  /// Keys that nobody enrolled.
  [[nodiscard]] PeerKeys stranger() const;

  TempFolder folder;
  PeerContext context;
  std::unique_ptr<Tocsind> daemon;

 private:
  std::string ingest_;
  std::string alerts_;
  std::vector<PeerKeys> keys_;
  bool ready_ = false;
};
}  // namespace tocsin::daemon::test
