// SPDX-License-Identifier: Apache-2.0
#include "secured.hpp"

#include <array>
#include <cstdlib>
#include <fstream>

#include <zmq.h>

#include "tocsin/test_support/free_endpoint.hpp"

namespace tocsin::daemon::test {
namespace {
constexpr std::size_t kKeyLetters = 40;

/// The line of a key file that is a key.
std::string key_in(const std::string& path) {
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);) {
    if (line.size() == kKeyLetters) return line;
  }
  return {};
}

std::string public_key_of(const std::string& secret) {
  std::array<char, kKeyLetters + 1> key{};
  return secret.empty() || zmq_curve_public(key.data(), secret.c_str()) != 0 ? std::string{} : key.data();
}

bool run(const std::string& command) { return std::system((command + " 2>/dev/null").c_str()) == 0; }
}  // namespace

Secured::Secured(const char* image, std::size_t principals, const std::string& tables)
    : ingest_{test_support::free_tcp_endpoint()}, alerts_{test_support::free_tcp_endpoint()} {
  const std::string tool = std::string{TOCSIN_PROGRAM} + " keys ";
  const std::string where = " --folder " + folder.file("k");
  if (!run(tool + "init" + where)) return;
  const auto server = key_in(folder.file("k/server.pub"));
  std::string config = "image = \"" + std::string{image} + "\"\njournal = \"journal.db\"\n[keys]\nfolder = \"k\"\n" +
                       "[sockets]\ningest = [\"" + ingest_ + "\"]\nalerts = [\"" + alerts_ + "\", \"" +
                       folder.endpoint("alerts.sock") + "\"]\ncontrol = \"" + control() + "\"\n";
  for (std::size_t i = 0; i < principals; ++i) {
    const auto name = "p" + std::to_string(i);
    const auto file = folder.file(name + ".secret");
    if (!run(tool + "add " + name + " -o " + file + where)) return;
    const auto secret = key_in(file);
    keys_.push_back({public_key_of(secret), secret, server});
    config += "[[principal]]\nname = \"" + name + "\"\n";
    if (i + 1 < principals || !tables.starts_with("feeds")) config += "feeds = \"all\"\n";
  }
  config += tables;
  (void)folder.write("tocsind.toml", std::string_view{config});
  daemon =
      std::make_unique<Tocsind>(std::vector<std::string>{"--config", folder.file("tocsind.toml")}, folder.file("log"));
  ready_ = daemon->wait_ready();
}

PeerKeys Secured::stranger() const {
  std::array<char, kKeyLetters + 1> own{};
  std::array<char, kKeyLetters + 1> secret{};
  (void)zmq_curve_keypair(own.data(), secret.data());
  return {own.data(), secret.data(), keys_.empty() ? std::string{} : keys_.front().server};
}
}  // namespace tocsin::daemon::test
