// SPDX-License-Identifier: Apache-2.0
// The daemon's two other threads without threads, its steady clock and its random numbers, on the simulated machine. A
// program that has this file does not use journal_thread.cpp, zap.cpp and steady.cpp; the policy of handshakes is the
// real one.
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/random.h>
#include <sys/stat.h>
#include <utility>

#include "journal_jobs.hpp"
#include "journal_thread.hpp"
#include "simulated_machine.hpp"
#include "zap.hpp"

// libsodium asks for some as well, perhaps before there is a machine.
extern "C" ssize_t getrandom(void* buffer, size_t size, unsigned) {
  auto& numbers = tocsin::daemon::faults::SimulatedMachine::entropy();
  auto* const bytes = static_cast<unsigned char*>(buffer);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(numbers.next());
  return static_cast<ssize_t>(size);
}

// The first free number instead of random letters: the folder's name is in the endpoints, and so in the journal, whose
// rows are a byte or two longer or shorter with their checksums.
extern "C" char* mkdtemp(char* name) noexcept {
  char* const letters = name + std::strlen(name) - 6;
  for (unsigned number = 0; number < 1'000'000; ++number) {
    for (unsigned place = 6, rest = number; place > 0; rest /= 10)
      letters[--place] = static_cast<char>('0' + rest % 10);
    if (::mkdir(name, S_IRWXU) == 0) return name;
    if (errno != EEXIST) break;
  }
  return nullptr;
}

namespace tocsin::daemon {
using faults::SimulatedMachine;

std::int64_t steady_ns() { return SimulatedMachine::here().steady_ns(); }

JournalThread::~JournalThread() { SimulatedMachine::here().finish_jobs(); }

std::string JournalThread::start(journal::Journal& journal) {
  SimulatedMachine::here().start_journal(journal);
  return {};
}

bool JournalThread::post(JournalJob& job) {
  if (out_ == kJobsMax) return false;
  ++out_;
  SimulatedMachine::here().post(job);
  return true;
}

JournalJob* JournalThread::take_done() {
  auto* const job = SimulatedMachine::here().take_done();
  if (job != nullptr) --out_;
  return job;
}

bool JournalThread::has_done() const { return SimulatedMachine::here().has_done(); }
bool JournalThread::begin_wait() { return !has_done(); }
void JournalThread::end_wait(bool) {}
int JournalThread::done_fd() const { return SimulatedMachine::kDoneFd; }

namespace {
std::int64_t now_ms() { return steady_ns() / 1'000'000; }
}  // namespace

ZapThread::~ZapThread() { SimulatedMachine::here().network.set_gate({}); }

std::string ZapThread::start(const Config& config, std::shared_ptr<const Keyring> keyring) {
  policy_.emplace(zap_domains(config), std::move(keyring));
  SimulatedMachine::here().network.set_gate(
      {[this](const std::string& endpoint, int fd, bool outgoing) -> std::optional<std::string> {
         policy_->accepted(endpoint, fd, now_ms());
         if (outgoing) {
           policy_->succeeded(endpoint);
           return std::string{};
         }
         const auto answer = policy_->decide({"1", endpoint, "localhost", "NULL", std::nullopt}, now_ms());
         if (answer.reason == ZapReason::none) {
           policy_->succeeded(endpoint);
           return answer.user_id;
         }
         ++refused_[static_cast<std::size_t>(answer.reason)];
         policy_->disconnected(endpoint, fd, now_ms());
         return std::nullopt;
       },
       [this](const std::string& endpoint, int fd) { policy_->disconnected(endpoint, fd, now_ms()); }});
  return {};
}

std::string ZapThread::watch(ZmqSocket& socket) {
  (void)socket;
  return {};
}

void ZapThread::replace(std::shared_ptr<const Keyring> keyring) { policy_->replace(std::move(keyring)); }

void ZapThread::observed(ZmqFrame& frame) { policy_->observed(frame.source_fd(), frame.user_id()); }

void ZapThread::cut(int fd) {
  if (policy_->connected(fd)) SimulatedMachine::here().network.shut(fd);
}

std::uint64_t ZapThread::refused(ZapReason reason) const { return refused_.at(static_cast<std::size_t>(reason)); }

std::uint64_t ZapThread::refused_in_all() const {
  std::uint64_t sum = 0;
  for (const auto& count : refused_) sum += count;
  return sum;
}

PeerCounts ZapThread::counts(std::string_view endpoint) const { return policy_->counts(endpoint); }

void ZapThread::append_connected(std::string_view endpoint, std::vector<int>& out) const {
  policy_->append_connected(endpoint, out);
}
}  // namespace tocsin::daemon
