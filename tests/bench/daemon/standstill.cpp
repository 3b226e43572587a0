// SPDX-License-Identifier: Apache-2.0
#include "standstill.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#include <utility>

namespace tocsin::bench {
namespace {
constexpr std::int64_t kLateNs = 1'000'000;
constexpr int kPriority = 1;  ///< below the daemon's: it must not be in the way of what is clocked

/// How long this thread could have run and others did, since it began.
class RunDelay {
 public:
  RunDelay() : fd_{::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)} {}
  ~RunDelay() {
    if (fd_ >= 0) (void)::close(fd_);
  }
  RunDelay(const RunDelay&) = delete;
  RunDelay& operator=(const RunDelay&) = delete;

  /// @returns nanoseconds, or less than 0 where the system does not tell: a kernel that does not count writes zeros,
  /// for the time run as well. @pre the thread has slept, which is when its time is counted.
  [[nodiscard]] std::int64_t read() const {
    std::array<char, 96> text{};  // time run, time waited, number of times
    const auto size = fd_ >= 0 ? ::pread(fd_, text.data(), text.size(), 0) : -1;
    const char* const end = text.data() + std::max<decltype(size)>(size, 0);
    const char* const second = std::find(static_cast<const char*>(text.data()), end, ' ');
    std::int64_t ran = 0;
    std::int64_t waited = -1;
    (void)std::from_chars(text.data(), second, ran);
    if (second != end && ran > 0) (void)std::from_chars(second + 1, end, waited);
    return waited;
  }

 private:
  int fd_;
};

/// The same times in order, those that overlap as one.
std::vector<Lapse> united(std::vector<Lapse> lapses) {
  std::sort(lapses.begin(), lapses.end(), [](const Lapse& a, const Lapse& b) { return a.from < b.from; });
  std::vector<Lapse> all;
  for (const auto& one : lapses) {
    if (all.empty() || one.from > all.back().to) {
      all.push_back(one);
    } else {
      all.back().to = std::max(all.back().to, one.to);
    }
  }
  return all;
}
}  // namespace

StandstillWatch::StandstillWatch(std::int64_t every_ns)
    : every_ns_{every_ns}, late_(std::max(1U, std::thread::hardware_concurrency())) {
  for (std::size_t i = 0; i < late_.size(); ++i) threads_.emplace_back([this, i] { watch_(i); });
}

StandstillWatch::~StandstillWatch() { stop(); }

void StandstillWatch::stop() {
  if (threads_.empty()) return;
  stopping_ = true;
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  for (const auto& processor : late_) still_.insert(still_.end(), processor.begin(), processor.end());
  still_ = united(std::move(still_));
}

void StandstillWatch::watch_(std::size_t processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  const sched_param wanted{kPriority};
  if (::pthread_setaffinity_np(::pthread_self(), sizeof set, &set) != 0) return;
  if (::sched_setscheduler(0, SCHED_FIFO, &wanted) != 0) return;
  const RunDelay delay;
  sleep_until_ns(now_ns() + every_ns_);
  auto waited = delay.read();
  if (waited < 0) return;
  auto due = now_ns() + every_ns_;
  while (!stopping_) {
    sleep_until_ns(due);
    const auto now = now_ns();
    const auto before = std::exchange(waited, delay.read());
    if (now - due - (waited - before) >= kLateNs) late_[processor].push_back({due + (waited - before), now});
    due = now_ns() + every_ns_;  // from here: what passed since `now` is in `waited` already, or was our own work
  }
}

std::size_t StandstillWatch::take_out(std::vector<Lapse>& lapses) const {
  std::size_t touched = 0;
  for (auto& lapse : lapses) {
    std::int64_t stood = 0;
    for (const auto& still : still_) {
      stood += std::max<std::int64_t>(0, std::min(still.to, lapse.to) - std::max(still.from, lapse.from));
    }
    lapse.to -= stood;
    touched += stood > 0 ? 1 : 0;
  }
  return touched;
}
}  // namespace tocsin::bench
