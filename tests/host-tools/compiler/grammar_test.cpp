// SPDX-License-Identifier: Apache-2.0
/// What: how expressions group, and that the lexis of the language is read as the language page says.
/// How: expressions are parsed and printed back as s-expressions.
#include "tocsin/compiler/diagnostic.hpp"

#include "books.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::compiler;

namespace {
std::string sexpr_of(const std::string& expression) {
  std::vector<Diagnostic> diagnostics;
  const SourceFile source{"book.watch", "condition x = " + expression};
  const Book book = parse(source, diagnostics);
  if (!diagnostics.empty()) return render_all(diagnostics, source);
  if (book.conditions.size() != 1) return "no condition";
  return to_sexpr(*book.conditions[0].value);
}
}  // namespace

TEST_GROUP(Grammar){};

TEST(Grammar, titles_may_be_left_out) {
  std::vector<Diagnostic> diagnostics;
  const SourceFile source{"book.watch",
                          "watchbook version 3\ntheater t\norigin o\nfeed f { origin o }\n"
                          "test {\n  clock 2024-01-01T00:00Z\n}\ntest \"named\" {\n  clock 2024-01-01T00:00Z\n}\n"};
  const Book book = parse(source, diagnostics);
  STRCMP_EQUAL("", render_all(diagnostics, source).c_str());
  STRCMP_EQUAL("", book.title.text.c_str());
  CHECK_TRUE(book.version.has_value());
  LONGS_EQUAL(2, book.tests.size());
  STRCMP_EQUAL("test 1", book.tests[0].title.text.c_str());
  STRCMP_EQUAL("named", book.tests[1].title.text.c_str());
}

TEST(Grammar, groups_as_the_language_page_says) {
  struct Row {
    const char* why;
    const char* expression;
    const char* expected;
  };
  constexpr Row kRows[] = {
      {"product before sum", "last(a) + last(b) * 2 >= 1", "(>= (+ (last a) (* (last b) 2)) 1)"},
      {"sums from the left", "1 - 2 - 3 > 0", "(> (- (- 1 2) 3) 0)"},
      {"quotients from the left", "8 / 4 / 2 = 1", "(= (/ (/ 8 4) 2) 1)"},
      {"minus sticks to the operator, not to the number", "last(a) -3 < 0", "(< (- (last a) 3) 0)"},
      {"a negative literal", "last(a) - -3 < -1.5", "(< (- (last a) -3) -1.5)"},
      {"and before or", "a or b and c", "(or a (and b c))"},
      {"unless groups with and from the left", "a unless b and c", "(and (unless a b) c)"},
      {"and then unless", "a and b unless c", "(unless (and a b) c)"},
      {"not before and", "not a and b", "(and (not a) b)"},
      {"not after in last", "not (x) in last 7d", "(not (in-last x 7d))"},
      {"not not", "not not a", "(not (not a))"},
      {"for binds a comparison", "max(a, 48h) <= 2 for 24h", "(for (<= (max a 2d) 2) 1d)"},
      {"postfixes chain", "a for 1h in last 2h", "(in-last (for a 1h) 2h)"},
      {"then from the left", "a then b within 3d then c within 5d", "(then (then a b 3d) c 5d)"},
      {"then takes comparisons", "last(a) > 1 then last(b) > 2 within 1d", "(then (> (last a) 1) (> (last b) 2) 1d)"},
      {"then before and", "a then b within 3d and c", "(and (then a b 3d) c)"},
      {"parentheses", "(a or b) and c", "(and (or a b) c)"},
      {"since with its own window", "a since b in last 3d", "(since a b 3d)"},
      {"since without", "a since b", "(since a b)"},
      {"in last with two spans", "a in last 1d to 3d", "(in-last a 1d 3d)"},
      {"from until takes all that follows", "from a until b or c", "(from-until a (or b c))"},
      {"from until in parentheses", "(from a until b) and c", "(and (from-until a b) c)"},
      {"filters and overdue", "a[value >= 20, origin = mnd, grade >= B2] and overdue(f)",
       "(and a[value >= 20, origin = mnd, grade >= B2] (overdue f))"},
      {"a filter within a call", "count(a[tag = \"x y\"], 1d) > 1", "(> (count a[tag = \"x y\"] 1d) 1)"},
      {"in last after since belongs to the since", "a since b in last 1d to 3d in last 2d",
       "(in-last (since a b 1d 3d) 2d)"},
      {"since after in last", "a in last 1d since b", "(since (in-last a 1d) b)"},
      {"since from the left", "a since b since c", "(since (since a b) c)"},
      {"since of comparisons", "last(a) > 1 since last(b) < 2 and c", "(and (since (> (last a) 1) (< (last b) 2)) c)"},
      {"then of a then in parentheses", "a then (b then c within 1d) within 2d", "(then a (then b c 1d) 2d)"},
      {"from takes all before until", "from a and b until c and d", "(from-until (and a b) (and c d))"},
      {"at least of last", "last(a, at least 3) > 1", "(> (last a at-least 3) 1)"},
      {"all parts of a call", "quantile(a, 0.95, 90d ending 1d ago, at least 20) > 1",
       "(> (quantile a 0.95 90d ending 1d at-least 20) 1)"},
      {"line ends and comments are blanks", "a # what\n  and # why\n b", "(and a b)"},
  };
  for (const Row& row : kRows) STRCMP_EQUAL_TEXT(row.expected, sexpr_of(row.expression).c_str(), row.why);
}

TEST(Grammar, reads_durations_of_every_unit) {
  STRCMP_EQUAL("(for a 250ms)", sexpr_of("a for 250ms").c_str());
  STRCMP_EQUAL("(for a 90s)", sexpr_of("a for 90s").c_str());
  STRCMP_EQUAL("(for a 5m)", sexpr_of("a for 5m").c_str());
  STRCMP_EQUAL("(for a 3d)", sexpr_of("a for 72h").c_str());
  STRCMP_EQUAL("(for a 14d)", sexpr_of("a for 2w").c_str());
  STRCMP_EQUAL("(for a 36h)", sexpr_of("a for 1d12h").c_str());
}

TEST(Grammar, reads_the_whole_example_of_the_language) {
  std::vector<Diagnostic> diagnostics;
  const std::string text =
      testing::read_text(TOCSIN_SOURCE_DIR "/tests/host-tools/compiler/golden/whole_language.watch");
  const SourceFile source{"whole_language.watch", text};
  const Book book = parse(source, diagnostics);
  STRCMP_EQUAL("", render_all(diagnostics, source).c_str());
  UNSIGNED_LONGS_EQUAL(5, book.indicators.size());
  UNSIGNED_LONGS_EQUAL(3, book.feeds.size());
  UNSIGNED_LONGS_EQUAL(4, book.conditions.size());
  UNSIGNED_LONGS_EQUAL(2, book.alerts.size());
  UNSIGNED_LONGS_EQUAL(3, book.hypotheses.size());
  UNSIGNED_LONGS_EQUAL(3, book.tests.at(0).lines.size());
  UNSIGNED_LONGS_EQUAL(2, book.tests.at(0).lines.at(0).reports.size());
  CHECK(book.tests.at(0).nothing_else.has_value());
  const AlertDecl& linkage = book.alerts.at(1);
  CHECK(linkage.directed);
  CHECK(linkage.marking == tocsin::engine::Marking::amber);
  UNSIGNED_LONGS_EQUAL(3, linkage.release.size());
  UNSIGNED_LONGS_EQUAL(1, linkage.caveats.size());
  UNSIGNED_LONGS_EQUAL(2, linkage.weighs.size());
  UNSIGNED_LONGS_EQUAL(2, linkage.weighs[0].items.size());
  STRCMP_EQUAL("opportunism", linkage.weighs[0].items[1].hypothesis.text.c_str());
  LONGS_EQUAL(1, linkage.weighs[0].items[1].weight);
  UNSIGNED_LONGS_EQUAL(1, linkage.disconfirms.size());
}

TEST(Grammar, a_book_with_every_word_compiles_in_silence) {
  const SourceFile source{"every_word.watch",
                          testing::read_text(TOCSIN_SOURCE_DIR "/tests/host-tools/compiler/golden/every_word.watch")};
  const CompileResult result = compile(source, *find_target("edge"));
  STRCMP_EQUAL("", render_all(result.diagnostics, source).c_str());
  CHECK(result.ok);
}

TEST(Grammar, unescapes_texts_and_leaves_out_what_may_be_left_out) {
  std::vector<Diagnostic> diagnostics;
  const Book book = parse({"b", "actor a \"x \\\"y\\\" \\\\ \xC3\xA9\" actor b {} actor c"}, diagnostics);
  UNSIGNED_LONGS_EQUAL(0, diagnostics.size());
  UNSIGNED_LONGS_EQUAL(3, book.actors.size());
  STRCMP_EQUAL("x \"y\" \\ \xC3\xA9", book.actors[0].title.text.c_str());
  STRCMP_EQUAL("", book.actors[1].title.text.c_str());
}
