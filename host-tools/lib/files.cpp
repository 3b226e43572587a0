// SPDX-License-Identifier: Apache-2.0
#include "lib/files.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace tocsin::tools {
namespace {
struct Close {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};
}  // namespace

bool read_file(const std::string& path, std::string& out, std::string& error) {
  std::unique_ptr<std::FILE, Close> file{path == "-" ? stdin : std::fopen(path.c_str(), "rb")};
  if (!file) {
    error = path + ": " + std::strerror(errno);
    return false;
  }
  out.clear();
  std::array<char, 1U << 16U> part;
  for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), file.get())) > 0;)
    out.append(part.data(), got);
  if (std::ferror(file.get()) != 0) {
    error = path + ": " + std::strerror(errno);
    return false;
  }
  return true;
}

bool is_rule_image(const std::string& content) { return content.size() >= 8 && content.compare(4, 4, "TCNI") == 0; }
}  // namespace tocsin::tools
