// SPDX-License-Identifier: Apache-2.0
/// What: a subscriber that comes back before anybody knows that it left hears as it did before.
/// How: tocsind, and one who subscribes, leaves and is there again a moment later, mostly under the same descriptor;
/// each time the newest number must come, as it does to every new subscriber.
#include <chrono>
#include <string>
#include <thread>

#include "tocsin/test_support/sample_image.hpp"

#include "secured.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::test;

namespace {
constexpr int kTimes = 40;
constexpr std::chrono::milliseconds kAway{10};  // less than the daemon takes to look who is still there

/// How often it heard nothing.
int deaf(PeerContext& context, const std::string& endpoint, const PeerKeys* keys) {
  int times = 0;
  for (int i = 0; i < kTimes; ++i) {
    {
      Peer watcher{context, PeerKind::subscriber, endpoint, keys};
      if (watcher.receive(1000).size() != 2) ++times;
    }
    std::this_thread::sleep_for(kAway);
  }
  return times;
}
}  // namespace

TEST_GROUP(Returning){};

TEST(Returning, hears_again_over_ipc) {
  const Site site;
  PeerContext context;
  Tocsind daemon{{"--config", site.config_file()}, site.folder.file("log")};
  CHECK_TRUE(daemon.wait_ready());
  LONGS_EQUAL(0, deaf(context, site.alerts(), nullptr));
}

TEST(Returning, hears_again_over_tcp_with_keys) {
  const TempFolder books;
  const auto image = books.write("book.tcn", tocsin::test_support::sample_image());
  const Secured secured{image.c_str(), 1, "roles = [\"read\"]\n"};
  PeerContext context;
  CHECK_TRUE(secured.ready());
  LONGS_EQUAL(0, deaf(context, secured.alerts(), &secured.keys(0)));
}
