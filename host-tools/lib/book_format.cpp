// SPDX-License-Identifier: Apache-2.0
#include "lib/book_format.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "tocsin/compiler/ast.hpp"

#include "lib/book_outline.hpp"
#include "lib/book_tokens.hpp"
#include "lib/terminal.hpp"

namespace tocsin::tools {
namespace {
constexpr std::size_t kColumns = 120;
// An indicator has many clauses: on a line of its own only when it is short.
constexpr std::size_t kShortColumns = 100;
constexpr std::size_t kIndent = 2;
constexpr std::size_t kContinuation = 4;

template <std::size_t kCount>
bool is_one_of(std::string_view word, const std::array<std::string_view, kCount>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// A token with the blanks before it. Lines break where `rank` is lowest; a negative rank never breaks.
struct Piece {
  std::size_t token = 0;
  std::string blanks;
  int rank = -1;
};

// Lines as they are made. A comment beside a line is put in its column when all lines are there.
class Lines {
 public:
  explicit Lines(const TokenizedBook& book) : book_{book} {}

  // Ends the line and begins another for the token, below the comments that stand above it.
  void begin(std::size_t token, std::size_t indent, bool blank_lines) {
    const bool closes = book_.tokens[token].text == "}";
    gap(book_.tokens[token].before, closes ? indent + kIndent : indent, blank_lines);
    text_.assign(indent, ' ');
  }
  void put(const Piece& piece) { text_ += piece.blanks + std::string{book_.tokens[piece.token].text}; }
  void put_text(std::string_view text) { text_ += text; }
  [[nodiscard]] std::size_t width() const { return width_of(text_); }

  std::string finish() {
    gap(book_.end, 0, true);
    align_comments();
    std::string out;
    for (const Line& line : lines_) {
      if (line.blank_before && !out.empty()) out += '\n';
      out += line.text + (line.comment.empty() ? "" : std::string(line.comment_blanks, ' ') + line.comment) + "\n";
    }
    return out;
  }

 private:
  struct Line {
    std::string text;
    std::string comment;
    std::size_t comment_blanks = kIndent;
    bool blank_before = false;
  };

  void gap(const Gap& gap, std::size_t indent, bool blank_lines) {
    if (!text_.empty()) lines_.push_back({text_, gap.trailing.value_or(""), kIndent, blank_before_});
    text_.clear();
    bool first = true;
    for (const OwnLineComment& comment : gap.comments) {
      lines_.push_back(
          {std::string(indent, ' ') + comment.text, {}, 0, comment.blank_before && (blank_lines || !first)});
      first = false;
    }
    blank_before_ = gap.blank_before && (blank_lines || !first);
  }

  // Comments beside lines that follow one another stand in one column, if all of them then still fit.
  void align_comments() {
    for (std::size_t first = 0; first < lines_.size();) {
      std::size_t last = first;
      while (last < lines_.size() && !lines_[last].comment.empty() &&
             (last == first ||
              (!lines_[last].blank_before && indent_of(last) == indent_of(first) && lines_[last].text.back() != '{'))) {
        ++last;
      }
      align(first, last);
      first = std::max(last, first + 1);
    }
  }
  [[nodiscard]] std::size_t indent_of(std::size_t line) const { return lines_[line].text.find_first_not_of(' '); }
  void align(std::size_t first, std::size_t last) {
    std::size_t code = 0;
    std::size_t comment = 0;
    for (std::size_t i = first; i < last; ++i) {
      code = std::max(code, width_of(lines_[i].text));
      comment = std::max(comment, width_of(lines_[i].comment));
    }
    if (code + kIndent + comment > kColumns) return;
    for (std::size_t i = first; i < last; ++i) lines_[i].comment_blanks = code + kIndent - width_of(lines_[i].text);
  }

  const TokenizedBook& book_;
  std::vector<Line> lines_;
  std::string text_;
  bool blank_before_ = false;
};

constexpr auto kFunctions =
    std::to_array<std::string_view>({"count", "sum", "mean", "min", "max", "median", "mad", "stddev", "quantile",
                                     "days", "origins", "last", "overdue"});

class Formatter {
 public:
  explicit Formatter(const TokenizedBook& book)
      : tokens_{book.tokens}, declarations_{outline(book.tokens)}, lines_{book} {}

  std::string run() {
    for (std::size_t first = 0; first < declarations_.size();) {
      std::size_t last = first + 1;
      while (last < declarations_.size() && same_group(last - 1, last)) ++last;
      group(std::span{declarations_}.subspan(first, last - first));
      first = last;
    }
    return lines_.finish();
  }

 private:
  using Cells = std::array<std::string, 3>;

  [[nodiscard]] std::string_view word(std::size_t token) const { return tokens_[token].text; }

  // --- Between tokens ------------------------------------------------------------------------------------------------
  [[nodiscard]] std::string blanks_before(std::size_t token, TokenRun clause) const {
    if (token == clause.first) return "";
    const std::string_view now = word(token);
    const std::string_view before = word(token - 1);
    if (now == "," || now == ")" || now == "]" || now == "[" || before == "(" || before == "[") return "";
    if (now == "(" && is_one_of(before, kFunctions)) return "";
    if ((before == "-" || before == "+") && is_sign_of_number(tokens_, clause, token - 1)) return "";
    return " ";
  }

  [[nodiscard]] static int rank_of(std::string_view before, std::string_view now) {
    constexpr int kComma = 4;
    constexpr int kArithmetic = 5;
    if (now == "or" || now == "until") return 0;
    if (now == "and" || now == "unless" || now == "when") return 1;
    if (now == "then" || now == "since") return 2;
    if (now == "within" || now == "else" || now == "ending") return 3;
    if (before == ",") return kComma;
    return now == "+" || now == "-" ? kArithmetic : -1;
  }

  [[nodiscard]] std::vector<Piece> pieces_of(TokenRun run, TokenRun clause) const {
    constexpr int kDeeper = 10;
    std::vector<Piece> pieces;
    int depth = 0;
    for (std::size_t i = run.first; i < run.last; ++i) {
      if (word(i) == ")" || word(i) == "]") --depth;
      Piece piece{i, blanks_before(i, clause), -1};
      const int rank = i == run.first ? -1 : rank_of(word(i - 1), word(i));
      if (rank >= 0 && !piece.blanks.empty()) piece.rank = rank + kDeeper * std::max(0, depth);
      pieces.push_back(std::move(piece));
      if (word(i) == "(" || word(i) == "[") ++depth;
    }
    return pieces;
  }
  [[nodiscard]] std::vector<Piece> pieces_of(TokenRun clause) const { return pieces_of(clause, clause); }

  [[nodiscard]] std::size_t width(std::span<const Piece> pieces) const {
    std::size_t width = 0;
    for (const Piece& piece : pieces) width += piece.blanks.size() + width_of(word(piece.token));
    return width;
  }
  [[nodiscard]] bool has_comment(std::size_t first, std::size_t last) const {
    for (std::size_t i = first; i < last; ++i) {
      if (tokens_[i].before.has_comment()) return true;
    }
    return false;
  }

  // --- Lines ---------------------------------------------------------------------------------------------------------
  // Puts pieces on the line, and on more lines where a comment or the width asks for it. The first one is where the
  // caller has begun the line.
  void flow(std::vector<Piece> pieces, std::size_t indent) {
    std::size_t at = 0;
    while (at < pieces.size()) {
      std::size_t end = at + 1;
      while (end < pieces.size() && !tokens_[pieces[end].token].before.has_comment()) ++end;
      fill(std::span{pieces}.subspan(at, end - at), indent);
      if (end < pieces.size()) {
        lines_.begin(pieces[end].token, indent, false);
        pieces[end].blanks.clear();
      }
      at = end;
    }
  }
  void fill(std::span<Piece> pieces, std::size_t indent) {
    while (!pieces.empty()) {
      const std::size_t count = fitting(pieces);
      for (const Piece& piece : pieces.first(count)) lines_.put(piece);
      pieces = pieces.subspan(count);
      if (pieces.empty()) return;
      lines_.begin(pieces[0].token, indent, false);
      pieces[0].blanks.clear();
    }
  }
  // How many go on this line: up to the break of lowest rank that fits, the latest of equal ones.
  [[nodiscard]] std::size_t fitting(std::span<const Piece> pieces) const {
    std::size_t column = lines_.width();
    if (column + width(pieces) <= kColumns) return pieces.size();
    std::size_t best = pieces.size();
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const bool breaks = i > 0 && pieces[i].rank >= 0;
      if (breaks && column > kColumns) return best == pieces.size() ? i : best;
      if (breaks && (best == pieces.size() || pieces[i].rank <= pieces[best].rank)) best = i;
      column += pieces[i].blanks.size() + width_of(word(pieces[i].token));
    }
    return best;
  }

  // --- Declarations --------------------------------------------------------------------------------------------------
  [[nodiscard]] bool on_one_line(const DeclarationOutline& declaration) const {
    const std::string_view keyword = declaration.keyword;
    if (keyword == "alert" || keyword == "linkage" || keyword == "test") return false;
    if (has_comment(declaration.all.first + 1, declaration.all.last)) return false;
    if (keyword == "condition" || !declaration.block) return true;
    const Cells cells = cells_of(declaration);
    const std::size_t width = width_of(cells[0]) + 1 + width_of(cells[1]) + 1 + width_of(cells[2]);
    return width <= (keyword == "indicator" ? kShortColumns : kColumns);
  }

  [[nodiscard]] bool same_group(std::size_t before, std::size_t now) const {
    const DeclarationOutline& declaration = declarations_[now];
    const Gap& gap = tokens_[declaration.all.first].before;
    // A comment above one of them does not part them, an empty line does.
    const bool parted = gap.blank_before || std::any_of(gap.comments.begin(), gap.comments.end(),
                                                        [](const auto& comment) { return comment.blank_before; });
    return declaration.keyword == declarations_[before].keyword && !parted && on_one_line(declaration) &&
           on_one_line(declarations_[before]);
  }

  void group(std::span<const DeclarationOutline> declarations) {
    if (!on_one_line(declarations[0])) {
      lines_.begin(declarations[0].all.first, 0, true);
      in_a_block(declarations[0]);
    } else if (declarations[0].keyword == "condition") {
      conditions(declarations);
    } else {
      table(declarations);
    }
  }

  void conditions(std::span<const DeclarationOutline> declarations) {
    std::size_t column = 0;
    const auto width_of_head = [this](const DeclarationOutline& declaration) {
      return width(pieces_of({declaration.head.first, std::min(declaration.head.first + 2, declaration.head.last)}));
    };
    for (const DeclarationOutline& declaration : declarations) column = std::max(column, width_of_head(declaration));
    for (const DeclarationOutline& declaration : declarations) {
      lines_.begin(declaration.all.first, 0, true);
      std::vector<Piece> pieces = pieces_of(declaration.head);
      if (pieces.size() > 2) pieces[2].blanks.append(column - width_of_head(declaration), ' ');
      flow(std::move(pieces), kContinuation);
    }
  }

  // Keyword and name, title, block.
  [[nodiscard]] Cells cells_of(const DeclarationOutline& declaration) const {
    Cells cells;
    for (std::size_t i = declaration.head.first; i < declaration.head.last; ++i) {
      const bool title = word(i)[0] == '"' && declaration.block && i + 1 == declaration.head.last;
      std::string& cell = title || (i == declaration.head.first + 2 && word(i)[0] == '"') ? cells[1] : cells[0];
      cell += (cell.empty() ? "" : " ") + std::string{word(i)};
    }
    if (!declaration.block) return cells;
    cells[2] = "{";
    for (const TokenRun& clause : declaration.block->clauses) {
      for (const Piece& piece : clause_pieces(clause, clause.first == declaration.block->clauses[0].first)) {
        cells[2] += piece.blanks + std::string{word(piece.token)};
      }
    }
    cells[2] += declaration.block->clauses.empty() ? "}" : " }";
    return cells;
  }

  // A clause among others on a line: two blanks divide it from the one before, one those that belong together.
  [[nodiscard]] std::vector<Piece> clause_pieces(TokenRun clause, bool first) const {
    std::vector<Piece> pieces = pieces_of(clause);
    pieces[0].blanks = first || word(clause.first) == "grace" ? " " : "  ";
    pieces[0].rank = 0;
    return pieces;
  }

  void table(std::span<const DeclarationOutline> declarations) {
    std::vector<Cells> rows;
    std::array<std::size_t, 2> widths{};
    for (const DeclarationOutline& declaration : declarations) {
      rows.push_back(cells_of(declaration));
      for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], width_of(rows.back()[i]));
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      lines_.begin(declarations[i].all.first, 0, true);
      const Cells& cells = rows[i];
      std::string text = cells[0];
      const auto column = [&text](std::size_t at) { text.append(at > width_of(text) ? at - width_of(text) : 0, ' '); };
      std::size_t at = widths[0] + 1;
      for (std::size_t cell = 1; cell < cells.size(); ++cell) {
        if (!cells[cell].empty()) {
          column(at);
          text += cells[cell];
        }
        if (cell == 1 && widths[1] > 0) at += widths[1] + 1;
      }
      lines_.put_text(text);
    }
  }

  void in_a_block(const DeclarationOutline& declaration) {
    std::vector<Piece> head = pieces_of(declaration.head);
    if (declaration.block) head.push_back({declaration.block->open, " ", -1});
    const bool empty = declaration.block && declaration.block->clauses.empty();
    const bool inner = declaration.block && has_comment(declaration.block->open + 1, declaration.block->close + 1);
    if (empty && !inner) head.push_back({declaration.block->close, "", -1});
    flow(std::move(head), kContinuation);
    if (!declaration.block || (empty && !inner)) return;
    const BlockOutline& block = *declaration.block;
    if (declaration.keyword == "test") {
      test_lines(block);
    } else if (declaration.keyword == "alert" || declaration.keyword == "linkage") {
      alert_clauses(block);
    } else {
      filled_clauses(block);
    }
    lines_.begin(block.close, 0, false);
    lines_.put({block.close, "", -1});
  }

  void filled_clauses(const BlockOutline& block) {
    std::vector<Piece> pieces;
    for (const TokenRun& clause : block.clauses) {
      const std::vector<Piece> more = clause_pieces(clause, false);
      pieces.insert(pieces.end(), more.begin(), more.end());
    }
    if (pieces.empty()) return;
    pieces[0].blanks.clear();
    lines_.begin(pieces[0].token, kIndent, false);
    flow(std::move(pieces), kIndent);
  }

  void alert_clauses(const BlockOutline& block) {
    constexpr auto kUnaligned = std::to_array<std::string_view>({"from", "between", "disconfirm", "compartments"});
    std::size_t column = 0;
    for (const TokenRun& clause : block.clauses) {
      if (!is_one_of(word(clause.first), kUnaligned)) column = std::max(column, word(clause.first).size());
    }
    for (const TokenRun& clause : block.clauses) {
      lines_.begin(clause.first, kIndent, clause.first != block.clauses[0].first);
      std::vector<Piece> pieces = pieces_of(clause);
      const std::size_t keyword = word(clause.first).size();
      const bool aligned = !is_one_of(word(clause.first), kUnaligned);
      if (aligned && pieces.size() > 1) pieces[1].blanks.append(column - keyword, ' ');
      flow(std::move(pieces), kIndent + (aligned ? column : keyword) + 1);
    }
  }

  void test_lines(const BlockOutline& block) {
    std::size_t time = 0;
    std::size_t feed = 0;
    for (const TokenRun& line : block.clauses) {
      if (word(line.first) != "at" || line.last - line.first < 3) continue;
      time = std::max(time, word(line.first + 1).size());
      feed = std::max(feed, word(line.first + 2).size());
    }
    for (const TokenRun& line : block.clauses) {
      lines_.begin(line.first, kIndent, line.first != block.clauses[0].first);
      std::vector<Piece> pieces = pieces_of(line);
      if (word(line.first) == "at" && pieces.size() > 3) {
        pieces[2].blanks.append(time - word(line.first + 1).size() + 1, ' ');
        pieces[3].blanks.append(feed - word(line.first + 2).size(), ' ');
      }
      flow(std::move(pieces), kIndent + kContinuation);
    }
  }

  const std::vector<Token>& tokens_;
  std::vector<DeclarationOutline> declarations_;
  Lines lines_;
};

std::vector<std::string_view> words_of(const TokenizedBook& book) {
  std::vector<std::string_view> all;
  const auto comments = [&all](const Gap& gap) {
    if (gap.trailing) all.emplace_back(*gap.trailing);
    for (const OwnLineComment& comment : gap.comments) all.emplace_back(comment.text);
  };
  for (const Token& token : book.tokens) {
    comments(token.before);
    all.push_back(token.text);
  }
  comments(book.end);
  return all;
}

bool has_error(const std::vector<compiler::Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(), [](const compiler::Diagnostic& diagnostic) {
    return diagnostic.severity == compiler::Severity::error;
  });
}

// The text alone: what it includes is somebody else's text and reads as empty.
std::vector<compiler::Diagnostic> errors_of_form(const std::string& path, const std::string& text) {
  compiler::SourceFile alone;
  alone.path = path;
  alone.text = text;
  compiler::read_includes(alone, [](const std::string&) { return compiler::ReadText{}; });
  std::vector<compiler::Diagnostic> diagnostics;
  (void)compiler::parse(alone, diagnostics);
  return diagnostics;
}
}  // namespace

FormattedBook format_book(const compiler::SourceFile& source) {
  FormattedBook result;
  result.diagnostics = errors_of_form(source.path, source.text);
  if (has_error(result.diagnostics)) return result;
  const TokenizedBook book = tokenize(source.text);
  std::string text = Formatter{book}.run();
  // Text is a person's work: nothing goes out unless every word of it is still there and still reads.
  const TokenizedBook again = tokenize(text);
  if (words_of(again) != words_of(book) || has_error(errors_of_form(source.path, text))) {
    result.diagnostics.push_back({compiler::Severity::error,
                                  {},
                                  "internal error: formatting would change this book, so it is left as it is",
                                  "this is a fault of the formatter; please report it with the book",
                                  {}});
    return result;
  }
  result.text = std::move(text);
  result.ok = true;
  return result;
}
}  // namespace tocsin::tools
