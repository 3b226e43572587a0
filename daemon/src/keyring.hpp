// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Keyring: whose public key is whose. ServerKeys: the daemon's own pair.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tocsin/daemon/config.hpp"

#include "secrets.hpp"

namespace tocsin::daemon {
/// The daemon's own key pair. Set it on sockets (ZmqSocket::secure_server), then wipe() it.
struct ServerKeys {
  Secret secret;
  Key public_key{};
  void wipe() { secret.wipe(); }
};

/// Loads `server.secret` (see secret_path) and computes its public key; a `server.pub` beside it must be the same.
/// @returns what is wrong, with the mend, or empty.
[[nodiscard]] std::string load_server_keys(const KeysConfig& keys, ServerKeys& out);

/// The User-Id of a connection that proved a key: `NAME#FINGERPRINT`, so that a key can be withdrawn while the
/// principal's other one holds. On a plain socket the User-Id is the principal's name alone.
[[nodiscard]] std::string user_id_of(std::string_view principal, const Key& key);

/// What a reload of the keys changed.
struct KeyringChange {
  std::vector<std::string> added;      ///< User-Ids that are good now and were not
  std::vector<std::string> withdrawn;  ///< User-Ids that were good and are no longer
  [[nodiscard]] bool empty() const { return added.empty() && withdrawn.empty(); }
};

/// The enrolled public keys of the principals. Holds nothing secret. Immutable once loaded, so that threads may share
/// it; a reload makes a new one.
class Keyring {
 public:
  struct Entry {
    Key key;
    std::string principal;
    std::string user_id;
    std::uint32_t connections = 1;
  };

  /// Reads `FOLDER/principals/NAME.pub` of every principal of the config: one or two Z85 public keys, one per line, `#`
  /// begins a comment. The same key twice, a file with more keys, something that is no key, or the key of a principal
  /// with an endpoint whose feeds and roles are not both written out is an error.
  /// @param warnings  appended: principals without a key, key files without a principal.
  /// @returns what is wrong, with the mend, or empty; on an error `out` is unchanged.
  [[nodiscard]] static std::string load(const Config& config, std::shared_ptr<const Keyring>& out,
                                        std::vector<std::string>& warnings);
  /// As load(), where a ring holds already: a file that cannot be read as it should be must not keep withdrawn keys in
  /// force that are another's. So what the files say holds, but for principals whose file cannot be read, which keep
  /// the keys they had; and a key that is there twice stays whose it was, or opens nothing, as does one of a principal
  /// with an endpoint that may not have one: of that, a warning tells.
  /// @param errors  appended: all that is wrong, with the mend; none: the ring is as load() reads it.
  [[nodiscard]] static std::shared_ptr<const Keyring> reload(const Config& config, const Keyring& before,
                                                             std::vector<std::string>& errors,
                                                             std::vector<std::string>& warnings);
  /// As load(), but keeps nothing and tells all that is wrong, not only the first. @param errors  appended.
  static void check(const Config& config, std::vector<std::string>& errors, std::vector<std::string>& warnings);

  Keyring() = default;
  /// For tests and for daemons without keys. @pre keys differ.
  explicit Keyring(std::vector<Entry> entries);

  /// The holder of a key, or nullptr. Compares in constant time per key.
  [[nodiscard]] const Entry* find(const Key& key) const;
  /// True when connections with this User-Id (with a fingerprint) are still good.
  [[nodiscard]] bool good(std::string_view user_id) const;
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// What is different from `before`.
  [[nodiscard]] KeyringChange since(const Keyring& before) const;

 private:
  /// What is wrong with the files of a ring.
  struct Trouble {
    std::vector<std::string> errors;
    std::vector<std::string> unread;  ///< principals whose file cannot be read as it should be
    std::vector<Entry> twice;         ///< keys that are there twice, for each who claims them
    std::vector<std::string> wide;    ///< files left alone: the holder would have what its principal's endpoint has
  };
  void read_(const Config& config, Trouble& trouble, std::vector<std::string>& warnings);
  void add_(const PrincipalConfig& principal, const std::string& path, Trouble& trouble);

  std::vector<Entry> entries_;
};
}  // namespace tocsin::daemon
