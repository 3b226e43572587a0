// SPDX-License-Identifier: Apache-2.0
/// What: `tocsin explain` says in plain English what a rule means, whole and without jargon.
/// How: conditions of each kind against the clause they become; one linkage against its paragraphs; the shipped book
/// for what every rule must say.
#include "lib/explain.hpp"

#include <fstream>
#include <sstream>
#include <string>

#include "tocsin/compiler/compile.hpp"

#include "lib/near_name.hpp"
#include "lib/prose.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::tools;

namespace {
const std::string kNames = R"(
watchbook "B" version 1
theater t "Here" theater u "There"
actor prc "China"
origin o "Navy" { reliability B } origin p "Press"
feed f "Daily" { origins o, p every 1d grace 12h } feed g { origins o, p }
indicator ships "Ships seen" { theater t actor prc feeds f unit "ships" role leading }
indicator act "Hostile act" { theater u feeds g }
condition x = last(ships) > 1
condition y = count(act, 3d) >= 2
)";

compiler::CompileResult compiled(const std::string& text) {
  compiler::SourceFile source;
  source.path = "b.watch";
  source.text = text;
  compiler::CompileResult result = compiler::compile(source, *compiler::find_target("server"));
  CHECK_TEXT(result.ok, compiler::render_all(result.diagnostics, source).c_str());
  return result;
}

std::string clause_of(const std::string& condition) {
  const compiler::CompileResult result = compiled(kNames + "condition c = " + condition);
  return Prose{result.book}.clause(*result.book.conditions.back().value);
}

std::string paragraph(const std::string& alert, const char* topic) {
  const compiler::CompileResult result = compiled(kNames + "hypothesis h \"Feint\"\n" + alert);
  const auto explanation = explain(result.book, result.book.alerts.back().name.text);
  CHECK(explanation.has_value());
  for (const Paragraph& part : explanation->paragraphs) {
    if (part.topic == topic) return part.text;
  }
  return {};
}
}  // namespace

TEST_GROUP(Explain){};

TEST(Explain, each_condition_becomes_a_clause) {
  struct Row {
    const char* condition;
    const char* clause;
  };
  const Row rows[] = {
      {"sum(ships, 24h) >= 45", "the total of \"Ships seen\" over the last 24 hours is at least 45 ships"},
      {"45 < sum(ships, 24h)", "the total of \"Ships seen\" over the last 24 hours is more than 45 ships"},
      {"not last(ships) <= 1", "the latest value of \"Ships seen\" is more than 1 ship"},
      {"last(ships) >= 1.5 * quantile(ships, 0.95, 90d ending 1d ago, at least 20)",
       "the latest value of \"Ships seen\" is at least 1.5 times the 95th percentile of \"Ships seen\" over the 90 "
       "days "
       "that ended 24 hours ago (unknown while there are fewer than 20 reports)"},
      {"count(act, 48h) = 0", "there has been no report of \"Hostile act\" in the last 48 hours"},
      {"count(act, 48h) >= 3", "there have been at least three reports of \"Hostile act\" in the last 48 hours"},
      {"count(act, 48h) >= 0",
       "the number of reports of \"Hostile act\" in the last 48 hours is at least 0 (always so, unless it is unknown)"},
      {"not count(act, 48h) < 0",
       "the number of reports of \"Hostile act\" in the last 48 hours is at least 0 (always so, unless it is unknown)"},
      {"0 > origins(act, 48h)",
       "the number of origins that reported \"Hostile act\" in the last 48 hours is less than 0 (never so)"},
      {"origins(ships, 3d) >= 2",
       "\"Ships seen\" has been reported by at least two different origins in the last 3 days"},
      {"max(ships, 48h) <= 2 for 24h",
       "the highest value of \"Ships seen\" over the last 48 hours has been at most 2 ships without a break for 24 "
       "hours"},
      {"act", "there is a report of \"Hostile act\""},
      {"ships[value >= 20, origin = o]",
       "there is a report of \"Ships seen\" with a value of at least 20 and seen by Navy"},
      {"ships[actor = prc, tag != drill, grade >= B2]",
       "there is a report of \"Ships seen\" naming as actor China, with tags, none of them \"drill\" and graded B2 or "
       "better"},
      {"not act in last 7d", "there has been no report of \"Hostile act\" in the last 7 days"},
      {"x in last 1d to 5d", "x has held at some moment between 5 days and 24 hours ago"},
      {"not (x or y)", "neither x nor y holds"},
      {"x and (y or act)", "x holds, and either y holds or there is a report of \"Hostile act\""},
      {"x unless y", "x holds and y does not hold"},
      {"x then act within 3d",
       "there is a report of \"Hostile act\", and x held at some moment in the 3 days before it"},
      {"(x then y within 3d) then act within 5d",
       "there is a report of \"Hostile act\", and there was a moment in the 5 days before it at which y held, and x "
       "had "
       "held at some moment in the 3 days before that began"},
      {"x since y", "x has held without a break since the last moment at which y held"},
      {"from x until y", "there has been a moment at which x held, and since then none at which y held"},
      {"overdue(f)", "\"Daily\" has been silent for 36 hours"},
  };
  for (const Row& row : rows) STRCMP_EQUAL_TEXT(row.clause, clause_of(row.condition).c_str(), row.condition);
}

TEST(Explain, a_rule_says_when_it_rings_how_high_and_when_it_ends) {
  const std::string rule =
      "linkage l \"L\" { from t to u when x then act within 3d level high level critical when y "
      "needs 2 origins of act within 3d else watch clear when not x in last 14d hold 2h cooldown 12h "
      "weigh h +2 when y weigh h -1 against y caveat \"Order is not intent\" disconfirm \"No second act\" by 3d "
      "marking amber_strict release usa, jpn }";
  const std::string rings = paragraph(rule, "rings");
  STRCMP_CONTAINS("what happens in one theater, There, given what happened in another, Here.", rings.c_str());
  STRCMP_CONTAINS("Here x holds while the latest value of \"Ships seen\" is more than 1 ship.", rings.c_str());
  const std::string level = paragraph(rule, "level");
  STRCMP_CONTAINS("Its level is high; it is critical while y holds.", level.c_str());
  STRCMP_CONTAINS(
      "kept at watch or below until there are reports of \"Hostile act\" from two different origins within 3 "
      "days",
      level.c_str());
  STRCMP_EQUAL(
      "It is cleared as soon as x has not held at any moment in the last 14 days and this has stayed so for 2 hours, "
      "and "
      "cannot ring while that is so. Having rung, it does not ring again for 12 hours, counted from the moment it "
      "rang.",
      paragraph(rule, "ends").c_str());
  const std::string judgement = paragraph(rule, "judgement");
  STRCMP_CONTAINS("\"Feint\" gains 2 if y holds.", judgement.c_str());
  STRCMP_CONTAINS("\"Feint\" loses 1 in any case.", judgement.c_str());
  STRCMP_CONTAINS("whether y holds, which would speak against it.", judgement.c_str());
  STRCMP_CONTAINS("looked at by hand: \"No second act\" 3 days after it rang.", judgement.c_str());
  STRCMP_EQUAL("Bear in mind: Order is not intent.", paragraph(rule, "caveats").c_str());
  STRCMP_EQUAL("It is marked TLP:AMBER+STRICT and may be released to usa and jpn.",
               paragraph(rule, "handling").c_str());
}

TEST(Explain, missing_data_are_unknown_silence_without_a_promise_is_not) {
  const std::string watched = paragraph("alert a { theater t when x }", "missing");
  STRCMP_CONTAINS("\"Daily\" should be heard from every day. When it has been silent for 36 hours", watched.c_str());
  STRCMP_CONTAINS("says UNKNOWN instead of keeping silent", watched.c_str());
  STRCMP_EQUAL(
      "No feed promises to report \"Hostile act\" at regular times, so silence there is taken to mean that nothing "
      "happened.",
      paragraph("alert a { theater u when y }", "missing").c_str());
  STRCMP_CONTAINS("is itself what is watched here",
                  paragraph("alert a { theater t when overdue(f) }", "missing").c_str());
}

TEST(Explain, what_no_reports_leave_unknown_is_not_said_of_counts) {
  const std::string sentence = "such as the latest or the highest value";
  STRCMP_CONTAINS(sentence.c_str(), paragraph("alert a { theater t when last(ships) >= 0 }", "missing").c_str());
  const std::string counted = paragraph("alert a { theater t when count(ships, 1d, at least 3) >= 4 }", "missing");
  CHECK_TEXT(counted.find(sentence) == std::string::npos, counted.c_str());
  STRCMP_CONTAINS("A number that asks for so many reports at least is unknown while there are fewer.", counted.c_str());
  STRCMP_CONTAINS("says UNKNOWN instead of keeping silent", counted.c_str());
}

TEST(Explain, what_only_weighs_or_speaks_against_is_not_said_to_be_unused) {
  const compiler::CompileResult result =
      compiled(kNames +
               "hypothesis h condition z = y condition w = act in last 2d\n"
               "alert a { theater t when x weigh h +1 when z against w } alert b { theater t when x against z }");
  const auto whole = [&](const char* name) {
    std::string out;
    const auto explanation = explain(result.book, name);
    for (const Paragraph& part : explanation->paragraphs) out += part.text + "\n";
    return out;
  };
  STRCMP_CONTAINS("No alert rests on it. Two alerts judge by it what an event means: a and b.", whole("z").c_str());
  STRCMP_CONTAINS("No alert rests on it. Two alerts judge by it what an event means: a and b.", whole("y").c_str());
  STRCMP_CONTAINS("No alert rests on it. One alert judges by it what an event means: a.", whole("w").c_str());
  STRCMP_CONTAINS("Two alerts rest on it: a and b.", whole("x").c_str());
}

TEST(Explain, every_rule_of_the_shipped_book_is_whole) {
  std::ifstream file(TOCSIN_SOURCE_DIR "/watchbooks/taiwan-korea/book.watch");
  std::ostringstream text;
  text << file.rdbuf();
  const compiler::CompileResult result = compiled(text.str());
  const std::vector<Explanation> all = explain_all(result.book);
  UNSIGNED_LONGS_EQUAL(result.book.alerts.size() + result.book.conditions.size(), all.size());
  for (const Explanation& explanation : all) {
    CHECK_TEXT(explanation.paragraphs.size() >= 3, explanation.name.c_str());
    for (const Paragraph& part : explanation.paragraphs) {
      CHECK_TEXT(part.text.back() == '.', (explanation.name + ": " + part.text).c_str());
      CHECK_TEXT(part.text.find("  ") == std::string::npos, part.text.c_str());
    }
    if (explanation.kind == "condition") continue;
    for (const char* topic : {"rings", "level", "ends", "missing", "late"}) {
      bool there = false;
      for (const Paragraph& part : explanation.paragraphs) there = there || part.topic == topic;
      CHECK_TEXT(there, (explanation.name + " lacks " + topic).c_str());
    }
  }
}

TEST(Explain, unknown_names_are_nothing_but_near_ones_are_found) {
  const compiler::CompileResult result = compiled(kNames + "alert surge { theater t when x }");
  CHECK(!explain(result.book, "nosuch").has_value());
  STRCMP_EQUAL("surge", near_name("srge", explainable_names(result.book)).c_str());
  STRCMP_EQUAL("ships", near_name("hip", explainable_names(result.book)).c_str());
  STRCMP_EQUAL("", near_name("entirely_else", explainable_names(result.book)).c_str());
  STRCMP_EQUAL("ships", near_name("SHIPS", explainable_names(result.book)).c_str());
}

TEST(Explain, of_one_or_two_letters_only_the_same_but_for_case_is_near) {
  const std::vector<std::string> names = {"x", "ab", "surge"};
  STRCMP_EQUAL("", near_name("a", names).c_str());
  STRCMP_EQUAL("", near_name("ac", names).c_str());
  STRCMP_EQUAL("", near_name("axb", names).c_str());
  STRCMP_EQUAL("x", near_name("X", names).c_str());
  STRCMP_EQUAL("ab", near_name("aB", names).c_str());
}

TEST(Explain, words_for_numbers_spans_and_lines) {
  STRCMP_EQUAL("three", number_in_words(3).c_str());
  STRCMP_EQUAL("13", number_in_words(13).c_str());
  STRCMP_EQUAL("24 hours", span_in_words(86'400'000).c_str());
  STRCMP_EQUAL("14 days", span_in_words(14 * 86'400'000LL).c_str());
  STRCMP_EQUAL("1 minute, 30 seconds and 1 millisecond", span_in_words(90'001).c_str());
  STRCMP_EQUAL("  aa bb\n  cc\n", wrapped("aa bb cc", 8, 2).c_str());
  STRCMP_EQUAL("verylongword\nx\n", wrapped("verylongword x", 5, 0).c_str());
}
