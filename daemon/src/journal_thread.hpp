// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file JournalThread: the one thread that waits for the disk, so that the engine never does.
#include <cstddef>
#include <string>
#include <thread>

#include "tocsin/journal/journal.hpp"

#include "mailbox.hpp"

namespace tocsin::daemon {
/// Something to be done with the journal. Its owner makes it, fills it, posts it, and lets it be until it is handed
/// back; between the two only run() may touch it, on the journal's thread.
class JournalJob {
 public:
  JournalJob() = default;
  virtual ~JournalJob() = default;
  JournalJob(const JournalJob&) = delete;
  JournalJob& operator=(const JournalJob&) = delete;
  virtual void run(journal::Journal& journal) = 0;
};

/// Runs jobs one at a time, in the order in which they are posted. While one is out the journal belongs to this thread;
/// while none is, to whoever posts. post() and take_done() are for one thread, and neither waits nor allocates.
class JournalThread {
 public:
  static constexpr std::size_t kJobsMax = 16;

  JournalThread() = default;
  /// Finishes what was posted, then stops.
  ~JournalThread();
  JournalThread(const JournalThread&) = delete;
  JournalThread& operator=(const JournalThread&) = delete;

  /// @param journal  outlives the thread. @returns why there is none, or empty.
  [[nodiscard]] std::string start(journal::Journal& journal);
  /// Of the thread: sandbox::kJournalNice where the system allows it, else as the process's.
  [[nodiscard]] int nice() const { return nice_; }
  /// Hands a job over. @returns false when too many are out (kJobsMax); it then stays with the caller.
  [[nodiscard]] bool post(JournalJob& job);
  /// The next job that is done, in the order of posting; null when there is none. Resets done_fd() once all are taken.
  [[nodiscard]] JournalJob* take_done();
  /// Whether take_done() would give one; costs next to nothing.
  [[nodiscard]] bool has_done() const { return !done_.empty(); }
  /// Becomes readable when a job is done.
  [[nodiscard]] int done_fd() const { return done_fd_; }
  /// True when no job is out.
  [[nodiscard]] bool idle() const { return out_ == 0; }

 private:
  void work_(journal::Journal& journal);

  Mailbox<JournalJob*, kJobsMax + 1> posted_;
  Mailbox<JournalJob*, kJobsMax + 1> done_;
  std::size_t out_ = 0;  ///< posted and not taken back; the poster's own count
  int nice_ = 0;
  int work_fd_ = -1;
  int done_fd_ = -1;
  std::thread thread_;
};
}  // namespace tocsin::daemon
