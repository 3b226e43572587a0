// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin keys init|add|rotate|revoke|list`: the daemon's keys folder, kept by hand nowhere.
#include <string>

namespace tocsin::tools {
struct KeysOptions {
  std::string folder = "/etc/tocsin/keys";
  std::string name;         ///< the principal
  std::string public_key;   ///< add, rotate: its public key or a file with it; empty: a new pair is made
  std::string output;       ///< add, rotate: where the new secret goes; empty: NAME.secret in this folder
  std::string fingerprint;  ///< revoke: only the key with it; empty: all of the principal
  bool json = false;        ///< list: one JSON object
};

/// Each returns 0 done, 1 something is wrong with the folder, a name or a key.
/// Makes what is missing of: the folder, server.secret, server.pub, journal.key, principals. Overwrites nothing.
int run_keys_init(const KeysOptions& options);
/// Enrols a principal.
int run_keys_add(const KeysOptions& options);
/// A second key for a principal; the first one is good until it is revoked.
int run_keys_rotate(const KeysOptions& options);
/// Takes one key of a principal away, or all.
int run_keys_revoke(const KeysOptions& options);
/// Names, fingerprints and ages.
int run_keys_list(const KeysOptions& options);
}  // namespace tocsin::tools
