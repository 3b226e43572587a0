// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file ZapThread: who may connect. libzmq asks it (ZeroMQ RFC 27) for every handshake of every socket.
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "hoard_watch.hpp"
#include "zap_policy.hpp"
#include "zmq_socket.hpp"

namespace tocsin::daemon {
/// The thread that answers libzmq. Made before any data socket and destroyed after all of them: without it libzmq lets
/// every key in. When it cannot go on, the process ends.
class ZapThread {
 public:
  /// @param context  outlives it.
  explicit ZapThread(ZmqContext& context) : context_{context} {}
  ~ZapThread();
  ZapThread(const ZapThread&) = delete;
  ZapThread& operator=(const ZapThread&) = delete;

  /// Binds inproc://zeromq.zap.01, starts the thread, and tries it: a connection with a key nobody knows and one to a
  /// domain nobody has must both be refused. @returns what went wrong, with the mend, or empty: only then bind sockets.
  [[nodiscard]] std::string start(const Config& config, std::shared_ptr<const Keyring> keyring);
  /// Counts what becomes of the connections of a socket. Call before its first bind or connect.
  /// @returns what went wrong, or empty.
  [[nodiscard]] std::string watch(ZmqSocket& socket);
  /// Other keys for handshakes from now on. Connections that observed() knows to rest on a key that is no longer good
  /// are cut; see also Authority, which is asked for every message. The log tells whose keys they are.
  void replace(std::shared_ptr<const Keyring> keyring);

  /// What the first message of a connection said of itself: call it once per connection, so that connections of one
  /// key are counted right. Cheap. Any thread.
  void observed(ZmqFrame& frame);
  /// A whole message of that connection came out of a socket (ZmqFrame::source_fd). Any thread.
  void heard(int fd) {
    if (fd >= 0 && static_cast<std::size_t>(fd) < heard_.size()) {
      heard_[static_cast<std::size_t>(fd)].fetch_add(1, std::memory_order_relaxed);
    }
  }
  /// Ends a connection (ZmqFrame::source_fd), if there still is one with that descriptor. Any thread.
  void cut(int fd);
  /// @{ Any thread.
  [[nodiscard]] std::uint64_t refused(ZapReason reason) const;
  [[nodiscard]] std::uint64_t refused_in_all() const;
  /// Nothing of an endpoint that is not in the config.
  [[nodiscard]] PeerCounts counts(std::string_view endpoint) const;
  /// Appends the descriptors of the connections of an endpoint, those still shaking hands included.
  void append_connected(std::string_view endpoint, std::vector<int>& out) const;
  /// @}

 private:
  static constexpr std::size_t kDescriptors = 4096;  ///< as many connections as are watched for messages without end
  void run_();
  void answer_();
  void cut_();
  void cut_withdrawn_();
  [[nodiscard]] std::vector<int> over_();  ///< who sent more than a handshake takes, and may have proved nothing
  void watch_heap_(bool much_came);        ///< now and then, and when much was received
  [[nodiscard]] int tick_ms_() const;
  void read_monitor_(void* monitor);
  void reply_(std::string_view request_id, const ZapPolicy::Answer& answer);
  void tell_refusal_(const ZapRequest& request, ZapReason reason);
  void adopt_monitors_();
  [[nodiscard]] std::string self_test_();

  ZmqContext& context_;
  void* handler_ = nullptr;
  int wake_fd_ = -1;
  std::thread thread_;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;  ///< guards what follows; held shortly and never while waiting
  std::optional<ZapPolicy> policy_;
  std::vector<std::string> new_monitors_;
  std::vector<void*> monitors_;  ///< the thread's own
  unsigned monitors_made_ = 0;
  std::array<std::atomic<std::uint64_t>, kZapReasons> refused_{};
  std::uint64_t connections_ = 0;     ///< the thread's own: how many were let in
  std::int64_t withdrawn_at_ms_ = 0;  ///< the thread's own
  bool unproven_ = false;             ///< the thread's own
  std::array<std::atomic<std::uint32_t>, kDescriptors> heard_{};
  HoardWatch hoard_;                   ///< the thread's own
  std::vector<ConnectionLook> looks_;  ///< the thread's own
  std::int64_t look_at_ms_ = 0;        ///< the thread's own
  std::int64_t told_at_ms_ = 0;        ///< the thread's own
  std::uint64_t untold_ = 0;           ///< the thread's own
};
}  // namespace tocsin::daemon
