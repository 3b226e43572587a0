// SPDX-License-Identifier: Apache-2.0
/// What: `tocsin draw` shows every indicator, condition and rule, by role and level, with what rests on what.
/// How: the dot text of a small book; names that would break it; Graphviz itself where it is installed, and where it
/// cannot be found.
#include <cstdlib>
#include <string>

#include "tocsin/compiler/compile.hpp"

#include "lib/book_graph.hpp"
#include "lib/graphviz.hpp"

#include "CppUTest/TestHarness.h"

using namespace tocsin;
using namespace tocsin::tools;

namespace {
std::string graph_of(const std::string& text) {
  compiler::SourceFile source;
  source.path = "b.watch";
  source.text = text;
  const compiler::CompileResult result = compiler::compile(source, *compiler::find_target("server"));
  CHECK_TEXT(result.ok, compiler::render_all(result.diagnostics, source).c_str());
  return book_graph(result.book);
}

const std::string kBook = R"(
watchbook "A \"quoted\" & <odd> title" version 2
theater t "Here" theater u
origin o origin p
feed f { origins o, p every 1d }
indicator ships "Ships & \"boats\" <seen>" { theater t feeds f role leading }
indicator act { theater u feeds f role context }
condition x = last(ships) > 1
alert a "A" { theater t when overdue(f) level elevated level critical when x }
linkage l { from t to u when x then act within 3d needs 2 origins of act within 1d else watch against x }
)";
}  // namespace

TEST_GROUP(Draw){};

TEST(Draw, theaters_hold_what_is_theirs_and_linkages_stand_between) {
  const std::string dot = graph_of(kBook);
  const std::size_t here = dot.find("subgraph \"cluster_t\"");
  const std::size_t there = dot.find("subgraph \"cluster_u\"");
  const std::size_t ships = dot.find("\"ships\" [label=");
  const std::size_t linkage = dot.find("\"alert:l\" [label=");
  CHECK(here != std::string::npos && there != std::string::npos && ships != std::string::npos);
  CHECK(here < ships && ships < there && there < linkage);
}

TEST(Draw, arrows_say_how_something_rests_on_something) {
  const std::string dot = graph_of(kBook);
  for (const char* arrow : {"\"ships\" -> \"x\";", "\"x\" -> \"alert:l\" [label=\"first\"];",
                            "\"act\" -> \"alert:l\" [label=\"then, within 3d\"];", "\"feed:f\" -> \"alert:a\";",
                            "\"x\" -> \"alert:a\" [label=\"critical\", style=dashed];"}) {
    STRCMP_CONTAINS(arrow, dot.c_str());
  }
}

TEST(Draw, shapes_show_the_role_and_colours_the_highest_level) {
  const std::string dot = graph_of(kBook);
  STRCMP_CONTAINS("<font point-size=\"9\">ships</font><br/><font point-size=\"9\">by f</font>>, shape=ellipse",
                  dot.c_str());
  STRCMP_CONTAINS("elevated, up to critical</font>>, shape=cds, fillcolor=\"#ea8a84\"", dot.c_str());
}

TEST(Draw, odd_characters_in_titles_are_harmless) {
  const std::string dot = graph_of(kBook);
  STRCMP_CONTAINS("label=\"A \\\"quoted\\\" & <odd> title, version 2\"", dot.c_str());
  STRCMP_CONTAINS("Ships &amp; &quot;boats&quot; &lt;seen&gt;<br/>", dot.c_str());
  std::string svg;
  std::string error;
  const Drawn drawn = draw_svg(dot, svg, error);
  if (drawn == Drawn::missing) return;  // the message is the next test's
  CHECK_TEXT(drawn == Drawn::done, error.c_str());
  STRCMP_CONTAINS("</svg>", svg.c_str());
}

TEST(Draw, says_what_to_install_when_graphviz_is_not_there) {
  const char* const path = std::getenv("PATH");
  const std::string before = path == nullptr ? "" : path;
  ::setenv("PATH", "/nonexistent", 1);
  std::string svg;
  std::string error;
  const Drawn drawn = draw_svg("digraph {}", svg, error);
  ::setenv("PATH", before.c_str(), 1);
  CHECK(drawn == Drawn::missing);
  STRCMP_CONTAINS("install the package graphviz", error.c_str());
}

TEST(Draw, passes_on_what_graphviz_does_not_like) {
  std::string svg;
  std::string error;
  const Drawn drawn = draw_svg("digraph { a -> ", svg, error);
  if (drawn == Drawn::missing) return;
  CHECK(drawn == Drawn::failed);
  STRCMP_CONTAINS("syntax error", error.c_str());
}
