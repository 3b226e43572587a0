// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file JournalThread: the one thread that waits for the disk, so that the engine never does.
#include <cstddef>
#include <string>
#include <thread>

#include "tocsin/journal/journal.hpp"

#include "doorbell.hpp"
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
  /// The next job that is done, in the order of posting; null when there is none.
  [[nodiscard]] JournalJob* take_done();
  /// Whether take_done() would give one; costs next to nothing.
  [[nodiscard]] bool has_done() const;
  /// @{ Sleeping until a job is done: begin_wait(), then poll done_fd() if it says true, then end_wait().
  /// @returns false when one is done already.
  [[nodiscard]] bool begin_wait();
  /// @param rung  the poll said that done_fd() is readable.
  void end_wait(bool rung);
  [[nodiscard]] int done_fd() const;
  /// @}
  /// True when no job is out.
  [[nodiscard]] bool idle() const { return out_ == 0; }

 private:
  void run_jobs_(journal::Journal& journal);

  Mailbox<JournalJob*, kJobsMax + 1> posted_;
  Mailbox<JournalJob*, kJobsMax + 1> done_;
  std::size_t out_ = 0;  ///< posted and not taken back; the poster's own count
  int nice_ = 0;
  Doorbell work_;
  Doorbell answer_;
  std::thread thread_;
};
}  // namespace tocsin::daemon
