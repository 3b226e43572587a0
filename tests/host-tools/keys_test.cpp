// SPDX-License-Identifier: Apache-2.0
/// What: a keys folder is made, peers are enrolled, changed and withdrawn, secrets are written once and for their owner
/// only, and nothing that is there is ever overwritten.
/// How: the program on a folder of its own; what it wrote is read back as the daemon would.
#include <filesystem>
#include <string>
#include <sys/stat.h>

#include "lib/key_files.hpp"
#include "process.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::test_support;
using tocsin::tools::Key;
using tocsin::tools::NotedKey;
using tocsin::tools::SecretKey;

TEST_GROUP(Keys) {
  TempFolder folder;
  Finished done;

  void keys(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {TOCSIN_PROGRAM, "keys"});
    arguments.insert(arguments.end(), {"--folder", folder.path("k")});
    done = run_program(arguments);
  }
  void ends_with(int status) { LONGS_EQUAL_TEXT(status, done.status, (done.out + done.err).c_str()); }
  void says(const char* text) { STRCMP_CONTAINS(text, done.err.c_str()); }
  void init() {
    keys({"init"});
    ends_with(0);
  }
  void add(const std::string& name) {
    keys({"add", name, "-o", folder.path(name + ".secret")});
    ends_with(0);
  }
  mode_t mode(const std::string& name) {
    struct stat info {};
    return ::stat(folder.path(name).c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
  }
  std::vector<NotedKey> enrolled(const std::string& name) {
    std::vector<NotedKey> found;
    std::string error;
    CHECK_TRUE_TEXT(tocsin::tools::read_public_keys(folder.path("k/principals/" + name + ".pub"), found, error),
                    error.c_str());
    return found;
  }
  Key public_of(const std::string& secret_file) {
    SecretKey secret;
    std::string error;
    CHECK_TRUE_TEXT(tocsin::tools::read_secret_key(folder.path(secret_file), secret, error), error.c_str());
    return tocsin::tools::public_key_of(secret);
  }
};

TEST(Keys, init_makes_the_daemons_keys_for_its_owner_only) {
  init();
  LONGS_EQUAL(0400, mode("k/server.secret"));
  LONGS_EQUAL(0400, mode("k/journal.key"));
  LONGS_EQUAL(0755, mode("k/principals"));
  Key told{};
  std::string error;
  CHECK_TRUE(tocsin::tools::read_public_key(folder.path("k/server.pub"), told, error));
  CHECK_TRUE(told == public_of("k/server.secret"));
  const auto journal = content_of(folder.path("k/journal.key"));
  UNSIGNED_LONGS_EQUAL(2 * 65, journal.size());
  UNSIGNED_LONGS_EQUAL(std::string::npos, journal.find_first_not_of("0123456789abcdef\n"));
}

TEST(Keys, init_again_changes_nothing) {
  init();
  const auto secret = content_of(folder.path("k/server.secret"));
  const auto journal = content_of(folder.path("k/journal.key"));
  const auto told = content_of(folder.path("k/server.pub"));
  init();
  CHECK_TRUE(secret == content_of(folder.path("k/server.secret")));
  CHECK_TRUE(journal == content_of(folder.path("k/journal.key")));
  CHECK_TRUE(told == content_of(folder.path("k/server.pub")));
}

TEST(Keys, a_public_key_that_is_not_the_secrets_is_told) {
  init();
  std::filesystem::remove(folder.path("k/server.secret"));
  keys({"init"});
  ends_with(1);
  says("is not the public key of");
}

TEST(Keys, add_writes_the_secret_once_and_enrols_the_public_key) {
  init();
  add("hub");
  LONGS_EQUAL(0400, mode("hub.secret"));
  UNSIGNED_LONGS_EQUAL(1, enrolled("hub").size());
  CHECK_TRUE(enrolled("hub").at(0).key == public_of("hub.secret"));
  says("systemctl reload tocsind");
  const auto secret = content_of(folder.path("hub.secret"));
  CHECK_TRUE((done.out + done.err).find(secret.substr(secret.find('\n') + 1, 40)) == std::string::npos);
}

TEST(Keys, add_takes_a_public_key_that_the_peer_made) {
  init();
  add("hub");
  const auto key = tocsin::tools::encode_key(tocsin::tools::make_key_pair().public_key);
  keys({"add", "ship", "--public", key});
  ends_with(0);
  STRCMP_EQUAL(key.c_str(), tocsin::tools::encode_key(enrolled("ship").at(0).key).c_str());
  CHECK_FALSE(std::filesystem::exists(folder.path("ship.secret")));
  keys({"add", "boat", "--public", folder.path("k/principals/ship.pub")});
  ends_with(1);
  says("that key is of \"ship\" already");
}

TEST(Keys, refuses_what_would_overwrite_or_leave_the_folder) {
  init();
  add("hub");
  keys({"add", "hub", "-o", folder.path("again.secret")});
  ends_with(1);
  says(("tocsin keys rotate hub --folder " + folder.path("k")).c_str());
  keys({"add", "ship", "-o", folder.path("hub.secret")});
  ends_with(1);
  says("is there already and is not overwritten");
  CHECK_FALSE(std::filesystem::exists(folder.path("k/principals/ship.pub")));
  keys({"add", "../ship"});
  ends_with(1);
  says("is no usable name");
  keys({"add", "ship", "--public", "no such key"});
  ends_with(1);
  keys({"add"});
  ends_with(2);
}

TEST(Keys, wants_a_folder_that_init_made) {
  keys({"add", "hub"});
  ends_with(1);
  says("is no keys folder; make it with: tocsin keys init");
  keys({"list"});
  ends_with(1);
}

TEST(Keys, rotate_adds_a_second_key_and_revoke_takes_the_first_away) {
  init();
  add("hub");
  const auto first = enrolled("hub").at(0).key;
  keys({"rotate", "hub", "-o", folder.path("hub-2.secret")});
  ends_with(0);
  UNSIGNED_LONGS_EQUAL(2, enrolled("hub").size());
  keys({"rotate", "hub", "-o", folder.path("hub-3.secret")});
  ends_with(1);
  const auto mend =
      "tocsin keys revoke hub --fingerprint " + tocsin::tools::fingerprint(first) + " --folder " + folder.path("k");
  says(mend.c_str());
  keys({"revoke", "hub", "--fingerprint", tocsin::tools::fingerprint(first)});
  ends_with(0);
  UNSIGNED_LONGS_EQUAL(1, enrolled("hub").size());
  CHECK_TRUE(enrolled("hub").at(0).key == public_of("hub-2.secret"));
  keys({"revoke", "hub", "--fingerprint", "00000000"});
  ends_with(1);
  says("has no key 00000000");
  keys({"revoke", "hub"});
  ends_with(0);
  CHECK_FALSE(std::filesystem::exists(folder.path("k/principals/hub.pub")));
  keys({"revoke", "hub"});
  ends_with(1);
  keys({"rotate", "hub"});
  ends_with(1);
  says("has no key yet");
}

TEST(Keys, list_shows_names_fingerprints_and_ages) {
  init();
  add("hub");
  keys({"list"});
  ends_with(0);
  const auto print = tocsin::tools::fingerprint(enrolled("hub").at(0).key);
  STRCMP_CONTAINS((print + "  0 days").c_str(), done.out.c_str());
  keys({"list", "--json"});
  ends_with(0);
  STRCMP_CONTAINS(R"("principals":[{"name":"hub","keys":[{"fingerprint":")", done.out.c_str());
  STRCMP_CONTAINS(R"("age_days":0)", done.out.c_str());
}

TEST(Keys, a_secret_that_others_may_read_is_not_used) {
  init();
  add("hub");
  std::filesystem::permissions(folder.path("hub.secret"), std::filesystem::perms::all);
  done = run_program({TOCSIN_PROGRAM, "status", "tcp://127.0.0.1:9", "--key", folder.path("hub.secret"), "--server-key",
                      folder.path("k/server.pub")});
  ends_with(1);
  says("run: chmod 0400");
}

TEST(Keys, one_half_of_the_options_is_told) {
  init();
  done = run_program({TOCSIN_PROGRAM, "status", "tcp://127.0.0.1:9", "--server-key", folder.path("k/server.pub")});
  ends_with(2);
  says("--server-key needs --key as well");
  add("hub");
  done = run_program({TOCSIN_PROGRAM, "status", "tcp://127.0.0.1:9", "--key", folder.path("hub.secret")});
  ends_with(2);
  says("--key needs --server-key as well");
}
