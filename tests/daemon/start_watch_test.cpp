// SPDX-License-Identifier: Apache-2.0
/// What: while a start takes long the service manager hears that it gets on, and a stop ends it.
/// How: a notification socket and signals of this process's own; a core over a journal that somebody filled.
#include "start_watch.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include "fixture.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using namespace tocsin::daemon::test;

namespace {
const std::string kExtend = "EXTEND_TIMEOUT_USEC=600000000\nWATCHDOG=1";
}

TEST_GROUP(StartWatch) {
  TempFolder folder;
  int manager = -1;
  sigset_t before{};
  FakeClock clock;

  void setup() override {
    const auto path = folder.file("notify");
    manager = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (void)path.copy(address.sun_path, sizeof address.sun_path - 1);
    LONGS_EQUAL(0, ::bind(manager, static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof address));
    (void)::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &set, &before);
  }
  void teardown() override {
    (void)::unsetenv("NOTIFY_SOCKET");
    const timespec none{};
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    while (sigtimedwait(&set, nullptr, &none) > 0) continue;
    (void)sigprocmask(SIG_SETMASK, &before, nullptr);
    (void)::close(manager);
  }
  [[nodiscard]] std::string heard() const {
    std::array<char, 64> buffer{};
    const auto size = ::recv(manager, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return std::string(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  }
  /// A journal with 40 days in many batches, under the sample book.
  void fill(const Site& site) {
    Core core{site.config(), clock};
    STRCMP_EQUAL("", core.open().c_str());
    const auto lines = story(3, 40);
    const std::span<const tocsin::wire::InputView> all{lines};
    for (std::size_t i = 0; i < all.size(); i += 8) {
      UNSIGNED_LONGS_EQUAL(
          0, take(core, core.principal("desk"), all.subspan(i, std::min<std::size_t>(8, all.size() - i))).size());
      CHECK_TRUE(core.commit() == CommitResult::done);
      core.clear_batch();
    }
  }
};

TEST(StartWatch, asks_for_time_at_once_and_again_while_the_start_gets_on) {
  const Notifier notifier;
  StartWatch watch{notifier};
  STRCMP_EQUAL(kExtend.c_str(), heard().c_str());
  CHECK_TRUE(watch.go_on());
  STRCMP_EQUAL("", heard().c_str());
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{2300};
  while (std::chrono::steady_clock::now() < end) {
    CHECK_TRUE(watch.go_on());
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  STRCMP_EQUAL(kExtend.c_str(), heard().c_str());
  STRCMP_EQUAL("", heard().c_str());
}

TEST(StartWatch, ends_with_a_stop_and_not_with_sighup) {
  const Notifier notifier;
  StartWatch watch{notifier};
  (void)::kill(::getpid(), SIGHUP);
  CHECK_TRUE(watch.go_on());
  std::this_thread::sleep_for(std::chrono::milliseconds{80});
  CHECK_TRUE(watch.go_on());
  (void)::kill(::getpid(), SIGTERM);
  std::this_thread::sleep_for(std::chrono::milliseconds{80});
  CHECK_FALSE(watch.go_on());
  CHECK_FALSE(watch.go_on());
  LONGS_EQUAL(SIGTERM, watch.stopped_by());
}

TEST(StartWatch, is_asked_while_the_journals_tail_is_stepped_and_can_end_that) {
  Site site{"clock = \"input\""};
  fill(site);
  int asked = 0;
  {
    Core core{site.config(), clock};
    STRCMP_CONTAINS("told to stop", core.open({}, [&] { return ++asked < 10; }).c_str());
    LONGS_EQUAL(10, asked);
  }
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open({}, [&] { return ++asked > 0; }).c_str());
  UNSIGNED_LONGLONGS_EQUAL(0, core.recovery().differences);
  CHECK_TRUE(asked > 30);
}

TEST(StartWatch, is_asked_while_another_book_is_warmed_and_can_end_that) {
  Site site{"clock = \"input\""};
  fill(site);
  {
    Core core{site.config(), clock};
    STRCMP_EQUAL("", core.open().c_str());
    STRCMP_EQUAL("", core.store_checkpoint().c_str());  // no tail: only the other book has far to go
  }
  (void)site.folder.write("book.tcn", book_with(50, 1));
  int asked = 0;
  {
    Core core{site.config(), clock};
    STRCMP_CONTAINS("told to stop", core.open({}, [&] { return ++asked < 2; }).c_str());
    LONGS_EQUAL(2, asked);
  }
  Core core{site.config(), clock};
  STRCMP_EQUAL("", core.open({}, [] { return true; }).c_str());
  CHECK_TRUE(core.recovery().book_changed);
}
