// SPDX-License-Identifier: Apache-2.0
/// What: `include` takes each file once, from where the including file is, and messages name the right file.
/// How: books with included files in memory, and a few on disk.
#include <filesystem>
#include <map>
#include <unistd.h>

#include "tocsin/compiler/source.hpp"

#include "books.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin::compiler;

namespace {
using Files = std::map<std::string, std::string>;

// A book whose files are in memory; the paths that were asked for, in order.
struct Loaded {
  SourceFile source;
  std::vector<std::string> asked;
};
Loaded load(const std::string& path, const Files& files) {
  Loaded out;
  out.source = {path, files.at(path)};
  read_includes(out.source, [&](const std::string& wanted) {
    out.asked.push_back(wanted);
    const auto found = files.find(wanted);
    ReadText text;
    if (found == files.end()) {
      text.error = "cannot be opened: No such file or directory";
    } else {
      text.text = found->second;
    }
    return text;
  });
  return out;
}
CompileResult compiled(const SourceFile& source) { return compile(source, *find_target("edge")); }
std::string messages(const SourceFile& source) { return render_all(compiled(source).diagnostics, source); }

constexpr const char* kFeeds = "origin o\nfeed f { origin o }\n";
constexpr const char* kIndicators = "include \"feeds.watch\"\ntheater t\nindicator i { theater t feeds f }\n";
constexpr const char* kBook =
    "watchbook \"Main\" version 7\ninclude \"parts/indicators.watch\"\nalert a { theater t when i }\n";
}  // namespace

TEST_GROUP(Include){};

TEST(Include, takes_paths_from_where_the_including_file_is) {
  const Loaded book = load("books/main.watch", {{"books/main.watch", kBook},
                                                {"books/parts/indicators.watch", kIndicators},
                                                {"books/parts/feeds.watch", kFeeds}});
  STRCMP_EQUAL("", messages(book.source).c_str());
  const CompileResult result = compiled(book.source);
  CHECK(result.ok);
  UNSIGNED_LONGS_EQUAL(1, result.book.indicators.size());
  UNSIGNED_LONGS_EQUAL(2, result.book.includes.size());
}

TEST(Include, a_book_in_parts_is_the_same_book) {
  const Loaded parts = load(
      "main.watch", {{"main.watch", kBook}, {"parts/indicators.watch", kIndicators}, {"parts/feeds.watch", kFeeds}});
  const std::string whole = std::string{"watchbook \"Main\" version 7\n"} + kFeeds +
                            "theater t\nindicator i { theater t feeds f }\nalert a { theater t when i }\n";
  const CompileResult a = compiled(parts.source);
  const CompileResult b = testing::compile_text(whole);
  CHECK(a.ok);
  CHECK(testing::load(a).book_hash == testing::load(b).book_hash);
  UNSIGNED_LONGS_EQUAL(7, testing::load(a).book_version);
}

TEST(Include, takes_each_file_once_however_it_is_named) {
  const Loaded book =
      load("m.watch", {{"m.watch",
                        "include \"a.watch\" include \"./a.watch\" include \"x/../a.watch\"\n"
                        "include \"b.watch\" include \"m.watch\""},
                       {"a.watch", "actor one"},
                       {"b.watch", "include \"a.watch\" include \"m.watch\" include \"b.watch\" actor two"}});
  STRCMP_EQUAL("", messages(book.source).c_str());
  UNSIGNED_LONGS_EQUAL(2, book.asked.size());
  UNSIGNED_LONGS_EQUAL(2, compiled(book.source).book.actors.size());
}

TEST(Include, ignores_the_watchbook_line_and_the_tests_of_an_included_file) {
  const Loaded book =
      load("m.watch",
           {{"m.watch", "include \"a.watch\"\nwatchbook \"Main\" version 2\ntest \"mine\" { clock 2024-01-01T00:00Z }"},
            {"a.watch",
             "watchbook \"Other\" version 9\nhorizon 3d\n"
             "test \"theirs\" { at 2024-01-01T00:00Z nobody heartbeat }"}});
  STRCMP_EQUAL("", messages(book.source).c_str());
  const CompileResult result = compiled(book.source);
  STRCMP_EQUAL("Main", result.book.title.text.c_str());
  UNSIGNED_LONGS_EQUAL(2, testing::load(result).book_version);
  LONGLONGS_EQUAL(3LL * 86'400'000, testing::load(result).horizon_ms);
  UNSIGNED_LONGS_EQUAL(1, result.book.tests.size());
  STRCMP_EQUAL("mine", result.book.tests[0].title.text.c_str());
}

TEST(Include, an_error_names_the_file_it_is_in) {
  const Loaded book = load("b/m.watch", {{"b/m.watch", "include \"a.watch\"\nactor prc\nactr x\n"},
                                         {"b/a.watch", "# first line\nactor prc\ncondition c = nobody\n"}});
  STRCMP_EQUAL(
      "b/m.watch:3:1: error: expected a declaration, found `actr`\n  actr x\n  ^~~~\n  help: did you mean `actor`?\n"
      "b/a.watch:2:7: error: a second actor called `prc`\n  actor prc\n        ^~~\n"
      "b/m.watch:2:7: note: the first is here\n  actor prc\n        ^~~\n"
      "b/a.watch:3:15: error: no indicator or condition is called `nobody`\n  condition c = nobody\n"
      "                ^~~~~~\n"
      "b/m.watch: 3 errors\n",
      messages(book.source).c_str());
  const std::string json = to_json(compiled(book.source).diagnostics, book.source);
  CHECK(json.find("\"file\": \"b/a.watch\"") != std::string::npos);
  CHECK(json.find("\"line\": 3") != std::string::npos);
}

TEST(Include, an_error_at_the_end_of_a_file_stays_in_it) {
  const Loaded book =
      load("m.watch",
           {{"m.watch", "include \"a.watch\" include \"b.watch\""}, {"a.watch", "alert x {"}, {"b.watch", "actor y"}});
  const std::string said = messages(book.source);
  CHECK_TEXT(said.find("\na.watch:1:10: error: expected `}` before the end of the book") != std::string::npos,
             said.c_str());
}

TEST(Include, says_which_file_cannot_be_read_and_goes_on) {
  const Loaded book = load("b/m.watch", {{"b/m.watch", "include \"gone.watch\"\nactr x\n"}});
  STRCMP_EQUAL(
      "b/m.watch:1:9: error: the file `b/gone.watch` cannot be opened: No such file or directory\n"
      "  include \"gone.watch\"\n          ^~~~~~~~~~~~\n  help: the path begins where the including file is\n"
      "b/m.watch:2:1: error: expected a declaration, found `actr`\n  actr x\n  ^~~~\n  help: did you mean `actor`?\n"
      "b/m.watch: 2 errors\n",
      messages(book.source).c_str());
  // Without a reader of files nothing is there.
  const SourceFile alone{"m.watch", "include \"a.watch\""};
  CHECK(messages(alone).find("1:9: error: the file `a.watch` is not there") != std::string::npos);
}

TEST(Include, two_horizons_must_agree) {
  STRCMP_EQUAL("", messages(load("m", {{"m", "horizon 7d include \"a\""}, {"a", "horizon 168h"}}).source).c_str());
  CHECK(messages(load("m", {{"m", "horizon 7d include \"a\""}, {"a", "horizon 8d"}}).source)
            .find("a:1:1: error: a second `horizon` line") == 0);
}

TEST(Include, finds_no_file_in_comments_and_texts) {
  const Loaded book =
      load("m", {{"m", "# include \"a\"\nactor include_b \"include \\\"c\\\"\"\nactor x # include\n\"d\""}});
  UNSIGNED_LONGS_EQUAL(0, book.asked.size());
}

TEST(Include, reads_at_most_so_many_files) {
  Files files{{"m", ""}};
  for (int i = 0; i < 70; ++i) {
    files["m"] += "include \"f" + std::to_string(i) + "\"\n";
    files["f" + std::to_string(i)] = "";
  }
  const Loaded book = load("m", files);
  UNSIGNED_LONGS_EQUAL(kIncludedFilesMax, book.asked.size());
  CHECK(messages(book.source).find("m:65:9: error: the book includes more than 64 files") == 0);
}

TEST(Include, reads_from_disk_and_knows_a_file_by_its_links) {
  std::string folder = std::filesystem::temp_directory_path().string() + "/tocsin-include-XXXXXX";
  CHECK(::mkdtemp(folder.data()) != nullptr);
  std::filesystem::create_directory(folder + "/parts");
  std::ofstream{folder + "/main.watch"} << "include \"parts/a.watch\" include \"link.watch\" include \"parts\"";
  std::ofstream{folder + "/parts/a.watch"} << "actor one";
  std::filesystem::create_symlink("parts/a.watch", folder + "/link.watch");
  std::string error;
  const auto source = read_source(folder + "/main.watch", error);
  std::filesystem::remove_all(folder);
  CHECK(source.has_value());
  const CompileResult result = compiled(*source);
  UNSIGNED_LONGS_EQUAL(1, result.book.actors.size());
  UNSIGNED_LONGS_EQUAL(1, result.diagnostics.size());
  CHECK(result.diagnostics[0].message.find("is a folder, not a watch book") != std::string::npos);
}
