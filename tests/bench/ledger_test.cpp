// SPDX-License-Identifier: Apache-2.0
/// What: the ledger that benchmarks compare runs with tells different sets of events apart, and equal ones not.
#include "ledger.hpp"

#include "CppUTest/TestHarness.h"

using tocsin::bench::EventName;
using tocsin::bench::Ledger;
using tocsin::engine::EventKind;
using tocsin::engine::Level;

TEST_GROUP(Ledger) {
  const EventName raised{EventKind::raised, 3, Level::high, 1000, 1000};
  const EventName cleared{EventKind::cleared, 3, Level::high, 2000, 1000};
};

TEST(Ledger, does_not_depend_on_the_order_of_events) {
  Ledger one;
  one.add(raised);
  one.add(cleared);
  Ledger two;
  two.add(cleared);
  two.add(raised);
  CHECK_TRUE(one == two);
  UNSIGNED_LONGLONGS_EQUAL(2, one.standing());
}

TEST(Ledger, forgets_what_was_retracted) {
  Ledger ledger;
  ledger.add(raised);
  tocsin::engine::AlertEvent event{};
  event.kind = EventKind::retracted;
  event.retracted_kind = EventKind::raised;
  event.alert = raised.alert;
  event.level = raised.level;
  event.at = raised.at;
  event.raised_at = raised.raised_at;
  ledger.take(event);
  CHECK_TRUE(ledger == Ledger{});
}

TEST(Ledger, tells_events_apart_that_differ_in_one_thing) {
  const EventName others[] = {{EventKind::eased, 3, Level::high, 1000, 1000},
                              {EventKind::raised, 4, Level::high, 1000, 1000},
                              {EventKind::raised, 3, Level::watch, 1000, 1000},
                              {EventKind::raised, 3, Level::high, 1001, 1000},
                              {EventKind::raised, 3, Level::high, 1000, 999}};
  Ledger ledger;
  ledger.add(raised);
  for (const EventName& other : others) {
    Ledger different;
    different.add(other);
    CHECK_FALSE(ledger == different);
  }
}
