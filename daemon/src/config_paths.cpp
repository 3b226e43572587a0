// SPDX-License-Identifier: Apache-2.0
#include "config_paths.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <unistd.h>

namespace tocsin::daemon {
namespace {
constexpr std::string_view kIpc = "ipc://";

/// Why files cannot be made in the folder of `path`, or empty.
std::string folder_trouble(const std::string& path) {
  auto folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return "there is no folder '" + folder.string() + "'; make it, owned by the daemon's user";
  }
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return {};
  return "the folder '" + folder.string() + "' cannot be written: " + std::strerror(errno);
}

/// Why a file that exists is no journal, or empty.
std::string journal_trouble(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return {};
  if (!std::filesystem::is_regular_file(path, error)) return "'" + path + "' is no file";
  if (::access(path.c_str(), R_OK | W_OK) != 0) {
    return "the journal '" + path + "' cannot be read and written: " + std::strerror(errno);
  }
  if (std::filesystem::file_size(path, error) == 0) return {};  // SQLite made it and went no further
  static constexpr std::string_view kMagic{"SQLite format 3\0", 16};
  std::array<char, kMagic.size()> start{};
  std::ifstream file{path, std::ios::binary};
  file.read(start.data(), start.size());
  if (std::string_view{start.data(), start.size()} == kMagic) return {};
  return "'" + path + "' is no journal; name another file, or move this one away";
}
}  // namespace

bool check_paths(const Config& config, std::vector<ConfigProblem>& problems) {
  bool right = true;
  const auto complain = [&](Place place, const std::string& text) {
    if (text.empty()) return;
    problems.push_back({place, false, text});
    right = false;
  };
  if (!config.journal.empty()) {
    const auto folder = folder_trouble(config.journal);
    complain({}, folder.empty() ? journal_trouble(config.journal) : "the journal: " + folder);
  }
  for (const auto* const list : {&config.ingest, &config.alerts, &config.control}) {
    for (const auto& endpoint : *list) {
      if (!endpoint.text.starts_with(kIpc)) continue;
      const auto trouble = folder_trouble(endpoint.text.substr(kIpc.size()));
      complain(endpoint.place, trouble.empty() ? trouble : "the socket " + endpoint.text + ": " + trouble);
    }
  }
  return right;
}

void warn_of_no_bound(const Config& config, std::vector<ConfigProblem>& problems) {
  if (config.journal_bounds.bytes_max > 0 || config.journal_bounds.retain_bytes > 0) return;
  problems.push_back({{}, true, "the journal may fill its disk; set \"bytes_max\" in [journal], such as \"1GiB\""});
}
}  // namespace tocsin::daemon
