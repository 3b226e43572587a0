// SPDX-License-Identifier: Apache-2.0
#include "standstill.hpp"

#include <algorithm>
#include <pthread.h>
#include <sched.h>

namespace tocsin::bench {
namespace {
constexpr std::int64_t kEveryNs = 500'000;
constexpr std::int64_t kLateNs = 1'000'000;
constexpr int kPriority = 90;
}  // namespace

StandstillWatch::StandstillWatch() : found_(std::max(1U, std::thread::hardware_concurrency())) {
  for (std::size_t i = 0; i < found_.size(); ++i) threads_.emplace_back([this, i] { watch_(i); });
}

StandstillWatch::~StandstillWatch() { stop(); }

void StandstillWatch::stop() {
  stopping_ = true;
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void StandstillWatch::watch_(std::size_t processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  (void)::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
  const sched_param wanted{kPriority};
  (void)::sched_setscheduler(0, SCHED_FIFO, &wanted);
  auto before = now_ns();
  while (!stopping_) {
    sleep_until_ns(before + kEveryNs);
    const auto now = now_ns();
    if (now - before - kEveryNs >= kLateNs) found_[processor].push_back({before, now});
    before = now;
  }
}

std::size_t StandstillWatch::set_apart(std::vector<Lapse>& lapses) const {
  std::size_t apart = 0;
  for (const auto& processor : found_) {
    for (const auto& still : processor) {
      apart +=
          std::erase_if(lapses, [&](const Lapse& lapse) { return still.from < lapse.to && still.to > lapse.from; });
    }
  }
  return apart;
}

}  // namespace tocsin::bench
