// SPDX-License-Identifier: Apache-2.0
/// What: before anything starts, all that is wrong with the keys a config names is told, each with its mend and none of
/// a secret's content; and the program's --check-config tells it.
/// How: a keys folder in a temporary folder, right and then wrong in several ways at once.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <zmq.h>

#include "config_paths.hpp"
#include "fixture.hpp"
#include "process.hpp"
#include "secrets.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;

namespace {
const std::string kJournalKey = "# keys\n" + std::string(64, 'a') + "\n" + std::string(64, '0') + "\n";

struct TextPair {
  std::string public_key;
  std::string secret;
};

TextPair make_pair() {
  char public_key[kZ85KeySize + 1];
  char secret[kZ85KeySize + 1];
  (void)zmq_curve_keypair(public_key, secret);
  return {public_key, secret};
}
}  // namespace

TEST_GROUP(ConfigKeys) {
  test::TempFolder folder;
  Config config;
  std::string told;
  TextPair server = make_pair();

  void setup() override {
    (void)::unsetenv("CREDENTIALS_DIRECTORY");
    std::filesystem::create_directories(folder.file("k/principals"));
    (void)::chmod(folder.file("k").c_str(), 0755);
    (void)::chmod(folder.file("k/principals").c_str(), 0755);
    config.journal = folder.file("journal.db");
    config.keys.folder = folder.file("k");
    config.keys.place = {7, 10};
    write("k/server.secret", server.secret, 0400);
    write("k/server.pub", server.public_key, 0644);
    write("k/journal.key", kJournalKey, 0400);
  }
  void teardown() override { (void)::unsetenv("CREDENTIALS_DIRECTORY"); }
  void write(const std::string& name, const std::string& text, mode_t mode) {
    std::error_code ignored;
    std::filesystem::remove(folder.file(name), ignored);
    (void)::chmod(folder.write(name, text).c_str(), mode);
  }
  void principal(const std::string& name, const std::string& endpoint = {}) {
    PrincipalConfig one;
    one.name = name;
    one.endpoint = endpoint;
    config.principals.push_back(one);
  }
  /// The first bytes of a journal that was begun with keys.
  void begin_journal() { (void)folder.write("journal.db", std::string(63, ' ') + '\x02'); }
  bool check() {
    std::vector<ConfigProblem> problems;
    const bool right = check_keys(config, problems);
    told.clear();
    for (const auto& problem : problems) told += format_problem("t.toml", problem) + "\n";
    return right;
  }
};

TEST(ConfigKeys, are_right_with_nothing_to_say) {
  principal("hub");
  write("k/principals/hub.pub", make_pair().public_key, 0644);
  CHECK_TRUE(check());
  STRCMP_EQUAL("", told.c_str());
}

TEST(ConfigKeys, tells_all_that_is_wrong_at_once) {
  principal("hub");
  principal("desk", "ipc:///run/in.sock");
  config.principals.back().rights_written = true;
  principal("wide", "ipc:///run/wide.sock");
  principal("field");
  principal("twin");
  write("k/server.secret", server.secret, 0440);
  write("k/journal.key", "no hex\n", 0400);
  write("k/principals/hub.pub", "no key\n", 0644);
  const auto twice = make_pair().public_key;
  write("k/principals/desk.pub", twice, 0644);
  write("k/principals/twin.pub", twice, 0644);
  write("k/principals/wide.pub", make_pair().public_key, 0644);
  write("k/principals/stranger.pub", make_pair().public_key, 0644);
  (void)::chmod(folder.file("k/principals").c_str(), 0777);
  CHECK_FALSE(check());
  STRCMP_CONTAINS("t.toml:7:10: error: the journal's key file", told.c_str());
  STRCMP_CONTAINS("must have two lines of 64 hex digits", told.c_str());
  STRCMP_CONTAINS("server.secret may be read or written by others than its owner", told.c_str());
  STRCMP_CONTAINS("hub.pub:1: this is no public key", told.c_str());
  STRCMP_CONTAINS("twin.pub holds a key that is there twice", told.c_str());
  STRCMP_CONTAINS("wide.pub: principal \"wide\" has an endpoint, too", told.c_str());
  STRCMP_CONTAINS("warning: principal \"field\" has no key yet and cannot connect; run: tocsin keys add field",
                  told.c_str());
  STRCMP_CONTAINS("the config has no principal \"stranger\"", told.c_str());
  STRCMP_CONTAINS("k/principals' may be written by everybody, so everybody may enrol keys", told.c_str());
  CHECK_TRUE(told.find(server.secret) == std::string::npos);
}

TEST(ConfigKeys, a_missing_folder_is_told_once) {
  principal("hub");
  config.keys.folder = folder.file("nowhere");
  CHECK_FALSE(check());
  STRCMP_EQUAL(("t.toml:7:10: error: there is no folder of keys '" + config.keys.folder +
                "'; make it with: tocsin keys init --folder '" + config.keys.folder + "'\n")
                   .c_str(),
               told.c_str());
}

TEST(ConfigKeys, a_public_key_that_is_not_the_secrets_is_told) {
  write("k/server.pub", make_pair().public_key, 0644);
  CHECK_FALSE(check());
  STRCMP_CONTAINS("server.pub is not the public key of", told.c_str());
}

TEST(ConfigKeys, the_journals_key_is_missed_only_where_a_journal_was_begun_with_one) {
  std::filesystem::remove(folder.file("k/journal.key"));
  CHECK_TRUE(check());
  begin_journal();
  CHECK_FALSE(check());
  STRCMP_CONTAINS("journal.key' cannot be read", told.c_str());
  config.keys.folder.clear();  // then it lies beside the journal
  CHECK_FALSE(check());
  STRCMP_CONTAINS("journal.db.key' cannot be read", told.c_str());
  for (const mode_t mode : {0404U, 0440U, 0420U, 0640U}) {
    write("journal.db.key", kJournalKey, mode);
    CHECK_FALSE(check());
    STRCMP_CONTAINS("journal.db.key' may be read or written by others than its owner", told.c_str());
  }
  write("journal.db.key", kJournalKey, 0400);
  CHECK_TRUE(check());
}

TEST(ConfigKeys, a_credential_wins_over_the_folder) {
  std::filesystem::create_directory(folder.file("credentials"));
  (void)::setenv("CREDENTIALS_DIRECTORY", folder.file("credentials").c_str(), 1);
  write("credentials/server.secret", "not a key", 0400);
  CHECK_FALSE(check());
  STRCMP_CONTAINS("credentials/server.secret holds no key", told.c_str());
}

// The service manager's copies show the mask of an access list as the group's bits, and are root's.
TEST(ConfigKeys, the_journals_key_may_be_a_credential) {
  std::filesystem::create_directory(folder.file("credentials"));
  (void)::setenv("CREDENTIALS_DIRECTORY", folder.file("credentials").c_str(), 1);
  write("credentials/journal.key", kJournalKey, 0440);
  CHECK_EQUAL(::geteuid() == 0, check());
  write("credentials/journal.key", kJournalKey, 0404);
  CHECK_FALSE(check());
  STRCMP_CONTAINS("credentials/journal.key' may be read", told.c_str());
}

TEST(ConfigKeys, a_publisher_needs_no_key_of_ours) {
  principal("pub");
  BroadcastConfig publisher;
  publisher.principal = "pub";
  config.broadcast.push_back(publisher);
  CHECK_TRUE(check());
  STRCMP_EQUAL("", told.c_str());
}

TEST(ConfigKeys, the_program_tells_them_and_ends_with_2) {
  test::Site site{"", "[keys]\nfolder = \"k\"\n[[principal]]\nname = \"hub\"\nfeeds = \"all\"\n"};
  for (const bool check_only : {true, false}) {
    std::vector<std::string> words{"--config", site.config_file()};
    if (check_only) words.emplace_back("--check-config");
    test::Tocsind daemon{words, site.folder.file(check_only ? "log" : "log2")};
    LONGS_EQUAL(2, daemon.wait());
    STRCMP_CONTAINS("error: there is no folder of keys", daemon.log().c_str());
  }
}

// A site that ran without keys gets them: its journal goes on with the key file it was begun with.
TEST(ConfigKeys, the_journal_keeps_its_key_when_a_folder_of_keys_comes) {
  test::Site site{"", ""};
  const auto ends = [&](int status, bool check_only, const char* log) {
    std::vector<std::string> words{"--config", site.config_file()};
    if (check_only) words.emplace_back("--check-config");
    test::Tocsind daemon{words, site.folder.file(log)};
    LONGS_EQUAL_TEXT(status, daemon.wait(), daemon.log().c_str());
    return daemon.log();
  };
  test::Tocsind first{{"--config", site.config_file()}, site.folder.file("log0")};
  CHECK_TRUE(first.wait_ready());
  std::filesystem::create_directories(site.folder.file("k/principals"));
  const auto make = [&](const std::string& name, const std::string& text) {
    (void)::chmod(site.folder.write(name, text).c_str(), 0400);
  };
  make("k/server.secret", server.secret);
  make("k/journal.key", kJournalKey);
  site.configure("", "[keys]\nfolder = \"k\"\n");
  const auto mend = "cp -fp '" + site.folder.file("journal.db.key") + "' '" + site.folder.file("k/journal.key") + "'";
  STRCMP_CONTAINS(("if that was begun with '" + site.folder.file("journal.db.key") + "', run: " + mend).c_str(),
                  ends(0, true, "log1").c_str());  // what the journal is lies in its WAL yet
  first.signal(SIGTERM);
  LONGS_EQUAL(0, first.wait());
  for (const bool check_only : {true, false}) {
    told = ends(check_only ? 2 : 1, check_only, check_only ? "log2" : "log3");
    STRCMP_CONTAINS("is another journal's", told.c_str());
    STRCMP_CONTAINS(mend.c_str(), told.c_str());
  }
  std::filesystem::remove(site.folder.file("k/journal.key"));
  std::filesystem::copy_file(site.folder.file("journal.db.key"), site.folder.file("k/journal.key"));
  told = ends(0, true, "log4");
  CHECK_TRUE_TEXT(told.find("journal.key") == std::string::npos, told.c_str());
  STRCMP_CONTAINS("warning: the journal may fill its disk; set \"bytes_max\" in [journal]", told.c_str());
}
