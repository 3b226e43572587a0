// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "tocsin/wire/input_view.hpp"

namespace tocsin::wire {
namespace {
struct Words {
  const char* name;
  const char* sentence;
};

// In the order of the enumeration.
constexpr std::array<Words, 19> kWords{{
    {"none", "nothing is wrong"},
    {"malformed", "it is not one report, heartbeat, retraction or clock: check the sender's encoder and schema"},
    {"unknown_feed", "the watch book has no feed of this name: correct the name or declare the feed"},
    {"unknown_indicator", "the watch book has no indicator of this name: correct the name or declare the indicator"},
    {"feed_not_allowed",
     "this feed does not carry this indicator: add it to the indicator's feeds or use another feed"},
    {"unknown_origin", "the book has no such origin, or the feed does not carry it: correct it or add it to the feed"},
    {"origin_missing", "the feed carries several origins: say which one saw it"},
    {"bad_value", "the value is not a finite number: leave it out or send a number"},
    {"bad_time", "a time is missing or outside the years 1970 to 9999: send milliseconds since 1970, UTC"},
    {"bad_seq", "a sequence number is missing, not below 2^53, or names itself: number the feed's lines from 1"},
    {"too_far_ahead", "its time is too far in the future: check the sender's clock, then send it again"},
    {"not_authorised", "this sender may not speak for this feed or indicator: ask for the right in the configuration"},
    {"reused_seq", "this sequence number was used with other content: ask for the mark and go on from there"},
    {"too_long", "a text is too long: names take 64 bytes, references 200, notes 480"},
    {"bad_field", "a field is out of range or not clean UTF-8: check credibility, status, marking, position and texts"},
    {"seq_jump", "the sequence number jumps by more than 2^20: ask for the mark first and go on from there"},
    {"full", "no place is left for reports that wait for their instant: send it again later"},
    {"over_quota", "more was sent than the quota allows: send it again later, more slowly"},
    {"not_durable", "the journal failed before this was durable: connect anew, count frames from 1 and send it again"},
}};

const Words& words_of(Refusal refusal) {
  const auto index = static_cast<std::size_t>(refusal);
  return index < kWords.size() ? kWords[index] : kWords[static_cast<std::size_t>(Refusal::malformed)];
}
}  // namespace

const char* name_of(Refusal refusal) { return words_of(refusal).name; }
const char* sentence_of(Refusal refusal) { return words_of(refusal).sentence; }

bool is_retry(Refusal refusal) {
  return refusal == Refusal::too_far_ahead || refusal == Refusal::full || refusal == Refusal::over_quota ||
         refusal == Refusal::not_durable;
}
}  // namespace tocsin::wire
