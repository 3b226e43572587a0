// SPDX-License-Identifier: Apache-2.0
// The one place where the grammar is instantiated: it takes long to compile.
#include "actions.hpp"
#include "builder.hpp"
#include "grammar.hpp"
#include "words.hpp"

namespace tocsin::compiler {
namespace {
// Says where the text stops being UTF-8. @returns whether it is.
void check_encoding(const SourceFile& source, std::vector<Diagnostic>& diagnostics) {
  const std::string_view text = source.text;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text.substr(i));
    if (length == 0) {
      const auto at = static_cast<std::uint32_t>(i);
      diagnostics.push_back(
          {Severity::error, {at, at + 1}, "the text is not UTF-8 here", "save the file as UTF-8", {}});
      return;
    }
    i += length;
  }
}
}  // namespace

Book parse(const SourceFile& source, std::vector<Diagnostic>& diagnostics) {
  if (source.text.size() > kSourceBytesMax) {
    diagnostics.push_back({Severity::error, {}, "the book is larger than 1 MiB", "divide it into several books", {}});
    return {};
  }
  check_encoding(source, diagnostics);
  Builder builder{source, diagnostics};
  try {
    tao::pegtl::memory_input<tao::pegtl::tracking_mode::lazy> in{source.text.data(), source.text.size(), ""};
    if (!tao::pegtl::parse<grammar::book, grammar::action, grammar::control>(in, builder)) {
      const std::uint32_t at = builder.offset_of(in.current());
      builder.error({at, at}, "this cannot be read");
    }
  } catch (const SyntaxError&) {    // said already
  } catch (const TooManyErrors&) {  // whoever counts them sees it
  }
  return builder.take_book();
}
}  // namespace tocsin::compiler
