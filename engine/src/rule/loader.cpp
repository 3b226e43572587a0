// SPDX-License-Identifier: Apache-2.0
// The only file of the engine that sees FlatBuffers. The verifier proves the table's shape; everything the engine
// indexes with is checked here by hand, since a verified buffer may still hold any number.
#include <cstring>
#include <type_traits>

#include "tocsin/engine/engine.hpp"
#include "tocsin/schemas/rule_image_generated.h"

#include "rule/image_text.hpp"
#include "state/block.hpp"

namespace tocsin::engine {
namespace {
// The generated structs and the engine's records are the same bytes; the targets are all little endian.
template <class Record, class Generated>
constexpr bool kSameShape = sizeof(Record) == sizeof(Generated) && alignof(Record) == alignof(Generated);
static_assert(kSameShape<Theater, schemas::TheaterRecord>);
static_assert(kSameShape<Actor, schemas::ActorRecord>);
static_assert(kSameShape<Origin, schemas::OriginRecord>);
static_assert(kSameShape<Feed, schemas::FeedRecord>);
static_assert(kSameShape<Indicator, schemas::IndicatorRecord>);
static_assert(kSameShape<Node, schemas::NodeRecord>);
static_assert(kSameShape<Condition, schemas::ConditionRecord>);
static_assert(kSameShape<LevelRule, schemas::LevelRuleRecord>);
static_assert(kSameShape<Need, schemas::NeedRecord>);
static_assert(kSameShape<Alert, schemas::AlertRecord>);
static_assert(kSameShape<Bounds, schemas::BoundsRecord>);
static_assert(kSameShape<Filter, schemas::FilterRecord>);
static_assert(kSameShape<FilterTerm, schemas::FilterTermRecord>);
static_assert(kSameShape<Tag, schemas::TagRecord>);
static_assert(kSameShape<Hypothesis, schemas::HypothesisRecord>);
static_assert(kSameShape<WeighClause, schemas::WeighClauseRecord>);
static_assert(kSameShape<Weight, schemas::WeightRecord>);
static_assert(kSameShape<Disconfirm, schemas::DisconfirmRecord>);
static_assert(kSameShape<Name, schemas::Name>);
static_assert(FLATBUFFERS_LITTLEENDIAN == 1, "records are read in place");

/// The verifier aligns a vector's length, not its elements.
template <class Element>
bool is_aligned(const void* data) {
  return reinterpret_cast<std::uintptr_t>(data) % alignof(Element) == 0;
}

/// The records of a vector in place. @param aligned  set to false when they are not where a processor can read them.
template <class Record, class Generated>
std::span<const Record> records(const flatbuffers::Vector<const Generated*>* vector, bool& aligned) {
  if (vector == nullptr || vector->size() == 0) return {};  // nothing to align
  if (!is_aligned<Record>(vector->Data())) {
    aligned = false;
    return {};
  }
  return {static_cast<const Record*>(static_cast<const void*>(vector->Data())), vector->size()};
}

/// What all nodes of a book may remember together, in 8-byte words: 32 MiB for each state.
constexpr std::size_t kWordsMax = std::size_t{1} << 22U;

constexpr bool is_number(std::uint8_t op) { return op <= static_cast<std::uint8_t>(Op::divide); }

/// One pass over everything that indexes something else.
class Checker {
 public:
  explicit Checker(const Image& image) : image_{image} {}

  ImageError run() const {
    if (!counts_fit()) return ImageError::too_large;
    if (!text_fits()) return ImageError::bad_name;
    if (!lists_fit()) return ImageError::bad_list;
    if (!nodes_fit()) return ImageError::bad_node;
    if (!values_fit()) return ImageError::bad_value;
    return ImageError::none;
  }

 private:
  bool counts_fit() const {
    return image_.theaters.size() <= kTheatersMax && image_.actors.size() <= kIndicatorsMax &&
           image_.origins.size() <= kOriginsMax && image_.feeds.size() <= kFeedsMax &&
           image_.indicators.size() <= kIndicatorsMax && image_.nodes.size() <= kNodesMax &&
           image_.conditions.size() <= kNodesMax && image_.level_rules.size() < kNone && image_.needs.size() < kNone &&
           image_.alerts.size() <= kAlertsMax && image_.lists.size() < kNone && image_.filters.size() <= 4096 &&
           image_.filter_terms.size() < kNone && image_.tags.size() <= kTagsMax && image_.hypotheses.size() <= 256 &&
           image_.weigh_clauses.size() < kNone && image_.weights.size() < kNone && image_.disconfirms.size() < kNone &&
           image_.texts.size() < kNone;
  }

  std::string_view text() const { return {image_.text.data(), image_.text.size()}; }
  bool fits(Name name) const { return is_part(name, text()); }

  template <class Record>
  bool sorted(std::span<const Record> table) const {
    for (std::size_t i = 0; i < table.size(); ++i) {
      if (!fits(table[i].name) || table[i].name.length == 0) return false;
      if constexpr (!std::is_same_v<Record, Tag>) {  // tags are free
        if (!is_name(image_.view(table[i].name))) return false;
      }
      if (i > 0 && image_.view(table[i - 1].name) >= image_.view(table[i].name)) return false;
    }
    return true;
  }

  template <class Record>
  bool titles(std::span<const Record> table) const {
    for (const Record& record : table) {
      if (!fits(record.title)) return false;
    }
    return true;
  }

  bool text_fits() const {
    if (!is_clean(text())) return false;
    for (const Indicator& indicator : image_.indicators) {
      if (!fits(indicator.unit) || !fits(indicator.kind) || !fits(indicator.compartment)) return false;
    }
    for (const Disconfirm& disconfirm : image_.disconfirms) {
      if (!fits(disconfirm.text)) return false;
    }
    for (const Name& name : image_.texts) {
      if (!fits(name)) return false;
    }
    return sorted(image_.tags) && sorted(image_.hypotheses) && titles(image_.hypotheses) && fits(image_.book_title) &&
           sorted(image_.theaters) && sorted(image_.actors) && sorted(image_.origins) && sorted(image_.feeds) &&
           sorted(image_.indicators) && sorted(image_.conditions) && sorted(image_.alerts) && titles(image_.theaters) &&
           titles(image_.actors) && titles(image_.origins) && titles(image_.feeds) && titles(image_.indicators) &&
           titles(image_.alerts);
  }

  bool list_below(ListRef ref, std::size_t end) const {
    if (std::size_t{ref.first} + ref.count > image_.lists.size()) return false;
    for (const std::uint16_t element : image_.list(ref)) {
      if (element >= end) return false;
    }
    return true;
  }

  static bool run_below(ListRef ref, std::size_t end) { return std::size_t{ref.first} + ref.count <= end; }

  bool lists_fit() const {
    const std::size_t feeds = image_.feeds.size();
    for (const Theater& theater : image_.theaters) {
      if (!list_below(theater.feeds, feeds)) return false;
    }
    for (const Feed& feed : image_.feeds) {
      if (feed.origins.count == 0 || !list_below(feed.origins, image_.origins.size())) return false;
    }
    for (const Indicator& indicator : image_.indicators) {
      if (!list_below(indicator.feeds, feeds)) return false;
    }
    for (const Need& need : image_.needs) {
      if (!need_lists_fit(need)) return false;
    }
    for (const Filter& filter : image_.filters) {
      if (filter.terms.count == 0 || !run_below(filter.terms, image_.filter_terms.size())) return false;
    }
    for (const WeighClause& clause : image_.weigh_clauses) {
      if (clause.weights.count == 0 || clause.weights.count > kHypothesesMax ||
          !run_below(clause.weights, image_.weights.size()))
        return false;
    }
    for (const Weight& weight : image_.weights) {
      if (weight.hypothesis >= image_.hypotheses.size()) return false;
    }
    for (const Alert& alert : image_.alerts) {
      if (!list_below(alert.theaters, image_.theaters.size()) || !list_below(alert.feeds, feeds)) return false;
      if (alert.theaters.count == 0 || alert.theaters.count > kAlertTheatersMax) return false;
      if (!run_below(alert.levels, image_.level_rules.size()) || !run_below(alert.needs, image_.needs.size()))
        return false;
      if (alert.needs.count > kNeedsMax) return false;
      if (!list_below(alert.against, image_.conditions.size()) || alert.against.count > kAgainstMax) return false;
      if (!run_below(alert.weighs, image_.weigh_clauses.size()) || alert.weighs.count > 64) return false;
      if (hypotheses_of(alert) > kHypothesesMax) return false;
      if (!run_below(alert.caveats, image_.texts.size()) || !run_below(alert.release, image_.texts.size()) ||
          !run_below(alert.disconfirms, image_.disconfirms.size()))
        return false;
    }
    return true;
  }

  bool need_lists_fit(const Need& need) const {
    if (need.indicators.count == 0 || !list_below(need.indicators, image_.indicators.size())) return false;
    if (std::size_t{need.filters} + need.indicators.count > image_.lists.size()) return false;
    for (std::size_t i = 0; i < need.indicators.count; ++i) {
      const std::uint16_t indicator = image_.lists[need.indicators.first + i];
      if (!filter_of(indicator, image_.lists[need.filters + i])) return false;
    }
    return true;
  }

  /// True when `filter` is none or one of that indicator's.
  bool filter_of(std::uint16_t indicator, std::uint16_t filter) const {
    return filter == kNone || (filter < image_.filters.size() && image_.filters[filter].indicator == indicator);
  }

  /// Different hypotheses that an alert weighs, an upper bound: its weights. @pre its runs fit.
  std::size_t hypotheses_of(const Alert& alert) const {
    std::size_t different = 0;
    for (std::size_t hypothesis = 0; hypothesis < image_.hypotheses.size(); ++hypothesis) {
      for (const WeighClause& clause : image_.weigh_clauses.subspan(alert.weighs.first, alert.weighs.count)) {
        bool named = false;
        for (const Weight& weight : image_.weights.subspan(clause.weights.first, clause.weights.count))
          named = named || weight.hypothesis == hypothesis;
        if (!named) continue;
        ++different;
        break;
      }
    }
    return different;
  }

  bool number_at(std::uint16_t index, std::size_t before) const {
    return index < before && is_number(image_.nodes[index].op);
  }
  bool condition_at(std::uint16_t index, std::size_t before) const {
    return index < before && !is_number(image_.nodes[index].op);
  }
  bool window_fits(const Node& node) const {
    return positive(node.window_ms) && not_negative(node.ago_ms) && node.at_least <= kKeepMax;
  }
  static bool windowless(const Node& node) { return node.window_ms == 0 && node.ago_ms == 0; }
  static bool quantile_fits(const Node& node) {
    if (node.digits > 15) return false;
    std::int64_t whole = 1;
    for (int i = 0; i < node.digits; ++i) whole *= 10;
    return node.numerator >= 0 && node.numerator <= whole;
  }
  /// `in last C to D`.
  static bool past_fits(const Node& node) {
    if (!not_negative(node.window_ms) || node.ago_ms < 0 || node.ago_ms > node.window_ms) return false;
    if (node.ago_ms == 0) return node.runs == 0;
    return node.runs <= kRunsMax && runs_needed(node.ago_ms, node.window_ms) <= node.runs;
  }
  static bool positive(Span span) { return span > 0 && span <= kSpanMax; }
  /// What only numbers and pulses have is not there: alerts show it of `overdue`, too.
  static bool bare(const Node& node) { return node.at_least == 0 && node.filter == kNone; }
  static bool plain(const Node& node) { return bare(node) && windowless(node) && node.runs == 0; }

  /// The span of `for` and `then`.
  static bool span_fits(const Node& node) {
    return bare(node) && positive(node.window_ms) && node.ago_ms == 0 && node.runs == 0;
  }

  bool node_fits(const Node& node, std::size_t index) const {
    const bool indicator = node.a < image_.indicators.size();
    if (node.condition != kNone && node.condition >= image_.conditions.size()) return false;
    switch (static_cast<Op>(node.op)) {
      case Op::literal:
        return plain(node) && node.value - node.value == 0.0;  // finite
      case Op::count:
      case Op::sum:
      case Op::max:
      case Op::origins:
      case Op::mean:
      case Op::min:
      case Op::median:
      case Op::mad:
      case Op::stddev:
      case Op::days:
        return indicator && filter_of(node.a, node.filter) && window_fits(node);
      case Op::quantile:
        return indicator && filter_of(node.a, node.filter) && window_fits(node) && quantile_fits(node);
      case Op::last:
        return indicator && filter_of(node.a, node.filter) && node.at_least <= kKeepMax && windowless(node);
      case Op::pulse:
        return indicator && filter_of(node.a, node.filter) && windowless(node) && node.at_least == 0;
      case Op::add:
      case Op::subtract:
      case Op::multiply:
      case Op::divide:
      case Op::less:
      case Op::less_equal:
      case Op::equal:
      case Op::not_equal:
      case Op::greater_equal:
      case Op::greater:
        return plain(node) && number_at(node.a, index) && number_at(node.b, index);
      case Op::overdue:
        return plain(node) && node.a < image_.feeds.size();
      case Op::both:
      case Op::either:
      case Op::from_until:
        return plain(node) && condition_at(node.a, index) && condition_at(node.b, index);
      case Op::negate:
        return plain(node) && condition_at(node.a, index);
      case Op::hold_for:
        return condition_at(node.a, index) && span_fits(node);
      case Op::in_last:
        return bare(node) && condition_at(node.a, index) && past_fits(node);
      case Op::since:
        if (!bare(node) || !condition_at(node.a, index) || !condition_at(node.b, index)) return false;
        return node.window_ms == kUnbounded ? node.ago_ms == 0 && node.runs == 0 : past_fits(node);
      case Op::then:
        return condition_at(node.a, index) && condition_at(node.b, index) && span_fits(node);
    }
    return false;
  }

  bool nodes_fit() const {
    const std::size_t end = image_.nodes.size();
    for (std::size_t i = 0; i < end; ++i) {
      if (!node_fits(image_.nodes[i], i)) return false;
    }
    for (const Condition& condition : image_.conditions) {
      if (!condition_at(condition.node, end)) return false;
    }
    for (const LevelRule& rule : image_.level_rules) {
      if (!condition_at(rule.node, end)) return false;
    }
    for (const WeighClause& clause : image_.weigh_clauses) {
      if (clause.when != kNone && !condition_at(clause.when, end)) return false;
    }
    for (const Alert& alert : image_.alerts) {
      if (!condition_at(alert.when, end)) return false;
      if (alert.clear != kNone && !condition_at(alert.clear, end)) return false;
    }
    return true;
  }

  static bool level(std::uint8_t value) { return value >= 1 && value <= static_cast<std::uint8_t>(Level::critical); }
  static bool not_negative(Span span) { return span >= 0 && span <= kSpanMax; }

  bool values_fit() const {
    std::uint32_t ring = 0;
    for (const Indicator& indicator : image_.indicators) {
      if (indicator.keep == 0 || indicator.keep > kKeepMax || indicator.ring != ring) return false;
      if (indicator.role > static_cast<std::uint8_t>(Role::noise)) return false;
      if (indicator.theater != kNone && indicator.theater >= image_.theaters.size()) return false;
      if (indicator.actor != kNone && indicator.actor >= image_.actors.size()) return false;
      ring += indicator.keep;
    }
    for (const Origin& origin : image_.origins) {
      if (origin.reliability < 'A' || origin.reliability > 'F') return false;
    }
    for (const Feed& feed : image_.feeds) {
      if (!not_negative(feed.every_ms) || !not_negative(feed.grace_ms)) return false;
    }
    for (const Theater& theater : image_.theaters) {
      if (!not_negative(theater.step_down_ms) || theater.blind_after == 0) return false;
    }
    for (const LevelRule& rule : image_.level_rules) {
      if (!level(rule.level)) return false;
    }
    for (std::size_t i = 0; i < image_.filters.size(); ++i) {
      if (!filter_fits(i)) return false;
    }
    for (const FilterTerm& term : image_.filter_terms) {
      if (!term_fits(term)) return false;
    }
    for (const Disconfirm& disconfirm : image_.disconfirms) {
      if (!not_negative(disconfirm.by_ms)) return false;
    }
    for (const Need& need : image_.needs) {
      if (!positive(need.window_ms) || need.count == 0 || !level(need.cap)) return false;
    }
    for (const Alert& alert : image_.alerts) {
      if (!not_negative(alert.hold_ms) || !not_negative(alert.cooldown_ms) || !level(alert.level)) return false;
      if (alert.kind > 1 || alert.directed > 1 || alert.evidence == 0 || alert.evidence > kEvidenceReportsMax)
        return false;
      if (alert.marking > static_cast<std::uint8_t>(Marking::red)) return false;
    }
    return positive(image_.horizon_ms) && bounds_fit();
  }

  bool filter_fits(std::size_t index) const {
    const Filter& filter = image_.filters[index];
    if (filter.indicator >= image_.indicators.size() || filter.bit >= kFiltersMax) return false;
    for (std::size_t i = 0; i < index; ++i) {
      if (image_.filters[i].indicator == filter.indicator && image_.filters[i].bit == filter.bit) return false;
    }
    return true;
  }

  bool term_fits(const FilterTerm& term) const {
    const auto comparison = static_cast<Op>(term.comparison);
    if (comparison < Op::less || comparison > Op::greater) return false;
    const bool equality = comparison == Op::equal || comparison == Op::not_equal;
    const bool graded = equality || comparison == Op::greater_equal || comparison == Op::less_equal;
    const unsigned letter = term.ref >> 8U;
    const unsigned digit = term.ref & 0xFFU;
    switch (static_cast<FilterKey>(term.key)) {
      case FilterKey::value:
        return term.value - term.value == 0.0;
      case FilterKey::origin:
        return equality && term.ref < image_.origins.size();
      case FilterKey::feed:
        return equality && term.ref < image_.feeds.size();
      case FilterKey::actor:
      case FilterKey::target:
        return equality && term.ref < image_.actors.size();
      case FilterKey::tag:
        return equality && term.ref < image_.tags.size();
      case FilterKey::grade:
        return graded && letter >= 'A' && letter <= 'F' && digit >= 1 && digit <= 6;
      case FilterKey::reliability:
        return graded && term.ref >= 'A' && term.ref <= 'F';
      case FilterKey::credibility:
        return graded && term.ref >= 1 && term.ref <= 6;
    }
    return false;
  }

  bool bounds_fit() const {
    const Bounds& bounds = image_.bounds;
    return bounds.log_capacity >= 16 && bounds.log_capacity <= kLogMax && bounds.standing_capacity >= 16 &&
           bounds.standing_capacity <= kStandingMax && bounds.copies <= kCopiesMax && bounds.contact_runs >= 2 &&
           bounds.contact_runs <= kContactRunsMax;
  }

  const Image& image_;
};
}  // namespace

ImageError load_image(std::span<const std::byte> bytes, Image& out) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 != 0) return ImageError::unaligned;
  constexpr std::size_t kImageBytesMax = 16U << 20U;
  if (bytes.size() < 16 || bytes.size() > kImageBytesMax) return ImageError::malformed;
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), 8, 64);
  if (!schemas::VerifyRuleImageBuffer(verifier)) return ImageError::malformed;
  const schemas::RuleImage* root = schemas::GetRuleImage(bytes.data());
  if (root->version() != kImageVersion) return ImageError::version;
  if (root->bounds() == nullptr || root->book_title() == nullptr) return ImageError::malformed;

  Image image;
  image.book_hash = root->book_hash();
  image.horizon_ms = root->horizon_ms();
  image.book_version = root->book_version();
  std::memcpy(&image.book_title, root->book_title(), sizeof image.book_title);
  std::memcpy(&image.bounds, root->bounds(), sizeof image.bounds);
  bool aligned = true;
  image.theaters = records<Theater>(root->theaters(), aligned);
  image.actors = records<Actor>(root->actors(), aligned);
  image.origins = records<Origin>(root->origins(), aligned);
  image.feeds = records<Feed>(root->feeds(), aligned);
  image.indicators = records<Indicator>(root->indicators(), aligned);
  image.nodes = records<Node>(root->nodes(), aligned);
  image.conditions = records<Condition>(root->conditions(), aligned);
  image.level_rules = records<LevelRule>(root->level_rules(), aligned);
  image.needs = records<Need>(root->needs(), aligned);
  image.alerts = records<Alert>(root->alerts(), aligned);
  image.filters = records<Filter>(root->filters(), aligned);
  image.filter_terms = records<FilterTerm>(root->filter_terms(), aligned);
  image.tags = records<Tag>(root->tags(), aligned);
  image.hypotheses = records<Hypothesis>(root->hypotheses(), aligned);
  image.weigh_clauses = records<WeighClause>(root->weigh_clauses(), aligned);
  image.weights = records<Weight>(root->weights(), aligned);
  image.disconfirms = records<Disconfirm>(root->disconfirms(), aligned);
  image.texts = records<Name>(root->texts(), aligned);
  if (root->lists() != nullptr && !is_aligned<std::uint16_t>(root->lists()->data())) aligned = false;
  if (!aligned) return ImageError::malformed;
  if (root->lists() != nullptr) image.lists = {root->lists()->data(), root->lists()->size()};
  if (root->text() != nullptr) {
    image.text = {reinterpret_cast<const char*>(root->text()->data()), root->text()->size()};
  }

  const ImageError error = Checker{image}.run();
  if (error != ImageError::none) return error;
  for (const Indicator& indicator : image.indicators) image.base_ring_samples += indicator.keep;
  // With these every sum of the layout fits 32 bits.
  const Sizes sizes = sizes_of(image);
  if (sizes.words > kWordsMax || sizes.node_alerts >= kNone || sizes.indicator_alerts >= kNone ||
      sizes.feed_indicators >= kNone)
    return ImageError::too_large;
  if (layout_of(image).block_bytes != image.bounds.block_bytes) return ImageError::bad_block;
  out = image;
  return ImageError::none;
}
}  // namespace tocsin::engine
