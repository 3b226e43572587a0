// SPDX-License-Identifier: Apache-2.0
/// What: a journal makes its key file once, whole, for its owner alone; any other key file is refused with what is
/// wrong. How: real files.
#include "keys.hpp"

#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "journal_fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::journal;
using namespace tocsin::journal::test;

TEST_GROUP(JournalKeys) {
  TempFolder folder;
  std::string path = folder.file("journal.key");
  JournalError error;
  void write(const std::string& text, int mode = 0400) {
    std::filesystem::remove(path);
    std::ofstream{path} << text;
    LONGS_EQUAL(0, ::chmod(path.c_str(), static_cast<mode_t>(mode)));
  }
  void refused(const char* why) {
    error = {};
    CHECK_TRUE(Keys::load(path, error) == nullptr);
    STRCMP_CONTAINS(why, error.text.c_str());
    STRCMP_CONTAINS(path.c_str(), error.text.c_str());
  }
};

TEST(JournalKeys, are_made_once_and_for_their_owner_alone) {
  const auto made = Keys::load_or_make(path, error);
  CHECK_TEXT(made != nullptr, error.text.c_str());
  struct stat status {};
  LONGS_EQUAL(0, ::stat(path.c_str(), &status));
  LONGS_EQUAL(0400, status.st_mode & 0777U);
  const auto again = Keys::load_or_make(path, error);
  CHECK_TRUE(made->public_key() == again->public_key());
  CHECK_TRUE(std::equal(made->chain_key().begin(), made->chain_key().end(), again->chain_key().begin()));
  std::filesystem::rename(path, path + ".kept");
  const auto other = Keys::load_or_make(path, error);
  CHECK_FALSE(made->public_key() == other->public_key());
  CHECK_FALSE(std::filesystem::exists(path + ".new"));
}

TEST(JournalKeys, leave_nothing_in_the_heap_when_they_are_made) {
  CHECK_TRUE(Keys::load_or_make(path, error) != nullptr);
  static char text[512];  // looking for them must not put them there
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const auto size = ::read(file, text, sizeof text);
  (void)::close(file);
  CHECK_TRUE(size > 130);
  const std::string_view content{text, static_cast<std::size_t>(size)};
  const auto chain = content.substr(content.size() - 100, 32);  // without the line's begin, which free() writes over
  const auto seed = content.substr(content.size() - 33, 32);

  std::ifstream maps{"/proc/self/maps"};
  std::string line;
  while (std::getline(maps, line)) {
    if (!line.ends_with("[heap]")) continue;
    const auto begin = static_cast<std::uintptr_t>(std::stoull(line, nullptr, 16));
    const auto end = static_cast<std::uintptr_t>(std::stoull(line.substr(line.find('-') + 1), nullptr, 16));
    const auto* first = reinterpret_cast<const char*>(begin);  // NOLINT(performance-no-int-to-ptr)
    const std::string_view heap{first, end - begin};
    CHECK_TRUE(heap.find(chain) == std::string_view::npos);
    CHECK_TRUE(heap.find(seed) == std::string_view::npos);
  }
}

TEST(JournalKeys, sign_so_that_a_changed_message_shows) {
  const auto keys = Keys::load_or_make(path, error);
  Bytes message(100, std::byte{7});
  auto signature = keys->sign(message);
  CHECK_TRUE(is_signed_by(keys->public_key(), message, signature));
  message[50] ^= std::byte{1};
  CHECK_FALSE(is_signed_by(keys->public_key(), message, signature));
  message[50] ^= std::byte{1};
  signature[3] ^= std::byte{1};
  CHECK_FALSE(is_signed_by(keys->public_key(), message, signature));
}

TEST(JournalKeys, may_stand_among_comments_and_blanks) {
  write("# mine\n\n" + std::string(64, 'a') + "  \r\n  # second\n" + std::string(64, 'B') + "\n");
  CHECK_TEXT(Keys::load(path, error) != nullptr, error.text.c_str());
}

TEST(JournalKeys, that_are_not_two_lines_of_hex_are_refused) {
  refused("cannot be read");
  const std::string line(64, 'a');
  for (const auto& text : {std::string{}, line, line + "\n" + line + "\n" + line, line + "\n" + line.substr(1),
                           line + "\n" + std::string(64, 'g'), std::string(9000, 'a')}) {
    write(text);
    refused("two lines of 64 hex digits");
  }
}

TEST(JournalKeys, that_others_may_read_are_refused) {
  const auto text = std::string(64, 'a') + "\n" + std::string(64, 'b') + "\n";
  for (const int mode : {0404, 0440, 0420, 0640}) {
    write(text, mode);
    refused("may be read or written by others than its owner");
  }
}

// The service manager's copies show the mask of an access list as the group's bits, and are root's.
TEST(JournalKeys, that_are_a_credential_may_show_the_groups_bits) {
  (void)::setenv("CREDENTIALS_DIRECTORY", folder.file("").c_str(), 1);
  path = folder.file("") + "/journal.key";
  write(std::string(64, 'a') + "\n" + std::string(64, 'b') + "\n", 0440);
  const bool taken = Keys::load(path, error) != nullptr;
  write(std::string(64, 'a') + "\n" + std::string(64, 'b') + "\n", 0404);
  refused("may be read or written by others than its owner");
  (void)::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK_EQUAL(::geteuid() == 0, taken);
}

TEST(JournalKeys, that_cannot_be_made_are_an_error) {
  path = folder.file("nowhere/journal.key");
  CHECK_TRUE(Keys::load_or_make(path, error) == nullptr);
  STRCMP_CONTAINS("cannot be made", error.text.c_str());
}
