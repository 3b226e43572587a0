// SPDX-License-Identifier: Apache-2.0
#include "lib/book_graph.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "tocsin/text/json_lines.hpp"

#include "lib/book_reach.hpp"
#include "lib/prose.hpp"
#include "lib/terminal.hpp"

namespace tocsin::tools {
namespace {
using compiler::AlertDecl;
using compiler::Expr;
using compiler::ExprKind;

constexpr std::size_t kLabelColumns = 26;

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}
// Text that a book brings, for labels of markup.
std::string markup(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}
// A title over its name, and a third line where there is more to say.
std::string label(const std::string& title, const std::string& name, const std::string& more) {
  std::string out = "<";
  if (!title.empty()) {
    std::string rest = wrapped(printable(title), kLabelColumns, 0);
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      out += markup(rest.substr(0, end)) + "<br/>";
      rest.erase(0, end + 1);
    }
  }
  out += title.empty() ? markup(name) : "<font point-size=\"9\">" + markup(name) + "</font>";
  if (!more.empty()) out += "<br/><font point-size=\"9\">" + markup(more) + "</font>";
  return out + ">";
}

struct Style {
  const char* shape;
  const char* fill;
  const char* extra;
};
Style style_of(engine::Role role) {
  switch (role) {
    case engine::Role::leading:
      return {"ellipse", "#d0e4f7", ""};
    case engine::Role::confirming:
      return {"box", "#d5ead3", ""};
    case engine::Role::context:
      return {"box", "#eeeeee", ", style=\"filled,dashed\""};
    case engine::Role::suppressor:
      return {"octagon", "#e6dcf2", ""};
    case engine::Role::noise:
      return {"box", "#fafafa", ", style=\"filled,dotted\", fontcolor=\"#777777\""};
    case engine::Role::unspecified:
      break;
  }
  return {"box", "#ffffff", ""};
}
const char* colour_of(engine::Level level) {
  switch (level) {
    case engine::Level::watch:
      return "#cfe8ef";
    case engine::Level::elevated:
      return "#ffe79a";
    case engine::Level::high:
      return "#f8b878";
    case engine::Level::critical:
      return "#ea8a84";
    case engine::Level::calm:
    case engine::Level::unknown:
      break;
  }
  return "#ffffff";
}

Style alert_style(engine::Level level) { return {"cds", colour_of(level), ", penwidth=2, margin=\"0.3,0.14\""}; }

class Graph {
 public:
  explicit Graph(const compiler::Book& book) : book_{book} {}

  std::string run() {
    out_ =
        "digraph book {\n"
        "  rankdir=LR; newrank=true; nodesep=0.2; ranksep=0.9; fontname=\"Helvetica\";\n"
        "  node [fontname=\"Helvetica\", fontsize=11, style=filled, fillcolor=white, color=\"#555555\"];\n"
        "  edge [fontname=\"Helvetica\", fontsize=9, color=\"#555555\", arrowsize=0.7];\n";
    std::string title = printable(book_.title.text);
    if (book_.version) title += (title.empty() ? "version " : ", version ") + std::to_string(book_.version->value);
    if (!title.empty()) out_ += "  label=" + quoted(title) + "; labelloc=t; fontsize=16;\n";
    collect();
    for (const compiler::TheaterDecl& theater : book_.theaters) cluster(theater);
    for (const std::string& node : loose_) out_ += "  " + node;
    legend();
    // What is watched on one side, what it leads to on the other.
    out_ += "  { rank=min;";
    for (const compiler::IndicatorDecl& indicator : book_.indicators)
      out_ += " " + quoted(id_of(indicator.name.text)) + ";";
    for (const std::string& feed : overdue_feeds()) out_ += " " + quoted("feed:" + feed) + ";";
    out_ += " }\n";
    edges();
    return out_ + "}\n";
  }

 private:
  using Pair = std::pair<std::string, std::string>;

  // --- Nodes ---------------------------------------------------------------------------------------------------------
  void collect() {
    for (const compiler::IndicatorDecl& indicator : book_.indicators) {
      const Style style = style_of(indicator.role);
      std::string more;
      for (const compiler::Word& feed : indicator.feeds) more += (more.empty() ? "by " : ", ") + feed.text;
      place(indicator.theater.text,
            node(id_of(indicator.name.text), label(indicator.title.text, indicator.name.text, more), style));
    }
    for (const compiler::ConditionDecl& condition : book_.conditions) {
      BookReach reach;
      reach_of(book_, *condition.value, reach);
      place(only_theater(reach), node(id_of(condition.name.text), label({}, condition.name.text, {}),
                                      {"box", "#ffffff", ", style=\"filled,rounded\""}));
    }
    for (const AlertDecl& alert : book_.alerts) {
      const bool linkage = alert.kind == engine::AlertKind::linkage;
      const Style style = linkage ? Style{"hexagon", colour_of(highest(alert)), ", penwidth=2, margin=\"0.05,0.05\""}
                                  : alert_style(highest(alert));
      const std::string text = node(alert_id(alert), label(alert.title.text, alert.name.text, levels_of(alert)), style);
      place(linkage || alert.theaters.empty() ? std::string{} : alert.theaters[0].text, text);
    }
    for (const std::string& feed : overdue_feeds()) {
      const auto decl = std::find_if(book_.feeds.begin(), book_.feeds.end(),
                                     [&](const compiler::FeedDecl& candidate) { return candidate.name.text == feed; });
      const std::string title = decl == book_.feeds.end() ? std::string{} : decl->title.text;
      BookReach reach;
      for (const compiler::IndicatorDecl& indicator : book_.indicators) {
        for (const compiler::Word& name : indicator.feeds) {
          if (name.text == feed) reach.indicators.push_back(indicator.name.text);
        }
      }
      place(only_theater(reach),
            node("feed:" + feed, label(title, feed, "silence of a feed"), {"folder", "#ffffff", ""}));
    }
  }
  void place(const std::string& theater, std::string node) {
    (theater.empty() ? loose_ : in_theater_[theater]).push_back(std::move(node));
  }
  static std::string node(const std::string& id, const std::string& label, const Style& style) {
    return quoted(id) + " [label=" + label + ", shape=" + style.shape + ", fillcolor=\"" + style.fill + "\"" +
           style.extra + "];\n";
  }
  // Indicators and conditions share one set of names, alerts and linkages another.
  static std::string id_of(const std::string& name) { return name; }
  static std::string alert_id(const AlertDecl& alert) { return "alert:" + alert.name.text; }

  [[nodiscard]] std::string only_theater(const BookReach& reach) const {
    std::set<std::string> theaters;
    for (const std::string& name : reach.indicators) {
      for (const compiler::IndicatorDecl& indicator : book_.indicators) {
        if (indicator.name.text == name) theaters.insert(indicator.theater.text);
      }
    }
    return theaters.size() == 1 ? *theaters.begin() : std::string{};
  }
  [[nodiscard]] std::set<std::string> overdue_feeds() const {
    std::set<std::string> feeds;
    for (const AlertDecl& alert : book_.alerts) {
      for (const std::string& feed : reach_of(book_, alert).overdue) feeds.insert(feed);
    }
    for (const compiler::ConditionDecl& condition : book_.conditions) {
      for (const std::string& feed : names_in(book_, *condition.value).overdue) feeds.insert(feed);
    }
    return feeds;
  }
  static engine::Level highest(const AlertDecl& alert) {
    engine::Level level = engine::Level::watch;
    for (const compiler::LevelClause& clause : alert.levels) level = std::max(level, clause.level.level);
    return level;
  }
  static std::string levels_of(const AlertDecl& alert) {
    std::string plain = "watch";
    std::string more;
    for (const compiler::LevelClause& clause : alert.levels) {
      const std::string name{text::name_of(clause.level.level)};
      if (clause.when) {
        more += ", up to " + name;
      } else {
        plain = name;
      }
    }
    return plain + more;
  }

  void cluster(const compiler::TheaterDecl& theater) {
    const auto nodes = in_theater_.find(theater.name.text);
    if (nodes == in_theater_.end()) return;
    const std::string title = theater.title.text.empty() ? theater.name.text : printable(theater.title.text);
    out_ += "  subgraph " + quoted("cluster_" + theater.name.text) + " {\n    label=" + quoted(title) +
            "; labeljust=l; fontsize=14; style=\"rounded,filled\"; color=\"#b8b8b8\"; fillcolor=\"#fbfaf5\";\n";
    for (const std::string& node : nodes->second) out_ += "    " + node;
    out_ += "  }\n";
  }

  void legend() {
    std::string inside;
    std::string last;
    const auto add = [&](const std::string& name, const Style& style) {
      const std::string id = "legend:" + name;
      inside += "    " + node(id, "<" + name + ">", style);
      last = id;
    };
    std::set<engine::Role> roles;
    for (const compiler::IndicatorDecl& indicator : book_.indicators) roles.insert(indicator.role);
    constexpr std::pair<engine::Role, const char*> kRoles[] = {{engine::Role::leading, "leading"},
                                                               {engine::Role::confirming, "confirming"},
                                                               {engine::Role::context, "context"},
                                                               {engine::Role::suppressor, "suppressor"},
                                                               {engine::Role::noise, "noise"}};
    for (const auto& [role, name] : kRoles) {
      if (roles.count(role) != 0) add(name, style_of(role));
    }
    add("condition", {"box", "#ffffff", ", style=\"filled,rounded\""});
    std::set<engine::Level> levels;
    for (const AlertDecl& alert : book_.alerts) levels.insert(highest(alert));
    for (const engine::Level level : levels) {
      add("alert, " + std::string{text::name_of(level)}, alert_style(level));
    }
    const bool linkages = std::any_of(book_.alerts.begin(), book_.alerts.end(),
                                      [](const AlertDecl& alert) { return alert.kind == engine::AlertKind::linkage; });
    if (linkages) add("linkage", {"hexagon", "#ffffff", ", penwidth=2"});
    out_ +=
        "  subgraph cluster_legend {\n    label=\"Legend\"; fontsize=11; color=\"#dddddd\"; rank=same;\n    node "
        "[fontsize=9, height=0.3, margin=\"0.08,0.04\"];\n" +
        inside + "  }\n";
  }

  // --- Arrows --------------------------------------------------------------------------------------------------------
  struct Arrow {
    std::string label;
    std::string style;
  };
  // The first arrow between two things stays: what makes a rule ring comes before what ends it.
  void arrow(const std::string& from, const std::string& to, const std::string& label, const char* style) {
    if (arrows_.try_emplace({from, to}, Arrow{label, style}).second) order_.push_back({from, to});
  }
  void arrows_to(const std::string& to, const Expr& expr, const std::string& label, const char* style) {
    if (expr.kind == ExprKind::then) {
      arrows_to(to, *expr.left, "first", style);
      arrows_to(to, *expr.right, "then, within " + text::format_span(expr.window.ms), style);
      return;
    }
    const bool negative = expr.kind == ExprKind::negate;
    if (expr.left) arrows_to(to, *expr.left, negative && label.empty() ? "not" : label, style);
    if (expr.right) arrows_to(to, *expr.right, expr.kind == ExprKind::unless && label.empty() ? "not" : label, style);
    if (expr.kind == ExprKind::name) arrow(id_of(expr.name.text), to, label, style);
    if (expr.kind == ExprKind::call) arrow(id_of(expr.indicator.text), to, label, style);
    if (expr.kind == ExprKind::overdue) arrow("feed:" + expr.name.text, to, label, style);
  }

  void edges() {
    constexpr const char* kPlain = "";
    constexpr const char* kLevel = ", style=dashed";
    constexpr const char* kClear = ", style=dotted, color=\"#999999\", fontcolor=\"#999999\"";
    constexpr const char* kAgainst = ", style=dashed, color=\"#b03030\", fontcolor=\"#b03030\"";
    for (const compiler::ConditionDecl& condition : book_.conditions) {
      arrows_to(id_of(condition.name.text), *condition.value, {}, kPlain);
    }
    for (const AlertDecl& alert : book_.alerts) {
      const std::string to = alert_id(alert);
      if (alert.when) arrows_to(to, *alert.when, {}, kPlain);
      for (const compiler::LevelClause& level : alert.levels) {
        if (level.when) arrows_to(to, *level.when, std::string{text::name_of(level.level.level)}, kLevel);
      }
      for (const compiler::NeedClause& need : alert.needs) {
        for (const compiler::NeedItem& item : need.items) {
          arrow(id_of(item.indicator.text), to, std::to_string(need.count.value) + " origins", kLevel);
        }
      }
      for (const compiler::Word& name : alert.against) arrow(id_of(name.text), to, "against", kAgainst);
      for (const compiler::WeighClause& weigh : alert.weighs) {
        if (weigh.when) arrows_to(to, *weigh.when, "weighs", kClear);
      }
      if (alert.clear) arrows_to(to, *alert.clear, "ends", kClear);
    }
    for (const Pair& pair : order_) {
      const Arrow& arrow = arrows_.at(pair);
      out_ += "  " + quoted(pair.first) + " -> " + quoted(pair.second);
      const std::string label = arrow.label.empty() ? std::string{} : "label=" + quoted(arrow.label);
      std::string attributes = label + arrow.style;
      if (attributes.starts_with(", ")) attributes.erase(0, 2);
      out_ += (attributes.empty() ? "" : " [" + attributes + "]") + ";\n";
    }
  }

  const compiler::Book& book_;
  std::string out_;
  std::vector<std::string> loose_;
  std::map<std::string, std::vector<std::string>> in_theater_;
  std::map<Pair, Arrow> arrows_;
  std::vector<Pair> order_;
};
}  // namespace

std::string book_graph(const compiler::Book& book) { return Graph{book}.run(); }
}  // namespace tocsin::tools
