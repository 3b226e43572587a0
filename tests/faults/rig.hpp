// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file What the tests with a real daemon share: a site with two ingest endpoints, one of them on tcp, and bad peers.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/wire/control_codec.hpp"

#include "fixture.hpp"
#include "process.hpp"

namespace tocsin::daemon::faults {
struct RigOptions {
  std::string journal = "journal.db";  ///< path, or relative to the site's folder
  std::string extra;                   ///< lines of TOML before the tables
  std::string flood_quota;             ///< TOML table of the quota of the principal "flood"; empty: none
  std::string tables;                  ///< TOML tables at the end
};

/// A folder with a book and a config: ingest on ipc (nobody's), on ipc for the principal "flood", and on tcp.
class Rig {
 public:
  explicit Rig(const RigOptions& options = {});
  /// Writes the config anew.
  void configure(const RigOptions& options);
  [[nodiscard]] std::vector<std::string> arguments() const { return {"--config", site.config_file()}; }
  [[nodiscard]] std::string log() const { return site.folder.file("log"); }
  [[nodiscard]] std::string flood() const { return site.folder.endpoint("flood.sock"); }
  [[nodiscard]] std::string tcp() const { return "tcp://127.0.0.1:" + std::to_string(port); }
  [[nodiscard]] std::string journal() const { return journal_; }
  /// Asks the daemon how it is. Panics when it does not answer in time.
  [[nodiscard]] wire::StatusReport status();

  test::Site site{"clock = \"input\""};
  test::PeerContext context;
  std::uint16_t port;

 private:
  std::string journal_;
};

/// A port of the loopback that nobody listens on just now.
[[nodiscard]] std::uint16_t free_port();

/// A socket below ZeroMQ, to say what no library would. Closes when it goes out of scope.
class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port);
  /// On a Unix socket. @param path  without "ipc://".
  explicit RawPeer(const std::string& path);
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;
  RawPeer(RawPeer&& other) noexcept;
  RawPeer& operator=(RawPeer&&) = delete;
  [[nodiscard]] bool connected() const { return fd_ >= 0; }
  /// @returns false when the other side has closed or takes no more.
  bool send(std::string_view bytes) const;
  /// As send(), but waits for room. @returns false when the other side hung up, or took nothing for so long.
  bool send_all(std::string_view bytes, int timeout_ms) const;
  /// Reads what comes until nothing has come for so long. @returns how many bytes.
  std::size_t hear(int quiet_ms) const;

 private:
  int fd_ = -1;
};

/// The greeting of ZMTP 3.1 with the NULL mechanism, as a client sends it.
[[nodiscard]] std::string greeting();
/// The READY command of a socket of this type, e.g. "DEALER".
[[nodiscard]] std::string ready(std::string_view type);
}  // namespace tocsin::daemon::faults
