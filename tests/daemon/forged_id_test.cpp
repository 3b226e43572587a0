// SPDX-License-Identifier: Apache-2.0
/// What: under a routing id that looks as if libzmq had given it nobody is taken for another, be it of one who left or
/// of one yet to come; who chooses any other is told, and cut off when it goes on.
/// How: two principals with keys on one socket of the real daemon, of which one may speak for no feed.
#include <optional>
#include <string_view>

#include "tocsin/test_support/sample_image.hpp"

#include "secured.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon::test;
using tocsin::wire::InputView;
using tocsin::wire::Refusal;

namespace {
constexpr int kTries = 20;
constexpr std::string_view kForged{"\0\x12\x34\x56\x78", 5};
}  // namespace

TEST_GROUP(ForgedId) {
  TempFolder books;
  std::unique_ptr<Secured> run;

  void setup() override {
    const auto image = books.write("book.tcn", tocsin::test_support::sample_image());
    run = std::make_unique<Secured>(image.c_str(), 2, "feeds = []\n");  // of the second one
    CHECK_TRUE(run->ready());
  }
  void teardown() override { run.reset(); }

  /// One report under a routing id. While the one before is not known to have left, libzmq leaves the next one with its
  /// id unheard, so it tries again. @returns what it was refused for.
  Refusal report_as(std::size_t principal, std::uint64_t seq, std::string_view routing_id) {
    const auto line = report("analyst", seq, "exercise", kMay);
    std::optional<tocsin::wire::Ack> ack;
    for (int tries = 0; tries < kTries && !ack; ++tries) {
      Peer peer{run->context, PeerKind::dealer, run->ingest(), &run->keys(principal), routing_id};
      CHECK_TRUE(peer.send_frame(1, std::span{&line, 1}));
      ack = peer.receive_ack(500);
    }
    CHECK_TRUE(ack.has_value());
    if (ack->refused.empty()) UNSIGNED_LONGLONGS_EQUAL(1, ack->frame);
    return ack->refused.empty() ? Refusal::none : ack->refused[0].code;
  }
};

TEST(ForgedId, of_one_who_left_gives_nobody_its_rights) {
  CHECK_TRUE(report_as(0, 1, kForged) == Refusal::none);
  CHECK_TRUE(report_as(1, 2, kForged) == Refusal::not_authorised);
}

TEST(ForgedId, taken_before_costs_the_next_one_nothing) {
  CHECK_TRUE(report_as(1, 1, kForged) == Refusal::not_authorised);
  CHECK_TRUE(report_as(0, 1, kForged) == Refusal::none);
}

TEST(ForgedId, that_looks_like_no_id_of_libzmqs_is_cut_off_when_it_goes_on) {
  Peer peer{run->context, PeerKind::dealer, run->ingest(), &run->keys(0), "desk"};
  const auto line = report("analyst", 1, "exercise", kMay);
  bool cut = false;
  for (std::uint64_t frame = 1; frame <= 100 && !cut; ++frame) {
    cut = !peer.send_frame(frame, std::span{&line, 1});  // a socket that does not reconnect has nowhere to send
    const auto ack = cut ? std::nullopt : peer.receive_ack(500);
    if (ack) CHECK_TRUE(ack->frame == 0 && ack->refused.size() == 1 && ack->refused[0].code == Refusal::malformed);
    cut = cut || !ack;
  }
  CHECK_TRUE(cut);
  CHECK_TRUE(report_as(0, 1, {}) == Refusal::none);
}
