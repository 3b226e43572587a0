// SPDX-License-Identifier: Apache-2.0
// [sockets]: where the daemon listens and what it subscribes to.
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstddef>

#include "config_parts.hpp"
#include "secrets.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::size_t kIpcPathMax = 107;  // sockaddr_un

std::string check_tcp(std::string_view rest, EndpointProof proof) {
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) return "has no port; write it as tcp://127.0.0.1:5555";
  const std::string host{rest.substr(0, colon)};
  in_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) != 1) {
    return "has no numeric IPv4 address; write it as tcp://127.0.0.1:PORT";
  }
  if (proof == EndpointProof::none && !host.starts_with("127.")) {
    return "is not on this machine's loopback, and plain sockets carry no proof of who speaks; run `tocsin keys init` "
           "and add [keys] with folder = \"FOLDER\", or write it as tcp://127.0.0.1:PORT, or use ipc:///PATH";
  }
  const auto port = rest.substr(colon + 1);
  int value = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
  if (error != std::errc{} || end != port.data() + port.size() || value < 1 || value > 65'535)
    return "has no valid port; use a number from 1 to 65535";
  return {};
}

void check_placed(TableReader& reader, const PlacedText& endpoint, EndpointProof proof) {
  const auto why = check_endpoint(endpoint.text, proof);
  if (!why.empty()) reader.refuse(endpoint.place, "endpoint " + in_quotes(endpoint.text) + " " + why);
}

void read_publisher(const toml::table& table, Config& out, std::vector<ConfigProblem>& problems) {
  TableReader reader{table, "an entry of broadcast", problems};
  BroadcastConfig broadcast;
  broadcast.place = place_of(table.source());
  if (reader.text("server_key", broadcast.server_key)) {
    Key key{};
    if (!decode_key(broadcast.server_key, key)) {
      reader.refuse(reader.place("server_key"),
                    "\"server_key\" in an entry of broadcast is no public key; it has 40 characters of Z85, as the "
                    "publisher's server.pub has");
    }
  }
  if (reader.text("endpoint", broadcast.endpoint, "name the publisher's endpoint")) {
    // A pinned key proves who publishes; without one only this machine's own sockets will do.
    const auto proof = broadcast.server_key.empty() ? EndpointProof::none : EndpointProof::key;
    check_placed(reader, {broadcast.endpoint, reader.place("endpoint")}, proof);
  }
  if (reader.text("principal", broadcast.principal, "say who publishes there")) {
    const auto why = check_name(broadcast.principal);
    if (!why.empty()) reader.refuse(reader.place("principal"), "principal " + in_quotes(broadcast.principal) + why);
  }
  reader.refuse_unknown();
  out.broadcast.push_back(std::move(broadcast));
}

void read_broadcast(TableReader& sockets, Config& out, std::vector<ConfigProblem>& problems) {
  const auto* node = sockets.find("broadcast");
  if (node == nullptr) return;
  const auto* list = node->as_array();
  if (list == nullptr) {
    sockets.wrong(*node, "broadcast",
                  R"(must be a list such as [{ endpoint = "ipc:///run/x.sock", principal = "x" }])");
    return;
  }
  for (const auto& element : *list) {
    const auto* entry = element.as_table();
    if (entry == nullptr) {
      sockets.wrong(element, "broadcast", R"(may hold { endpoint = "...", principal = "..." } only)");
      continue;
    }
    read_publisher(*entry, out, problems);
  }
}
}  // namespace

void read_sockets(TableReader& top, Config& out) {
  const auto* table = top.table("sockets", "add a [sockets] table with ingest, alerts and control");
  if (table == nullptr) return;
  TableReader reader{*table, "[sockets]", top.problems()};
  const auto proof = out.keys.folder.empty() ? EndpointProof::none : EndpointProof::key;
  if (reader.texts("ingest", out.ingest)) {
    for (const auto& endpoint : out.ingest) check_placed(reader, endpoint, proof);
  }
  read_broadcast(reader, out, top.problems());
  if (reader.text_or_texts("alerts", out.alerts, "add alerts = \"ipc:///run/tocsin/alerts.sock\"")) {
    for (const auto& endpoint : out.alerts) check_placed(reader, endpoint, proof);
  }
  if (reader.text_or_texts("control", out.control, "add control = \"ipc:///run/tocsin/control.sock\"")) {
    for (const auto& endpoint : out.control) check_placed(reader, endpoint, proof);
  }
  if (out.ingest.empty() && out.broadcast.empty()) {
    reader.refuse(reader.place(),
                  "nothing to listen to; add ingest = [\"ipc:///run/tocsin/ingest.sock\"] or broadcast");
  }
  reader.refuse_unknown();
}

std::string check_endpoint(std::string_view endpoint, EndpointProof proof) {
  constexpr std::string_view kIpc = "ipc://";
  constexpr std::string_view kTcp = "tcp://";
  if (endpoint.starts_with(kIpc)) {
    const auto path = endpoint.substr(kIpc.size());
    if (!path.starts_with('/')) return "needs an absolute path; write it as ipc:///run/tocsin/NAME.sock";
    if (path.size() > kIpcPathMax) return "is too long for a socket path (at most 107 bytes); use a shorter folder";
    if (path.find('#') != std::string_view::npos) return "has a # in its path; use a folder and name without";
    return {};
  }
  if (endpoint.starts_with(kTcp)) return check_tcp(endpoint.substr(kTcp.size()), proof);
  return "has a transport that is not known here; use ipc:///PATH or tcp://127.0.0.1:PORT";
}
}  // namespace tocsin::daemon
