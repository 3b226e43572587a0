// SPDX-License-Identifier: Apache-2.0
#include "lib/expression.hpp"

#include "tocsin/text/json_lines.hpp"
#include "tocsin/wire/rule_words.hpp"

namespace tocsin::tools {
namespace {
using engine::Image;
using engine::kNone;
using engine::Node;
using engine::Op;
using engine::Shape;

/// How tightly a form binds, loosest first.
enum class Binding : std::uint8_t {
  alone,
  disjunction,
  conjunction,
  negation,
  temporal,
  comparison,
  sum,
  product,
  atom
};

constexpr std::size_t kDepthMax = 64;  // a loaded image may nest deeper than a stack should

Binding binding_of(const Node& node) {
  switch (engine::shape_of(node.op)) {
    case Shape::literal:
      return node.value < 0 ? Binding::product : Binding::atom;
    case Shape::report_number:
    case Shape::pulse:
    case Shape::overdue:
      return Binding::atom;
    case Shape::arithmetic:
      return static_cast<Op>(node.op) == Op::multiply || static_cast<Op>(node.op) == Op::divide ? Binding::product
                                                                                                : Binding::sum;
    case Shape::comparison:
      return Binding::comparison;
    case Shape::both:
      return Binding::conjunction;
    case Shape::either:
      return Binding::disjunction;
    case Shape::negate:
      return Binding::negation;
    case Shape::hold_for:
    case Shape::in_last:
    case Shape::then:
    case Shape::since:
      return Binding::temporal;
    case Shape::from_until:
      return Binding::alone;
  }
  return Binding::alone;
}

Binding tighter(Binding binding) { return static_cast<Binding>(static_cast<unsigned>(binding) + 1U); }

/// `in last 2h to 1d`.
std::string in_last_text(const Node& node) {
  std::string out = " in last ";
  if (node.ago_ms != 0) out += duration_text(node.ago_ms) + " to ";
  return out + duration_text(node.window_ms);
}

class Speller {
 public:
  Speller(const Image& image, std::size_t bytes_max) : image_{image}, bytes_max_{bytes_max} {}

  void spell(std::uint16_t index, bool by_name, Binding least) {
    if (out_.size() > bytes_max_ || depth_ >= kDepthMax) {
      out_ += "...";
      return;
    }
    const Node& node = image_.nodes[index];
    if (by_name && node.condition != kNone) {
      out_ += image_.view(image_.conditions[node.condition].name);
      return;
    }
    const bool bracketed = binding_of(node) < least;
    ++depth_;
    if (bracketed) out_ += '(';
    write(node);
    if (bracketed) out_ += ')';
    --depth_;
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void operand(std::uint16_t index, Binding least) { spell(index, true, least); }
  /// Every kind groups from the left.
  void infix(const Node& node, std::string_view word, Binding binding) {
    operand(node.a, binding);
    out_.append(" ").append(word).append(" ");
    operand(node.b, tighter(binding));
  }
  void write(const Node& node) {
    switch (engine::shape_of(node.op)) {
      case Shape::literal:
        out_ += text::format_number(node.value);
        return;
      case Shape::report_number:
        return write_number(node);
      case Shape::arithmetic:
      case Shape::comparison: {
        const Binding binding = binding_of(node);
        if (binding != Binding::comparison) return infix(node, wire::sign_of(node.op), binding);
        operand(node.a, Binding::sum);  // no chains
        out_.append(" ").append(wire::sign_of(node.op)).append(" ");
        return operand(node.b, Binding::sum);
      }
      case Shape::pulse:
        out_ += subject_text(image_, node);
        return;
      case Shape::overdue:
        out_.append("overdue(").append(image_.view(image_.feeds[node.a].name)).append(")");
        return;
      case Shape::both:
        return infix(node, "and", Binding::conjunction);
      case Shape::either:
        return infix(node, "or", Binding::disjunction);
      case Shape::negate:
        out_ += "not ";
        return operand(node.a, Binding::negation);
      case Shape::hold_for:
      case Shape::in_last:
      case Shape::then:
      case Shape::since:
      case Shape::from_until:
        return write_temporal(node);
    }
  }
  void write_number(const Node& node) {
    out_.append(wire::number_word(node.op)).append("(").append(subject_text(image_, node));
    if (static_cast<Op>(node.op) == Op::quantile)
      out_.append(", ").append(text::format_number(wire::quantile_of(node)));
    const std::string window = window_text(node);
    if (!window.empty()) out_.append(", ").append(window);
    out_ += ')';
  }
  // Operands of these are comparisons, names or parentheses.
  void write_temporal(const Node& node) {
    switch (engine::shape_of(node.op)) {
      case Shape::hold_for:
        operand(node.a, Binding::comparison);
        out_ += " for " + duration_text(node.window_ms);
        return;
      case Shape::in_last:
        operand(node.a, Binding::comparison);
        out_ += in_last_text(node);
        return;
      case Shape::then:
        operand(node.a, Binding::comparison);
        out_ += " then ";
        operand(node.b, Binding::comparison);
        out_ += " within " + duration_text(node.window_ms);
        return;
      case Shape::since:
        operand(node.a, Binding::comparison);
        out_ += " since ";
        operand(node.b, Binding::comparison);
        if (node.window_ms != engine::kUnbounded) out_ += in_last_text(node);
        return;
      case Shape::from_until:
        out_ += "from ";
        operand(node.a, Binding::disjunction);
        out_ += " until ";
        operand(node.b, Binding::disjunction);
        return;
      case Shape::literal:
      case Shape::report_number:
      case Shape::arithmetic:
      case Shape::comparison:
      case Shape::pulse:
      case Shape::overdue:
      case Shape::both:
      case Shape::either:
      case Shape::negate:
        return;
    }
  }

  const Image& image_;
  std::size_t bytes_max_;
  std::string out_;
  std::size_t depth_ = 0;
};
}  // namespace

std::string duration_text(engine::Span span) { return text::format_span(span); }

std::string filter_text(const Image& image, std::uint16_t filter) {
  if (filter == kNone) return {};
  const engine::ListRef terms = image.filters[filter].terms;
  std::vector<wire::AlertRecord::FilterTerm> words;
  for (const auto& term : image.filter_terms.subspan(terms.first, terms.count)) {
    words.push_back({std::string{wire::filter_key_word(term.key)}, std::string{wire::sign_of(term.comparison)},
                     std::string{wire::filter_word(image, term).view()}, term.value});
  }
  return text::format_filter(words);
}

std::string window_text(const Node& node) {
  std::string out;
  if (node.window_ms > 0) out = duration_text(node.window_ms);
  if (node.ago_ms != 0) out += " ending " + duration_text(node.ago_ms) + " ago";
  if (node.at_least != 0) out += (out.empty() ? "at least " : ", at least ") + std::to_string(node.at_least);
  return out;
}

std::string subject_text(const Image& image, const Node& node) {
  std::string out{image.view(image.indicators[node.a].name)};
  if (node.filter != kNone) out += "[" + filter_text(image, node.filter) + "]";
  return out;
}

std::string expression_text(const Image& image, std::uint16_t node, const ExpressionOptions& options) {
  Speller speller{image, options.bytes_max};
  speller.spell(node, !options.spell_out, Binding::alone);
  return speller.take();
}

std::string need_text(const Image& image, const engine::Need& need) {
  std::string out = std::to_string(need.count) + (need.count == 1 ? " origin of " : " origins of ");
  std::size_t place = need.filters;
  bool first = true;
  for (const std::uint16_t indicator : image.list(need.indicators)) {
    if (!first) out += ", ";
    first = false;
    out += image.view(image.indicators[indicator].name);
    const std::uint16_t filter = image.lists[place++];
    if (filter != kNone) out += "[" + filter_text(image, filter) + "]";
  }
  out += " within " + duration_text(need.window_ms);
  return out.append(" else ").append(text::name_of(static_cast<engine::Level>(need.cap)));
}
}  // namespace tocsin::tools
