// SPDX-License-Identifier: Apache-2.0
// The keys a config names, looked at before anything starts.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "tocsin/journal/journal.hpp"

#include "config_paths.hpp"
#include "keyring.hpp"
#include "secrets.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::size_t kKeyFileBytesMax = 4096;

/// Only who may write there decides who may connect.
std::string written_by_all(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || (info.st_mode & S_IWOTH) == 0) return {};
  return "'" + path + "' may be written by everybody, so everybody may enrol keys; run: chmod o-w '" + path + "'";
}

/// Whether the journal there is one that was begun with keys of its own (SQLite's user version is ours).
bool has_keys(const std::string& journal) {
  constexpr std::streamoff kVersionAt = 60;
  std::array<char, 4> version{};
  std::ifstream file{journal, std::ios::binary};
  file.seekg(kVersionAt);
  if (!file.read(version.data(), version.size())) return false;
  return version[3] >= 2 || version[2] != 0;
}

/// Whether a text is comments and two lines of 64 hex digits, as journal/README.md describes it.
bool is_journal_key(std::string_view text) {
  constexpr std::size_t kDigits = 64;
  std::size_t found = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    if (line.empty() || line.front() == '#') continue;
    const bool hex = line.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
    if (!hex || line.size() != kDigits) return false;
    ++found;
  }
  return found == 2;
}

/// Reads into locked memory. @returns the number of bytes, or -1 when it cannot be read.
std::ptrdiff_t read_secretly(const std::string& path, Secret& out) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (file < 0) return -1;
  const auto size = ::read(file, out.bytes().data(), out.bytes().size());
  const int reason = errno;
  (void)::close(file);
  errno = reason;
  return size;
}

/// Why the journal's key file cannot be used, or empty. A journal that is still to be made makes it.
std::string journal_key_trouble(const Config& config) {
  const auto path =
      config.keys.folder.empty() ? config.journal + ".key" : secret_path(config.keys.folder, "journal.key");
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT && !has_keys(config.journal)) return {};
    return "the journal's key file '" + path + "' cannot be read (" + std::strerror(errno) +
           "); without it the journal cannot go on: restore it from where you keep it";
  }
  if (others_may_use(path, info)) {
    return "the journal's key file '" + path +
           "' may be read or written by others than its owner; make a new journal if somebody " +
           "may have read it, and run: chmod 0400 '" + path + "'";
  }
  Secret content = Secret::make(kKeyFileBytesMax);
  const auto size = read_secretly(path, content);
  if (size < 0) {
    return "the journal's key file '" + path + "' cannot be read: " + std::strerror(errno) + "; check who owns it";
  }
  const std::string_view text{reinterpret_cast<const char*>(content.bytes().data()), static_cast<std::size_t>(size)};
  if (text.size() < kKeyFileBytesMax && is_journal_key(text)) return {};
  return "the journal's key file '" + path + "' must have two lines of 64 hex digits, and has not; restore it";
}
}  // namespace

bool check_keys(const Config& config, std::vector<ConfigProblem>& problems) {
  bool right = true;
  const auto complain = [&](std::string text) {
    if (text.empty()) return;
    problems.push_back({config.keys.place, false, std::move(text)});
    right = false;
  };
  const auto warn = [&](std::string text) {
    if (!text.empty()) problems.push_back({config.keys.place, true, std::move(text)});
  };
  if (!config.journal.empty()) complain(journal_key_trouble(config));
  if (config.keys.folder.empty()) return right;
  std::error_code ignored;
  if (!std::filesystem::is_directory(config.keys.folder, ignored)) {
    complain("there is no folder of keys '" + config.keys.folder + "'; make it with: tocsin keys init --folder '" +
             config.keys.folder + "'");
    return right;
  }
  ServerKeys own;
  complain(load_server_keys(config.keys, own));
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
  Keyring::check(config, errors, warnings);
  for (auto& error : errors) complain(std::move(error));
  for (auto& warning : warnings) warn(std::move(warning));
  warn(written_by_all(config.keys.folder));
  warn(written_by_all(config.keys.folder + "/principals"));
  return right;
}

bool check_journals_own_key(const Config& config, std::vector<ConfigProblem>& problems) {
  journal::OpenOptions options;
  if (!config.keys.folder.empty()) options.keys = secret_path(config.keys.folder, "journal.key");
  auto trouble = journal::look_at_keys(config.journal, options);
  if (trouble.text.empty()) return true;
  problems.push_back({config.keys.place, !trouble.certain, std::move(trouble.text)});
  return !trouble.certain;
}
}  // namespace tocsin::daemon
