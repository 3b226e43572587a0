// SPDX-License-Identifier: Apache-2.0
// What no section shows alone: endpoints, principals, keys, audiences and the book must fit together.
#include <algorithm>
#include <span>

#include "config_parts.hpp"
#include "near_name.hpp"
#include "zap_policy.hpp"

namespace tocsin::daemon {
namespace {
using Keys = std::span<const std::string_view>;

/// All that binds.
std::vector<PlacedText> endpoints_of(const Config& config) {
  std::vector<PlacedText> all;
  for (const auto* const list : {&config.ingest, &config.alerts, &config.control}) {
    all.insert(all.end(), list->begin(), list->end());
  }
  return all;
}

class Checker {
 public:
  Checker(const Config& config, std::vector<ConfigProblem>& problems) : config_{config}, problems_{problems} {
    endpoints_ = endpoints_of(config);
    for (const auto& one : endpoints_) endpoint_texts_.push_back(one.text);
    for (const auto& one : config.audiences) audiences_.push_back(one.name);
  }

  void endpoints() {
    for (std::size_t i = 0; i < endpoints_.size(); ++i) {
      const bool twice = std::any_of(endpoints_.begin(), endpoints_.begin() + static_cast<std::ptrdiff_t>(i),
                                     [&](const PlacedText& one) { return one.text == endpoints_[i].text; });
      if (twice) {
        refuse_(endpoints_[i].place,
                "endpoint " + in_quotes(endpoints_[i].text) + " is used twice; give each socket its own");
      }
    }
    std::vector<std::string_view> listened;
    for (const auto& one : config_.broadcast) {
      if (std::find(listened.begin(), listened.end(), one.endpoint) != listened.end()) {
        refuse_(one.place, "broadcast endpoint " + in_quotes(one.endpoint) +
                               " is there twice; its messages would come twice, too: remove one");
      }
      listened.push_back(one.endpoint);
      if (!one.server_key.empty() && config_.keys.folder.empty()) {
        refuse_(one.place,
                "\"server_key\" of " + in_quotes(one.endpoint) +
                    " needs keys of our own; run `tocsin keys init` and add [keys] with folder = \"FOLDER\"");
      }
    }
  }

  void principals() {
    for (const auto& principal : config_.principals) {
      endpoint_of_(principal);
      if (!principal.audience.empty() &&
          std::find(audiences_.begin(), audiences_.end(), principal.audience) == audiences_.end()) {
        refuse_(principal.place, "principal " + in_quotes(principal.name) + " has audience " +
                                     in_quotes(principal.audience) + ", and there is no [[audience]] of that name" +
                                     did_you_mean(principal.audience, audiences_));
      }
    }
  }

 private:
  void refuse_(Place place, std::string text) { problems_.push_back({place, false, std::move(text)}); }

  void endpoint_of_(const PrincipalConfig& principal) {
    const auto who = "principal " + in_quotes(principal.name);
    if (principal.endpoint.empty()) {
      if (config_.keys.folder.empty() && !publishes(config_, principal.name)) {
        refuse_(principal.place, who +
                                     " speaks nowhere; give it the endpoint of a socket, or name it in broadcast, "
                                     "or add [keys] and a key for it");
      }
      return;
    }
    if (std::find(endpoint_texts_.begin(), endpoint_texts_.end(), principal.endpoint) == endpoint_texts_.end()) {
      refuse_(principal.place, who + " has endpoint " + in_quotes(principal.endpoint) +
                                   ", which is not among the sockets" +
                                   did_you_mean(principal.endpoint, endpoint_texts_));
    } else if (wants_keys(config_, principal.endpoint)) {
      refuse_(principal.place, who + " has endpoint " + in_quotes(principal.endpoint) +
                                   ", which asks for keys: there the key says who speaks; remove the endpoint and run: "
                                   "tocsin keys add " +
                                   principal.name);
    }
    if (std::find(taken_.begin(), taken_.end(), principal.endpoint) != taken_.end()) {
      refuse_(principal.place,
              "endpoint " + in_quotes(principal.endpoint) +
                  " has a principal already; on a plain socket the endpoint is who speaks, so give each its own");
    }
    taken_.push_back(principal.endpoint);
  }

  const Config& config_;
  std::vector<ConfigProblem>& problems_;
  std::vector<PlacedText> endpoints_;
  std::vector<std::string_view> endpoint_texts_;
  std::vector<std::string_view> audiences_;
  std::vector<std::string_view> taken_;
};
}  // namespace

bool publishes(const Config& config, const std::string& principal) {
  return std::any_of(config.broadcast.begin(), config.broadcast.end(),
                     [&](const BroadcastConfig& one) { return one.principal == principal; });
}

void check_whole(const Config& config, std::vector<ConfigProblem>& problems) {
  Checker checker{config, problems};
  checker.endpoints();
  checker.principals();
}

bool any_error(const std::vector<ConfigProblem>& problems, std::size_t from) {
  return std::any_of(problems.begin() + static_cast<std::ptrdiff_t>(from), problems.end(),
                     [](const ConfigProblem& problem) { return !problem.warning; });
}

bool check_against_book(const Config& config, const engine::Image& image, std::vector<ConfigProblem>& problems) {
  const std::size_t before = problems.size();
  std::vector<std::string_view> feeds;
  for (const auto& feed : image.feeds) feeds.push_back(image.view(feed.name));
  std::vector<std::string_view> indicators;
  for (const auto& indicator : image.indicators) indicators.push_back(image.view(indicator.name));
  std::vector<bool> spoken(feeds.size(), false);
  const auto check = [&](const PlacedText& name, Keys known, const char* kind) {
    if (std::find(known.begin(), known.end(), name.text) != known.end()) return;
    const auto near = did_you_mean(name.text, known);
    problems.push_back({name.place, false,
                        "the book has no " + std::string(kind) + " " + in_quotes(name.text) +
                            (near.empty() ? "; take it out, or compile a book that has it" : near)});
  };
  bool all = false;  // somebody may speak for every feed
  for (const auto& endpoint : config.ingest) {
    all = all || (!wants_keys(config, endpoint.text) &&
                  std::none_of(config.principals.begin(), config.principals.end(),
                               [&](const PrincipalConfig& p) { return p.endpoint == endpoint.text; }));
  }
  for (const auto& broadcast : config.broadcast) {
    all = all || std::none_of(config.principals.begin(), config.principals.end(),
                              [&](const PrincipalConfig& p) { return p.name == broadcast.principal; });
  }
  for (const auto& principal : config.principals) {
    all = all || principal.all_feeds;
    for (const auto& name : principal.feeds) {
      check(name, feeds, "feed");
      const auto feed = image.find_feed(name.text);
      if (feed != engine::kNone) spoken[feed] = true;
    }
    for (const auto& name : principal.indicators) check(name, indicators, "indicator");
    for (const auto& range : principal.ranges) check(range.indicator, indicators, "indicator");
  }
  for (std::size_t i = 0; !all && i < feeds.size(); ++i) {
    if (spoken[i]) continue;
    problems.push_back({{},
                        true,
                        "no principal may speak for the book's feed " + in_quotes(feeds[i]) +
                            "; add it to the feeds of one, or nothing of it will be taken"});
  }
  return !any_error(problems, before);
}
}  // namespace tocsin::daemon
