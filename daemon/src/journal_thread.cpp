// SPDX-License-Identifier: Apache-2.0
#include "journal_thread.hpp"

#include <cerrno>
#include <cstdint>
#include <latch>
#include <pthread.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

#include "tocsin/engine/base/check.hpp"

#include "sandbox.hpp"

namespace tocsin::daemon {
namespace {
void ring(int fd) {
  const std::uint64_t one = 1;
  while (::write(fd, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

/// @returns false when it was not rung (and the descriptor does not block).
bool wait_or_reset(int fd) {
  std::uint64_t count = 0;
  ssize_t got = 0;
  do {
    got = ::read(fd, &count, sizeof count);
  } while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(sizeof count);
}
}  // namespace

JournalThread::~JournalThread() {
  if (thread_.joinable()) {
    TOCSIN_CHECK(posted_.push(nullptr));  // one place more than jobs can be out
    ring(work_fd_);
    thread_.join();
  }
  if (work_fd_ >= 0) (void)::close(work_fd_);
  if (done_fd_ >= 0) (void)::close(done_fd_);
}

std::string JournalThread::start(journal::Journal& journal) {
  work_fd_ = ::eventfd(0, EFD_CLOEXEC);
  done_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (work_fd_ < 0 || done_fd_ < 0) return "no descriptor for the journal's thread; raise the limit of open files";
  std::latch begun{1};  // afterwards a priority cannot be asked for any more: the door is closed
  try {
    thread_ = std::thread{[this, &journal, &begun] {
      nice_ = sandbox::go_before_group();
      begun.count_down();
      work_(journal);
    }};
  } catch (const std::system_error& error) {
    return std::string{"no thread for the journal: "} + error.what() + "; raise the limit of tasks";
  }
  begun.wait();
  return {};
}

bool JournalThread::post(JournalJob& job) {
  if (out_ == kJobsMax) return false;
  TOCSIN_CHECK(posted_.push(&job));
  ++out_;
  ring(work_fd_);
  return true;
}

JournalJob* JournalThread::take_done() {
  JournalJob* job = nullptr;
  if (done_.pop(job)) {
    --out_;
    return job;
  }
  // The bell is silenced first: what is done after that rings it anew.
  if (!wait_or_reset(done_fd_) || !done_.pop(job)) return nullptr;
  --out_;
  return job;
}

void JournalThread::work_(journal::Journal& journal) {
  (void)pthread_setname_np(pthread_self(), "journal");
  for (;;) {
    JournalJob* job = nullptr;
    while (!posted_.pop(job)) (void)wait_or_reset(work_fd_);
    if (job == nullptr) return;
    job->run(journal);
    TOCSIN_CHECK(done_.push(job));
    ring(done_fd_);
  }
}
}  // namespace tocsin::daemon
