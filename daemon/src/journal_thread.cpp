// SPDX-License-Identifier: Apache-2.0
#include "journal_thread.hpp"

#include <latch>
#include <pthread.h>
#include <system_error>

#include "tocsin/engine/base/check.hpp"

#include "sandbox.hpp"

namespace tocsin::daemon {
JournalThread::~JournalThread() {
  if (thread_.joinable()) {
    TOCSIN_CHECK(posted_.push(nullptr));  // one place more than jobs can be out
    work_.ring();
    thread_.join();
  }
}

std::string JournalThread::start(journal::Journal& journal) {
  if (!work_.open() || !answer_.open()) return "no descriptor for the journal's thread; raise the limit of open files";
  std::latch begun{1};  // afterwards a priority cannot be asked for any more: the door is closed
  try {
    thread_ = std::thread{[this, &journal, &begun] {
      nice_ = sandbox::go_before_group(sandbox::kJournalNice);
      begun.count_down();
      run_jobs_(journal);
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
  work_.ring();
  return true;
}

JournalJob* JournalThread::take_done() {
  JournalJob* job = nullptr;
  if (!done_.pop(job)) return nullptr;
  --out_;
  return job;
}

bool JournalThread::has_done() const { return !done_.empty(); }

bool JournalThread::begin_wait() {
  answer_.arm();
  return done_.empty();
}

void JournalThread::end_wait(bool rung) {
  answer_.disarm();
  if (rung) answer_.hear();
}

int JournalThread::done_fd() const { return answer_.fd(); }

void JournalThread::run_jobs_(journal::Journal& journal) {
  (void)pthread_setname_np(pthread_self(), "journal");
  for (;;) {
    JournalJob* job = nullptr;
    while (!posted_.pop(job)) {
      work_.arm();
      if (posted_.empty()) work_.hear();
      work_.disarm();
    }
    if (job == nullptr) return;
    job->run(journal);
    TOCSIN_CHECK(done_.push(job));
    answer_.ring();
  }
}
}  // namespace tocsin::daemon
