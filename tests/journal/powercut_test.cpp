// SPDX-License-Identifier: Apache-2.0
/// What: after a power cut at any change of the disk, also one more while the journal opens again, every batch whose
/// commit returned is there with the same bytes, a batch in flight is there whole or not at all, and work goes on.
/// How: a seeded disk in memory under the real journal; a model in memory says what must be found.
#include <algorithm>

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
      if (what < 80) {
        commit_();
      } else if (what < 90) {
        store_checkpoint_();
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
};
}  // namespace

TEST_GROUP(JournalPowercut) {
  PowercutVfs disk{kVfs};
  KeyFile keys;
};

TEST(JournalPowercut, leaves_every_committed_batch_and_no_part_of_another) {
  std::size_t batches = 0;
  std::size_t doubtful = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Life life{disk, keys.path(), seed};
    const auto wrong = life.run();
    STRCMP_EQUAL_TEXT("", wrong.c_str(), numbered("seed ", seed).c_str());
    batches += life.batches();
    doubtful += life.found_doubtful() ? 1U : 0U;
  }
  CHECK_TRUE(batches > kSeeds * 5);  // or the cuts came before there was anything to lose
  CHECK_TRUE(doubtful > 0);          // or none came between the last write and its sync
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
