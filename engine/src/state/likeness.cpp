// SPDX-License-Identifier: Apache-2.0
#include "likeness.hpp"

#include <bit>

namespace tocsin::engine {
namespace {
/// Mixes a value into a hash: a multiplication and a fold, so that every bit of both counts; turned first, so that it
/// matters which is which (`a then b` is not `b then a`).
constexpr std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash = (std::rotl(hash, 23) ^ value) * 0x9E3779B97F4A7C15U;
  hash ^= hash >> 29U;
  hash *= 0xBF58476D1CE4E5B9U;
  return hash ^ (hash >> 32U);
}
constexpr std::uint64_t mix_span(std::uint64_t hash, Span value) {
  return mix(hash, static_cast<std::uint64_t>(value));
}
}  // namespace

Likeness::Likeness(const Image& image, std::span<std::uint64_t> nodes, std::uint64_t salt)
    : image_{image}, nodes_{nodes}, salt_{salt} {
  for (std::size_t i = 0; i < image.nodes.size(); ++i) {
    const Node& node = image.nodes[i];
    std::uint64_t hash = mix(node.op, node.digits);
    hash = mix_span(hash, node.window_ms);
    hash = mix_span(hash, node.ago_ms);
    hash = mix(hash, std::bit_cast<std::uint64_t>(node.value));
    hash = mix_span(hash, node.numerator);
    hash = mix(hash, (std::uint64_t{node.at_least} << 16U) | node.runs);
    nodes_[i] = mix(hash, operands(node));
  }
}

std::uint64_t Likeness::operands(const Node& node) const {
  switch (shape_of(node.op)) {
    case Shape::literal:
      return 0;
    case Shape::report_number:
    case Shape::pulse:
      return mix(indicator(node.a), filter(node.filter));
    case Shape::overdue:
      return feed(node.a);
    case Shape::negate:
    case Shape::hold_for:
    case Shape::in_last:
      return nodes_[node.a];
    case Shape::arithmetic:
    case Shape::comparison:
    case Shape::both:
    case Shape::either:
    case Shape::then:
    case Shape::since:
    case Shape::from_until:
      return mix(nodes_[node.a], nodes_[node.b]);
  }
  return 0;
}

std::uint64_t Likeness::name(Name text) const {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char letter : image_.view(text)) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3U;
  return mix(hash, text.length);
}

std::uint64_t Likeness::feed(std::uint16_t index) const {
  const Feed& feed = image_.feeds[index];
  return mix_span(mix_span(name(feed.name), feed.every_ms), feed.grace_ms);
}

std::uint64_t Likeness::indicator(std::uint16_t index) const {
  const Indicator& indicator = image_.indicators[index];
  std::uint64_t hash = mix(name(indicator.name), indicator.keep);
  for (const std::uint16_t source : image_.list(indicator.feeds)) hash = mix(hash, feed(source));
  return hash;
}

std::uint64_t Likeness::term(const FilterTerm& term) const {
  const std::uint64_t hash = mix(term.key, term.comparison);
  switch (static_cast<FilterKey>(term.key)) {
    case FilterKey::value:
      return mix(hash, std::bit_cast<std::uint64_t>(term.value));
    case FilterKey::origin:
      return mix(hash, name(image_.origins[term.ref].name));
    case FilterKey::feed:
      return mix(hash, name(image_.feeds[term.ref].name));
    case FilterKey::actor:
    case FilterKey::target:
      return mix(hash, name(image_.actors[term.ref].name));
    case FilterKey::tag:
      return mix(hash, name(image_.tags[term.ref].name));
    case FilterKey::grade:
    case FilterKey::reliability:
      return mix(mix(hash, term.ref), salt_);
    case FilterKey::credibility:
      return mix(hash, term.ref);
  }
  return hash;
}

std::uint64_t Likeness::filter(std::uint16_t index) const {
  if (index == kNone) return 0;
  const Filter& filter = image_.filters[index];
  std::uint64_t hash = mix(1, filter.terms.count);
  for (const FilterTerm& part : image_.filter_terms.subspan(filter.terms.first, filter.terms.count))
    hash = mix(hash, term(part));
  return hash;
}

std::uint64_t Likeness::alert(std::uint16_t index) const {
  const Alert& alert = image_.alerts[index];
  std::uint64_t hash = mix(name(alert.name), node(alert.when));
  hash = mix(hash, node(alert.clear));
  hash = mix_span(mix_span(hash, alert.hold_ms), alert.cooldown_ms);
  hash = mix(hash, alert.level);
  for (const LevelRule& rule : image_.level_rules.subspan(alert.levels.first, alert.levels.count))
    hash = mix(mix(hash, rule.level), node(rule.node));
  for (const Need& need : image_.needs.subspan(alert.needs.first, alert.needs.count)) {
    hash = mix_span(mix(mix(hash, need.count), need.cap), need.window_ms);
    for (std::size_t i = 0; i < need.indicators.count; ++i) {
      hash = mix(hash, indicator(image_.lists[need.indicators.first + i]));
      hash = mix(hash, filter(image_.lists[need.filters + i]));
    }
  }
  return hash;
}
}  // namespace tocsin::engine
