// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file SimulatedMachine: the clocks, the network, the threads and the end of a process, all drawn from one seed. The
/// program that links simulated_zmq.cpp and simulated_threads.cpp runs the real Server on it, in one thread: whenever
/// the server asks libzmq for anything, others may have their turn, or the process may end.
#include <cstdint>
#include <deque>
#include <functional>

#include "tocsin/daemon/clock.hpp"
#include "tocsin/journal/journal.hpp"
#include "tocsin/test_support/powercut_vfs.hpp"
#include "tocsin/test_support/prng.hpp"

#include "fixture.hpp"
#include "journal_thread.hpp"
#include "simulated_network.hpp"

struct zmq_pollitem_t;

namespace tocsin::daemon::faults {
/// Thrown through the server: the process is no more.
struct Killed {};

/// One at a time.
class SimulatedMachine final : public MachineClock {
 public:
  /// What becomes readable when a job is done.
  static constexpr int kDoneFd = 1'000'001;

  SimulatedMachine(std::uint64_t seed, test_support::PowercutVfs& disk);
  ~SimulatedMachine() override;
  SimulatedMachine(const SimulatedMachine&) = delete;
  SimulatedMachine& operator=(const SimulatedMachine&) = delete;
  /// The one there is. @pre there is one.
  [[nodiscard]] static SimulatedMachine& here();
  /// For the process's own random numbers.
  [[nodiscard]] static test_support::Prng& entropy();

  /// @{ Clocks. The truth goes on for all; the wall clock may be wrong.
  [[nodiscard]] engine::Instant wall_ms() const override { return truth_ + error; }
  [[nodiscard]] std::int64_t boot_ns() const override { return boot_ms_ * 1'000'000; }
  [[nodiscard]] bool synchronised() const override { return vouched; }
  [[nodiscard]] std::int64_t steady_ns() const { return (boot_ms_ - suspended_ms_) * 1'000'000; }
  [[nodiscard]] engine::Instant truth() const { return truth_; }
  void pass(engine::Span span);
  void suspend(engine::Span span);
  engine::Span error = 0;
  bool vouched = true;
  /// @}

  test_support::Prng random;
  SimulatedNetwork network;
  /// The peers' turn, and everything else that is not the daemon's process.
  std::function<void()> others;
  /// How long nothing will happen at all; 0: something is under way. The process may then sleep too long.
  std::function<engine::Span()> leap;
  /// Hears what is published, message by message, before it is sent.
  std::function<void(const Message&)> published;

  /// A process begins on this machine.
  void boot();
  /// It ends in the midst of the `calls`-th request to libzmq from now on, 0: at none. The disk keeps what was written.
  void kill_in(std::uint64_t calls) { kill_in_ = calls; }
  /// It ended by itself, or by Killed.
  void end();
  /// libzmq is asked for something. @throws Killed
  void enter();
  /// As zmq_poll().
  int poll(zmq_pollitem_t* items, int count, std::int64_t timeout_ms);

  /// @{ The journal's thread.
  void start_journal(journal::Journal& journal) { journal_ = &journal; }
  void post(JournalJob& job);
  [[nodiscard]] JournalJob* take_done();
  [[nodiscard]] bool has_done() const { return !done_.empty(); }
  /// As the real one's end: what was posted is done first.
  void finish_jobs();
  /// @}

  /// Whatever goes from the daemon to its peers belongs to the trace.
  void note(std::uint64_t number) { trace_ = (trace_ ^ number) * 1'099'511'628'211U; }
  void note(const Frame& frame);
  /// The same for the same seed.
  [[nodiscard]] std::uint64_t trace() const { return trace_; }
  [[nodiscard]] std::uint64_t polls() const { return polls_; }

 private:
  struct Posted {
    JournalJob* job;
    std::int64_t due_ms;
  };
  void kill_();
  void run_job_();
  [[nodiscard]] bool ready_(zmq_pollitem_t& item);
  void forget_jobs_();
  [[nodiscard]] std::int64_t now_ms_() const { return boot_ms_ - suspended_ms_; }

  test_support::PowercutVfs& disk_;
  test_support::Prng entropy_;
  engine::Instant truth_;
  std::int64_t boot_ms_ = 1000;
  std::int64_t suspended_ms_ = 0;
  journal::Journal* journal_ = nullptr;
  std::deque<Posted> posted_;
  std::deque<JournalJob*> done_;
  std::uint64_t kill_in_ = 0;
  bool running_ = false;
  std::uint64_t trace_ = 14'695'981'039'346'656'037U;
  std::uint64_t polls_ = 0;
};
}  // namespace tocsin::daemon::faults
