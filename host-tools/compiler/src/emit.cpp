// SPDX-License-Identifier: Apache-2.0
// Indices are given in the order of names, nodes operands first. A digest goes with every node, so that a rule's hash
// is made of what it reaches, however often parts are shared.
#include "emit.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <tuple>

#include "hash.hpp"
#include "words.hpp"

namespace tocsin::compiler {
namespace {
constexpr engine::Span kDefaultHorizon = 14 * 86'400'000LL;
struct LimitPassed {};

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
      return engine::Op::less;
    case ExprKind::less_equal:
      return engine::Op::less_equal;
    case ExprKind::equal:
      return engine::Op::equal;
    case ExprKind::not_equal:
      return engine::Op::not_equal;
    case ExprKind::greater_equal:
      return engine::Op::greater_equal;
    case ExprKind::greater:
      return engine::Op::greater;
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
    case ExprKind::since:
    case ExprKind::from_until:
      return engine::Op::then;  // the last two do not pass the checker
    case ExprKind::call:
      break;
  }
  if (expr.name.text == "count") return engine::Op::count;
  if (expr.name.text == "sum") return engine::Op::sum;
  if (expr.name.text == "max") return engine::Op::max;
  if (expr.name.text == "origins") return engine::Op::origins;
  return engine::Op::last;
}

class Emitter {
 public:
  Emitter(const Book& book, const Model& model, std::vector<Diagnostic>& diagnostics)
      : book_{book}, model_{model}, diagnostics_{diagnostics} {}

  Records run() {
    number(model_.theaters, theater_);
    number(model_.actors, actor_);
    number(model_.origins, origin_);
    number(model_.feeds, feed_);
    number(model_.indicators, indicator_);
    number(model_.conditions, condition_);
    out_.book_title = text(book_.title.text);
    out_.book_version = book_.version ? static_cast<std::uint32_t>(book_.version->value) : 1;
    out_.horizon_ms = book_.horizon ? book_.horizon->ms : kDefaultHorizon;
    emit_vocabulary();
    emit_theater_feeds();
    condition_node_.assign(book_.conditions.size(), engine::kNone);
    for (const std::uint32_t condition : model_.condition_order) emit_condition(condition);
    for (const auto& [name, condition] : model_.conditions.sorted()) {
      out_.conditions.push_back({text(name), condition_node_[condition], {}});
    }
    for (const auto& [name, alert] : model_.alerts.sorted()) emit_alert(book_.alerts[alert]);
    out_.book_hash = book_hash();
    return std::move(out_);
  }

 private:
  // Declaration index -> index in the image.
  using Numbering = std::vector<std::uint16_t>;
  static void number(const NameTable& table, Numbering& into) {
    into.assign(table.sorted().size(), engine::kNone);
    std::uint16_t next = 0;
    for (const auto& [name, index] : table.sorted()) into[index] = next++;
  }

  [[noreturn]] void limit(Range at, std::string message) {
    diagnostics_.push_back({Severity::error, at, std::move(message), "divide the book", {}});
    throw LimitPassed{};
  }

  engine::Name text(std::string_view value) {
    if (value.empty()) return {};
    const auto [at, added] = texts_.try_emplace(std::string{value}, engine::Name{});
    if (added) {
      at->second = {static_cast<std::uint32_t>(out_.text.size()), static_cast<std::uint32_t>(value.size())};
      out_.text += value;
    }
    return at->second;
  }

  engine::ListRef list(const std::vector<std::uint16_t>& values, Range at) {
    if (values.empty()) return {};
    const auto [place, added] = lists_.try_emplace(values, engine::ListRef{});
    if (added) {
      if (out_.lists.size() + values.size() >= engine::kNone) limit(at, "the lists of the book are too long together");
      place->second = {static_cast<std::uint16_t>(out_.lists.size()), static_cast<std::uint16_t>(values.size())};
      out_.lists.insert(out_.lists.end(), values.begin(), values.end());
    }
    return place->second;
  }

  static std::vector<std::uint16_t> indices(const std::vector<Word>& names, const NameTable& table,
                                            const Numbering& numbering) {
    std::vector<std::uint16_t> found;
    for (const Word& name : names) found.push_back(numbering[table.find(name.text)]);
    return found;
  }
  static std::vector<std::uint16_t> sorted(std::vector<std::uint16_t> values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
  }

  // --- Vocabulary ---
  void emit_vocabulary() {
    for (const auto& [name, index] : model_.theaters.sorted()) {
      const TheaterDecl& theater = book_.theaters[index];
      engine::Theater record{};
      record.name = text(name);
      record.title = text(theater.title.text);
      record.step_down_ms = theater.step_down.ms;
      record.blind_after = theater.blind_after ? static_cast<std::uint16_t>(theater.blind_after->value) : engine::kNone;
      out_.theaters.push_back(record);
      theater_digests_.push_back(
          Canonical{"theater"}.text(name).number(record.step_down_ms).number(record.blind_after).finish());
    }
    for (const auto& [name, index] : model_.actors.sorted()) {
      out_.actors.push_back({text(name), text(book_.actors[index].title.text)});
    }
    for (const auto& [name, index] : model_.origins.sorted()) {
      engine::Origin record{};
      record.name = text(name);
      record.title = text(book_.origins[index].title.text);
      record.reliability = static_cast<std::uint8_t>(book_.origins[index].reliability);
      out_.origins.push_back(record);
      origin_digests_.push_back(Canonical{"origin"}.text(name).number(record.reliability).finish());
    }
    for (const auto& [name, index] : model_.feeds.sorted()) emit_feed(name, book_.feeds[index]);
    for (const auto& [name, index] : model_.indicators.sorted()) emit_indicator(name, book_.indicators[index]);
  }

  void emit_feed(std::string_view name, const FeedDecl& feed) {
    const std::vector<std::uint16_t> origins = sorted(indices(feed.origins, model_.origins, origin_));
    engine::Feed record{};
    record.name = text(name);
    record.title = text(feed.title.text);
    record.every_ms = feed.every.ms;
    record.grace_ms = feed.grace.ms;
    record.origins = list(origins, feed.name.at);
    out_.feeds.push_back(record);
    Canonical form{"feed"};
    form.text(name).number(record.every_ms).number(record.grace_ms).number(static_cast<std::int64_t>(origins.size()));
    for (const std::uint16_t origin : origins) form.digest(origin_digests_[origin]);
    feed_digests_.push_back(form.finish());
  }

  void emit_indicator(std::string_view name, const IndicatorDecl& indicator) {
    const std::vector<std::uint16_t> feeds = sorted(indices(indicator.feeds, model_.feeds, feed_));
    engine::Indicator record{};
    record.name = text(name);
    record.title = text(indicator.title.text);
    record.unit = text(indicator.unit.text);
    record.kind = text(indicator.kind.text);
    record.compartment = text(indicator.compartment.text);
    record.theater =
        indicator.theater.text.empty() ? engine::kNone : theater_[model_.theaters.find(indicator.theater.text)];
    record.actor = indicator.actor.text.empty() ? engine::kNone : actor_[model_.actors.find(indicator.actor.text)];
    record.keep = static_cast<std::uint16_t>(indicator.keep.value);
    record.role = static_cast<std::uint8_t>(indicator.role);
    record.feeds = list(feeds, indicator.name.at);
    record.ring = ring_;
    ring_ += record.keep;
    out_.indicators.push_back(record);
    Canonical form{"indicator"};
    form.text(name).text(indicator.theater.text).number(record.keep).number(static_cast<std::int64_t>(feeds.size()));
    for (const std::uint16_t feed : feeds) form.digest(feed_digests_[feed]);
    indicator_digests_.push_back(form.finish());
  }

  void emit_theater_feeds() {
    for (std::size_t theater = 0; theater < out_.theaters.size(); ++theater) {
      std::vector<std::uint16_t> feeds;
      for (const engine::Indicator& indicator : out_.indicators) {
        if (indicator.theater != theater) continue;
        for (std::uint16_t i = 0; i < indicator.feeds.count; ++i) {
          const std::uint16_t feed = out_.lists[indicator.feeds.first + std::size_t{i}];
          if (out_.feeds[feed].every_ms > 0) feeds.push_back(feed);
        }
      }
      out_.theaters[theater].feeds = list(sorted(std::move(feeds)), {});
    }
  }

  // --- Nodes ---
  // A named condition's root (`root` set) is a node of its own; all others are shared with their likes.
  std::uint16_t node(engine::Op op, std::uint16_t a, std::uint16_t b, engine::Span window, double value, Range at,
                     std::uint16_t root) {
    const auto key = std::make_tuple(op, a, b, window, std::bit_cast<std::uint64_t>(value));
    if (root == engine::kNone) {
      const auto known = shared_.find(key);
      if (known != shared_.end()) return known->second;
    }
    if (out_.nodes.size() >= engine::kNodesMax)
      limit(at, "the conditions of the book have more than " + std::to_string(engine::kNodesMax) + " parts");
    const auto index = static_cast<std::uint16_t>(out_.nodes.size());
    engine::Node record{};
    record.op = static_cast<std::uint8_t>(op);
    record.a = a;
    record.b = b;
    record.condition = root;
    record.window_ms = window;
    record.value = value;
    out_.nodes.push_back(record);
    node_digests_.push_back(digest_of(record));
    if (root == engine::kNone) shared_.emplace(key, index);
    return index;
  }

  [[nodiscard]] Digest digest_of(const engine::Node& node) const {
    Canonical form{"node"};
    form.number(node.op).number(node.window_ms).real(node.value);
    form.text(node.condition == engine::kNone ? std::string_view{} : condition_name(node.condition));
    switch (static_cast<engine::Op>(node.op)) {
      case engine::Op::literal:
        break;
      case engine::Op::count:
      case engine::Op::sum:
      case engine::Op::last:
      case engine::Op::max:
      case engine::Op::origins:
      case engine::Op::pulse:
        form.digest(indicator_digests_[node.a]);
        break;
      case engine::Op::overdue:
        form.digest(feed_digests_[node.a]);
        break;
      case engine::Op::negate:
      case engine::Op::hold_for:
      case engine::Op::in_last:
        form.digest(node_digests_[node.a]);
        break;
      case engine::Op::add:
      case engine::Op::subtract:
      case engine::Op::multiply:
      case engine::Op::divide:
      case engine::Op::less:
      case engine::Op::less_equal:
      case engine::Op::equal:
      case engine::Op::not_equal:
      case engine::Op::greater_equal:
      case engine::Op::greater:
      case engine::Op::both:
      case engine::Op::either:
      case engine::Op::then:
        form.digest(node_digests_[node.a]).digest(node_digests_[node.b]);
        break;
    }
    return form.finish();
  }

  [[nodiscard]] std::string_view condition_name(std::uint16_t image_index) const {
    return book_.conditions[condition_of_[image_index]].name.text;
  }

  std::uint16_t emit_expr(const Expr& expr, std::uint16_t root) {
    const engine::Op op = op_of(expr);
    if (expr.kind == ExprKind::number) return node(op, 0, 0, 0, expr.number, expr.at, root);
    if (expr.kind == ExprKind::overdue)
      return node(op, feed_[model_.feeds.find(expr.name.text)], 0, 0, 0, expr.at, root);
    if (expr.kind == ExprKind::call) {
      const engine::Span window = expr.arguments.empty() ? 0 : expr.arguments.front().window.ms;
      return node(op, indicator_[model_.indicators.find(expr.indicator.text)], 0, window, 0, expr.at, root);
    }
    if (expr.kind == ExprKind::name) {
      const std::uint32_t indicator = model_.indicators.find(expr.name.text);
      if (indicator == kNowhere) return condition_node_[model_.conditions.find(expr.name.text)];
      return node(op, indicator_[indicator], 0, 0, 0, expr.at, root);
    }
    const std::uint16_t left = emit_expr(*expr.left, engine::kNone);
    std::uint16_t right = 0;
    if (expr.right) right = emit_expr(*expr.right, engine::kNone);
    if (expr.kind == ExprKind::unless) right = node(engine::Op::negate, right, 0, 0, 0, expr.op, engine::kNone);
    return node(op, left, right, expr.window.ms, 0, expr.at, root);
  }

  void emit_condition(std::uint32_t declaration) {
    if (condition_of_.empty()) {
      condition_of_.assign(condition_.size(), 0);
      for (std::size_t i = 0; i < condition_.size(); ++i) condition_of_[condition_[i]] = static_cast<std::uint32_t>(i);
    }
    condition_node_[declaration] = emit_expr(*book_.conditions[declaration].value, condition_[declaration]);
  }

  // --- Alerts ---
  void emit_alert(const AlertDecl& alert) {
    engine::Alert record{};
    record.name = text(alert.name.text);
    record.title = text(alert.title.text);
    record.kind = static_cast<std::uint8_t>(alert.kind);
    record.directed = alert.directed ? 1 : 0;
    record.hold_ms = alert.hold.ms;
    record.cooldown_ms = alert.cooldown.ms;
    record.evidence = static_cast<std::uint8_t>(alert.evidence.value);
    record.theaters = list(indices(alert.theaters, model_.theaters, theater_), alert.theaters_at);
    record.when = emit_expr(*alert.when, engine::kNone);
    record.clear = alert.clear ? emit_expr(*alert.clear, engine::kNone) : engine::kNone;
    record.level = static_cast<std::uint8_t>(engine::Level::watch);
    record.levels.first = static_cast<std::uint16_t>(out_.level_rules.size());
    for (const LevelClause& level : alert.levels) {
      if (!level.when) {
        record.level = static_cast<std::uint8_t>(level.level.level);
        continue;
      }
      if (out_.level_rules.size() + 1 >= engine::kNone) limit(level.level.at, "too many `level ... when` in the book");
      out_.level_rules.push_back(
          {emit_expr(*level.when, engine::kNone), static_cast<std::uint8_t>(level.level.level), 0});
    }
    record.levels.count = static_cast<std::uint16_t>(out_.level_rules.size() - record.levels.first);
    record.needs.first = static_cast<std::uint16_t>(out_.needs.size());
    for (const NeedClause& need : alert.needs) {
      engine::Need rule{};
      rule.window_ms = need.within.ms;
      rule.indicators = list(sorted(indices(need.indicators, model_.indicators, indicator_)), need.at);
      rule.count = static_cast<std::uint16_t>(need.count.value);
      rule.cap = static_cast<std::uint8_t>(need.otherwise.level);
      out_.needs.push_back(rule);
    }
    record.needs.count = static_cast<std::uint16_t>(out_.needs.size() - record.needs.first);
    record.feeds = list(feeds_of(alert), alert.name.at);
    alert_digests_.push_back(digest_of(record, alert));
    record.rule_hash = short_hash(alert_digests_.back());
    out_.alerts.push_back(record);
  }

  [[nodiscard]] std::vector<std::uint16_t> feeds_of(const AlertDecl& alert) const {
    const Reach reach = reach_of(*alert.when, book_, model_);
    std::vector<std::uint16_t> feeds;
    for (std::size_t i = 0; i < book_.feeds.size(); ++i) {
      if (reach.overdue.test(i)) feeds.push_back(feed_[i]);
    }
    for (std::size_t i = 0; i < book_.indicators.size(); ++i) {
      if (!reach.indicators.test(i)) continue;
      for (const Word& feed : book_.indicators[i].feeds) feeds.push_back(feed_[model_.feeds.find(feed.text)]);
    }
    return sorted(std::move(feeds));
  }

  // Titles, caveats, markings and compartments say nothing about when it rings and are left out. The order of `level`
  // and `needs` clauses does not matter to what they mean, so it does not show here either.
  [[nodiscard]] Digest digest_of(const engine::Alert& record, const AlertDecl& alert) const {
    Canonical form{"alert"};
    form.number(record.kind).text(alert.name.text).number(record.directed).number(record.theaters.count);
    for (const Word& theater : alert.theaters)
      form.digest(theater_digests_[theater_[model_.theaters.find(theater.text)]]);
    form.digest(node_digests_[record.when]);
    form.digest(record.clear == engine::kNone ? Digest{} : node_digests_[record.clear]);
    form.number(record.hold_ms).number(record.cooldown_ms).number(record.evidence).number(record.level);
    std::vector<Digest> parts;
    for (std::size_t i = 0; i < record.levels.count; ++i) {
      const engine::LevelRule& rule = out_.level_rules[record.levels.first + i];
      parts.push_back(Canonical{"level"}.number(rule.level).digest(node_digests_[rule.node]).finish());
    }
    append(form, std::move(parts));
    parts = {};
    for (std::size_t i = 0; i < record.needs.count; ++i) {
      const engine::Need& need = out_.needs[record.needs.first + i];
      Canonical part{"need"};
      part.number(need.window_ms).number(need.count).number(need.cap).number(need.indicators.count);
      for (std::size_t j = 0; j < need.indicators.count; ++j)
        part.digest(indicator_digests_[out_.lists[need.indicators.first + j]]);
      parts.push_back(part.finish());
    }
    append(form, std::move(parts));
    return form.finish();
  }

  static void append(Canonical& form, std::vector<Digest> parts) {
    std::sort(parts.begin(), parts.end());
    form.number(static_cast<std::int64_t>(parts.size()));
    for (const Digest& part : parts) form.digest(part);
  }

  [[nodiscard]] std::uint64_t book_hash() const {
    Canonical form{"book"};
    form.number(out_.horizon_ms).number(static_cast<std::int64_t>(out_.actors.size()));
    for (const auto& [name, index] : model_.actors.sorted()) form.text(name);
    append(form, theater_digests_);
    append(form, origin_digests_);
    append(form, feed_digests_);
    append(form, indicator_digests_);
    form.number(static_cast<std::int64_t>(out_.conditions.size()));
    for (const auto& [name, condition] : model_.conditions.sorted())
      form.text(name).digest(node_digests_[condition_node_[condition]]);
    append(form, alert_digests_);
    return short_hash(form.finish());
  }

  const Book& book_;
  const Model& model_;
  std::vector<Diagnostic>& diagnostics_;
  Records out_;
  std::uint32_t ring_ = 0;
  Numbering theater_, actor_, origin_, feed_, indicator_, condition_;
  std::vector<std::uint32_t> condition_of_;    // image index -> declaration
  std::vector<std::uint16_t> condition_node_;  // by declaration
  std::map<std::string, engine::Name, std::less<>> texts_;
  std::map<std::vector<std::uint16_t>, engine::ListRef> lists_;
  std::map<std::tuple<engine::Op, std::uint16_t, std::uint16_t, engine::Span, std::uint64_t>, std::uint16_t> shared_;
  std::vector<Digest> theater_digests_, origin_digests_, feed_digests_, indicator_digests_, node_digests_,
      alert_digests_;
};
}  // namespace

engine::Image Records::view() const {
  engine::Image image;
  image.book_hash = book_hash;
  image.horizon_ms = horizon_ms;
  image.book_version = book_version;
  image.book_title = book_title;
  image.bounds = bounds;
  for (const engine::Indicator& indicator : indicators) image.base_ring_samples += indicator.keep;
  image.theaters = theaters;
  image.actors = actors;
  image.origins = origins;
  image.feeds = feeds;
  image.indicators = indicators;
  image.nodes = nodes;
  image.conditions = conditions;
  image.level_rules = level_rules;
  image.needs = needs;
  image.alerts = alerts;
  image.lists = lists;
  image.text = text;
  return image;
}

std::optional<Records> emit(const Book& book, const Model& model, const engine::Bounds& bounds,
                            std::vector<Diagnostic>& diagnostics) {
  try {
    Records records = Emitter{book, model, diagnostics}.run();
    records.bounds = bounds;
    return records;
  } catch (const LimitPassed&) {
    return std::nullopt;
  }
}
}  // namespace tocsin::compiler
