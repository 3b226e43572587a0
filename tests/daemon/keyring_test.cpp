// SPDX-License-Identifier: Apache-2.0
/// What: secrets are read only from files that nobody else may read, and public keys say whose they are.
/// How: a keys folder in a temporary folder, made right and then wrong in one way after another.
#include "keyring.hpp"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <zmq.h>

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;

namespace {
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

TEST_GROUP(Keyring) {
  test::TempFolder folder;
  Config config;
  std::shared_ptr<const Keyring> keyring;
  std::vector<std::string> warnings;

  void setup() override {
    (void)::unsetenv("CREDENTIALS_DIRECTORY");
    std::filesystem::create_directory(folder.file("principals"));
    config.keys.folder = folder.file("");
    config.keys.folder.pop_back();
  }
  void principal(const std::string& name, std::uint32_t connections = 1) {
    PrincipalConfig one;
    one.name = name;
    one.connections = connections;
    config.principals.push_back(one);
  }
  std::string write(const std::string& name, const std::string& text, mode_t mode) {
    auto path = folder.write(name, text);
    (void)::chmod(path.c_str(), mode);
    return path;
  }
  std::string load() {
    warnings.clear();
    return Keyring::load(config, keyring, warnings);
  }
};

TEST(Keyring, reads_the_servers_pair_and_computes_its_public_key) {
  const auto pair = make_pair();
  // A comment as long as a key, which is none.
  (void)write("server.secret", "# secret key of tocsind, made 2026-11-24\n\n" + pair.secret + "\n", 0400);
  (void)write("server.pub", pair.public_key + "\n", 0644);
  ServerKeys keys;
  STRCMP_EQUAL("", load_server_keys(config.keys, keys).c_str());
  STRCMP_EQUAL(pair.public_key.c_str(), encode_key(keys.public_key).c_str());
  UNSIGNED_LONGS_EQUAL(32, keys.secret.bytes().size());
  keys.wipe();
  CHECK_TRUE(keys.secret.empty());
}

TEST(Keyring, refuses_a_secret_that_others_may_read) {
  const auto pair = make_pair();
  for (const mode_t mode : {0440U, 0404U, 0640U, 0420U, 0644U}) {
    (void)write("server.secret", pair.secret, mode);
    ServerKeys keys;
    const auto error = load_server_keys(config.keys, keys);
    STRCMP_CONTAINS("chmod 0400", error.c_str());
    CHECK_TRUE(error.find(pair.secret) == std::string::npos);
    CHECK_TRUE(keys.secret.empty());
  }
}

TEST(Keyring, never_tells_the_content_of_a_secret_it_cannot_use) {
  struct Row {
    const char* why;
    std::string text;
  };
  const auto pair = make_pair();
  const Row rows[] = {{"empty", ""},
                      {"short", pair.secret.substr(1)},
                      {"long", pair.secret + "x"},
                      {"two lines", pair.secret + "\n" + pair.secret},
                      {"a letter that is none", "~" + pair.secret.substr(1)},
                      {"too large a number", std::string(40, '#')},
                      {"much", std::string(100'000, 'a')}};
  for (const auto& row : rows) {
    (void)write("server.secret", row.text, 0600);
    ServerKeys keys;
    const auto error = load_server_keys(config.keys, keys);
    CHECK_TRUE_TEXT(error.find("holds no key; it must have one line of 40 characters") != std::string::npos, row.why);
    CHECK_TRUE_TEXT(error.find(pair.secret.substr(8, 8)) == std::string::npos, row.why);
  }
}

TEST(Keyring, says_how_to_make_keys_that_are_missing) {
  ServerKeys keys;
  STRCMP_CONTAINS("No such file or directory; make the keys with: tocsin keys init",
                  load_server_keys(config.keys, keys).c_str());
}

TEST(Keyring, refuses_a_public_key_that_is_not_the_secrets) {
  (void)write("server.secret", make_pair().secret, 0400);
  (void)write("server.pub", make_pair().public_key, 0644);
  ServerKeys keys;
  STRCMP_CONTAINS("is not the public key of", load_server_keys(config.keys, keys).c_str());
}

TEST(Keyring, takes_a_credential_of_the_service_manager_before_the_folder) {
  const auto credential = make_pair();
  (void)write("server.secret", make_pair().secret, 0400);
  std::filesystem::create_directory(folder.file("credentials"));
  (void)write("credentials/server.secret", credential.secret, 0400);
  (void)::setenv("CREDENTIALS_DIRECTORY", folder.file("credentials").c_str(), 1);
  ServerKeys keys;
  const auto error = load_server_keys(config.keys, keys);
  (void)::unsetenv("CREDENTIALS_DIRECTORY");
  STRCMP_EQUAL("", error.c_str());
  STRCMP_EQUAL(credential.public_key.c_str(), encode_key(keys.public_key).c_str());
}

TEST(Keyring, a_secret_moves_and_leaves_nothing_behind) {
  Secret one = Secret::make(4);
  one.bytes()[0] = 7;
  Secret two = std::move(one);
  CHECK_TRUE(one.empty());  // NOLINT(bugprone-use-after-move): what is left is the point
  BYTES_EQUAL(7, two.bytes()[0]);
}

TEST(Keyring, knows_one_or_two_keys_of_each_principal) {
  principal("desk");
  principal("hub", 3);
  const auto old_key = make_pair();
  const auto new_key = make_pair();
  const auto hub_key = make_pair();
  (void)write("principals/desk.pub", "# the old one\n" + old_key.public_key + "\r\n\n" + new_key.public_key, 0644);
  (void)write("principals/hub.pub", hub_key.public_key, 0644);
  STRCMP_EQUAL("", load().c_str());
  UNSIGNED_LONGS_EQUAL(0, warnings.size());
  UNSIGNED_LONGS_EQUAL(3, keyring->entries().size());
  Key key{};
  CHECK_TRUE(decode_key(new_key.public_key, key));
  const auto* const entry = keyring->find(key);
  CHECK_TRUE(entry != nullptr);
  STRCMP_EQUAL("desk", entry->principal.c_str());
  STRCMP_EQUAL(("desk#" + fingerprint(key)).c_str(), entry->user_id.c_str());
  CHECK_TRUE(keyring->good(entry->user_id));
  CHECK_FALSE(keyring->good("desk"));
  CHECK_FALSE(keyring->good("hub#" + fingerprint(key)));
  CHECK_TRUE(decode_key(hub_key.public_key, key));
  UNSIGNED_LONGS_EQUAL(3, keyring->find(key)->connections);
  key[0] ^= 1;
  CHECK_TRUE(keyring->find(key) == nullptr);
}

TEST(Keyring, tells_what_is_wrong_with_a_key_file_and_keeps_the_old_keys) {
  struct Row {
    const char* why;
    std::string text;
    const char* told;
  };
  const auto a = make_pair().public_key;
  const auto b = make_pair().public_key;
  const Row rows[] = {{"nothing in it", "# nobody\n", "holds no public key"},
                      {"three", a + "\n" + b + "\n" + make_pair().public_key, "holds 3 keys"},
                      {"no key", a + "\nhello\n", "desk.pub:2: this is no public key"},
                      {"twice", a + "\n" + a, "holds a key that is there twice"},
                      {"too much", std::string(20'000, '#'), "is larger than 16 KiB"}};
  principal("desk");
  (void)write("principals/desk.pub", a, 0644);
  STRCMP_EQUAL("", load().c_str());
  for (const auto& row : rows) {
    (void)write("principals/desk.pub", row.text, 0644);
    STRCMP_CONTAINS(row.told, load().c_str());
    UNSIGNED_LONGS_EQUAL_TEXT(1, keyring->entries().size(), row.why);
  }
}

TEST(Keyring, refuses_one_key_for_two_principals) {
  principal("a");
  principal("b");
  const auto key = make_pair().public_key;
  (void)write("principals/a.pub", key, 0644);
  (void)write("principals/b.pub", key, 0644);
  STRCMP_CONTAINS("of \"a\"); a key says who speaks", load().c_str());
}

TEST(Keyring, warns_of_principals_without_key_and_keys_without_principal) {
  principal("desk");
  (void)write("principals/stranger.pub", make_pair().public_key, 0644);
  STRCMP_EQUAL("", load().c_str());
  UNSIGNED_LONGS_EQUAL(2, warnings.size());
  STRCMP_CONTAINS("tocsin keys add desk", warnings.at(0).c_str());
  STRCMP_CONTAINS("the config has no principal \"stranger\"", warnings.at(1).c_str());
  UNSIGNED_LONGS_EQUAL(0, keyring->entries().size());
}

TEST(Keyring, tells_what_a_reload_changed) {
  principal("desk");
  principal("hub");
  const auto old_key = make_pair().public_key;
  const auto new_key = make_pair().public_key;
  (void)write("principals/desk.pub", old_key, 0644);
  (void)write("principals/hub.pub", make_pair().public_key, 0644);
  STRCMP_EQUAL("", load().c_str());
  const auto before = keyring;
  (void)write("principals/desk.pub", old_key + "\n" + new_key, 0644);
  std::filesystem::remove(folder.file("principals/hub.pub"));
  STRCMP_EQUAL("", load().c_str());
  const auto change = keyring->since(*before);
  UNSIGNED_LONGS_EQUAL(1, change.added.size());
  UNSIGNED_LONGS_EQUAL(1, change.withdrawn.size());
  STRCMP_CONTAINS("desk#", change.added.at(0).c_str());
  STRCMP_CONTAINS("hub#", change.withdrawn.at(0).c_str());
  CHECK_TRUE(keyring->since(*keyring).empty());
}

TEST(Keyring, what_is_withdrawn_is_withdrawn_whatever_is_wrong_with_other_files) {
  for (const char* name : {"gone", "broken", "changed"}) principal(name);
  const auto gone = make_pair().public_key;
  const auto broken = make_pair().public_key;
  const auto old_key = make_pair().public_key;
  const auto new_key = make_pair().public_key;
  (void)write("principals/gone.pub", gone, 0644);
  (void)write("principals/broken.pub", broken, 0644);
  (void)write("principals/changed.pub", old_key, 0644);
  STRCMP_EQUAL("", load().c_str());
  std::filesystem::remove(folder.file("principals/gone.pub"));
  (void)write("principals/broken.pub", "garbage", 0644);
  (void)write("principals/changed.pub", new_key, 0644);
  std::vector<std::string> errors;
  const auto fresh = Keyring::reload(config, *keyring, errors, warnings);
  UNSIGNED_LONGS_EQUAL(1, errors.size());
  STRCMP_CONTAINS("broken.pub:1: this is no public key", errors.at(0).c_str());
  const auto holder = [&](const std::string& text) {
    Key key{};
    CHECK_TRUE(decode_key(text, key));
    const auto* const entry = fresh->find(key);
    return entry == nullptr ? std::string{"nobody"} : entry->principal;
  };
  STRCMP_EQUAL("nobody", holder(gone).c_str());
  STRCMP_EQUAL("broken", holder(broken).c_str());
  STRCMP_EQUAL("nobody", holder(old_key).c_str());
  STRCMP_EQUAL("changed", holder(new_key).c_str());
}

TEST(Keyring, a_key_that_a_reload_finds_twice_stays_whose_it_was_or_opens_nothing) {
  for (const char* name : {"a", "b", "c"}) principal(name);
  const auto of_b = make_pair().public_key;
  const auto of_c = make_pair().public_key;
  const auto unheard = make_pair().public_key;
  (void)write("principals/b.pub", of_b, 0644);
  (void)write("principals/c.pub", of_c, 0644);
  STRCMP_EQUAL("", load().c_str());
  (void)write("principals/a.pub", of_b + "\n" + unheard, 0644);
  (void)write("principals/b.pub", of_b + "\n" + unheard, 0644);
  std::vector<std::string> errors;
  auto fresh = Keyring::reload(config, *keyring, errors, warnings);
  UNSIGNED_LONGS_EQUAL(2, errors.size());
  UNSIGNED_LONGS_EQUAL(2, fresh->entries().size());
  Key key{};
  CHECK_TRUE(decode_key(of_b, key));
  STRCMP_EQUAL("b", fresh->find(key)->principal.c_str());
  CHECK_TRUE(decode_key(unheard, key));
  CHECK_TRUE(fresh->find(key) == nullptr);
  // And nobody takes the key of one whose file cannot be read.
  (void)write("principals/a.pub", of_c, 0644);
  (void)write("principals/b.pub", of_b, 0644);
  (void)write("principals/c.pub", "garbage", 0644);
  fresh = Keyring::reload(config, *keyring, errors, warnings);
  UNSIGNED_LONGS_EQUAL(3, errors.size());
  CHECK_TRUE(decode_key(of_c, key));
  STRCMP_EQUAL("c", fresh->find(key)->principal.c_str());
  UNSIGNED_LONGS_EQUAL(2, fresh->entries().size());
}

// An endpoint has all feeds and roles unless they are written out: that is not for a key.
TEST(Keyring, a_key_beside_an_endpoint_opens_nothing_where_its_rights_are_not_written_out) {
  principal("desk");
  config.principals.back().endpoint = "ipc:///run/in.sock";
  STRCMP_EQUAL("", load().c_str());
  const auto before = keyring;
  (void)write("principals/desk.pub", make_pair().public_key, 0644);
  STRCMP_CONTAINS("desk.pub: principal \"desk\" has an endpoint, too", load().c_str());
  std::vector<std::string> errors;
  Keyring::check(config, errors, warnings);
  UNSIGNED_LONGS_EQUAL(1, errors.size());
  STRCMP_CONTAINS("for a key \"feeds\" and \"roles\" must both be there", errors.at(0).c_str());
  errors.clear();
  warnings.clear();
  UNSIGNED_LONGS_EQUAL(0, Keyring::reload(config, *before, errors, warnings)->entries().size());
  UNSIGNED_LONGS_EQUAL(0, errors.size());
  UNSIGNED_LONGS_EQUAL(1, warnings.size());
  STRCMP_CONTAINS("it opens nothing", warnings.at(0).c_str());
  config.principals.back().rights_written = true;
  STRCMP_EQUAL("", load().c_str());
  UNSIGNED_LONGS_EQUAL(1, keyring->entries().size());
}

TEST(Keyring, is_empty_without_a_keys_folder) {
  config.keys.folder.clear();
  STRCMP_EQUAL("", load().c_str());
  UNSIGNED_LONGS_EQUAL(0, keyring->entries().size());
}
