// SPDX-License-Identifier: Apache-2.0
#include "figures.hpp"

#include <cstdio>
#include <fstream>
#include <vector>

namespace tocsin::bench {
namespace {
std::uint64_t number_in(const std::string& file, const std::string& key) {
  std::ifstream in{file};
  for (std::string word; in >> word;) {
    std::uint64_t value = 0;
    if (word == key && in >> value) return value;
  }
  return 0;
}
}  // namespace

void Table::add(const Row& row) {
  const bool missed = row.bar >= 0 && (row.at_least ? row.figure < row.bar : row.figure > row.bar);
  missed_ += missed ? 1 : 0;
  std::string bar = "-";
  if (row.bar >= 0) {
    char text[32];
    (void)std::snprintf(text, sizeof text, "%s %.4g", row.at_least ? ">=" : "<=", row.bar);
    bar = text;
  }
  std::printf("%-72s %12.4g %-6s %12s  %s\n", row.what.c_str(), row.figure, row.unit.c_str(), bar.c_str(),
              row.bar < 0 ? ""
              : missed    ? "MISSED"
                          : "ok");
  (void)std::fflush(stdout);
}

void Table::tell(const std::string& words) {
  std::printf("%s\n", words.c_str());
  (void)std::fflush(stdout);
}

void Table::fail(const std::string& what) {
  std::printf("%-72s FAILED\n", what.c_str());
  (void)std::fflush(stdout);
  broken_ = true;
}

Running::Running(const char* image, const std::string& extra, const std::string& also) {
  site.use_image(image);
  if (!also.empty()) site.listen_also(also);
  site.configure(extra);
  start();
}

void Running::start() {
  daemon = std::make_unique<daemon::test::Tocsind>(std::vector<std::string>{"--config", site.config_file()},
                                                   site.folder.file("log"));
  ready = daemon->wait_ready();
}

std::uint64_t written_bytes(const daemon::test::Tocsind& daemon) {
  return number_in("/proc/" + std::to_string(daemon.pid()) + "/io", "write_bytes:");
}

std::uint64_t batches_of(daemon::test::PeerContext& context, const std::string& control) {
  daemon::test::Peer peer{context, daemon::test::PeerKind::dealer, control};
  wire::ControlRequest request;
  request.kind = wire::ControlKind::status;
  const auto reply = peer.ask(request);
  return reply && reply->status ? reply->status->batches : 0;
}
}  // namespace tocsin::bench
