// SPDX-License-Identifier: Apache-2.0
#include "lib/why.hpp"

#include "tocsin/text/json_lines.hpp"

#include "lib/did_you_mean.hpp"
#include "lib/expression.hpp"
#include "lib/json.hpp"
#include "lib/why_parts.hpp"

namespace tocsin::tools {
namespace {
using engine::Alert;
using engine::Image;
using engine::Instant;
using engine::kForever;
using engine::kNever;
using engine::kNone;
using engine::Truth;
using wire::WhyReport;

constexpr std::size_t kLabel = 11;

std::string padded(std::string_view text, std::size_t width) {
  std::string out{text};
  if (out.size() < width) out.append(width - out.size(), ' ');
  return out;
}

std::string field(const Palette& palette, std::string_view name, const std::string& text) {
  return "  " + palette.dim(padded(name, kLabel)) + text + "\n";
}

std::string value_text(const Palette& palette, Truth value, std::size_t width = 0) {
  const std::string word = padded(text::name_of(value), width);
  if (value == Truth::yes) return palette.green(word);
  return value == Truth::unknown ? palette.yellow(word) : palette.bold(word);
}

/// What a rule is made of, in the order in which it is shown.
struct Section {
  std::string title;  ///< "when", "level high when" ...
  std::string key;    ///< of the JSON form
  WhyPart tree;
};

std::vector<Section> sections_of(const Image& image, const WhyReport& report) {
  if (report.alert == kNone) {
    return {{"condition", "condition", why_tree(image, report, image.conditions[report.condition].node)}};
  }
  const Alert& alert = image.alerts[report.alert];
  std::vector<Section> out;
  out.push_back({"when", "when", why_tree(image, report, alert.when)});
  for (const auto& level : image.level_rules.subspan(alert.levels.first, alert.levels.count)) {
    const std::string name{text::name_of(static_cast<engine::Level>(level.level))};
    out.push_back({"level " + name + " when", name, why_tree(image, report, level.node)});
  }
  if (alert.clear != kNone) out.push_back({"clear when", "clear", why_tree(image, report, alert.clear)});
  return out;
}

/// Where an alert stands between its raise and its next.
struct Standing {
  Instant cooldown_until = kNever;  ///< kNever: none runs
  Instant clears_at = kForever;     ///< hold completes, if nothing changes; kForever: it does not run
};

Standing standing_of(const Image& image, const WhyReport& report) {
  const Alert& alert = image.alerts[report.alert];
  Standing out;
  const auto& state = report.state;
  if (!state.raised && state.last_raise != kNever && state.last_raise + alert.cooldown_ms > report.at) {
    out.cooldown_until = state.last_raise + alert.cooldown_ms;
  }
  if (state.raised && state.clear_since != kForever) out.clears_at = state.clear_since + alert.hold_ms;
  return out;
}

std::string need_line(const Image& image, const engine::Need& need, const engine::NeedView& seen) {
  const std::string now = std::to_string(seen.origins) + " of " + counted(need.count, "origin", "origins");
  return printable(need_text(image, need)) + ": " + (seen.met ? "met" : now);
}

std::string clear_line(const Image& image, const WhyReport& report) {
  const Alert& alert = image.alerts[report.alert];
  const auto& state = report.state;
  if (state.clear_since == kForever) return "not true";
  std::string out = "true since " + text::format_instant(state.clear_since);
  const Instant end = state.clear_since + alert.hold_ms;
  if (alert.hold_ms == 0 || end <= report.at) return out;
  return out + ", held " + span_text(report.at - state.clear_since) + " of " + duration_text(alert.hold_ms) + ", " +
         span_text(end - report.at) + " left";
}

std::string state_lines(const Image& image, const WhyReport& report, const Palette& palette) {
  const auto& state = report.state;
  const Alert& alert = image.alerts[report.alert];
  std::string line = "down";
  if (state.raised) {
    line = "raised at " + text::format_instant(state.raised_at) +
           (state.raised_at == report.at ? "" : " (" + span_text(report.at - state.raised_at) + " ago)") + ", level " +
           palette.level(state.level, text::name_of(state.level));
  } else if (state.when == Truth::unknown) {
    line += ", and whether it should be raised is " + palette.yellow("unknown");
  }
  std::string out = field(palette, "state", line);
  const Standing standing = standing_of(image, report);
  if (standing.cooldown_until != kNever) {
    out += field(palette, "cooldown",
                 span_text(standing.cooldown_until - report.at) + " left, until " +
                     text::format_instant(standing.cooldown_until));
  }
  if (state.raised) out += field(palette, "clear", clear_line(image, report));
  std::size_t index = 0;
  for (const auto& need : image.needs.subspan(alert.needs.first, alert.needs.count)) {
    out += field(palette, "needs", need_line(image, need, report.needs[index++]));
  }
  return out;
}

std::string feed_lines(const Image& image, const WhyReport& report, const Palette& palette) {
  std::string out;
  for (const auto& feed : report.feeds) {
    if (feed.overdue) out += field(palette, "silent", palette.yellow(silence_text(image, report, feed)));
  }
  std::string blind;
  for (const std::uint16_t indicator : report.blind_indicators) {
    blind += (blind.empty() ? "" : ", ") + printable(image.view(image.indicators[indicator].name));
  }
  if (!blind.empty()) out += field(palette, "blind", palette.yellow(blind));
  return out;
}

void tree_lines(const WhyPart& part, std::size_t depth, const Palette& palette, std::string& out) {
  out.append(4 + 2 * depth, ' ');
  out += part.is_number ? padded("", 9) : value_text(palette, part.value, 9);
  if (!part.condition.empty()) out += palette.bold(part.condition) + " = ";
  out += part.text;
  if (part.is_number) out += part.number ? " = " + text::format_number(*part.number) : " is unknown";
  if (!part.note.empty()) out += palette.dim("  -- ") + part.note;
  if (part.saturated) out += "  " + palette.yellow("(saturated: more reports than are kept)");
  if (part.above) out += palette.dim("  (see above)");
  out += '\n';
  for (const WhyPart& one : part.parts) tree_lines(one, depth + 1, palette, out);
}

/// Conditions that only weigh on an alert, one line each.
std::string weighing_lines(const Image& image, const WhyReport& report, const Palette& palette) {
  const Alert& alert = image.alerts[report.alert];
  std::string out;
  const auto value_of = [&report](std::uint16_t node) {
    const auto* view = report.find(node);
    return view == nullptr ? Truth::unknown : view->truth;
  };
  for (const std::uint16_t condition : image.list(alert.against)) {
    out += field(palette, "against",
                 value_text(palette, value_of(image.conditions[condition].node), 9) +
                     printable(image.view(image.conditions[condition].name)));
  }
  for (const auto& clause : image.weigh_clauses.subspan(alert.weighs.first, alert.weighs.count)) {
    std::string words;
    for (const auto& weight : image.weights.subspan(clause.weights.first, clause.weights.count)) {
      words += (words.empty() ? "" : ", ") + printable(image.view(image.hypotheses[weight.hypothesis].name)) +
               (weight.weight < 0 ? " " : " +") + std::to_string(weight.weight);
    }
    const Truth value = clause.when == kNone ? Truth::yes : value_of(clause.when);
    if (clause.when != kNone) words += " when " + printable(expression_text(image, clause.when));
    out += field(palette, "weigh", value_text(palette, value, 9) + words);
  }
  return out;
}

std::string headline(const Image& image, const WhyReport& report, const Palette& palette) {
  std::string out;
  if (report.alert != kNone) {
    const Alert& alert = image.alerts[report.alert];
    out = palette.bold(printable(image.view(alert.name)));
    if (alert.title.length != 0) out += "  \"" + printable(image.view(alert.title)) + "\"";
    out += palette.dim(alert.kind == static_cast<std::uint8_t>(engine::AlertKind::linkage) ? "  linkage" : "  alert");
  } else {
    out = palette.bold(printable(image.view(image.conditions[report.condition].name))) + palette.dim("  condition");
  }
  return out + "  at " + text::format_instant(report.at) + "\n";
}

// --- JSON
std::string part_json(const WhyPart& part) {
  JsonObject object;
  if (!part.condition.empty()) object.text("condition", part.condition);
  object.text("text", part.text);
  if (!part.is_number) object.text("value", text::name_of(part.value));
  if (part.number) object.raw("number", text::format_number(*part.number));
  if (part.is_number && !part.number) object.text("number", "unknown");
  if (part.saturated) object.flag("saturated", true);
  if (!part.note.empty()) object.text("note", part.note);
  if (part.above) object.flag("above", true);
  if (!part.parts.empty()) {
    std::vector<std::string> parts;
    for (const WhyPart& one : part.parts) parts.push_back(part_json(one));
    object.raw("parts", json_array(parts));
  }
  return object.str();
}

std::string texts_json(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const std::string& one : texts) quoted.push_back(json_string(one));
  return json_array(quoted);
}

void state_json(const Image& image, const WhyReport& report, JsonObject& object) {
  const auto& state = report.state;
  const Alert& alert = image.alerts[report.alert];
  object.flag("raised", state.raised);
  if (state.raised) {
    object.text("level", text::name_of(state.level)).instant("raised_at", state.raised_at);
    if (state.clear_since != kForever) object.instant("clear_since", state.clear_since);
  }
  const Standing standing = standing_of(image, report);
  object.instant("cooldown_until", standing.cooldown_until).instant("clears_at", standing.clears_at);
  std::vector<std::string> needs;
  std::size_t index = 0;
  for (const auto& need : image.needs.subspan(alert.needs.first, alert.needs.count)) {
    const auto& seen = report.needs[index++];
    needs.push_back(JsonObject{}
                        .text("text", need_text(image, need))
                        .number("origins", seen.origins)
                        .number("count", need.count)
                        .flag("met", seen.met)
                        .str());
  }
  if (!needs.empty()) object.raw("needs", json_array(needs));
}

std::string feeds_json(const Image& image, const WhyReport& report) {
  std::vector<std::string> feeds;
  for (const auto& feed : report.feeds) {
    if (!feed.overdue) continue;
    feeds.push_back(JsonObject{}
                        .text("feed", image.view(image.feeds[feed.feed].name))
                        .instant("last_contact", feed.last_contact)
                        .str());
  }
  return feeds.empty() ? std::string{} : json_array(feeds);
}
}  // namespace

std::string why_text(const Image& image, const WhyReport& report, const Palette& palette) {
  const std::vector<Section> sections = sections_of(image, report);
  std::string out = headline(image, report, palette);
  if (report.alert != kNone) out += state_lines(image, report, palette);
  out += feed_lines(image, report, palette);
  const bool asks = report.alert == kNone || !report.state.raised;
  std::string_view name = "lacks";
  if (asks) {
    for (const std::string& one : lacking(sections.front().tree)) {
      out += field(palette, name, one);
      name = "";
    }
  }
  for (const Section& section : sections) {
    out += "  " + palette.dim(section.title) + "\n";
    tree_lines(section.tree, 0, palette, out);
  }
  if (report.alert != kNone) out += weighing_lines(image, report, palette);
  return out;
}

std::string why_json(const Image& image, const WhyReport& report) {
  const std::vector<Section> sections = sections_of(image, report);
  JsonObject object;
  if (report.alert != kNone) {
    const Alert& alert = image.alerts[report.alert];
    object.text("name", image.view(alert.name));
    object.text("kind", alert.kind == static_cast<std::uint8_t>(engine::AlertKind::linkage) ? "linkage" : "alert");
  } else {
    object.text("name", image.view(image.conditions[report.condition].name)).text("kind", "condition");
  }
  object.instant("at", report.at).instant("clock", report.clock).text("value", text::name_of(sections[0].tree.value));
  if (report.alert != kNone) state_json(image, report, object);
  object.raw("lacks", texts_json(lacking(sections.front().tree)));
  if (const std::string feeds = feeds_json(image, report); !feeds.empty()) object.raw("silent", feeds);
  std::vector<std::string> blind;
  for (const std::uint16_t one : report.blind_indicators) {
    blind.push_back(json_string(image.view(image.indicators[one].name)));
  }
  if (!blind.empty()) object.raw("blind_indicators", json_array(blind));
  std::vector<std::string> levels;
  for (const Section& section : sections) {
    if (section.key == "when" || section.key == "condition" || section.key == "clear") {
      object.raw(section.key, part_json(section.tree));
    } else {
      levels.push_back(JsonObject{}.text("level", section.key).raw("when", part_json(section.tree)).str());
    }
  }
  if (!levels.empty()) object.raw("levels", json_array(levels));
  return object.str();
}

std::string no_such_rule(const Image& image, std::string_view name) {
  std::vector<std::string> known;
  add_names(image, image.alerts, known);
  add_names(image, image.conditions, known);
  return "the book has no alert, linkage or condition \"" + printable(name) + "\"" + did_you_mean(name, known);
}
}  // namespace tocsin::tools
