// SPDX-License-Identifier: Apache-2.0
// The one place where the grammar is instantiated: it takes long to compile.
#include <algorithm>
#include <filesystem>

#include "actions.hpp"
#include "builder.hpp"
#include "grammar.hpp"
#include "words.hpp"

namespace tocsin::compiler {
namespace {
// The book and all that it includes as one text: a place in any of them is one offset.
class Parser {
 public:
  Parser(const SourceFile& source, std::vector<Diagnostic>& diagnostics) : source_{source}, diagnostics_{diagnostics} {
    all_ = source.text;
    begins_.push_back(0);
    for (const IncludedFile& file : source.included) {
      all_ += '\n';
      begins_.push_back(static_cast<std::uint32_t>(all_.size()));
      all_ += file.text;
    }
  }

  Book run() {
    reached_.push_back(0);
    for (std::size_t next = 0; next < reached_.size(); ++next) {
      const std::size_t file = reached_[next];
      const std::size_t includes = book_.includes.size();
      const std::size_t tests = book_.tests.size();
      if (!parse_file(file)) return std::move(book_);
      if (file != 0) book_.tests.erase(book_.tests.begin() + static_cast<std::ptrdiff_t>(tests), book_.tests.end());
      for (std::size_t i = includes; i < book_.includes.size(); ++i) follow(path_of(file), book_.includes[i]);
    }
    return std::move(book_);
  }

 private:
  [[nodiscard]] std::string_view path_of(std::size_t file) const {
    return file == 0 ? std::string_view{source_.path} : source_.included[file - 1].path;
  }
  [[nodiscard]] std::string_view text_of(std::size_t file) const {
    return file == 0 ? std::string_view{source_.text} : source_.included[file - 1].text;
  }

  void error(Range at, std::string message, std::string help) {
    diagnostics_.push_back({Severity::error, at, std::move(message), std::move(help), {}});
  }

  // Says where the text stops being UTF-8.
  void check_encoding(std::size_t file) {
    const std::string_view text = text_of(file);
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t length = utf8_length(text.substr(i));
      if (length == 0) {
        const std::uint32_t at = begins_[file] + static_cast<std::uint32_t>(i);
        return error({at, at + 1}, "the text is not UTF-8 here", "save the file as UTF-8");
      }
      i += length;
    }
  }

  // @returns false when nothing more can be said.
  bool parse_file(std::size_t file) {
    const std::string_view text = text_of(file);
    const std::uint32_t begin = begins_[file];
    if (text.size() > kSourceBytesMax) {
      error({begin, begin}, file == 0 ? "the book is larger than 1 MiB" : "this file is larger than 1 MiB",
            "divide it into several");
      return file != 0;
    }
    check_encoding(file);
    Builder builder{std::string_view{all_}.substr(0, begin + text.size()), std::move(book_), file != 0, diagnostics_};
    bool more = true;
    try {
      tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy> in{all_.data() + begin, text.size(), ""};
      if (!tao::pegtl::parse<grammar::book, grammar::action, grammar::control>(in, builder)) {
        const std::uint32_t at = builder.offset_of(in.current());
        builder.error({at, at}, "this cannot be read");
      }
    } catch (const SyntaxError&) {    // said already
    } catch (const TooManyErrors&) {  // whoever counts them sees it
      more = false;
    }
    book_ = builder.take_book();
    return more;
  }

  void follow(std::string_view from, const Word& include) {
    constexpr const char* kHelp = "the path begins where the including file is";
    const std::string path = include_path(from, include.text);
    if (path == std::filesystem::path{source_.path}.lexically_normal().string()) return;
    const auto known = std::find_if(source_.included.begin(), source_.included.end(),
                                    [&](const IncludedFile& file) { return file.path == path; });
    if (known == source_.included.end()) {
      const bool full = source_.included.size() == kIncludedFilesMax;
      error(include.at,
            full ? "the book includes more than " + std::to_string(kIncludedFilesMax) + " files"
                 : "the file " + compiler::quoted(path) + " is not there",
            full ? "join some of them" : kHelp);
      return;
    }
    if (!known->error.empty())
      return error(include.at, "the file " + compiler::quoted(path) + " " + known->error, kHelp);
    const auto file = static_cast<std::size_t>(known - source_.included.begin()) + 1;
    if (std::find(reached_.begin(), reached_.end(), file) == reached_.end()) reached_.push_back(file);
  }

  const SourceFile& source_;
  std::vector<Diagnostic>& diagnostics_;
  std::string all_;
  std::vector<std::uint32_t> begins_;  // where each file begins in all_, the book first
  std::vector<std::size_t> reached_;   // files to parse, in order
  Book book_;
};
}  // namespace

Book parse(const SourceFile& source, std::vector<Diagnostic>& diagnostics) { return Parser{source, diagnostics}.run(); }
}  // namespace tocsin::compiler
