// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file ZapPolicy: who may connect, decided without sockets; and who is connected.
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "keyring.hpp"

namespace tocsin::daemon {
/// Why a handshake was refused.
enum class ZapReason : std::uint8_t {
  none = 0,
  unknown_key = 1,
  unknown_domain = 2,   ///< no endpoint of ours
  wrong_mechanism = 3,  ///< plain on a socket that wants keys, or keys on a plain one
  too_many_of_key = 4,  ///< all connections that this key may have are there already; it may try again
  too_many_peers = 5,   ///< the endpoint's cap of peers; it may try again
  malformed = 6,
  endless_message = 7,  ///< no handshake, but what came after it: a message that never ends
};
inline constexpr std::size_t kZapReasons = 8;
[[nodiscard]] std::string_view name_of(ZapReason reason);

/// A request of libzmq, as it came (ZeroMQ RFC 27).
struct ZapRequest {
  std::string_view request_id;
  std::string_view domain;
  std::string_view address;
  std::string_view mechanism;
  std::optional<Key> key;  ///< with mechanism CURVE
};

/// Reads the frames of a request. @returns nothing when it is none. `frames` must outlive the result.
[[nodiscard]] std::optional<ZapRequest> parse_zap_request(std::span<const std::string_view> frames);

/// One endpoint, and who may use it.
struct ZapDomain {
  std::string endpoint;             ///< also the ZAP domain
  bool keys = false;                ///< CURVE; else plain
  std::string user_id;              ///< of a plain one: the principal's name
  std::uint32_t peers_max = 64;     ///< connections at the same time
  std::uint32_t least_per_key = 1;  ///< connections of one key, when its own `connections` is less
  bool outgoing = false;            ///< a publisher that we connect to: nobody comes in there, it is only counted
};

/// True when connections to this endpoint must prove a key.
[[nodiscard]] bool wants_keys(const Config& config, std::string_view endpoint);
/// The endpoints of a config with who may use them; what a plain endpoint's User-Id is comes from here and nowhere
/// else.
[[nodiscard]] std::vector<ZapDomain> zap_domains(const Config& config);

/// Connections as they come and go on one endpoint.
struct PeerCounts {
  std::uint32_t live = 0;               ///< handshakes that succeeded and have not ended
  std::uint64_t accepted = 0;           ///< including those that never finished a handshake; to a publisher: made
  std::uint64_t handshakes_failed = 0;  ///< garbage, silence, wrong mechanism, and those we refused
  std::uint64_t disconnected = 0;       ///< including those that libzmq threw out for a frame above the largest size
};

/// Decides handshakes and keeps count of connections. One owner.
///
/// libzmq tells of a handshake that succeeded neither the descriptor nor the key. So a connection is first taken for
/// the oldest one open, and set right by observed(); a wrong guess mends itself within kHandshakeMs, the longest a
/// connection can be open without having proved anything.
class ZapPolicy {
 public:
  static constexpr std::int64_t kHandshakeMs = 2500;
  /// How long a connection may have sent more than a handshake takes while others have done the proving: a message of
  /// one that has proved itself, which tells them apart, is on its way through the socket meanwhile.
  static constexpr std::int64_t kOverMs = 250;
  /// Connections of one endpoint that may be shaking hands at the same time, for each that may be there in the end.
  static constexpr std::size_t kWaitingPerPeer = 2;

  struct Answer {
    ZapReason reason = ZapReason::malformed;
    std::string user_id;  ///< when the reason is none
  };

  ZapPolicy(std::vector<ZapDomain> domains, std::shared_ptr<const Keyring> keyring);
  /// @param now_ms  a clock that only runs forward [ms]; also below.
  [[nodiscard]] Answer decide(const ZapRequest& request, std::int64_t now_ms);
  /// @returns whose keys are good now and were not, and the other way round.
  KeyringChange replace(std::shared_ptr<const Keyring> keyring);

  /// @{ What the monitor of an endpoint saw. @param endpoint  as the monitor tells it: the address that was reached.
  void accepted(std::string_view endpoint, int fd, std::int64_t now_ms);
  void succeeded(std::string_view endpoint);
  void failed(std::string_view endpoint);
  void disconnected(std::string_view endpoint, int fd, std::int64_t now_ms);
  /// @}
  /// What the first message of a connection said (ZmqFrame::source_fd and user_id).
  void observed(int fd, std::string_view user_id);

  /// Descriptors of connections that must go, each told once: of those still shaking hands the oldest, where there are
  /// more than may be. Whoever means it is done before that.
  [[nodiscard]] std::vector<int> take_surplus() { return std::exchange(surplus_, {}); }
  /// Descriptors of connections that may not have proved anything yet.
  [[nodiscard]] std::vector<int> unproven(std::int64_t now_ms) const;
  /// Descriptors of connections that sent more than a handshake takes without having proved anything. While no more
  /// of an endpoint sent so much than proved themselves there, nobody did; else it is who stays at it for kOverMs.
  /// @param over  those of unproven() that sent so much; what they proved before must have been told to succeeded().
  [[nodiscard]] std::vector<int> cheats(std::span<const int> over, std::int64_t now_ms);
  /// A live connection whose key is no longer good.
  struct Withdrawn {
    int fd;
    std::string_view user_id;
    bool told;  ///< by an earlier call
  };
  /// All of them that are still there. The texts are good until the next call of anything.
  [[nodiscard]] std::vector<Withdrawn> withdrawn();
  /// Descriptors of all connections.
  [[nodiscard]] std::vector<int> connections() const;
  /// Who it is, as far as that is known.
  [[nodiscard]] std::string_view user_of(int fd) const;
  /// Whether that descriptor is a connection of some endpoint.
  [[nodiscard]] bool connected(int fd) const;
  [[nodiscard]] PeerCounts counts(std::string_view endpoint) const;
  /// Appends the descriptors of the connections of an endpoint, those still shaking hands included.
  void append_connected(std::string_view endpoint, std::vector<int>& out) const;
  /// Connections of a User-Id on an endpoint, those still shaking hands included.
  [[nodiscard]] std::uint32_t live_of(std::string_view endpoint, std::string_view user_id) const;

 private:
  struct Connection {
    int fd = -1;
    std::int64_t since_ms = 0;
    bool succeeded = false;
    bool certain = false;
    bool withdrawn = false;          ///< told by withdrawn()
    bool surplus = false;            ///< told by take_surplus(), or soon
    std::int64_t over_since_ms = 0;  ///< when cheats() first saw it among too many; 0: it has not
    std::string user_id;             ///< once succeeded
  };
  struct Grant {
    std::string user_id;
    std::int64_t at_ms = 0;
  };
  struct Peers {
    ZapDomain domain;
    PeerCounts counts;
    std::deque<Grant> grants;  ///< told yes, handshake not finished; oldest first
    std::vector<Connection> connections;
  };
  [[nodiscard]] const Peers* find_(std::string_view endpoint) const;
  [[nodiscard]] Peers* find_(std::string_view endpoint);
  [[nodiscard]] static std::uint32_t count_(const Peers& peers, std::string_view user_id);
  static Connection* oldest_waiting_(Peers& peers);
  void bound_waiting_(Peers& peers);
  static void recount_(Peers& peers);
  [[nodiscard]] Answer admit_(Peers& peers, const std::string& user_id, std::uint32_t connections, std::int64_t now_ms);

  std::vector<Peers> peers_;
  std::vector<int> surplus_;
  std::shared_ptr<const Keyring> keyring_;
};
}  // namespace tocsin::daemon
