// SPDX-License-Identifier: Apache-2.0
// Nodes of conditions and numbers, and the filters they carry.
#include <algorithm>
#include <array>
#include <bit>
#include <set>

#include "emitter.hpp"
#include "filter.hpp"
#include "numbers.hpp"
#include "words.hpp"

namespace tocsin::compiler {
namespace {
constexpr std::array<std::pair<std::string_view, engine::Op>, 12> kFunctions{{{"count", engine::Op::count},
                                                                              {"sum", engine::Op::sum},
                                                                              {"last", engine::Op::last},
                                                                              {"max", engine::Op::max},
                                                                              {"origins", engine::Op::origins},
                                                                              {"mean", engine::Op::mean},
                                                                              {"min", engine::Op::min},
                                                                              {"median", engine::Op::median},
                                                                              {"mad", engine::Op::mad},
                                                                              {"stddev", engine::Op::stddev},
                                                                              {"quantile", engine::Op::quantile},
                                                                              {"days", engine::Op::days}}};

engine::Op op_of(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::number:
      return engine::Op::literal;
    case ExprKind::name:
      return engine::Op::pulse;
    case ExprKind::overdue:
      return engine::Op::overdue;
    case ExprKind::add:
      return engine::Op::add;
    case ExprKind::subtract:
      return engine::Op::subtract;
    case ExprKind::multiply:
      return engine::Op::multiply;
    case ExprKind::divide:
      return engine::Op::divide;
    case ExprKind::less:
    case ExprKind::less_equal:
    case ExprKind::equal:
    case ExprKind::not_equal:
    case ExprKind::greater_equal:
    case ExprKind::greater:
      return op_of_comparison(expr.kind);
    case ExprKind::both:
    case ExprKind::unless:
      return engine::Op::both;
    case ExprKind::either:
      return engine::Op::either;
    case ExprKind::negate:
      return engine::Op::negate;
    case ExprKind::hold_for:
      return engine::Op::hold_for;
    case ExprKind::in_last:
      return engine::Op::in_last;
    case ExprKind::then:
      return engine::Op::then;
    case ExprKind::since:
      return engine::Op::since;
    case ExprKind::from_until:
      return engine::Op::from_until;
    case ExprKind::call:
      break;
  }
  const auto* const found = std::find_if(kFunctions.begin(), kFunctions.end(),
                                         [&](const auto& function) { return function.first == expr.name.text; });
  return found == kFunctions.end() ? engine::Op::last : found->second;
}

// An operation's number in hashes: those of the first image version, which had gaps where now is more.
std::int64_t hash_code(std::uint8_t op) {
  constexpr int kNewNumbers = 64;
  const int code = op;
  if (code <= static_cast<int>(engine::Op::origins)) return code;
  if (code <= static_cast<int>(engine::Op::days)) return code - static_cast<int>(engine::Op::mean) + kNewNumbers;
  if (code <= static_cast<int>(engine::Op::divide)) return code - static_cast<int>(engine::Op::add) + 6;
  return code - 16;
}

engine::Node make(engine::Op op) {
  engine::Node record{};
  record.op = static_cast<std::uint8_t>(op);
  record.condition = engine::kNone;
  record.filter = engine::kNone;
  return record;
}

// More than needed: late news may leave a few truths behind that are no longer separate.
std::uint16_t runs_for(engine::Span from, engine::Span to) {
  constexpr std::uint64_t kSpare = 3;
  if (from == 0) return 0;
  return static_cast<std::uint16_t>(std::min<std::uint64_t>(engine::runs_needed(from, to) + kSpare, engine::kRunsMax));
}

void for_each_filter(const Book& book, const std::function<void(const Filter&)>& visit) {
  const auto leaves = [&](const Expr* expr) {
    if (expr != nullptr) for_each_leaf(*expr, [&](const Expr& leaf) { visit(leaf.filter); });
  };
  for (const ConditionDecl& condition : book.conditions) leaves(condition.value.get());
  for (const AlertDecl& alert : book.alerts) {
    leaves(alert.when.get());
    leaves(alert.clear.get());
    for (const LevelClause& level : alert.levels) leaves(level.when.get());
    for (const WeighClause& weigh : alert.weighs) leaves(weigh.when.get());
    for (const NeedClause& need : alert.needs) {
      for (const NeedItem& item : need.items) visit(item.filter);
    }
  }
}
}  // namespace

// --- Filters ---------------------------------------------------------------------------------------------------------
void Emitter::number_tags() {
  for_each_filter(book_, [&](const Filter& filter) {
    for (const FilterTerm& term : filter.terms) {
      if (key_of(term) != engine::FilterKey::tag) continue;
      tag_.try_emplace(term.value.text, std::uint16_t{0});
      if (tag_.size() > engine::kTagsMax) {
        limit(term.at, "the filters of the book name more than " + std::to_string(engine::kTagsMax) + " tags");
      }
    }
  });
  for (auto& [name, index] : tag_) {
    index = static_cast<std::uint16_t>(out_.tags.size());
    out_.tags.push_back({text(name)});
  }
}

engine::FilterTerm Emitter::term_of(const FilterTerm& term) const {
  engine::FilterTerm record{};
  const engine::FilterKey key = key_of(term);
  record.key = static_cast<std::uint8_t>(key);
  record.comparison = static_cast<std::uint8_t>(op_of_comparison(term.comparison));
  switch (key) {
    case engine::FilterKey::value:
      record.value = term.number;
      break;
    case engine::FilterKey::origin:
      record.ref = origin_[model_.origins.find(term.value.text)];
      break;
    case engine::FilterKey::feed:
      record.ref = feed_[model_.feeds.find(term.value.text)];
      break;
    case engine::FilterKey::actor:
    case engine::FilterKey::target:
      record.ref = actor_[model_.actors.find(term.value.text)];
      break;
    case engine::FilterKey::grade:
      record.ref = grade_of(term.value.text).value_or(0);
      break;
    case engine::FilterKey::reliability:
      record.ref = reliability_of(term.value.text).value_or(0);
      break;
    case engine::FilterKey::credibility:
      record.ref = credibility_of(term.value.text).value_or(0);
      break;
    case engine::FilterKey::tag:
      record.ref = tag_.find(term.value.text)->second;
      break;
  }
  return record;
}

// Names, not indices, so that an edit elsewhere does not show.
Digest Emitter::digest_of(const engine::FilterTerm& term) const {
  Canonical form{"term"};
  form.number(term.key).number(term.comparison).real(term.value);
  const auto named = [&](const engine::Name& name) {
    form.text(std::string_view{out_.text}.substr(name.offset, name.length));
  };
  switch (static_cast<engine::FilterKey>(term.key)) {
    case engine::FilterKey::origin:
      named(out_.origins[term.ref].name);
      break;
    case engine::FilterKey::feed:
      named(out_.feeds[term.ref].name);
      break;
    case engine::FilterKey::actor:
    case engine::FilterKey::target:
      named(out_.actors[term.ref].name);
      break;
    case engine::FilterKey::tag:
      named(out_.tags[term.ref].name);
      break;
    case engine::FilterKey::value:
    case engine::FilterKey::grade:
    case engine::FilterKey::reliability:
    case engine::FilterKey::credibility:
      form.number(term.ref);
      break;
  }
  return form.finish();
}

// Filters that mean the same are one: the order of terms does not matter, nor one that is written twice.
std::uint16_t Emitter::filter(const Filter& filter, std::uint16_t indicator) {
  if (filter.terms.empty()) return engine::kNone;
  std::map<Digest, engine::FilterTerm> terms;
  for (const FilterTerm& term : filter.terms) {
    const engine::FilterTerm record = term_of(term);
    terms.emplace(digest_of(record), record);
  }
  Canonical form{"filter"};
  form.number(static_cast<std::int64_t>(terms.size()));
  for (const auto& [digest, term] : terms) form.digest(digest);
  const Digest digest = form.finish();
  const auto known = filters_.find({indicator, digest});
  if (known != filters_.end()) return known->second;

  filters_on_.resize(out_.indicators.size(), 0);
  const std::uint16_t bit = filters_on_[indicator]++;
  if (bit >= engine::kFiltersMax) {
    limit(filter.at, "more than " + std::to_string(engine::kFiltersMax) + " different filters on one indicator",
          "use filters again that are there already, or declare a second indicator");
  }
  const std::size_t first = out_.filter_terms.size();
  for (const auto& [term_digest, term] : terms) out_.filter_terms.push_back(term);
  const auto index = static_cast<std::uint16_t>(out_.filters.size());
  out_.filters.push_back({indicator, bit, run_from(first, out_.filter_terms.size(), filter.at)});
  filter_digests_.push_back(digest);
  filters_.emplace(std::make_pair(indicator, digest), index);
  return index;
}

// --- Nodes -----------------------------------------------------------------------------------------------------------
// A named condition's root (`root` set) is a node of its own; all others are shared with their likes.
std::uint16_t Emitter::node(engine::Node record, Range at, std::uint16_t root) {
  const NodeKey key{record.op,
                    record.digits,
                    record.a,
                    record.b,
                    record.window_ms,
                    record.ago_ms,
                    std::bit_cast<std::uint64_t>(record.value),
                    record.numerator,
                    record.at_least,
                    record.filter};
  if (root == engine::kNone) {
    const auto known = shared_.find(key);
    if (known != shared_.end()) return known->second;
  }
  if (out_.nodes.size() >= engine::kNodesMax)
    limit(at, "the conditions of the book have more than " + std::to_string(engine::kNodesMax) + " parts");
  const auto index = static_cast<std::uint16_t>(out_.nodes.size());
  record.condition = root;
  out_.nodes.push_back(record);
  out_.node_places.push_back(at);
  node_digests_.push_back(digest_of(record));
  if (root == engine::kNone) shared_.emplace(key, index);
  return index;
}

// What a node does not have is not in its form: rules keep their hashes when the language grows.
Digest Emitter::digest_of(const engine::Node& node) const {
  Canonical form{"node"};
  form.number(hash_code(node.op)).number(node.window_ms).real(node.value);
  form.text(node.condition == engine::kNone ? std::string_view{} : condition_name(node.condition));
  switch (engine::shape_of(node.op)) {
    case engine::Shape::literal:
      break;
    case engine::Shape::report_number:
    case engine::Shape::pulse:
      form.digest(indicator_digests_[node.a]);
      break;
    case engine::Shape::overdue:
      form.digest(feed_digests_[node.a]);
      break;
    case engine::Shape::negate:
    case engine::Shape::hold_for:
    case engine::Shape::in_last:
      form.digest(node_digests_[node.a]);
      break;
    case engine::Shape::arithmetic:
    case engine::Shape::comparison:
    case engine::Shape::both:
    case engine::Shape::either:
    case engine::Shape::then:
    case engine::Shape::since:
    case engine::Shape::from_until:
      form.digest(node_digests_[node.a]).digest(node_digests_[node.b]);
      break;
  }
  if (node.ago_ms != 0) form.text("ago").number(node.ago_ms);
  if (node.op == static_cast<std::uint8_t>(engine::Op::quantile))
    form.text("rank").number(node.numerator).number(node.digits);
  if (node.at_least != 0) form.text("at least").number(node.at_least);
  if (node.filter != engine::kNone) form.text("filter").digest(filter_digests_[node.filter]);
  return form.finish();
}

std::string_view Emitter::condition_name(std::uint16_t image_index) const {
  return book_.conditions[condition_of_[image_index]].name.text;
}

std::uint16_t Emitter::emit_call(const Expr& expr, std::uint16_t root) {
  engine::Node record = make(op_of(expr));
  record.a = indicator_[model_.indicators.find(expr.indicator.text)];
  record.filter = filter(expr.filter, record.a);
  for (const Argument& argument : expr.arguments) {
    switch (argument.kind) {
      case Argument::Kind::window:
        record.window_ms = argument.window.ms;
        if (argument.ending) record.ago_ms = argument.ending->ms;
        break;
      case Argument::Kind::number: {
        const Decimal rank = decimal_of(argument.text).value_or(Decimal{});
        record.numerator = rank.numerator;
        record.digits = rank.digits;
        break;
      }
      case Argument::Kind::at_least:
        record.at_least = static_cast<std::uint32_t>(argument.number);
        break;
    }
  }
  return node(record, expr.at, root);
}

std::uint16_t Emitter::emit_name(const Expr& expr, std::uint16_t root) {
  const std::uint32_t indicator = model_.indicators.find(expr.name.text);
  if (indicator == kNowhere) return condition_node_[model_.conditions.find(expr.name.text)];
  engine::Node record = make(engine::Op::pulse);
  record.a = indicator_[indicator];
  record.filter = filter(expr.filter, record.a);
  return node(record, expr.at, root);
}

std::uint16_t Emitter::emit_expr(const Expr& expr, std::uint16_t root) {
  if (expr.kind == ExprKind::call) return emit_call(expr, root);
  if (expr.kind == ExprKind::name) return emit_name(expr, root);
  engine::Node record = make(op_of(expr));
  if (expr.kind == ExprKind::number) {
    record.value = expr.number;
  } else if (expr.kind == ExprKind::overdue) {
    record.a = feed_[model_.feeds.find(expr.name.text)];
  } else {
    record.a = emit_expr(*expr.left, engine::kNone);
    if (expr.right) record.b = emit_expr(*expr.right, engine::kNone);
    if (expr.kind == ExprKind::unless) {
      engine::Node negation = make(engine::Op::negate);
      negation.a = record.b;
      record.b = node(negation, expr.op, engine::kNone);
    }
    record.window_ms = expr.window.ms;
    if (expr.kind == ExprKind::since && expr.window.at.end == 0) record.window_ms = engine::kUnbounded;
    if (expr.window_start) record.ago_ms = expr.window_start->ms;
    if (expr.window_start) record.runs = runs_for(record.ago_ms, record.window_ms);
  }
  return node(record, expr.at, root);
}

void Emitter::emit_condition(std::uint32_t declaration) {
  if (condition_of_.empty()) {
    condition_of_.assign(condition_.size(), 0);
    for (std::size_t i = 0; i < condition_.size(); ++i) condition_of_[condition_[i]] = static_cast<std::uint32_t>(i);
  }
  condition_node_[declaration] = emit_expr(*book_.conditions[declaration].value, condition_[declaration]);
}
}  // namespace tocsin::compiler
