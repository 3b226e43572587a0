// SPDX-License-Identifier: Apache-2.0
/// What: which files are opened, by whom and how; what a person is told about the others, which stay as they are.
/// How: files in a temporary folder, a second process for the lock.
#include <csignal>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal_fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::journal;
using namespace tocsin::journal::test;

TEST_GROUP(JournalOpen) {
  TempFolder folder;
  std::string path = folder.file("journal.db");
  JournalError error;
  Model model;

  std::unique_ptr<Journal> open(bool read_only = false) {
    OpenOptions options;
    options.read_only = read_only;
    error = {};
    return Journal::open(path, options, error);
  }
  void fill(Journal & journal) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const SampleBatch batch{seed, journal.last_alert_number() + 1};
      CHECK_FALSE(journal.commit(batch.view()).has_value());
      model.add(batch);
    }
  }
  void make_one() {
    const auto journal = open();
    CHECK_TEXT(journal != nullptr, error.text.c_str());
    fill(*journal);
  }
  void write_file(const std::string& content) { std::ofstream{path, std::ios::binary} << content; }
  std::string read_file() {
    std::ostringstream content;
    content << std::ifstream{path, std::ios::binary}.rdbuf();
    return content.str();
  }
  /// Opening is refused both ways, the text names the file and holds `words`, and the file stays as it is.
  void check_refused(const char* words) {
    const auto before = read_file();
    for (const bool read_only : {false, true}) {
      CHECK_TRUE(open(read_only) == nullptr);
      STRCMP_CONTAINS(path.c_str(), error.text.c_str());
      STRCMP_CONTAINS(words, error.text.c_str());
    }
    CHECK_TRUE(read_file() == before);
  }
  /// Another process that fills the journal and holds it until it is killed. @returns once it holds it.
  pid_t start_holder() {
    int ready[2] = {};
    CHECK_TRUE(::pipe(ready) == 0);
    const auto child = ::fork();
    if (child == 0) {
      const auto journal = open();
      for (std::uint64_t seed = 1; journal != nullptr && seed <= 5; ++seed) {
        const SampleBatch batch{seed, journal->last_alert_number() + 1};
        (void)journal->commit(batch.view());
      }
      (void)!::write(ready[1], "x", 1);
      for (;;) ::pause();
    }
    char byte = 0;
    CHECK_TRUE(::read(ready[0], &byte, 1) == 1);
    (void)::close(ready[0]);
    (void)::close(ready[1]);
    for (std::uint64_t seed = 1; seed <= 5; ++seed) model.add(SampleBatch{seed, model.alerts.size() + 1});
    return child;
  }
  void kill_holder(pid_t child) {
    (void)::kill(child, SIGKILL);
    (void)::waitpid(child, nullptr, 0);
  }
};

TEST(JournalOpen, refuses_a_file_that_another_process_holds_and_says_what_to_do) {
  const auto child = start_holder();
  CHECK_TRUE(open() == nullptr);
  const auto writer = error;
  CHECK_TRUE(open(true) == nullptr);
  kill_holder(child);
  for (const auto& text : {writer.text, error.text}) {
    STRCMP_CONTAINS(path.c_str(), text.c_str());
    STRCMP_CONTAINS("held by another process; ask it through the control socket", text.c_str());
  }
  CHECK_TRUE(open() != nullptr);
}

TEST(JournalOpen, refuses_a_second_opener_in_the_same_process) {
  const auto first = open();
  CHECK_TRUE(open() == nullptr);
  STRCMP_CONTAINS("held", error.text.c_str());
}

TEST(JournalOpen, reads_the_file_of_a_daemon_that_stopped) {
  make_one();
  const auto journal = open(true);
  CHECK_TEXT(journal != nullptr, error.text.c_str());
  STRCMP_EQUAL("", difference(*journal, model).c_str());
}

TEST(JournalOpen, reads_the_file_of_a_daemon_that_was_killed) {
  kill_holder(start_holder());
  CHECK_TRUE(std::filesystem::file_size(path + "-wal") > 0);
  auto journal = open(true);
  CHECK_TEXT(journal != nullptr, error.text.c_str());
  STRCMP_EQUAL("", difference(*journal, model).c_str());
  journal = open();
  STRCMP_EQUAL("held", journal == nullptr ? "held" : "opened beside a reader");
  STRCMP_CONTAINS("held", error.text.c_str());
}

TEST(JournalOpen, opens_for_writing_after_a_reader_has_gone) {
  kill_holder(start_holder());
  (void)open(true);
  const auto journal = open();
  CHECK_TEXT(journal != nullptr, error.text.c_str());
  STRCMP_EQUAL("", difference(*journal, model).c_str());
}

TEST(JournalOpen, lets_several_read_at_once) {
  make_one();
  const auto first = open(true);
  const auto second = open(true);
  CHECK_TRUE(first != nullptr && second != nullptr);
  STRCMP_EQUAL("", difference(*second, model).c_str());
}

TEST(JournalOpen, refuses_every_write_when_reading_only) {
  make_one();
  const auto journal = open(true);
  const SampleBatch batch{9, journal->last_alert_number() + 1};
  CHECK_TRUE(journal->commit(batch.view()).has_value());
  CHECK_TRUE(journal->store_checkpoint({1, 1, 1, Bytes(1)}).has_value());
  CHECK_TRUE(journal->store_image(1, Bytes(1)).has_value());
  CHECK_TRUE(journal->retain(1).has_value());
  CHECK_TRUE(journal->sign_head().has_value());
  LONGS_EQUAL(0, journal->principal_id("somebody new"));
  STRCMP_EQUAL("", difference(*journal, model).c_str());
}

TEST(JournalOpen, reads_in_a_folder_it_may_not_write_to) {
  make_one();
  // Root may write everywhere, so a child gives its rights up first.
  const auto shared = std::filesystem::path{path}.parent_path();
  CHECK_TRUE(::chmod(shared.c_str(), 0555) == 0 && ::chmod(path.c_str(), 0444) == 0);
  const auto child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && ::setuid(65'534) != 0) ::_exit(2);
    const auto journal = open(true);
    ::_exit(journal != nullptr && difference(*journal, model).empty() ? 0 : 1);
  }
  int status = -1;
  CHECK_TRUE(::waitpid(child, &status, 0) == child);
  (void)::chmod(shared.c_str(), 0755);
  LONGS_EQUAL(0, WEXITSTATUS(status));
  CHECK_TRUE(WIFEXITED(status));
}

TEST(JournalOpen, refuses_to_read_a_file_that_is_not_there_and_does_not_make_it) {
  CHECK_TRUE(open(true) == nullptr);
  STRCMP_CONTAINS(path.c_str(), error.text.c_str());
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST(JournalOpen, refuses_a_folder_that_is_not_there) {
  path = folder.file("nowhere/journal.db");
  check_refused("check that its folder exists");
}

TEST(JournalOpen, refuses_a_folder_in_place_of_a_file) {
  path = folder.file("");
  CHECK_TRUE(open() == nullptr);
  CHECK_FALSE(error.text.empty());
}

TEST(JournalOpen, refuses_what_is_no_database) {
  write_file(std::string(5000, 'x'));
  check_refused("not a Tocsin journal");
  write_file("short");
  check_refused("not a Tocsin journal");
}

TEST(JournalOpen, refuses_the_database_of_another_program_and_leaves_it_alone) {
  LONGS_EQUAL(SQLITE_OK, run_sql(path, "CREATE TABLE t(x); INSERT INTO t VALUES(1)"));
  check_refused("another program");
  LONGS_EQUAL(SQLITE_OK, run_sql(path, "PRAGMA application_id=7; PRAGMA user_version=1"));
  check_refused("another program");
}

TEST(JournalOpen, refuses_a_schema_of_the_future_and_leaves_it_alone) {
  make_one();
  LONGS_EQUAL(SQLITE_OK, run_sql(path, "PRAGMA user_version=7"));
  check_refused("schema 7, this program knows 3");
}

TEST(JournalOpen, takes_an_empty_file_for_a_new_journal_but_has_nothing_to_read_there) {
  write_file("");
  CHECK_TRUE(open(true) == nullptr);
  STRCMP_CONTAINS("empty", error.text.c_str());
  CHECK_TRUE(open() != nullptr);
  CHECK_TRUE(open(true) != nullptr);
}

TEST(JournalOpen, refuses_a_file_cut_short_and_says_that_it_is_damaged) {
  make_one();
  std::filesystem::resize_file(path, 3 * 4096);
  CHECK_TRUE(open() == nullptr);
  STRCMP_CONTAINS("damaged", error.text.c_str());
}

TEST(JournalOpen, takes_a_path_with_signs_that_mean_something_in_a_uri) {
  path = folder.file("a %41?x#y.db");
  make_one();
  const auto journal = open(true);
  STRCMP_EQUAL("", difference(*journal, model).c_str());
}
