// SPDX-License-Identifier: Apache-2.0
// [[principal]] and [[audience]]: who may do what, and see what.
#include <algorithm>
#include <array>
#include <cmath>

#include "config_parts.hpp"
#include "near_name.hpp"

namespace tocsin::daemon {
namespace {
constexpr std::size_t kNameMax = 64;
constexpr auto kMarkings =
    std::to_array<std::string_view>({"unspecified", "clear", "green", "amber", "amber_strict", "red"});

void read_range(const toml::table& table, const std::string& where, PrincipalConfig& out,
                std::vector<ConfigProblem>& problems) {
  TableReader reader{table, "an entry of ranges in " + where, problems};
  RangeConfig range;
  if (reader.text("indicator", range.indicator.text, "name the indicator")) {
    range.indicator.place = reader.place("indicator");
  }
  const bool low = reader.real("min", range.min);
  const bool high = reader.real("max", range.max);
  if (range.min > range.max) reader.refuse(reader.place("min"), "\"min\" is above \"max\"; swap them");
  if (!low && !high && table.get("min") == nullptr && table.get("max") == nullptr) {
    reader.refuse(reader.place(), "a range needs \"min\" or \"max\" or both");
  }
  reader.refuse_unknown();
  out.ranges.push_back(std::move(range));
}

void read_ranges(TableReader& reader, const std::string& where, PrincipalConfig& out) {
  const auto* node = reader.find("ranges");
  if (node == nullptr) return;
  constexpr const char* kLike = R"(must be a list such as [{ indicator = "x", min = 0, max = 500 }])";
  const auto* list = node->as_array();
  if (list == nullptr) {
    reader.wrong(*node, "ranges", kLike);
    return;
  }
  for (const auto& element : *list) {
    if (const auto* entry = element.as_table()) {
      read_range(*entry, where, out, reader.problems());
    } else {
      reader.wrong(element, "ranges", kLike);
    }
  }
}

void read_roles(TableReader& reader, PrincipalConfig& out) {
  static constexpr std::array<std::string_view, 3> kWords{"read", "acknowledge", "reload"};
  static constexpr std::array<Role, 3> kRoles{Role::read, Role::acknowledge, Role::reload};
  std::vector<PlacedText> words;
  if (!reader.texts("roles", words)) {
    // Whoever may open the file of a local socket is trusted with it; a key is trusted with what the config says.
    out.roles = out.endpoint.empty() ? Role::none : Role::all;
    return;
  }
  for (const auto& word : words) {
    const auto found = std::find(kWords.begin(), kWords.end(), word.text);
    if (found == kWords.end()) {
      const auto near = did_you_mean(word.text, kWords);
      reader.refuse(word.place, "unknown role " + in_quotes(word.text) +
                                    (near.empty() ? "; roles are read, acknowledge and reload" : near));
      continue;
    }
    out.roles = out.roles | kRoles[static_cast<std::size_t>(found - kWords.begin())];
  }
}

/// Whoever holds a key may do what the config says and nothing else: what is left out is a no, and all of it left out
/// a mistake. On a plain socket the endpoint is who speaks, and for all feeds unless it is told for which.
void read_feeds(Place place, TableReader& reader, const Config& config, PrincipalConfig& out) {
  (void)reader.all_or_texts("feeds", out.all_feeds, out.feeds);
  if (reader.place("feeds").line > 0) return;
  out.all_feeds = !out.endpoint.empty();
  if (out.all_feeds) return;
  if (publishes(config, out.name)) {
    reader.refuse(place, "principal " + in_quotes(out.name) +
                             " is a publisher in broadcast and may speak for no feed; give it "
                             "feeds = [\"NAME\"], or feeds = \"all\"");
  } else if (reader.place("indicators").line > 0 || reader.place("ranges").line > 0 ||
             reader.place("may_retract").line > 0) {
    reader.refuse(place, "principal " + in_quotes(out.name) +
                             " is told what it may report, and for no feed; give it feeds = [\"NAME\"], or feeds = "
                             "\"all\"");
  } else if (!config.keys.folder.empty() && reader.place("roles").line == 0) {
    reader.refuse(place, "principal " + in_quotes(out.name) +
                             " may do nothing; give it feeds = [\"NAME\"], feeds = \"all\", or roles = [\"read\"]");
  }
}

void read_principal(const std::string& name, Place place, const std::string& where, TableReader& reader, Config& out) {
  PrincipalConfig principal;
  principal.name = name;
  principal.place = place;
  const auto why = check_name(name);
  if (!why.empty()) reader.refuse(place, "principal " + in_quotes(name) + why);
  (void)reader.text("endpoint", principal.endpoint);
  read_feeds(place, reader, out, principal);
  principal.all_indicators = !reader.texts("indicators", principal.indicators);
  read_ranges(reader, where, principal);
  (void)reader.boolean("may_retract", principal.may_retract);
  read_roles(reader, principal);
  principal.rights_written = reader.place("feeds").line > 0 && reader.place("roles").line > 0;
  (void)reader.text("audience", principal.audience);
  read_quota(reader, principal.quota);
  (void)reader.number("connections", principal.connections, 1, 64);
  reader.refuse_unknown();
  const bool twice = std::any_of(out.principals.begin(), out.principals.end(),
                                 [&](const PrincipalConfig& one) { return one.name == name; });
  if (twice) reader.refuse(place, "principal " + in_quotes(name) + " is there twice; give each a name of its own");
  out.principals.push_back(std::move(principal));
}

/// The tables of an array such as [[principal]].
void for_each_table(TableReader& top, std::string_view key, const auto& use) {
  const auto* node = top.find(key);
  if (node == nullptr) return;
  const auto* list = node->as_array();
  if (list == nullptr) {
    top.wrong(*node, key, "must be written as [[" + std::string(key) + "]], once for each");
    return;
  }
  for (const auto& element : *list) {
    if (const auto* table = element.as_table()) {
      use(*table);
    } else {
      top.wrong(element, key, "must be written as [[" + std::string(key) + "]], once for each");
    }
  }
}

/// The spelling with the name in the header: [principals.NAME].
void read_named_principals(TableReader& top, Config& out) {
  const auto* node = top.find("principals");
  if (node == nullptr) return;
  const auto* table = node->as_table();
  if (table == nullptr) {
    top.wrong(*node, "principals", "must hold tables: [principals.NAME]");
    return;
  }
  for (const auto& [key, value] : *table) {
    const std::string name{key.str()};
    const auto place = place_of(key.source());
    const auto* const principal = value.as_table();
    if (principal == nullptr) {
      top.refuse(place, "principal " + in_quotes(name) + " must be a table: [principals." + name + "]");
      continue;
    }
    const auto where = "[principals." + name + "]";
    TableReader reader{*principal, where, top.problems()};
    read_principal(name, place, where, reader, out);
  }
}
}  // namespace

std::string check_name(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  if (name.size() <= kNameMax && !name.empty() && name.front() != '.' &&
      name.find_first_not_of(kLetters) == std::string_view::npos) {
    return {};
  }
  return " is no usable name: it becomes part of file names and topics; take up to 64 letters, digits, _ - and .";
}

void read_quota(TableReader& parent, QuotaConfig& out) {
  const auto* node = parent.find("quota");
  if (node == nullptr) return;
  const auto* table = node->as_table();
  if (table == nullptr) {
    parent.wrong(*node, "quota", "must be a table such as { reports_per_second = 100, unacked = 256 }");
    return;
  }
  TableReader reader{*table, "quota", parent.problems()};
  (void)reader.real("reports_per_second", out.reports_per_second, 0);
  (void)reader.real("bytes_per_second", out.bytes_per_second, 0);
  (void)reader.number("burst", out.burst, 0, 100'000'000);
  (void)reader.number("unacked", out.unacked, 0, 1'000'000);
  reader.refuse_unknown();
}

void read_principals(TableReader& top, Config& out) {
  for_each_table(top, "principal", [&](const toml::table& table) {
    TableReader reader{table, "[[principal]]", top.problems()};
    std::string name;
    if (!reader.text("name", name, "say who it is")) return;
    read_principal(name, reader.place("name"), "[[principal]] " + in_quotes(name), reader, out);
  });
  read_named_principals(top, out);
}

void read_audiences(TableReader& top, Config& out) {
  for_each_table(top, "audience", [&](const toml::table& table) {
    TableReader reader{table, "[[audience]]", top.problems()};
    AudienceConfig audience;
    audience.place = reader.place();
    if (reader.text("name", audience.name, "name it; topics begin with the name")) {
      audience.place = reader.place("name");
      const auto why = check_name(audience.name);
      if (!why.empty()) reader.refuse(audience.place, "audience " + in_quotes(audience.name) + why);
      const bool twice = std::any_of(out.audiences.begin(), out.audiences.end(),
                                     [&](const AudienceConfig& one) { return one.name == audience.name; });
      if (twice) reader.refuse(audience.place, "audience " + in_quotes(audience.name) + " is there twice");
    }
    const int ceiling = reader.choice("ceiling", std::span{kMarkings}.subspan(1));
    if (ceiling >= 0) audience.ceiling = static_cast<engine::Marking>(ceiling + 1);
    std::vector<PlacedText> release;
    audience.all_releases = !reader.texts("release", release);
    for (auto& word : release) audience.release.push_back(std::move(word.text));
    reader.refuse_unknown();
    out.audiences.push_back(std::move(audience));
  });
  if (out.audiences.empty()) out.audiences.emplace_back();
}
}  // namespace tocsin::daemon
