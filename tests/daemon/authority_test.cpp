// SPDX-License-Identifier: Apache-2.0
/// What: what a message may do follows from its User-Id alone, now, and with the keys of now.
/// How: a config with one principal of every kind on the sample book.
#include "authority.hpp"

#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "tocsin/test_support/sample_image.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
namespace sample = tocsin::test_support::sample;

TEST_GROUP(Authority) {
  Config config;
  Key key{1, 2, 3};

  void setup() override {
    config.ingest = {{"ipc:///in", {}}, {"ipc:///open", {}}};
    config.alerts = {{"ipc:///al", {}}};
    config.control = {{"ipc:///co", {}}};
    config.broadcast.push_back({"ipc:///pub", "seismic", {}, {}});
    config.audiences = {{"public", {}, {}, true, {}}, {"partners", {}, {}, true, {}}};
    PrincipalConfig desk;
    desk.name = "desk";
    desk.endpoint = "ipc:///in";
    desk.all_feeds = false;
    desk.feeds = {{"analyst", {}}};
    desk.all_indicators = false;
    desk.indicators = {{"exercise", {}}};
    desk.ranges = {{{"exercise", {}}, 0, 5}, {{"closure", {}}, -1, 1}};
    desk.may_retract = false;
    desk.quota.unacked = 9;
    PrincipalConfig hub;
    hub.name = "hub";
    hub.roles = Role::read;
    hub.audience = "partners";
    config.principals = {desk, hub};
  }
  Authority authority(bool with_key = true) {
    std::vector<Keyring::Entry> entries;
    if (with_key) entries.push_back({key, "hub", user_id_of("hub", key), 1});
    return {config, tocsin::test_support::sample_book(), std::make_shared<const Keyring>(std::move(entries))};
  }
};

TEST(Authority, resolves_feeds_indicators_and_ranges_against_the_book) {
  const auto all = authority();
  const auto* const desk = all.of("desk");
  CHECK_TRUE(desk != nullptr);
  CHECK_TRUE(desk->may_feed(sample::analyst));
  CHECK_FALSE(desk->may_feed(sample::launches));
  CHECK_FALSE(desk->may_feed(9999));
  CHECK_TRUE(desk->may_indicate(sample::exercise));
  CHECK_FALSE(desk->may_indicate(sample::closure));
  CHECK_FALSE(desk->may_retract);
  UNSIGNED_LONGS_EQUAL(0, desk->audience);
  UNSIGNED_LONGS_EQUAL(9, all.quotas().at(desk->index).unacked);
}

TEST(Authority, takes_values_within_the_range_ends_included) {
  const auto all = authority();
  const auto* const desk = all.of("desk");
  CHECK_TRUE(desk->may_value(sample::exercise, 0));
  CHECK_TRUE(desk->may_value(sample::exercise, 5));
  CHECK_FALSE(desk->may_value(sample::exercise, std::nextafter(5.0, 6.0)));
  CHECK_FALSE(desk->may_value(sample::exercise, std::nan("")));
  CHECK_FALSE(desk->may_value(sample::exercise, std::numeric_limits<double>::infinity()));
  CHECK_TRUE(desk->may_value(sample::plan_ships, 1e300));  // no range given
}

TEST(Authority, lets_the_holder_of_a_good_key_speak_for_its_principal_only) {
  const auto all = authority();
  const auto* const hub = all.of(user_id_of("hub", key));
  CHECK_TRUE(hub != nullptr);
  STRCMP_EQUAL("hub", hub->name.c_str());
  CHECK_TRUE(hub->roles == Role::read);
  CHECK_FALSE(hub->may_feed(sample::analyst));  // it was given none
  UNSIGNED_LONGS_EQUAL(1, hub->audience);
  CHECK_TRUE(all.of(user_id_of("desk", key)) == nullptr);
  CHECK_TRUE(all.of(user_id_of("nobody", key)) == nullptr);
  CHECK_TRUE(all.of("nobody") == nullptr);
  CHECK_TRUE(all.of("") == nullptr);
  CHECK_TRUE(all.of("#") == nullptr);
  CHECK_TRUE(all.of("hub#") == nullptr);
}

TEST(Authority, cuts_a_withdrawn_key_at_the_next_message) {
  auto all = authority();
  const auto user = user_id_of("hub", key);
  CHECK_TRUE(all.of(user) != nullptr);
  all.replace(std::make_shared<const Keyring>());
  CHECK_TRUE(all.of(user) == nullptr);
  all.replace(nullptr);
  CHECK_TRUE(all.of(user) == nullptr);
}

TEST(Authority, an_endpoint_nobody_has_may_do_all_under_its_own_name) {
  const auto all = authority();
  const auto* const open = all.of("ipc:///open");
  CHECK_TRUE(open != nullptr);
  CHECK_TRUE(open->roles == Role::all);
  CHECK_TRUE(open->may_feed(sample::launches));
  CHECK_TRUE(all.of("ipc:///al") != nullptr);
  CHECK_TRUE(all.of("ipc:///in") == nullptr);  // that one is desk's
}

TEST(Authority, a_publisher_without_a_principal_may_report_and_nothing_else) {
  const auto all = authority();
  const auto* const seismic = all.of("seismic");
  CHECK_TRUE(seismic != nullptr);
  CHECK_TRUE(seismic->roles == Role::none);
  CHECK_TRUE(seismic->may_feed(sample::launches));
}

TEST(Authority, an_endpoint_that_asks_for_keys_gives_nobody_rights_of_its_own) {
  config.keys.folder = "/k";
  config.ingest.push_back({"tcp://127.0.0.1:5555", {}});
  const auto all = authority();
  CHECK_TRUE(all.of("tcp://127.0.0.1:5555") == nullptr);
}

TEST(Authority, numbers_everybody_once) {
  const auto all = authority();
  UNSIGNED_LONGS_EQUAL(6, all.all().size());
  for (std::size_t i = 0; i < all.all().size(); ++i) UNSIGNED_LONGS_EQUAL(i, all.all()[i].index);
}
