// SPDX-License-Identifier: Apache-2.0
/// What: an alert goes to an audience when its marking is at most the ceiling, and its release list is empty or shares
/// a word with the audience's. How: tables, and the sample book, of which one linkage is marked amber and released to
/// usa and rok.
#include "audience.hpp"

#include <string_view>
#include <vector>

#include "tocsin/test_support/sample_image.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::daemon;
using tocsin::engine::Marking;
namespace sample = tocsin::test_support::sample;

namespace {
AudienceConfig audience(const char* name, Marking ceiling) {
  AudienceConfig one;
  one.name = name;
  one.ceiling = ceiling;
  return one;
}

AudienceConfig audience(const char* name, Marking ceiling, std::vector<std::string> release) {
  auto one = audience(name, ceiling);
  one.release = std::move(release);
  one.all_releases = false;
  return one;
}
}  // namespace

TEST_GROUP(Audience){};

TEST(Audience, sees_what_is_marked_up_to_its_ceiling) {
  const std::vector<Marking> markings{Marking::unspecified, Marking::clear,        Marking::green,
                                      Marking::amber,       Marking::amber_strict, Marking::red};
  for (std::size_t ceiling = 1; ceiling < markings.size(); ++ceiling) {
    const auto one = audience("a", markings[ceiling]);
    for (std::size_t marking = 0; marking < markings.size(); ++marking) {
      CHECK_EQUAL(marking <= ceiling, may_see(one, markings[marking], {}));
    }
  }
}

TEST(Audience, needs_a_word_of_the_release_list_where_there_is_one) {
  using Words = std::vector<std::string_view>;
  const auto nato = audience("nato", Marking::red, {"NATO", "JPN"});
  CHECK_TRUE(may_see(nato, Marking::red, {}));  // released to all
  CHECK_TRUE(may_see(nato, Marking::red, Words{"JPN"}));
  CHECK_TRUE(may_see(nato, Marking::red, Words{"AUS", "NATO"}));
  CHECK_FALSE(may_see(nato, Marking::red, Words{"AUS"}));
  CHECK_FALSE(may_see(nato, Marking::red, Words{"nato"}));  // words, letter by letter
  const auto nobody = audience("nobody", Marking::red, {});
  CHECK_TRUE(may_see(nobody, Marking::red, {}));
  CHECK_FALSE(may_see(nobody, Marking::red, Words{"NATO"}));
  CHECK_TRUE(may_see(audience("all", Marking::red), Marking::red, Words{"NATO"}));
  CHECK_FALSE(may_see(audience("low", Marking::green, {"NATO"}), Marking::amber, Words{"NATO"}));  // both must hold
}

TEST(Audience, is_resolved_for_every_alert_of_the_book) {
  Config config;
  config.audiences = {audience("all", Marking::red), audience("green", Marking::green),
                      audience("korea", Marking::amber, {"rok"}), audience("japan", Marking::amber, {"jpn"})};
  const Audiences audiences{config, tocsin::test_support::sample_book()};
  const bool distraction[] = {true, false, true, false};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK_EQUAL_TEXT(distraction[i], audiences.sees(i, sample::distraction), config.audiences[i].name.c_str());
    CHECK_TRUE_TEXT(audiences.sees(i, sample::strait_activity), config.audiences[i].name.c_str());  // unmarked
  }
}
