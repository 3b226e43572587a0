// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file Other programs, run by tests: to their end with their output, or beside the test until it ends them.
#include <chrono>
#include <string>
#include <sys/types.h>
#include <vector>

namespace tocsin::test_support {
/// What a program left behind.
struct Finished {
  int status = -1;  ///< exit status; 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

/// Runs a program to its end. Its environment is ours without colours. After `limit` it is killed.
[[nodiscard]] Finished run_program(const std::vector<std::string>& command, const std::string& input = {},
                                   std::chrono::seconds limit = std::chrono::seconds{30});

/// A program that runs beside the test. The destructor kills it by its own pid.
class Child {
 public:
  /// stdout and stderr go to the files given (appended); empty: to /dev/null.
  explicit Child(const std::vector<std::string>& command, const std::string& out = {}, const std::string& err = {});
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  [[nodiscard]] bool running();
  void signal(int number) const;
  /// Waits for the end. @returns the exit status, 128 + signal, or -1 after `limit` (it is then killed).
  int wait(std::chrono::milliseconds limit);
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int status_ = -1;
  bool ended_ = false;
};

/// A new empty folder under the system's temporary one; removed with all that is in it.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string path(const std::string& name = {}) const;
  /// Writes a file into it. @returns its path.
  [[nodiscard]] std::string file(const std::string& name, const std::string& content) const;

 private:
  std::string path_;
};

/// A whole file; empty when it cannot be read.
[[nodiscard]] std::string content_of(const std::string& path);
}  // namespace tocsin::test_support
