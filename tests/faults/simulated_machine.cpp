// SPDX-License-Identifier: Apache-2.0
#include "simulated_machine.hpp"

#include <algorithm>

#include <sodium.h>
#include <sqlite3.h>
#include <zmq.h>

#include "tocsin/engine/base/check.hpp"

namespace tocsin::daemon::faults {
namespace {
SimulatedMachine* machine = nullptr;
}  // namespace

SimulatedMachine::SimulatedMachine(std::uint64_t seed, test_support::PowercutVfs& disk)
    : random{seed}, network{random}, disk_{disk}, entropy_{seed}, truth_{test::kMay} {
  TOCSIN_CHECK(machine == nullptr);
  TOCSIN_CHECK(sodium_init() >= 0);  // it asks for random numbers once in a program's life: of no world
  // The salts of SQLite's log decide what of a torn one counts.
  (void)sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed % 1'000'000) + 1, nullptr);
  machine = this;
  network.set_now(now_ms_());
}

SimulatedMachine::~SimulatedMachine() { machine = nullptr; }

SimulatedMachine& SimulatedMachine::here() {
  TOCSIN_CHECK(machine != nullptr);
  return *machine;
}

test_support::Prng& SimulatedMachine::entropy() {
  static test_support::Prng nobodys{1};
  return machine == nullptr ? nobodys : machine->entropy_;
}

void SimulatedMachine::pass(engine::Span span) {
  truth_ += span;
  boot_ms_ += span;
  network.set_now(now_ms_());
}

void SimulatedMachine::suspend(engine::Span span) {
  truth_ += span;
  boot_ms_ += span;
  suspended_ms_ += span;
}

void SimulatedMachine::boot() {
  running_ = true;
  kill_in_ = 0;
}

void SimulatedMachine::end() {
  running_ = false;
  journal_ = nullptr;
  forget_jobs_();
  network.crash();
}

void SimulatedMachine::kill_() {
  if (!disk_.is_cut()) disk_.kill();
  end();
  throw Killed{};
}

void SimulatedMachine::enter() {
  if (!running_) return;  // it is being torn down
  if (disk_.is_cut() || (kill_in_ > 0 && --kill_in_ == 0)) kill_();
  if (!posted_.empty() && random.chance(2)) run_job_();
}

void SimulatedMachine::post(JournalJob& job) {
  std::int64_t takes = static_cast<std::int64_t>(random.below(8));
  if (random.chance(10)) takes = random.between(10, 400);
  if (random.chance(1)) takes = random.between(1000, 30'000);  // a dying SD card
  posted_.push_back({&job, now_ms_() + takes});
}

JournalJob* SimulatedMachine::take_done() {
  if (done_.empty()) return nullptr;
  auto* const job = done_.front();
  done_.pop_front();
  return job;
}

void SimulatedMachine::finish_jobs() {
  while (running_ && !posted_.empty() && !disk_.is_cut()) {
    posted_.front().job->run(*journal_);
    posted_.pop_front();
  }
  forget_jobs_();
}

void SimulatedMachine::forget_jobs_() {
  posted_.clear();
  done_.clear();
}

void SimulatedMachine::run_job_() {
  auto* const job = posted_.front().job;
  posted_.pop_front();
  job->run(*journal_);
  if (disk_.is_cut()) kill_();
  done_.push_back(job);
}

bool SimulatedMachine::ready_(zmq_pollitem_t& item) {
  item.revents = 0;
  bool is = false;
  if (item.socket != nullptr) {
    is = network.readable(*static_cast<SimulatedSocket*>(item.socket));
  } else if (item.fd == kDoneFd) {
    is = !done_.empty();
  }
  if (is && (item.events & ZMQ_POLLIN) != 0) item.revents = ZMQ_POLLIN;
  return item.revents != 0;
}

int SimulatedMachine::poll(zmq_pollitem_t* items, int count, std::int64_t timeout_ms) {
  ++polls_;
  const auto deadline = now_ms_() + timeout_ms;
  if (random.chance(10)) pass(random.between(0, 20));  // others have the processor
  for (;;) {
    enter();
    others();
    while (!posted_.empty() && posted_.front().due_ms <= now_ms_()) run_job_();
    int ready = 0;
    for (int i = 0; i < count; ++i) ready += ready_(items[i]) ? 1 : 0;
    if (ready > 0 || now_ms_() >= deadline) return ready;
    if (const auto span = leap(); span > 0) {
      pass(span);
      continue;
    }
    auto next = std::min(deadline, network.next_due_ms());
    if (!posted_.empty()) next = std::min(next, posted_.front().due_ms);
    pass(std::clamp<engine::Span>(next - now_ms_(), 1, 50));
  }
}

void SimulatedMachine::note(const Frame& frame) {
  note(frame.size());
  for (const auto byte : frame) note(static_cast<std::uint64_t>(byte));
}
}  // namespace tocsin::daemon::faults
