// SPDX-License-Identifier: Apache-2.0
#include "lib/graphviz.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace tocsin::tools {
namespace {
struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
// Files without a name: neither side can wait for the other, as with pipes.
using File = std::unique_ptr<std::FILE, Close>;

std::string content(std::FILE* file) {
  std::string out;
  std::rewind(file);
  std::array<char, 1U << 14U> part;
  for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), file)) > 0;) out.append(part.data(), got);
  return out;
}

// @returns an errno value; 0: `child` runs.
int spawn(std::FILE* in, std::FILE* out, std::FILE* err, pid_t& child) {
  posix_spawn_file_actions_t actions;
  if (const int error = ::posix_spawn_file_actions_init(&actions); error != 0) return error;
  ::posix_spawn_file_actions_adddup2(&actions, fileno(in), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, fileno(err), STDERR_FILENO);
  std::string program = "dot";
  std::string format = "-Tsvg";
  std::array<char*, 3> arguments = {program.data(), format.data(), nullptr};
  const int error = ::posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}
}  // namespace

Drawn draw_svg(const std::string& dot, std::string& svg, std::string& error) {
  const File in{std::tmpfile()};
  const File out{std::tmpfile()};
  const File err{std::tmpfile()};
  if (!in || !out || !err || std::fwrite(dot.data(), 1, dot.size(), in.get()) != dot.size() ||
      std::fflush(in.get()) != 0) {
    error = std::string{"no temporary file: "} + std::strerror(errno);
    return Drawn::failed;
  }
  std::rewind(in.get());
  pid_t child = 0;
  if (const int reason = spawn(in.get(), out.get(), err.get(), child); reason != 0) {
    const bool missing = reason == ENOENT || reason == EACCES;
    error = missing ? "Graphviz's program `dot` is not there: install the package graphviz, or take --format dot"
                    : std::string{"`dot` cannot be started: "} + std::strerror(reason);
    return missing ? Drawn::missing : Drawn::failed;
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    error = "`dot` failed: " + content(err.get());
    return Drawn::failed;
  }
  svg = content(out.get());
  return Drawn::done;
}
}  // namespace tocsin::tools
