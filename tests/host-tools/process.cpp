// SPDX-License-Identifier: Apache-2.0
#include "process.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <signal.h>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace tocsin::test_support {
namespace {
using Clock = std::chrono::steady_clock;

int status_of(int raw) { return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw); }

[[noreturn]] void become(const std::vector<std::string>& command) {
  std::vector<std::string> copy = command;
  std::vector<char*> arguments;
  for (std::string& word : copy) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  (void)setenv("NO_COLOR", "1", 1);
  execv(arguments[0], arguments.data());
  _exit(127);
}

void redirect(int descriptor, const std::string& path) {
  const int file = path.empty() ? open("/dev/null", O_WRONLY) : open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (file >= 0) (void)dup2(file, descriptor);
}

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_end(std::size_t index) {
    if (ends[index] >= 0) (void)close(ends[index]);
    ends[index] = -1;
  }
};

void drain(Pipe& pipe, std::string& into) {
  std::array<char, 4096> part;
  const ssize_t got = read(pipe.ends[0], part.data(), part.size());
  if (got > 0) {
    into.append(part.data(), static_cast<std::size_t>(got));
  } else if (got == 0 || errno != EINTR) {
    pipe.close_end(0);
  }
}

void feed(Pipe& pipe, const std::string& input, std::size_t& fed) {
  const ssize_t put = write(pipe.ends[1], input.data() + fed, std::min<std::size_t>(input.size() - fed, 4096));
  if (put > 0) fed += static_cast<std::size_t>(put);
  if (fed == input.size() || (put < 0 && errno != EINTR)) pipe.close_end(1);
}
}  // namespace

Finished run_program(const std::vector<std::string>& command, const std::string& input, std::chrono::seconds limit) {
  (void)::signal(SIGPIPE, SIG_IGN);
  Pipe in;
  Pipe out;
  Pipe err;
  const pid_t pid = fork();
  if (pid == 0) {
    (void)dup2(in.ends[0], 0);
    (void)dup2(out.ends[1], 1);
    (void)dup2(err.ends[1], 2);
    (void)::signal(SIGPIPE, SIG_DFL);
    become(command);
  }
  in.close_end(0);
  out.close_end(1);
  err.close_end(1);
  Finished finished;
  std::size_t fed = 0;
  const auto end = Clock::now() + limit;
  if (input.empty()) in.close_end(1);
  while ((out.ends[0] >= 0 || err.ends[0] >= 0) && Clock::now() < end) {
    std::array<pollfd, 3> polls{{{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}, {in.ends[1], POLLOUT, 0}}};
    (void)poll(polls.data(), polls.size(), 100);
    if (polls[0].revents != 0) drain(out, finished.out);
    if (polls[1].revents != 0) drain(err, finished.err);
    if (polls[2].revents != 0) feed(in, input, fed);
  }
  if (Clock::now() >= end) (void)kill(pid, SIGKILL);
  int raw = 0;
  while (waitpid(pid, &raw, 0) < 0 && errno == EINTR) {
  }
  finished.status = status_of(raw);
  return finished;
}

Child::Child(const std::vector<std::string>& command, const std::string& out, const std::string& err) {
  pid_ = fork();
  if (pid_ != 0) return;
  redirect(1, out);
  redirect(2, err);
  become(command);
}

Child::~Child() {
  if (running()) {
    signal(SIGKILL);
    (void)wait(std::chrono::seconds{10});
  }
}

bool Child::running() {
  if (ended_) return false;
  int raw = 0;
  if (waitpid(pid_, &raw, WNOHANG) == pid_) {
    ended_ = true;
    status_ = status_of(raw);
  }
  return !ended_;
}

void Child::signal(int number) const { (void)kill(pid_, number); }

int Child::wait(std::chrono::milliseconds limit) {
  const auto end = Clock::now() + limit;
  while (running()) {
    if (Clock::now() > end) {
      signal(SIGKILL);
      int raw = 0;
      (void)waitpid(pid_, &raw, 0);
      ended_ = true;
      return -1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return status_;
}

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tocsin-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::path(const std::string& name) const { return name.empty() ? path_ : path_ + "/" + name; }

std::string TempFolder::file(const std::string& name, const std::string& content) const {
  std::ofstream{path(name), std::ios::binary} << content;
  return path(name);
}

std::string content_of(const std::string& path) {
  const std::ifstream file{path, std::ios::binary};
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}
}  // namespace tocsin::test_support
