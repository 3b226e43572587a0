// SPDX-License-Identifier: Apache-2.0
/// What: a verification finds every flipped byte and every cut of the file, or what it does not find changes nothing
/// that can be read; it names the place; it also finds what somebody with SQL changed and covered up. How: a small
/// journal with small pages; each byte of the file in turn, then each length.
#include <fstream>
#include <sstream>

#include "forger.hpp"
#include "journal_fixture.hpp"
#include "row_crc.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::journal;
using namespace tocsin::journal::test;

namespace {
std::string read_file(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream{path, std::ios::binary}.rdbuf();
  return content.str();
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << content;
}

/// All that a program can read from it.
std::string all_of(Journal& journal) {
  std::ostringstream out;
  const auto put = [&](std::span<const std::byte> bytes) {
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size())) << '|';
  };
  out << journal.first_instant() << '|' << journal.last_clock() << '|' << journal.last_batch_id() << '|';
  (void)journal.read_batches(0, [&](const StoredBatch& batch) {
    out << batch.id << '|' << batch.clock << '|' << batch.items << '|';
    return put(batch.bytes), true;
  });
  (void)journal.read_alerts(0, [&](const StoredAlert& alert) {
    out << alert.number << '|' << alert.at << '|';
    return put(alert.bytes), true;
  });
  (void)journal.read_acts([&](const Act& act) {
    out << act.at << act.principal << act.kind << act.text << '|';
    return true;
  });
  (void)journal.read_gaps([&](const Gap& gap) {
    out << gap.at << gap.source << gap.first << '-' << gap.last << '|';
    return true;
  });
  (void)journal.read_images([&](const StoredImage& image) {
    out << image.image_hash << '|' << image.from_batch << '|';
    return put(image.bytes), true;
  });
  for (const auto& point : journal.checkpoints()) {
    out << point.batch_id << '|' << point.image_hash << '|' << point.engine_version << '|';
    put(point.bytes);
  }
  for (const auto& mark : journal.feed_marks()) out << mark.feed << mark.mark << '|' << mark.reports << '|';
  for (const auto& row : journal.rejections())
    out << row.principal << int{row.reason} << row.count << row.sample << '|';
  out << journal.principal_name(1) << journal.principal_name(2) << journal.cursor("console");
  return out.str();
}
}  // namespace

TEST_GROUP(JournalVerify) {
  TempFolder folder;
  std::string path = folder.file("journal.db");
  std::string copy = folder.file("copy.db");
  JournalError error;
  std::uint64_t batches = 0;
  std::string notice;

  std::unique_ptr<Journal> open(const std::string& name, bool read_only) {
    OpenOptions options;
    options.read_only = read_only;
    if (!read_only) options.keys = path + ".key";
    return Journal::open(name, options, error);
  }
  void commit(Journal & journal, std::uint64_t seed, std::size_t items) {
    const SampleBatch batch{seed, journal.last_alert_number() + 1, items};
    const Bytes body(90, static_cast<std::byte>(seed));
    const StoredAlert alert{journal.last_alert_number() + 1, batch.clock(), body};
    const Act act{batch.clock(), "officer", "acknowledge", "seen it"};
    const Gap gap{batch.clock(), "launches", seed, seed + 2, GapKind::broadcast};
    const Cursor cursor{"console", seed};
    const RejectionRow rejection{"hub", 3, 1, "sample", 0};
    auto view = commit_of(batch.items(), {&alert, 1}, {&rejection, 1}, batch.clock());
    view.first_instant = 5;
    if (seed % 2 == 0) view.acts = {&act, 1};
    if (seed % 3 == 0) view.gaps = {&gap, 1};
    view.cursors = {&cursor, 1};
    CHECK_FALSE(journal.commit(view).has_value());
    ++batches;
  }
  void make_one(std::uint64_t count) {
    const auto journal = open(path, false);
    CHECK_TEXT(journal != nullptr, error.text.c_str());
    CHECK_FALSE(journal->store_image(9, Bytes(100, std::byte{9})));
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
      commit(*journal, seed, 1);
      if (seed == count / 2) CHECK_FALSE(journal->store_checkpoint({seed, 9, 1, Bytes(120, std::byte{4}), 0}));
    }
  }
  /// Small pages make a small file, and nothing in it is what was left of an earlier page.
  void make_small_one() {
    make_one(6);
    LONGS_EQUAL(SQLITE_OK,
                run_sql(path, "PRAGMA journal_mode=DELETE;PRAGMA page_size=512;VACUUM;PRAGMA journal_mode=WAL"));
  }
  std::string faults(const std::string& name) {
    const auto journal = open(name, true);
    if (journal == nullptr) return error.text;
    VerifyOptions options;
    options.keys = path + ".key";
    return faults_of(*journal, options);
  }
  /// @returns empty when the damaged copy was found out or reads as the original.
  std::string silent_difference(const std::string& original) {
    const auto journal = open(copy, true);
    if (journal == nullptr) return error.text.empty() ? "no error text" : "";
    VerifyOptions options;
    options.keys = path + ".key";
    if (!faults_of(*journal, options).empty()) return "";
    return all_of(*journal) == original ? "" : "a change was not found";
  }
  SignedHead head_of(const std::string& name) {
    SignedHead head;
    CHECK_FALSE(open(name, true)->head(head).has_value());
    return head;
  }
  /// What comparing with a head that was kept finds; what it cannot compare is in `notice`.
  std::string faults_with(const SignedHead& kept) {
    const auto journal = open(path, true);
    VerifyOptions options;
    options.kept_head = kept;
    const auto run = journal->verify(options, error);
    while (run->step(100)) {
    }
    notice = run->report().notice;
    std::string faults;
    for (const auto& fault : run->report().faults) faults += fault + "\n";
    return faults;
  }
  /// So much time passes that all batches before the newest checkpoint go, with a bound of `bytes` also alert events
  /// and notes.
  void let_go(std::uint64_t last, std::uint64_t bytes = 0) {
    OpenOptions options;
    options.keys = path + ".key";
    options.retain_age_ms = 1;
    options.retain_bytes = bytes;
    const auto journal = Journal::open(path, options, error);
    CHECK_TEXT(journal != nullptr, error.text.c_str());
    for (auto seed = journal->last_batch_id() + 1; seed <= last; ++seed) commit(*journal, seed, 200);
    for (int i = 0; i < 2; ++i) CHECK_FALSE(journal->store_checkpoint({last, 9, 1, Bytes(120, std::byte{4}), 0}));
    for (int i = 0; i < 10; ++i) CHECK_FALSE(journal->retain(1'800'000'000'000 + i * 3'600'000).has_value());
  }
  void tamper(const std::string& sql) { LONGS_EQUAL(SQLITE_OK, run_sql(path, sql)); }
};

TEST(JournalVerify, finds_nothing_in_a_whole_one) {
  make_one(20);
  STRCMP_EQUAL("", faults(path).c_str());
  const auto journal = open(path, false);
  STRCMP_EQUAL("", faults_of(*journal).c_str());
  commit(*journal, 21, 800);
  STRCMP_EQUAL("", faults_of(*journal).c_str());
  VerifyOptions options;
  options.since_checkpoint = true;
  const auto run = journal->verify(options, error);
  while (run->step(1)) {
  }
  UNSIGNED_LONGLONGS_EQUAL(0, run->report().fault_count);
  UNSIGNED_LONGLONGS_EQUAL(11, run->report().batches);
  UNSIGNED_LONGLONGS_EQUAL(11, run->report().first_batch);
}

TEST(JournalVerify, finds_every_flipped_byte_that_changes_anything) {
  make_small_one();
  STRCMP_EQUAL("", faults(path).c_str());
  const auto whole = read_file(path);
  const auto original = all_of(*open(path, true));
  Prng random{1};
  std::uint64_t found = 0;
  for (std::size_t place = random.index(TOCSIN_FLIP_STRIDE); place < whole.size(); place += TOCSIN_FLIP_STRIDE) {
    auto damaged = whole;
    damaged[place] = static_cast<char>(damaged[place] ^ static_cast<char>(1 + random.below(255)));
    write_file(copy, damaged);
    STRCMP_EQUAL_TEXT("", silent_difference(original).c_str(), numbered("byte ", place).c_str());
    found += faults(copy).empty() ? 0U : 1U;
  }
  CHECK_TRUE(found > whole.size() / TOCSIN_FLIP_STRIDE / 4);
}

TEST(JournalVerify, finds_every_cut) {
  make_small_one();
  const auto whole = read_file(path);
  const auto original = all_of(*open(path, true));
  for (std::size_t length = 1; length < whole.size();
       length += 1 + (length % 512 > 2 && length % 512 < 509 ? 50U : 0U)) {
    write_file(copy, whole.substr(0, length));
    STRCMP_EQUAL_TEXT("", silent_difference(original).c_str(), numbered("length ", length).c_str());
  }
}

TEST(JournalVerify, names_what_was_damaged) {
  struct Row {
    const char* sql;
    const char* named;
  };
  constexpr Row kRows[] = {
      {"UPDATE batch SET clock = clock + 1 WHERE id = 5", "batch 5 is damaged"},
      {"DELETE FROM batch WHERE id = 4", "batch 4 is missing"},
      {"DELETE FROM batch WHERE id >= 7", "the end is missing: batch 10 was signed"},
      {"DELETE FROM alert WHERE number = 3", "alert event 3 is missing"},
      {"DELETE FROM alert WHERE number = 10", "alert event 10 was signed"},
      {"UPDATE alert SET body = zeroblob(90) WHERE number = 2", "alert event 2 is damaged"},
      {"UPDATE note SET who = 'nobody' WHERE id = 2", "note 2 is damaged"},
      {"UPDATE feed_mark SET mark = mark + 1 WHERE feed = 'feed-1'", "feed mark 'feed-1' is damaged"},
      {"UPDATE cursor SET number = 0", "cursor 'console' is damaged"},
      {"UPDATE rejection SET count = 0", "refusal count '1 3' is damaged"},
      {"UPDATE meta SET value = 6 WHERE key = 'first_instant'", "fact 'first_instant' is damaged"},
      {"UPDATE checkpoint SET state = zeroblob(120)", "of 1 checkpoints only 0 can be used"},
      {"UPDATE image SET body = zeroblob(100)", "rule image from batch 1"},
      {"UPDATE head SET at = at + 1", "signature does not hold"},
      {"DELETE FROM head", "the signed head is missing"},
      {"CREATE INDEX extra ON batch(clock)", "the tables are not those"},
  };
  make_one(10);
  const auto whole = read_file(path);
  for (const auto& row : kRows) {
    write_file(path, whole);
    tamper(row.sql);
    STRCMP_CONTAINS_TEXT(row.named, faults(path).c_str(), row.sql);
  }
}

// An older copy is whole in itself, signed head and all.
TEST(JournalVerify, finds_an_older_copy_by_a_head_that_was_kept) {
  make_one(5);
  const auto older = read_file(path);
  SignedHead kept;
  CHECK_FALSE(open(path, true)->head(kept).has_value());
  const auto with_kept = [&] {
    VerifyOptions options;
    options.kept_head = kept;
    return faults_of(*open(path, true), options);
  };
  STRCMP_EQUAL("", with_kept().c_str());
  {
    const auto journal = open(path, false);
    commit(*journal, 6, 1);
    commit(*journal, 7, 1);
  }
  STRCMP_EQUAL("", with_kept().c_str());  // what came since does not matter
  CHECK_FALSE(open(path, true)->head(kept).has_value());
  write_file(path, older);
  STRCMP_EQUAL("", faults(path).c_str());
  STRCMP_CONTAINS(
      "this journal is older than, or not, the one the head was kept of: batch 7 is not there, the last "
      "one is 5",
      with_kept().c_str());
  {
    const auto journal = open(path, false);  // the same numbers again, of something else
    commit(*journal, 16, 1);
    commit(*journal, 17, 1);
  }
  STRCMP_EQUAL("", faults(path).c_str());
  STRCMP_CONTAINS("batch 7 is another one", with_kept().c_str());
}

TEST(JournalVerify, finds_that_a_kept_head_is_of_another_journal_or_was_changed) {
  make_one(3);
  SignedHead kept;
  CHECK_FALSE(open(path, true)->head(kept).has_value());
  const auto with = [&](const SignedHead& head) {
    VerifyOptions options;
    options.kept_head = head;
    return faults_of(*open(path, true), options);
  };
  STRCMP_EQUAL("", with(kept).c_str());
  for (auto* number : {&kept.batch, &kept.alert, &kept.note}) {
    ++*number;
    STRCMP_CONTAINS("the kept head was changed", with(kept).c_str());
    --*number;
  }
  auto changed = kept;
  changed.note_chain = kept.chain;
  STRCMP_CONTAINS("its signature does not hold", with(changed).c_str());
  changed = kept;
  changed.journal = "no hex";
  STRCMP_CONTAINS("its signature does not hold", with(changed).c_str());

  std::filesystem::remove(path);  // another one, made with the same keys
  make_one(4);
  STRCMP_CONTAINS("this journal is older than, or not, the one the head was kept of: its id is", with(kept).c_str());
}

TEST(JournalVerify, says_when_retention_removed_what_a_kept_head_speaks_of) {
  make_one(4);
  const auto kept = head_of(path);
  let_go(40);
  CHECK_TRUE(open(path, true)->state().first_batch > 5);
  STRCMP_EQUAL("", faults_with(kept).c_str());
  STRCMP_CONTAINS("retention removed batch 4, which the kept head speaks of", notice.c_str());
  CHECK_TRUE(notice.find("alert event") == std::string::npos && notice.find("note") == std::string::npos);
  let_go(40, 1);
  CHECK_TRUE(open(path, true)->state().first_alert > 5);
  STRCMP_EQUAL("", faults_with(kept).c_str());
  STRCMP_CONTAINS("retention removed alert event 4, which the kept head speaks of: that no alert event before ",
                  notice.c_str());
  STRCMP_CONTAINS("retention removed note 3, which the kept head speaks of: that no note before ", notice.c_str());
}

// The key makes every chain and signature anew, but not those of a head that is out of reach. Where the batches are
// gone, nothing else shows what was made of the alert events and acts that outlive them.
TEST(JournalVerify, finds_what_whoever_has_the_keys_rewrote_by_a_head_that_was_kept) {
  struct Row {
    const char* sql;
    const char* named;
  };
  constexpr Row kRows[] = {
      {"UPDATE alert SET body = zeroblob(90) WHERE number = 3", "alert event 8 is another one"},
      {"UPDATE note SET who = 'nobody' WHERE id = 2", "note 6 is another one"},
  };
  make_one(8);
  const auto kept = head_of(path);
  for (const bool gone : {false, true}) {
    if (gone) let_go(40);
    const auto whole = read_file(path);
    for (const auto& row : kRows) {
      write_file(path, whole);
      {
        Forger forger{path, path + ".key"};
        forger.run(row.sql);
        forger.chain_and_sign();
      }
      STRCMP_EQUAL_TEXT("", faults(path).c_str(), row.sql);
      const auto found = faults_with(kept);
      STRCMP_CONTAINS_TEXT(row.named, found.c_str(), row.sql);
      CHECK_EQUAL_TEXT(!gone, found.find("batch 8 is another one") != std::string::npos, found.c_str());
    }
    write_file(path, whole);
    STRCMP_EQUAL("", faults_with(kept).c_str());
  }
}

// Who verifies without the keys cannot see that the batches' chain speaks of other alert events.
TEST(JournalVerify, finds_a_rewritten_alert_event_by_a_kept_head_without_the_keys) {
  make_one(8);
  const auto kept = head_of(path);
  {
    Forger forger{path, path + ".key"};
    forger.run("UPDATE alert SET body = zeroblob(90) WHERE number = 3");
    forger.chain_and_sign(false);
  }
  std::filesystem::rename(path + ".key", path + ".kept");
  STRCMP_EQUAL("", faults_of(*open(path, true)).c_str());
  STRCMP_EQUAL("this journal is older than, or not, the one the head was kept of: alert event 8 is another one\n",
               faults_with(kept).c_str());
}

// Whoever keeps heads elsewhere would else put nothing in the place of a good one.
TEST(JournalVerify, gives_no_head_that_is_missing_or_damaged) {
  make_one(3);
  const auto whole = read_file(path);
  SignedHead head;
  CHECK_FALSE(open(path, true)->head(head).has_value());
  UNSIGNED_LONGLONGS_EQUAL(3, head.batch);
  for (const char* sql : {"DELETE FROM head", "UPDATE head SET at = at + 1", "UPDATE head SET batch = batch - 1"}) {
    write_file(path, whole);
    tamper(sql);
    const auto outcome = open(path, true)->head(head);
    CHECK_TRUE_TEXT(outcome.has_value(), sql);
    STRCMP_CONTAINS_TEXT(path.c_str(), outcome->text.c_str(), sql);
    UNSIGNED_LONGLONGS_EQUAL(3, head.batch);
  }
}

// The checksums are no secret: somebody who can write the file makes them anew. The chain needs the key.
TEST(JournalVerify, finds_changes_with_new_checksums_by_the_chain) {
  struct Row {
    const char* sql;
    const char* named;
  };
  constexpr Row kRows[] = {
      {"UPDATE batch SET clock = clock + 1, crc = tocsin_crc(id, clock + 1, items, t_min, t_max, chain, inputs) "
       "WHERE id = 7",
       "batch 7 does not follow in the chain"},
      {"UPDATE alert SET body = zeroblob(9), crc = tocsin_crc(number, at, batch_id, chain, zeroblob(9)) WHERE number = "
       "4",
       "alert event 4 does not follow in the chain"},
      {"UPDATE note SET who = 'nobody', crc = tocsin_crc(id, at, batch_id, kind, first, last, chain, 'nobody', word, "
       "text) "
       "WHERE id = 1",
       "note 1 does not follow in the chain"},
      {"DELETE FROM batch WHERE id > 8; DELETE FROM alert WHERE batch_id > 8; DELETE FROM note WHERE batch_id > 8",
       "the end is missing"},
  };
  make_one(10);
  const auto whole = read_file(path);
  for (const auto& row : kRows) {
    write_file(path, whole);
    sqlite3* database = nullptr;
    LONGS_EQUAL(SQLITE_OK, sqlite3_open(path.c_str(), &database));
    LONGS_EQUAL(SQLITE_OK, add_crc_function(database));
    LONGS_EQUAL(SQLITE_OK, sqlite3_exec(database, row.sql, nullptr, nullptr, nullptr));
    sqlite3_close(database);
    STRCMP_CONTAINS_TEXT(row.named, faults(path).c_str(), row.sql);
    CHECK_TRUE_TEXT(faults(path).find("damaged") == std::string::npos, row.sql);
  }
}

TEST(JournalVerify, refuses_keys_that_are_not_the_journals) {
  make_one(3);
  KeyFile other;
  VerifyOptions options;
  options.keys = other.path();
  auto journal = open(path, true);
  STRCMP_CONTAINS("the keys are not this journal's", faults_of(*journal, options).c_str());
  options = {};
  options.public_key = std::string(64, 'a');
  STRCMP_CONTAINS("not the expected one", faults_of(*journal, options).c_str());
  journal.reset();
  OpenOptions writing;
  writing.keys = other.path();
  CHECK_TRUE(Journal::open(path, writing, error) == nullptr);
  STRCMP_CONTAINS("is another journal's", error.text.c_str());
}

TEST(JournalVerify, says_what_it_could_not_check_without_the_keys) {
  make_one(3);
  std::filesystem::rename(path + ".key", path + ".kept");
  auto journal = open(path, true);
  auto run = journal->verify({}, error);
  while (run->step(100)) {
  }
  UNSIGNED_LONGLONGS_EQUAL(0, run->report().fault_count);
  CHECK_FALSE(run->report().keyed);
  STRCMP_CONTAINS("without the key file", run->report().notice.c_str());
  run.reset();
  journal.reset();
  CHECK_TRUE(open(path, false) == nullptr);
  STRCMP_CONTAINS("restore it from where you keep it", error.text.c_str());
}

// The hash with which a chain begins is made with the keys, too.
TEST(JournalVerify, without_the_keys_finds_nothing_wrong_where_no_alert_event_or_act_was_signed) {
  for (const bool alerts : {false, true}) {
    for (const bool acts_later : {false, true}) {
      TempFolder own;
      const auto file = own.file("journal.db");
      OpenOptions options;
      options.keys = own.file("key");
      auto journal = Journal::open(file, options, error);
      CHECK_TEXT(journal != nullptr, error.text.c_str());
      for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        const SampleBatch batch{seed, 1, 2};
        const Bytes body(90, std::byte{1});
        const StoredAlert alert{journal->last_alert_number() + 1, batch.clock(), body};
        const Act act{batch.clock(), "officer", "acknowledge", "seen it"};
        auto view = commit_of(batch.items(), {&alert, alerts ? 1U : 0U}, {}, batch.clock());
        if (seed == 3) CHECK_FALSE(journal->sign_head().has_value());
        if (seed == 3 && acts_later) view.acts = {&act, 1};
        CHECK_FALSE(journal->commit(view).has_value());
      }
      journal.reset();
      std::filesystem::remove(options.keys);
      OpenOptions reading;
      reading.read_only = true;
      journal = Journal::open(file, reading, error);
      CHECK_TEXT(journal != nullptr, error.text.c_str());
      STRCMP_EQUAL("", faults_of(*journal).c_str());
    }
  }
}
