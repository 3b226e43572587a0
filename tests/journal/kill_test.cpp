// SPDX-License-Identifier: Apache-2.0
/// What: kill -9 of the writer at any instant, and no batch that it reported as committed is missing or changed.
/// How: a forked writer tells each committed batch through a pipe; batches follow from their id, so the parent knows
/// what must be there. Again and again on the same file.
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include "journal_fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::journal;
using namespace tocsin::journal::test;

namespace {
constexpr int kKills = TOCSIN_KILLS;

/// The writer: commits, with a move of the WAL and a checkpoint now and then, and reports, until it is killed.
[[noreturn]] void write_until_killed(const std::string& path, int report) {
  OpenOptions options;
  options.wal_pages_max = 40;
  JournalError error;
  const auto journal = Journal::open(path, options, error);
  if (journal == nullptr) ::_exit(1);
  for (;;) {
    const auto id = journal->last_batch_id() + 1;
    const SampleBatch batch{id, journal->last_alert_number() + 1};
    if (journal->commit(batch.view())) ::_exit(2);
    if (::write(report, &id, sizeof id) != static_cast<ssize_t>(sizeof id)) ::_exit(3);
    if (id % 7 == 0 && journal->store_checkpoint({id, id, 1, Bytes(20'000, static_cast<std::byte>(id))})) ::_exit(4);
  }
}
}  // namespace

TEST_GROUP(JournalKill) {
  TempFolder folder;
  std::string path = folder.file("journal.db");
  Prng random{2024};
  Model model;

  /// Lets a writer commit for a while, kills it, @returns the last batch it reported.
  std::uint64_t run_and_kill() {
    int pipe_ends[2] = {};
    CHECK_TRUE(::pipe(pipe_ends) == 0);
    const auto child = ::fork();
    if (child == 0) write_until_killed(path, pipe_ends[1]);
    (void)::close(pipe_ends[1]);
    std::uint64_t last = 0;
    std::uint64_t id = 0;
    for (auto wanted = 1 + random.below(30); wanted > 0; --wanted) {
      if (::read(pipe_ends[0], &id, sizeof id) == static_cast<ssize_t>(sizeof id)) last = id;
    }
    (void)::usleep(static_cast<useconds_t>(random.below(3000)));
    (void)::kill(child, SIGKILL);
    while (::read(pipe_ends[0], &id, sizeof id) == static_cast<ssize_t>(sizeof id)) last = id;
    (void)::close(pipe_ends[0]);
    int status = 0;
    CHECK_TRUE(::waitpid(child, &status, 0) == child);
    CHECK_TRUE_TEXT(WIFSIGNALED(status), "the writer met an error before it was killed");
    return last;
  }
};

TEST(JournalKill, loses_no_batch_that_was_reported_as_committed) {
  for (int round = 0; round < kKills; ++round) {
    const auto label = numbered("round ", static_cast<std::uint64_t>(round));
    const auto reported = run_and_kill();
    CHECK_TEXT(reported > model.batches.size(), label.c_str());
    JournalError error;
    const auto journal = Journal::open(path, {}, error);
    CHECK_TEXT(journal != nullptr, error.text.c_str());
    // At most the one in flight was committed without being reported.
    const auto found = journal->last_batch_id();
    CHECK_TEXT(found == reported || found == reported + 1, label.c_str());
    while (model.batches.size() < found) {
      model.add(SampleBatch{model.batches.size() + 1, model.alerts.size() + 1});
    }
    STRCMP_EQUAL_TEXT("", difference(*journal, model).c_str(), label.c_str());
    for (const auto& checkpoint : journal->checkpoints()) {
      CHECK_TRUE(checkpoint.bytes == Bytes(20'000, static_cast<std::byte>(checkpoint.batch_id)));
    }
  }
  STRCMP_EQUAL("ok", integrity_of(path).c_str());
}
