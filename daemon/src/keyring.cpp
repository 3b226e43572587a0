// SPDX-License-Identifier: Apache-2.0
#include "keyring.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <sodium.h>

namespace tocsin::daemon {
namespace {
constexpr std::size_t kKeysMax = 2;  // the old and the new one while they are changed
constexpr std::size_t kFileBytesMax = 16 * 1024;

std::string read_text(const std::string& path, std::string& out) {
  std::ifstream stream{path, std::ios::binary};
  std::ostringstream text;
  if (!stream || !(text << stream.rdbuf())) return path + " cannot be read; check who may read it";
  out = std::move(text).str();
  if (out.size() > kFileBytesMax) return path + " is larger than 16 KiB; this is no file of public keys";
  return {};
}

/// The keys of one file.
std::string parse_keys(const std::string& path, std::vector<Key>& out) {
  std::string text;
  if (auto error = read_text(path, text); !error.empty()) return error;
  std::istringstream lines{text};
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.pop_back();
    Key key{};
    // `#` is a letter of Z85 as well, so a line that is a key is one whatever it begins with.
    if (decode_key(line, key)) {
      out.push_back(key);
    } else if (!line.empty() && line.front() != '#') {
      return path + ":" + std::to_string(number) +
             ": this is no public key; a line holds 40 characters of Z85, or begins with #";
    }
  }
  if (out.empty()) return path + " holds no public key; remove the file, or write one line of 40 characters";
  if (out.size() > kKeysMax) {
    return path + " holds " + std::to_string(out.size()) +
           " keys; a principal has one, or two while they are changed: remove the old ones";
  }
  return {};
}

std::string load_public_key(const std::string& path, Key& out) {
  std::vector<Key> keys;
  if (auto error = parse_keys(path, keys); !error.empty()) return error;
  if (keys.size() != 1) return path + " must hold one public key";
  out = keys.front();
  return {};
}

/// Whether it is one the daemon listens to: it needs no key to connect.
bool publishes(const Config& config, const std::string& principal) {
  return std::any_of(config.broadcast.begin(), config.broadcast.end(),
                     [&](const BroadcastConfig& one) { return one.principal == principal; });
}

/// Who opens the endpoint's file is trusted with all that is not written out; who holds a key is not.
std::string too_wide(const PrincipalConfig& principal, const std::string& path) {
  return path + ": principal \"" + principal.name +
         "\" has an endpoint, too, and with that all that is not written out; for a key \"feeds\" and \"roles\" must "
         "both be there: write them, or give the key a principal of its own, without an endpoint";
}

/// Files that no principal of the config has: somebody expects to be let in and is not.
void warn_of_strangers(const Config& config, const std::filesystem::path& folder, std::vector<std::string>& warnings) {
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator{folder, error}) {
    if (file.path().extension() != ".pub") continue;
    const auto name = file.path().stem().string();
    const bool known = std::any_of(config.principals.begin(), config.principals.end(),
                                   [&](const PrincipalConfig& one) { return one.name == name; });
    if (!known) {
      warnings.push_back(file.path().string() + ": the config has no principal \"" + name +
                         "\", so this key opens nothing; add a [[principal]] with that name");
    }
  }
}
}  // namespace

std::string load_server_keys(const KeysConfig& keys, ServerKeys& out) {
  ServerKeys loaded;
  const auto path = secret_path(keys.folder, "server.secret");
  if (auto error = load_secret_key(path, loaded.secret); !error.empty()) return error;
  (void)crypto_scalarmult_base(loaded.public_key.data(), loaded.secret.bytes().data());
  const auto public_path = keys.folder + "/server.pub";
  if (std::filesystem::exists(public_path)) {
    Key told{};
    if (auto error = load_public_key(public_path, told); !error.empty()) return error;
    if (told != loaded.public_key) {
      return public_path + " is not the public key of " + path + "; senders that pin it would be refused: write " +
             encode_key(loaded.public_key) + " into it";
    }
  }
  out = std::move(loaded);
  return {};
}

std::string user_id_of(std::string_view principal, const Key& key) {
  return std::string{principal} + "#" + fingerprint(key);
}

std::string Keyring::load(const Config& config, std::shared_ptr<const Keyring>& out,
                          std::vector<std::string>& warnings) {
  auto loaded = std::make_shared<Keyring>();
  Trouble trouble;
  loaded->read_(config, trouble, warnings);
  if (!trouble.errors.empty()) return trouble.errors.front();
  if (!trouble.wide.empty()) return trouble.wide.front();
  out = std::move(loaded);
  return {};
}

std::shared_ptr<const Keyring> Keyring::reload(const Config& config, const Keyring& before,
                                               std::vector<std::string>& errors, std::vector<std::string>& warnings) {
  auto loaded = std::make_shared<Keyring>();
  Trouble trouble;
  loaded->read_(config, trouble, warnings);
  const auto claimed_twice = [&](const Entry& entry) {
    return std::any_of(trouble.twice.begin(), trouble.twice.end(),
                       [&](const Entry& one) { return one.user_id == entry.user_id && one.key == entry.key; });
  };
  const auto unread = [&](const Entry& entry) {
    return std::find(trouble.unread.begin(), trouble.unread.end(), entry.principal) != trouble.unread.end();
  };
  auto& now = loaded->entries_;
  std::erase_if(now, [&](const Entry& entry) {
    const auto* const had = before.find(entry.key);
    return claimed_twice(entry) || (had != nullptr && had->principal != entry.principal && unread(*had));
  });
  for (const auto& entry : before.entries_) {
    if (unread(entry) || claimed_twice(entry)) now.push_back(entry);
  }
  errors.insert(errors.end(), trouble.errors.begin(), trouble.errors.end());
  for (const auto& text : trouble.wide) {
    warnings.push_back(text + "; as it is, it opens nothing, and the next start is refused");
  }
  return loaded;
}

void Keyring::check(const Config& config, std::vector<std::string>& errors, std::vector<std::string>& warnings) {
  Trouble trouble;
  Keyring{}.read_(config, trouble, warnings);
  errors.insert(errors.end(), trouble.errors.begin(), trouble.errors.end());
  errors.insert(errors.end(), trouble.wide.begin(), trouble.wide.end());
}

void Keyring::read_(const Config& config, Trouble& trouble, std::vector<std::string>& warnings) {
  if (config.keys.folder.empty()) return;
  const auto folder = std::filesystem::path{config.keys.folder} / "principals";
  for (const auto& principal : config.principals) {
    const auto path = (folder / (principal.name + ".pub")).string();
    std::error_code unknown;  // a file that cannot be looked for is not known to be gone
    if (std::filesystem::exists(path, unknown) || unknown) {
      if (!principal.endpoint.empty() && !principal.rights_written) {
        trouble.wide.push_back(too_wide(principal, path));
        continue;
      }
      add_(principal, path, trouble);
    } else if (principal.endpoint.empty() && !publishes(config, principal.name)) {
      warnings.push_back("principal \"" + principal.name +
                         "\" has no key yet and cannot connect; run: tocsin keys add " + principal.name);
    }
  }
  warn_of_strangers(config, folder, warnings);
}

void Keyring::add_(const PrincipalConfig& principal, const std::string& path, Trouble& trouble) {
  std::vector<Key> keys;
  if (auto error = parse_keys(path, keys); !error.empty()) {
    trouble.errors.push_back(std::move(error));
    trouble.unread.push_back(principal.name);
    return;
  }
  for (const auto& key : keys) {
    Entry entry{key, principal.name, user_id_of(principal.name, key), principal.connections};
    if (const auto* const other = find(key)) {
      trouble.errors.push_back(path + " holds a key that is there twice (" + fingerprint(key) + ", of \"" +
                               other->principal + "\"); a key says who speaks, so give each its own");
      trouble.twice.push_back(*other);
      trouble.twice.push_back(std::move(entry));
    } else {
      entries_.push_back(std::move(entry));
    }
  }
}

Keyring::Keyring(std::vector<Entry> entries) : entries_{std::move(entries)} {}

const Keyring::Entry* Keyring::find(const Key& key) const {
  const Entry* found = nullptr;
  for (const auto& entry : entries_) {
    if (sodium_memcmp(entry.key.data(), key.data(), key.size()) == 0) found = &entry;
  }
  return found;
}

bool Keyring::good(std::string_view user_id) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& one) { return one.user_id == user_id; });
}

KeyringChange Keyring::since(const Keyring& before) const {
  KeyringChange change;
  for (const auto& entry : entries_) {
    if (!before.good(entry.user_id)) change.added.push_back(entry.user_id);
  }
  for (const auto& entry : before.entries_) {
    if (!good(entry.user_id)) change.withdrawn.push_back(entry.user_id);
  }
  return change;
}
}  // namespace tocsin::daemon
