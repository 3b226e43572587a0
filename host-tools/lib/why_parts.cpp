// SPDX-License-Identifier: Apache-2.0
#include "lib/why_parts.hpp"

#include "tocsin/text/json_lines.hpp"
#include "tocsin/wire/rule_words.hpp"

#include "lib/expression.hpp"
#include "lib/terminal.hpp"

namespace tocsin::tools {
namespace {
using engine::Image;
using engine::Instant;
using engine::kForever;
using engine::kNever;
using engine::kNone;
using engine::Node;
using engine::NodeView;
using engine::Op;
using engine::Shape;
using engine::Truth;

constexpr std::size_t kDepthMax = 64;  // a loaded image may nest deeper than a stack or a reader should

std::string join(const std::string& first, const std::string& second) {
  return first.empty() || second.empty() ? first + second : first + ", " + second;
}

class Builder {
 public:
  Builder(const Image& image, const wire::WhyReport& report)
      : image_{image}, report_{report}, shown_(image.nodes.size()) {}

  WhyPart part(std::uint16_t index, bool spell_out) {
    const Node& node = image_.nodes[index];
    const NodeView& view = this->view(index);
    WhyPart out;
    out.text = printable(expression_text(image_, index, {.spell_out = true, .bytes_max = 400}));
    if (node.condition != kNone && !spell_out) out.condition = image_.view(image_.conditions[node.condition].name);
    out.value = view.truth;
    const bool leaf = fill_leaf(index, out);
    if (leaf) return out;
    if (shown_[index] || depth_ >= kDepthMax) {
      out.above = true;
      return out;
    }
    shown_[index] = true;
    ++depth_;
    fill(index, out);
    --depth_;
    return out;
  }

 private:
  [[nodiscard]] const NodeView& view(std::uint16_t index) const {
    static const NodeView kNothing{};
    const NodeView* found = report_.find(index);
    return found == nullptr ? kNothing : *found;
  }
  [[nodiscard]] std::string name_of(std::uint16_t index) const {
    return printable(expression_text(image_, index, {.spell_out = false, .bytes_max = 80}));
  }
  [[nodiscard]] std::string since_text(Instant instant) const {
    return text::format_instant(instant) +
           (instant == report_.at ? "" : " (" + span_text(report_.at - instant) + " ago)");
  }
  [[nodiscard]] std::string left_text(Instant due) const {
    return due == kForever || due <= report_.at ? std::string{} : span_text(due - report_.at) + " left";
  }

  // --- numbers
  [[nodiscard]] std::string blindness(std::uint16_t indicator) const {
    std::string out;
    for (const std::uint16_t feed : image_.list(image_.indicators[indicator].feeds)) {
      const auto* known = report_.find_feed(feed);
      if (known != nullptr && known->overdue) out = join(out, silence_text(image_, report_, *known));
    }
    return out.empty() ? "no feed carries " + printable(image_.view(image_.indicators[indicator].name)) : out;
  }
  /// Why a number taken from reports is not known.
  [[nodiscard]] std::string ignorance(std::uint16_t index) const {
    const Node& node = image_.nodes[index];
    const NodeView& seen = view(index);
    if (report_.is_blind(node.a)) return blindness(node.a);
    if (seen.reports < node.at_least) {
      return std::to_string(seen.reports) + " of at least " + std::to_string(node.at_least) + " reports";
    }
    if (seen.reports == 0) return "no report of " + printable(subject_text(image_, node));
    return "not a finite number";
  }
  [[nodiscard]] std::string unknown_numbers(std::uint16_t index) const {
    std::string out;
    for_each_number(index, 0, [&](std::uint16_t number) {
      if (view(number).known) return;
      const std::string why = ignorance(number);
      if (out.find(why) == std::string::npos) out = join(out, why);
    });
    return out.empty() ? "division by zero or not a finite number" : out;
  }
  /// The numbers taken from reports below a number.
  template <class Visit>
  void for_each_number(std::uint16_t index, std::size_t depth, Visit&& visit) const {
    const Node& node = image_.nodes[index];
    const Shape shape = engine::shape_of(node.op);
    if (shape == Shape::report_number) return visit(index);
    if (shape != Shape::arithmetic || depth >= kDepthMax / 4) return;
    for_each_number(node.a, depth + 1, visit);
    for_each_number(node.b, depth + 1, visit);
  }
  /// What a number counts: "launches", "origins", "aircraft".
  [[nodiscard]] std::string counted_thing(const Node& node) const {
    const Op op = static_cast<Op>(node.op);
    if (op == Op::origins) return "origins of " + printable(subject_text(image_, node));
    if (op == Op::days) return "days with " + printable(subject_text(image_, node));
    const auto unit = image_.view(image_.indicators[node.a].unit);
    if (op == Op::sum && !unit.empty()) return printable(unit);
    return printable(subject_text(image_, node));
  }
  WhyPart number_part(std::uint16_t index) const {
    const NodeView& seen = view(index);
    WhyPart out;
    out.text = printable(expression_text(image_, index));
    out.is_number = true;
    out.saturated = seen.saturated;
    if (seen.known) out.number = seen.value;
    out.note = seen.known ? counted(seen.reports, "report", "reports") : ignorance(index);
    return out;
  }

  // --- leaves
  bool fill_leaf(std::uint16_t index, WhyPart& out) {
    const Node& node = image_.nodes[index];
    switch (engine::shape_of(node.op)) {
      case Shape::comparison:
        fill_comparison(index, out);
        return true;
      case Shape::pulse:
        out.note = out.value == Truth::yes  ? "reported at this instant"
                   : out.value == Truth::no ? "no report at this instant"
                                            : blindness(node.a);
        if (out.value != Truth::yes) {
          out.lacks = out.value == Truth::no ? "a report of " + printable(subject_text(image_, node)) : out.note;
        }
        return true;
      case Shape::overdue: {
        const auto* feed = report_.find_feed(node.a);
        if (feed == nullptr) return true;
        if (feed->overdue) out.note = silence_text(image_, report_, *feed);
        if (!feed->overdue && feed->last_contact != kNever)
          out.note = "in contact at " + since_text(feed->last_contact);
        if (out.value != Truth::yes) out.lacks = "silence of " + printable(image_.view(image_.feeds[node.a].name));
        return true;
      }
      case Shape::literal:
      case Shape::report_number:
      case Shape::arithmetic:
        out.is_number = true;
        return true;
      case Shape::both:
      case Shape::either:
      case Shape::negate:
      case Shape::hold_for:
      case Shape::in_last:
      case Shape::then:
      case Shape::since:
      case Shape::from_until:
        return false;
    }
    return true;
  }

  void fill_comparison(std::uint16_t index, WhyPart& out) {
    const Node& node = image_.nodes[index];
    const Shape left = engine::shape_of(image_.nodes[node.a].op);
    const Shape right = engine::shape_of(image_.nodes[node.b].op);
    const bool simple = left == Shape::report_number && right == Shape::literal;
    if (!simple) {
      for (const std::uint16_t side : {node.a, node.b}) {
        for_each_number(side, 0, [&](std::uint16_t number) { out.parts.push_back(number_part(number)); });
      }
      if (view(node.a).known && view(node.b).known) {
        out.note = text::format_number(view(node.a).value) + " " + std::string{wire::sign_of(node.op)} + " " +
                   text::format_number(view(node.b).value) + (out.value == Truth::yes ? "" : " does not hold");
      }
      if (out.value == Truth::no) out.lacks = out.text + ": " + out.note;
      if (out.value == Truth::unknown) out.lacks = join_unknown(node);
      return;
    }
    const NodeView& seen = view(node.a);
    out.saturated = seen.saturated;
    if (!seen.known) {
      out.note = unknown_numbers(node.a);
      out.lacks = out.note;
      return;
    }
    out.number = seen.value;
    out.note = compared(node, seen, out.value);
    // "2 of 3 launches" says what it speaks of, "is 4, not >= 5" does not.
    const bool nameless = out.note.starts_with("is ");
    if (out.value != Truth::yes) out.lacks = (nameless ? name_of(node.a) + " " : "") + out.note;
  }
  [[nodiscard]] std::string join_unknown(const Node& node) const {
    std::string out;
    for (const std::uint16_t side : {node.a, node.b}) {
      if (!view(side).known) out = join(out, unknown_numbers(side));
    }
    return out;
  }
  /// "2 of 3 launches, 5 h left".
  [[nodiscard]] std::string compared(const Node& node, const NodeView& seen, Truth value) const {
    const Node& number = image_.nodes[node.a];
    const Op comparison = static_cast<Op>(node.op);
    const std::string have = text::format_number(seen.value);
    const std::string asked = text::format_number(image_.nodes[node.b].value);
    const Op op = static_cast<Op>(number.op);
    const bool adds_up = op == Op::count || op == Op::sum || op == Op::origins || op == Op::days;
    if (adds_up && (comparison == Op::greater_equal || comparison == Op::equal) && value == Truth::no &&
        seen.value < image_.nodes[node.b].value) {
      return join(have + " of " + asked + " " + counted_thing(number), left_text(seen.due));
    }
    std::string out = "is " + have;
    if (value == Truth::no) out += ", not " + std::string{wire::sign_of(node.op)} + " " + asked;
    if (adds_up && seen.reports > 0 && seen.due != kForever) out = join(out, left_text(seen.due));
    return out;
  }

  // --- conditions of conditions
  void fill(std::uint16_t index, WhyPart& out) {
    const Node& node = image_.nodes[index];
    switch (engine::shape_of(node.op)) {
      case Shape::both:
      case Shape::either:
        add_flat(index, node.op, 0, out);
        out.note = share_of(out, engine::shape_of(node.op));
        return;
      case Shape::negate:
        out.parts.push_back(part(node.a, false));
        if (out.value == Truth::no) out.lacks = "an end of " + name_of(node.a);
        return;
      case Shape::hold_for:
      case Shape::in_last:
        out.parts.push_back(part(node.a, false));
        out.note = engine::shape_of(node.op) == Shape::hold_for ? hold_note(node, view(index), out.parts[0].value)
                                                                : in_last_note(node, view(index), out.parts[0].value);
        break;
      case Shape::then:
      case Shape::since:
      case Shape::from_until:
        out.parts.push_back(part(node.a, false));
        out.parts.push_back(part(node.b, false));
        out.note = engine::shape_of(node.op) == Shape::then ? then_note(node, view(index), out)
                                                            : began_note(node, view(index), out);
        break;
      case Shape::literal:
      case Shape::report_number:
      case Shape::arithmetic:
      case Shape::comparison:
      case Shape::pulse:
      case Shape::overdue:
        return;
    }
    if (out.value != Truth::yes) out.lacks = lack_of(index, out);
  }

  /// `a and b and c` is one part with three, as it is written.
  void add_flat(std::uint16_t index, std::uint8_t op, std::size_t depth, WhyPart& out) {
    const Node& node = image_.nodes[index];
    for (const std::uint16_t side : {node.a, node.b}) {
      const Node& operand = image_.nodes[side];
      if (operand.op == op && operand.condition == kNone && !shown_[side] && depth < kDepthMax) {
        shown_[side] = true;
        add_flat(side, op, depth + 1, out);
      } else {
        out.parts.push_back(part(side, false));
      }
    }
  }
  static std::string share_of(const WhyPart& part, Shape shape) {
    if (shape != Shape::both || part.value == Truth::yes) return {};
    std::size_t holding = 0;
    for (const WhyPart& one : part.parts) holding += one.value == Truth::yes ? 1U : 0U;
    return std::to_string(holding) + " of " + std::to_string(part.parts.size()) + " hold";
  }

  [[nodiscard]] std::string hold_note(const Node& node, const NodeView& seen, Truth operand) const {
    if (seen.witness == kNever || operand != Truth::yes) return {};
    const std::string since = "true since " + since_text(seen.witness);
    if (seen.truth == Truth::yes) return since;
    return join(since, left_text(seen.due != kForever ? seen.due : seen.witness + node.window_ms));
  }
  [[nodiscard]] std::string in_last_note(const Node& node, const NodeView& seen, Truth operand) const {
    if (operand == Truth::yes && node.ago_ms == 0) return "true now";
    if (seen.witness == kNever) return seen.truth == Truth::no ? "not true in that time" : "";
    const std::string last = "last true at " + since_text(seen.witness);
    return join(last, seen.truth == Truth::yes ? left_text(seen.due) : std::string{});
  }
  [[nodiscard]] std::string then_note(const Node& node, const NodeView& seen, const WhyPart& out) const {
    const std::string first = name_of(node.a);
    if (seen.truth == Truth::no && out.parts[1].value == Truth::yes) {
      return name_of(node.b) + " began without " + first + " in the " + duration_text(node.window_ms) + " before";
    }
    if (seen.truth != Truth::yes && out.parts[0].value == Truth::yes) return first + " true now";
    if (seen.witness == kNever) {
      return seen.truth == Truth::no ? first + " not true in the last " + duration_text(node.window_ms) : "";
    }
    const std::string last = first + " last true at " + since_text(seen.witness);
    const Instant end = seen.witness + node.window_ms;
    if (seen.truth == Truth::yes) return last;
    if (end < report_.at) return join(last, "longer ago than " + duration_text(node.window_ms));
    return join(last, end == report_.at ? "the last instant" : left_text(end));
  }
  /// Of `since` and `from`: when it began.
  [[nodiscard]] std::string began_note(const Node& node, const NodeView& seen, const WhyPart& out) const {
    const bool since = engine::shape_of(node.op) == Shape::since;
    const std::string name = since ? name_of(node.b) : name_of(node.a);
    const bool now = out.parts[since ? 1 : 0].value == Truth::yes;
    if (now && node.ago_ms == 0 && seen.truth == Truth::yes) return name + " true now";
    if (seen.witness != kNever) {
      return join(name + " last true at " + since_text(seen.witness),
                  seen.truth == Truth::yes ? left_text(seen.due) : std::string{});
    }
    if (seen.truth != Truth::no) return {};
    return since ? "no " + name + " in that time with " + name_of(node.a) + " ever since"
                 : "no " + name + " since " + name_of(node.b);
  }
  /// Empty when the parts say it themselves.
  [[nodiscard]] std::string lack_of(std::uint16_t index, const WhyPart& out) const {
    const Node& node = image_.nodes[index];
    const bool is_then = engine::shape_of(node.op) == Shape::then;
    const Instant first = view(index).witness;
    const bool over = first == kNever || first + node.window_ms < report_.at;  // of `then`: its A no longer counts
    if (out.value == Truth::unknown) {
      if (is_then && !over) return out.parts[1].lacks;
      for (const WhyPart& one : out.parts) {
        if (one.value == Truth::unknown) return {};
      }
      return name_of(index) + ": not known throughout that time";
    }
    switch (engine::shape_of(node.op)) {
      case Shape::hold_for:
        return out.parts[0].value == Truth::yes ? out.note : std::string{};
      case Shape::then:
        if (out.parts[1].value == Truth::yes) return out.note;
        if (over && out.parts[0].value != Truth::yes) return {};  // both sides are to come yet
        return name_of(node.b) + " (" + out.note + ")";
      case Shape::from_until:
        return name_of(node.a);
      case Shape::literal:
      case Shape::report_number:
      case Shape::arithmetic:
      case Shape::comparison:
      case Shape::pulse:
      case Shape::overdue:
      case Shape::both:
      case Shape::either:
      case Shape::negate:
      case Shape::in_last:
      case Shape::since:
        break;
    }
    return {};
  }

  const Image& image_;
  const wire::WhyReport& report_;
  std::vector<bool> shown_;
  std::size_t depth_ = 0;
};

void collect(const WhyPart& part, std::vector<std::string>& out) {
  if (part.is_number || part.value == Truth::yes) return;
  if (!part.lacks.empty()) {
    out.push_back(part.lacks);
    return;
  }
  if (part.above) out.push_back(part.condition.empty() ? part.text : part.condition);
  for (const WhyPart& one : part.parts) collect(one, out);
}
}  // namespace

WhyPart why_tree(const Image& image, const wire::WhyReport& report, std::uint16_t node) {
  return Builder{image, report}.part(node, false);
}

std::vector<std::string> lacking(const WhyPart& part) {
  std::vector<std::string> out;
  collect(part, out);
  return out;
}

std::string silence_text(const Image& image, const wire::WhyReport& report, const wire::WhyReport::Feed& feed) {
  const std::string name = printable(image.view(image.feeds[feed.feed].name));
  if (feed.last_contact != kNever) {
    return name + " silent since " + text::format_instant(feed.last_contact) + " (" +
           span_text(report.at - feed.last_contact) + ")";
  }
  return report.at == report.clock ? name + " has not spoken" : name + " silent";
}
}  // namespace tocsin::tools
