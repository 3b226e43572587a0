// SPDX-License-Identifier: Apache-2.0
#include "lib/explain.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "tocsin/text/json_lines.hpp"

#include "lib/book_reach.hpp"
#include "lib/prose.hpp"
#include "lib/terminal.hpp"

namespace tocsin::tools {
namespace {
using compiler::AlertDecl;
using compiler::Expr;
using compiler::ExprKind;

std::string word_of(engine::Level level) { return std::string{text::name_of(level)}; }

// Text that an analyst wrote, as a sentence: with its own full stop, or one of ours.
std::string sentence(const std::string& written) {
  const std::string text = printable(written);
  return text.empty() || text.ends_with('.') || text.ends_with('!') || text.ends_with('?') ? text : text + ".";
}

const char* in_words(engine::Role role) {
  switch (role) {
    case engine::Role::leading:
      return "a leading sign";
    case engine::Role::confirming:
      return "a confirming sign";
    case engine::Role::context:
      return "context";
    case engine::Role::suppressor:
      return "a sign that calms";
    case engine::Role::noise:
      return "noise, which may raise no alert";
    case engine::Role::unspecified:
      break;
  }
  return nullptr;
}

class Explainer {
 public:
  explicit Explainer(const compiler::Book& book) : book_{book}, prose_{book} {}

  Explanation alert(const AlertDecl& alert) {
    const bool linkage = alert.kind == engine::AlertKind::linkage;
    Explanation out{linkage ? "linkage" : "alert", alert.name.text, printable(alert.title.text), place_of(alert), {}};
    const BookReach reach = reach_of(book_, alert);
    add(out, "rings", rings(alert));
    add(out, "level", level(alert));
    add(out, "ends", ends(alert));
    add(out, "rests_on", rests_on(alert, reach));
    add(out, "missing", missing(reach, consequence(alert)));
    add(out, "late", late());
    add(out, "judgement", judgement(alert));
    add(out, "caveats", caveats(alert));
    add(out, "handling", handling(alert));
    return out;
  }

  Explanation condition(const compiler::ConditionDecl& condition) {
    Explanation out{"condition", condition.name.text, {}, {}, {}};
    BookReach reach;
    std::string meaning = condition.name.text + " holds while " + prose_.clause(*condition.value) + ".";
    reach_of(book_, *condition.value, reach);
    meaning += definitions(names_in(book_, *condition.value).conditions);
    add(out, "meaning", std::move(meaning));
    add(out, "use", use_of(condition.name.text));
    add(out, "missing",
        missing(reach, "Where that leaves it open, " + condition.name.text + " is unknown: neither true nor false."));
    return out;
  }

  Explanation indicator(const compiler::IndicatorDecl& indicator) {
    Explanation out{"indicator", indicator.name.text, printable(indicator.title.text), {}, {}};
    if (!indicator.theater.text.empty()) out.place = prose_.theater(indicator.theater);
    std::string meaning = capitalised(about(indicator));
    if (!indicator.kind.text.empty()) meaning += " Its kind is " + spaced(indicator.kind.text) + ".";
    meaning += " Its compartment is " + (indicator.compartment.text.empty() ? "main" : indicator.compartment.text) +
               ". The newest " + std::to_string(indicator.keep.value) + " of its reports are kept.";
    add(out, "meaning", std::move(meaning));
    add(out, "use", use_of(indicator.name.text));
    BookReach reach;
    reach.indicators.push_back(indicator.name.text);
    add(out, "missing", missing(reach, {}));
    return out;
  }

 private:
  static void add(Explanation& out, const char* topic, std::string text) {
    if (!text.empty()) out.paragraphs.push_back({topic, std::move(text)});
  }
  static std::string spaced(std::string name) {
    std::replace(name.begin(), name.end(), '_', ' ');
    return name;
  }

  [[nodiscard]] std::string place_of(const AlertDecl& alert) const {
    std::vector<std::string> theaters;
    for (const compiler::Word& theater : alert.theaters) theaters.push_back(prose_.theater(theater));
    if (alert.kind == engine::AlertKind::alert) return list_in_words(theaters);
    return alert.directed ? "from " + list_in_words(theaters, "to") : "between " + list_in_words(theaters);
  }

  // What the names in a sentence mean, each once for one explanation, those within them too.
  std::string definitions(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) {
      const compiler::ConditionDecl* const condition = prose_.find_condition(name);
      if (condition == nullptr || std::find(defined_.begin(), defined_.end(), name) != defined_.end()) continue;
      defined_.push_back(name);
      out += " Here " + name + " holds while " + prose_.clause(*condition->value) + ".";
      out += definitions(names_in(book_, *condition->value).conditions);
    }
    return out;
  }
  std::string definitions(const Expr& expr) { return definitions(names_in(book_, expr).conditions); }

  // --- The paragraphs ------------------------------------------------------------------------------------------------
  std::string rings(const AlertDecl& alert) {
    if (!alert.when) return {};
    std::string out;
    if (alert.kind == engine::AlertKind::linkage) {
      std::vector<std::string> theaters;
      for (const compiler::Word& theater : alert.theaters) theaters.push_back(prose_.theater(theater));
      out = alert.directed ? "This linkage watches for what happens in one theater, " + theaters.at(1) +
                                 ", given what happened in another, " + theaters.at(0) + ". "
                           : "This linkage watches " + number_in_words(theaters.size()) + " theaters together, " +
                                 list_in_words(theaters) + ". ";
    } else if (!alert.theaters.empty()) {
      out = "This alert watches one theater, " + prose_.theater(alert.theaters[0]) + ". ";
    }
    out += "It rings as soon as " + prose_.clause(*alert.when) + ".";
    return out + definitions(*alert.when);
  }

  std::string level(const AlertDecl& alert) {
    engine::Level plain = engine::Level::watch;
    for (const compiler::LevelClause& clause : alert.levels) {
      if (!clause.when) plain = clause.level.level;
    }
    std::string out = "Its level is " + word_of(plain);
    std::string names;
    bool moves = false;
    for (const compiler::LevelClause& clause : alert.levels) {
      if (!clause.when) continue;
      out += (moves ? "; and " : "; it is ") + word_of(clause.level.level) + " while " + prose_.clause(*clause.when);
      names += definitions(*clause.when);
      moves = true;
    }
    out += "." + names;
    if (moves)
      out += " The level follows these facts, up and down, for as long as the alert is raised, and the highest counts.";
    for (const compiler::NeedClause& need : alert.needs) out += " " + need_sentence(need);
    return out;
  }

  std::string need_sentence(const compiler::NeedClause& need) const {
    std::vector<std::string> reports;
    for (const compiler::NeedItem& item : need.items)
      reports.push_back(prose_.indicator(item.indicator) + prose_.filter(item.filter));
    const bool one = need.count.value == 1;
    return "It is kept at " + word_of(need.otherwise.level) + " or below until " +
           (one ? "there is a report of " : "there are reports of ") + list_in_words(reports, "or") + " from " +
           number_in_words(need.count.value) + (one ? " origin" : " different origins") + " within " +
           span_in_words(need.within.ms) + "; from then until it is cleared this limit is gone." +
           (one ? "" : " Feeds that pass on what the same origin saw are one witness.");
  }

  std::string ends(const AlertDecl& alert) {
    std::string out;
    const std::string held =
        alert.hold.ms > 0 ? " and this has stayed so for " + span_in_words(alert.hold.ms) : std::string{};
    if (alert.clear) {
      out = "It is cleared as soon as " + prose_.clause(*alert.clear) + held + ", and cannot ring while that is so." +
            definitions(*alert.clear);
    } else if (alert.when && alert.hold.ms == 0 && alert.when->kind == ExprKind::name &&
               prose_.find_condition(alert.when->name.text) == nullptr) {
      out = "A report holds for its own instant only, so it is cleared at once after each.";
    } else {
      out = "It is cleared as soon as that is no longer so" + held + ".";
    }
    if (alert.cooldown.ms > 0) {
      out += " Having rung, it does not ring again for " + span_in_words(alert.cooldown.ms) +
             ", counted from the moment it rang.";
    }
    return out;
  }

  [[nodiscard]] std::string origins_of(const compiler::FeedDecl& feed) const {
    std::vector<std::string> origins;
    for (const compiler::Word& name : feed.origins) {
      const auto found =
          std::find_if(book_.origins.begin(), book_.origins.end(),
                       [&](const compiler::OriginDecl& origin) { return origin.name.text == name.text; });
      const char reliability = found == book_.origins.end() ? 'F' : found->reliability;
      origins.push_back(prose_.origin(name) + " (reliability " + reliability + ")");
    }
    return list_in_words(origins, "or");
  }

  // Feeds are told once in an explanation.
  std::string about(const compiler::IndicatorDecl& indicator) {
    std::string out = prose_.indicator(indicator.name) + " (" + indicator.name.text + ")";
    if (const char* role = in_words(indicator.role); role != nullptr) {
      out += std::string{" is "} + role;
    } else {
      out += " is watched";
    }
    if (!indicator.actor.text.empty()) out += ", about " + prose_.actor(indicator.actor);
    if (!indicator.unit.text.empty()) out += ", counted in " + printable(indicator.unit.text);
    std::vector<std::string> feeds;
    for (const compiler::Word& name : indicator.feeds) {
      const compiler::FeedDecl* const feed = prose_.find_feed(name.text);
      if (feed == nullptr) continue;
      const bool told = std::find(told_.begin(), told_.end(), name.text) != told_.end();
      if (!told) told_.push_back(name.text);
      feeds.push_back(prose_.feed(name) + (told ? "" : ", seen by " + origins_of(*feed)));
    }
    if (feeds.empty()) return out + ". No feed brings it.";
    std::string by;
    for (std::size_t i = 0; i < feeds.size(); ++i)
      by += (i == 0 ? "" : i + 1 == feeds.size() ? "; and by " : "; by ") + feeds[i];
    return out + ". It comes by " + by + ".";
  }

  std::string rests_on(const AlertDecl& alert, const BookReach& reach) {
    std::string out;
    if (!reach.indicators.empty()) {
      out = "It rests on " + number_in_words(reach.indicators.size()) +
            (reach.indicators.size() == 1 ? " indicator." : " indicators.");
      for (const std::string& name : reach.indicators) {
        if (const compiler::IndicatorDecl* const decl = prose_.find_indicator(name); decl != nullptr) {
          out += " " + about(*decl);
        }
      }
    }
    if (!alert.compartments.empty()) {
      std::vector<std::string> names;
      for (const compiler::Word& name : alert.compartments) names.push_back(name.text);
      out += (out.empty() ? "" : " ") + std::string{"It may use nothing outside the compartment"} +
             (names.size() == 1 ? " " : "s ") + list_in_words(names) + ".";
    }
    if (!reach.indicators.empty()) {
      out += " When it rings, it shows for each number and event " +
             (alert.evidence.value == 1 ? "the newest report"
                                        : "up to " + number_in_words(alert.evidence.value) + " of the newest reports") +
             " behind it, with origin and grade.";
    }
    return out;
  }

  // --- Missing data --------------------------------------------------------------------------------------------------
  [[nodiscard]] std::string consequence(const AlertDecl& alert) const {
    if (!alert.when) return {};
    return "Where that leaves open whether it should ring, the alert says UNKNOWN instead of keeping silent. Once "
           "raised "
           "it stays raised until it is known that it may be cleared.";
  }

  std::string missing(const BookReach& reach, const std::string& consequence) const {
    // Indicators that go blind together, by the feeds whose silence does it.
    std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> groups;
    std::vector<std::string> never;
    std::vector<std::string> always;
    for (const std::string& name : reach.indicators) {
      const compiler::IndicatorDecl* const decl = prose_.find_indicator(name);
      if (decl == nullptr) continue;
      std::vector<std::string> regular;
      for (const compiler::Word& word : decl->feeds) {
        const compiler::FeedDecl* const feed = prose_.find_feed(word.text);
        if (feed != nullptr && feed->every.ms > 0) regular.push_back(word.text);
      }
      const std::string title = prose_.indicator(decl->name);
      if (decl->feeds.empty()) {
        always.push_back(title);
      } else if (regular.empty()) {
        never.push_back(title);
      } else {
        const auto group =
            std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == regular; });
        if (group == groups.end()) {
          groups.push_back({regular, {title}});
        } else {
          group->second.push_back(title);
        }
      }
    }
    std::string out;
    const auto say = [&out](const std::string& text) { out += (out.empty() ? "" : " ") + text; };
    for (const std::string& feed : reach.overdue) say(overdue_sentence(feed));
    for (const auto& [feeds, titles] : groups) say(blind_sentence(feeds, titles));
    if (!always.empty()) say("No feed brings " + list_in_words(always, "or") + ", so nothing is ever known of it.");
    if (reach.may_lack_reports) {
      say("What is taken from reports, such as the latest or the highest value, is also unknown while there are no "
          "reports to take it from.");
    } else if (reach.asks_for_reports) {
      say("A number that asks for so many reports at least is unknown while there are fewer.");
    }
    if (out.empty() && reach.overdue.empty() && never.empty()) return {};
    if (reach.divides) say("What is divided by zero is unknown as well.");
    const bool unknowable =
        reach.divides || !groups.empty() || !always.empty() || reach.may_lack_reports || reach.asks_for_reports;
    if (unknowable && !consequence.empty()) say(consequence);
    if (!never.empty()) {
      say("No feed promises to report " + list_in_words(never, "or") +
          " at regular times, so silence there is taken to mean that nothing happened.");
    }
    return out;
  }

  [[nodiscard]] std::string overdue_sentence(const std::string& name) const {
    const compiler::FeedDecl* const feed = prose_.find_feed(name);
    if (feed == nullptr) return {};
    return "The silence of " + prose_.feed(feed->name) + ", which should be heard from " +
           rhythm_in_words(feed->every.ms) + ", is itself what is watched here.";
  }

  [[nodiscard]] std::string blind_sentence(const std::vector<std::string>& feeds,
                                           const std::vector<std::string>& titles) const {
    std::vector<std::string> rhythms;
    std::vector<std::string> limits;
    for (const std::string& name : feeds) {
      const compiler::FeedDecl& feed = *prose_.find_feed(name);
      rhythms.push_back(prose_.feed(feed.name) + " should be heard from " + rhythm_in_words(feed.every.ms));
      limits.push_back(span_in_words(feed.every.ms + feed.grace.ms));
    }
    std::string out = list_in_words(rhythms) + ". ";
    out += feeds.size() == 1 ? "When it has been silent for " + limits[0]
                             : "When all of them are silent at once, for " + list_in_words(limits) + " respectively";
    return out + ", whatever is taken from " + list_in_words(titles, "or") +
           " is unknown, which is not the same as calm.";
  }

  [[nodiscard]] std::string late() const {
    constexpr engine::Span kDefaultHorizon = 14LL * 24 * 60 * 60 * 1000;
    const engine::Span horizon = book_.horizon ? book_.horizon->ms : kDefaultHorizon;
    return "Reports may come late and in any order: up to " + span_in_words(horizon) +
           " late they count at the time they speak of. An alert may then ring for a moment that has passed, or be "
           "withdrawn because late news proves it wrong; it names the report that did so. The same holds for reports "
           "that "
           "their feed takes back. News that comes later still is kept on file and changes nothing.";
  }

  // --- What a person should make of it -------------------------------------------------------------------------------
  std::string judgement(const AlertDecl& alert) {
    std::string out;
    const auto say = [&out](const std::string& text) { out += (out.empty() ? "" : " ") + text; };
    if (!alert.weighs.empty()) {
      say("When it rings it weighs " +
          std::string{alert.weighs.size() == 1 && alert.weighs[0].items.size() == 1
                          ? "one explanation"
                          : "explanations against each other"} +
          ".");
    }
    for (const compiler::WeighClause& clause : alert.weighs) {
      std::vector<std::string> items;
      for (const compiler::WeighItem& item : clause.items) {
        items.push_back(prose_.hypothesis(item.hypothesis) + (item.weight < 0 ? " loses " : " gains ") +
                        std::to_string(std::abs(static_cast<int>(item.weight))));
      }
      const std::string when = clause.when ? " if " + prose_.clause(*clause.when) : " in any case";
      say(list_in_words(items) + when + "." + (clause.when ? definitions(*clause.when) : ""));
    }
    if (!alert.against.empty()) {
      std::vector<std::string> names;
      for (const compiler::Word& name : alert.against) names.push_back(name.text);
      say("It also shows whether " + list_in_words(names, "or") +
          (names.size() == 1 ? " holds, which would speak" : " hold, which would speak") + " against it." +
          definitions(names));
    }
    std::vector<std::string> checks;
    for (const compiler::DisconfirmClause& clause : alert.disconfirms) {
      checks.push_back("\"" + printable(clause.text.text) + "\" " + span_in_words(clause.by.ms) + " after it rang");
    }
    if (!checks.empty())
      say("What would speak against it afterwards, to be looked at by hand: " + list_in_words(checks) + ".");
    return out;
  }

  [[nodiscard]] static std::string caveats(const AlertDecl& alert) {
    std::string out;
    for (const compiler::Word& caveat : alert.caveats) {
      out += (out.empty() ? "Bear in mind: " : " Also: ") + sentence(caveat.text);
    }
    return out;
  }

  [[nodiscard]] static std::string handling(const AlertDecl& alert) {
    std::string out;
    if (!alert.marking_word.text.empty()) {
      std::string marking = spaced(alert.marking_word.text);
      for (char& c : marking) c = c == ' ' ? '+' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      out = "It is marked TLP:" + marking;
    }
    if (!alert.release.empty()) {
      std::vector<std::string> names;
      for (const compiler::Word& name : alert.release) names.push_back(name.text);
      out += (out.empty() ? "It" : " and") + std::string{" may be released to "} + list_in_words(names);
    }
    return out.empty() ? out : out + ".";
  }

  [[nodiscard]] static bool reaches(const BookReach& reach, const std::string& name) {
    const auto among = [&](const std::vector<std::string>& all) {
      return std::find(all.begin(), all.end(), name) != all.end();
    };
    return among(reach.conditions) || among(reach.indicators);
  }
  /// What an alert only judges by: `weigh ... when` and `against`.
  [[nodiscard]] bool judges_by(const AlertDecl& alert, const std::string& name) const {
    BookReach reach;
    for (const compiler::WeighClause& weigh : alert.weighs) {
      if (weigh.when) reach_of(book_, *weigh.when, reach);
    }
    for (const compiler::ConditionDecl& condition : book_.conditions) {
      for (const compiler::Word& against : alert.against) {
        if (against.text != condition.name.text) continue;
        reach.conditions.push_back(against.text);
        reach_of(book_, *condition.value, reach);
      }
    }
    return reaches(reach, name);
  }

  [[nodiscard]] std::string use_of(const std::string& name) const {
    std::vector<std::string> direct;
    std::vector<std::string> judging;
    std::vector<std::string> through;
    for (const AlertDecl& alert : book_.alerts) {
      if (reaches(reach_of(book_, alert), name)) {
        direct.push_back(alert.name.text);
      } else if (judges_by(alert, name)) {
        judging.push_back(alert.name.text);
      }
    }
    for (const compiler::ConditionDecl& condition : book_.conditions) {
      if (reaches(names_in(book_, *condition.value), name)) through.push_back(condition.name.text);
    }
    std::string out;
    if (!through.empty()) {
      out =
          "It is used by the condition" + std::string{through.size() == 1 ? " " : "s "} + list_in_words(through) + ". ";
    }
    const auto alerts = [](const std::vector<std::string>& names, const char* one, const char* many) {
      return (names.size() == 1 ? std::string{"One alert "} + one
                                : capitalised(number_in_words(names.size())) + " alerts " + many) +
             ": " + list_in_words(names) + ".";
    };
    out += direct.empty() ? "No alert rests on it." : alerts(direct, "rests on it", "rest on it");
    if (!judging.empty())
      out += " " + alerts(judging, "judges by it what an event means", "judge by it what an event means");
    return out;
  }

  const compiler::Book& book_;
  Prose prose_;
  std::vector<std::string> defined_;
  std::vector<std::string> told_;
};
}  // namespace

std::optional<Explanation> explain(const compiler::Book& book, std::string_view name) {
  for (const AlertDecl& alert : book.alerts) {
    if (alert.name.text == name) return Explainer{book}.alert(alert);
  }
  for (const compiler::ConditionDecl& condition : book.conditions) {
    if (condition.name.text == name) return Explainer{book}.condition(condition);
  }
  for (const compiler::IndicatorDecl& indicator : book.indicators) {
    if (indicator.name.text == name) return Explainer{book}.indicator(indicator);
  }
  return std::nullopt;
}

std::vector<Explanation> explain_all(const compiler::Book& book) {
  std::vector<Explanation> all;
  for (const engine::AlertKind kind : {engine::AlertKind::linkage, engine::AlertKind::alert}) {
    for (const AlertDecl& alert : book.alerts) {
      if (alert.kind == kind) all.push_back(Explainer{book}.alert(alert));
    }
  }
  for (const compiler::ConditionDecl& condition : book.conditions) all.push_back(Explainer{book}.condition(condition));
  return all;
}

std::vector<std::string> explainable_names(const compiler::Book& book) {
  std::vector<std::string> names;
  for (const AlertDecl& alert : book.alerts) names.push_back(alert.name.text);
  for (const compiler::ConditionDecl& condition : book.conditions) names.push_back(condition.name.text);
  for (const compiler::IndicatorDecl& indicator : book.indicators) names.push_back(indicator.name.text);
  return names;
}
}  // namespace tocsin::tools
