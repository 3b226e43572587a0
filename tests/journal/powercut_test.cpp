// SPDX-License-Identifier: Apache-2.0
/// What: after a power cut at any change of the disk, also one more while the journal opens again, every batch whose
/// commit returned is there with the same bytes unless retention removed it, a batch in flight is there whole or not at
/// all, everything verifies, and work goes on. The same of a migration and of a finished backup.
/// How: a seeded disk in memory under the real journal; a model in memory says what must be found.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "tocsin/test_support/powercut_vfs.hpp"

#include "journal_fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::journal;
using namespace tocsin::journal::test;
using tocsin::test_support::PowercutVfs;

namespace {
constexpr std::uint64_t kSeeds = TOCSIN_SEEDS;  // three cuts each, and up to six more while opening
constexpr const char* kVfs = "powercut-journal";
constexpr const char* kPath = "journal.db";

/// One life of a journal: writes until the power goes, comes back, and looks at what is left.
class Life {
 public:
  Life(PowercutVfs& disk, const std::string& keys, std::uint64_t seed)
      : disk_{disk}, random_{seed}, next_seed_{seed * 1000} {
    options_.vfs = kVfs;
    options_.keys = keys;
    options_.wal_pages_max = static_cast<std::uint32_t>(4 + random_.below(60));
    if (random_.chance(50)) options_.retain_age_ms = 1 + static_cast<engine::Span>(random_.below(40'000));
  }

  /// @returns what is wrong afterwards; empty when nothing is.
  std::string run() {
    disk_.format();
    for (int cut = 0; cut < 3; ++cut) {
      arm_cut_(200);
      write_until_cut_();
      journal_.reset();
      disk_.power_on();
      reopen_with_cuts_();
      if (auto wrong = examine_(); !wrong.empty()) return wrong;
    }
    return "";
  }
  [[nodiscard]] std::size_t batches() const { return model_.batches.size(); }
  [[nodiscard]] bool has_removed() const { return has_removed_; }
  [[nodiscard]] bool found_doubtful() const { return found_doubtful_; }

 private:
  // In two statements: the order of arguments differs between compilers, and a seed must mean the same life.
  void arm_cut_(std::uint64_t changes_max) {
    const auto change = 1 + random_.below(changes_max);
    disk_.cut_at(change, random_.next());
  }

  bool open_() {
    JournalError error;
    journal_ = Journal::open(kPath, options_, error);
    return journal_ != nullptr;
  }

  void write_until_cut_() {
    while (!disk_.is_cut()) {
      if (journal_ == nullptr && !open_()) continue;
      const auto what = random_.below(100);
      if (what < 70) {
        commit_();
      } else if (what < 82) {
        store_checkpoint_();
      } else if (what < 92) {
        (void)journal_->retain(model_.clock);
      } else if (what < 95) {
        (void)journal_->store_image(random_.below(3), Bytes(2000, std::byte{7}));
      } else {
        journal_.reset();
      }
    }
  }

  void commit_() {
    SampleBatch batch{++next_seed_, journal_->last_alert_number() + 1};
    Model with = model_;
    with.add(batch);
    if (journal_->commit(batch.view())) {
      doubtful_ = std::move(with);
    } else {
      model_ = std::move(with);
    }
  }

  void store_checkpoint_() {
    const auto hash = ++next_seed_;
    Prng content{hash};
    const StoredCheckpoint checkpoint{journal_->last_batch_id(), hash, 1, random_bytes(content, 500 + hash % 9000), 0};
    offered_.push_back(hash);
    if (!journal_->store_checkpoint(checkpoint)) confirmed_ = hash;
  }

  /// The power goes again while the journal recovers, some times.
  void reopen_with_cuts_() {
    for (auto again = random_.below(3); again > 0; --again) {
      arm_cut_(12);
      (void)open_();
      journal_.reset();
      disk_.power_on();
    }
  }

  std::string examine_() {
    auto integrity = integrity_of(kPath, kVfs);
    if (integrity != "ok") return integrity;
    if (!open_()) return "the journal does not open";
    if (doubtful_ && journal_->last_batch_id() == doubtful_->batches.size()) {
      model_ = *doubtful_;
      found_doubtful_ = true;
    }
    doubtful_.reset();
    if (auto wrong = difference(*journal_, model_); !wrong.empty()) return wrong;
    // A verification costs as much as all the rest of a life, so not each gets one.
    if (next_seed_ % 3 == 0) {
      if (auto wrong = faults_of(*journal_); !wrong.empty()) return wrong;
    }
    if (journal_->state().first_batch > 1) has_removed_ = true;
    return examine_checkpoints_();
  }

  std::string examine_checkpoints_() {
    const auto found = journal_->checkpoints();
    bool has_confirmed = confirmed_ == 0;
    for (const auto& checkpoint : found) {
      Prng content{checkpoint.image_hash};
      if (checkpoint.bytes != random_bytes(content, 500 + checkpoint.image_hash % 9000)) return "a torn checkpoint";
      if (std::find(offered_.begin(), offered_.end(), checkpoint.image_hash) == offered_.end()) return "a foreign one";
      has_confirmed = has_confirmed || checkpoint.image_hash == confirmed_;
    }
    return has_confirmed ? "" : "the newest confirmed checkpoint is missing";
  }

  PowercutVfs& disk_;
  Prng random_;
  std::uint64_t next_seed_;
  OpenOptions options_;
  std::unique_ptr<Journal> journal_;
  Model model_;
  std::optional<Model> doubtful_;
  std::vector<std::uint64_t> offered_;
  std::uint64_t confirmed_ = 0;
  bool found_doubtful_ = false;
  bool has_removed_ = false;
};
}  // namespace

TEST_GROUP(JournalPowercut) {
  PowercutVfs disk{kVfs};
  KeyFile keys;
};

TEST(JournalPowercut, leaves_every_committed_batch_and_no_part_of_another) {
  std::size_t batches = 0;
  std::size_t doubtful = 0;
  std::size_t removed = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Life life{disk, keys.path(), seed};
    const auto wrong = life.run();
    STRCMP_EQUAL_TEXT("", wrong.c_str(), numbered("seed ", seed).c_str());
    batches += life.batches();
    doubtful += life.found_doubtful() ? 1U : 0U;
    removed += life.has_removed() ? 1U : 0U;
  }
  CHECK_TRUE(batches > kSeeds * 5);  // or the cuts came before there was anything to lose
  CHECK_TRUE(removed > 0);
  CHECK_TRUE(doubtful > 0);  // or none came between the last write and its sync
}

// The change to WAL mode leaves a rollback journal that is removed. Should a later cut bring it back, with the removal
// not synced, it would undo everything since.
TEST(JournalPowercut, is_not_undone_by_what_a_cut_while_it_was_made_left_behind) {
  for (std::uint64_t change = 1; change <= 24; ++change) {
    for (std::uint64_t seed = 1; seed <= 16; ++seed) {
      disk.format();
      OpenOptions options;
      options.vfs = kVfs;
      options.keys = keys.path();
      JournalError error;
      disk.cut_at(change, seed);
      (void)Journal::open(kPath, options, error);
      disk.power_on();

      auto journal = Journal::open(kPath, options, error);
      CHECK_TEXT(journal != nullptr, error.text.c_str());
      Model model;
      for (std::uint64_t id = 1; id <= 3; ++id) {
        const SampleBatch batch{id, journal->last_alert_number() + 1};
        CHECK_FALSE(journal->commit(batch.view()).has_value());
        model.add(batch);
      }
      disk.cut(seed);
      journal.reset();
      disk.power_on();
      journal = Journal::open(kPath, options, error);
      CHECK_TEXT(journal != nullptr, error.text.c_str());
      STRCMP_EQUAL_TEXT("", difference(*journal, model).c_str(), numbered("cut at change ", change).c_str());
    }
  }
}

// Cut at every change of the migration in turn: either it is a journal of version 1 still, or one of this version, and
// opening it again ends with all that version 1 held.
TEST(JournalPowercut, leaves_a_journal_of_version_1_or_of_this_one_when_a_migration_is_cut) {
  std::ifstream file{std::string{TOCSIN_SOURCE_DIR} + "/tests/journal/golden/version-1.db", std::ios::binary};
  const std::string golden{std::istreambuf_iterator<char>{file}, {}};
  Model model;
  for (std::uint64_t seed = 1, number = 1; seed <= 12; ++seed) {
    const SampleBatch batch{seed, number};
    model.add(batch);
    number += batch.alerts().size();
  }
  OpenOptions options;
  options.vfs = kVfs;
  options.keys = keys.path();
  JournalError error;
  std::uint64_t cuts = 0;
  for (std::uint64_t change = 1;; change += TOCSIN_MIGRATION_STRIDE) {
    disk.format();
    disk.put(kPath, std::as_bytes(std::span{golden}));
    disk.cut_at(change, change);
    auto journal = Journal::open(kPath, options, error);
    const bool done = journal != nullptr && !disk.is_cut();
    journal.reset();
    disk.power_on();
    journal = Journal::open(kPath, options, error);
    const auto label = numbered("change ", change);
    CHECK_TEXT(journal != nullptr, (label + ": " + error.text).c_str());
    STRCMP_EQUAL_TEXT("", difference(*journal, model).c_str(), label.c_str());
    if (change % 5 == 1) STRCMP_EQUAL_TEXT("", faults_of(*journal).c_str(), label.c_str());
    if (done) break;
    ++cuts;
  }
  CHECK_TRUE(cuts * TOCSIN_MIGRATION_STRIDE > 20);
}

// What backup_step() calls done is on the disk, and the journal does not care for what becomes of its copy.
TEST(JournalPowercut, leaves_a_finished_backup_whole) {
  std::uint64_t finished = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    disk.format();
    OpenOptions options;
    options.vfs = kVfs;
    options.keys = keys.path();
    JournalError error;
    auto journal = Journal::open(kPath, options, error);
    CHECK_TEXT(journal != nullptr, error.text.c_str());
    Model model;
    std::uint64_t next = seed * 100;
    const auto commit = [&] {
      const SampleBatch batch{++next, journal->last_alert_number() + 1};
      if (!journal->commit(batch.view())) model.add(batch);
    };
    for (int i = 0; i < 8; ++i) commit();
    Prng random{seed};
    const auto change = 1 + random.below(600);
    disk.cut_at(change, seed);
    CHECK_FALSE(journal->backup_begin("copy.db").has_value() && !disk.is_cut());
    auto step = journal->backup_step(3);
    for (; step.state == BackupState::more; step = journal->backup_step(3)) commit();
    if (!disk.is_cut()) disk.cut(seed);
    journal.reset();
    disk.power_on();
    journal = Journal::open(kPath, options, error);
    CHECK_TEXT(journal != nullptr, error.text.c_str());
    // The commit in flight may be there as well.
    CHECK_TRUE(journal->last_batch_id() >= model.batches.size());
    STRCMP_EQUAL("", faults_of(*journal).c_str());
    journal.reset();
    if (step.state != BackupState::done) continue;
    ++finished;
    const auto copy = Journal::open("copy.db", options, error);
    CHECK_TEXT(copy != nullptr, error.text.c_str());
    CHECK_TRUE(copy->last_batch_id() >= 8);
    STRCMP_EQUAL("", faults_of(*copy).c_str());
  }
  CHECK_TRUE(finished > 5 && finished < 60);  // or the cuts came always before its end, or never
}
