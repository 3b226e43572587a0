// SPDX-License-Identifier: Apache-2.0
#pragma once
// Books for the compiler's tests, and short ways to compile and look at them.
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "tocsin/compiler/compile.hpp"
#include "tocsin/engine/engine.hpp"

namespace tocsin::compiler::testing {
// Two theaters, three feeds, a bit of everything that can be referred to; 14 lines.
inline const char* const kVocabulary = R"(watchbook "Test book" version 3
theater strait "Strait" { step_down 14d }
theater korea { step_down 1d blind after 1 }
actor prc "China"
origin mnd { reliability B }
origin jcs origin mod
feed daily { origin mnd every 1d grace 12h }
feed launches { origins jcs, mod }
indicator air { theater strait actor prc feeds daily keep 64 }
indicator ships { theater strait feeds daily keep 64 }
indicator launch { theater korea feeds launches }
indicator news { feeds launches role noise compartment trade }
condition surge = sum(air, 24h) >= 45

)";
inline constexpr std::uint32_t kVocabularyLines = 14;

inline CompileResult compile_text(const std::string& text, std::string_view target = "edge") {
  return compile({"book.watch", text}, *find_target(target));
}
inline CompileResult compile_with(const std::string& declarations, std::string_view target = "edge") {
  return compile_text(kVocabulary + declarations, target);
}

// "3:7 error: message" for each, lines counted from `first_line`.
inline std::string list(const CompileResult& result, const std::string& text, std::uint32_t first_line = 0) {
  std::string out;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    const Place place = place_of(text, diagnostic.at.begin);
    out += std::to_string(place.line - first_line) + ":" + std::to_string(place.column) +
           (diagnostic.severity == Severity::error ? " error: " : " warning: ") + diagnostic.message + "\n";
  }
  return out;
}
// What the compiler says of declarations behind kVocabulary; warnings left out.
inline std::string errors_of(const std::string& declarations) {
  CompileResult result = compile_with(declarations);
  std::erase_if(result.diagnostics,
                [](const Diagnostic& diagnostic) { return diagnostic.severity != Severity::error; });
  return list(result, kVocabulary + declarations, kVocabularyLines);
}

inline engine::Image load(const CompileResult& result) {
  engine::Image image;
  if (!result.ok || engine::load_image(result.image.bytes(), image) != engine::ImageError::none) return {};
  return image;
}
inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}
}  // namespace tocsin::compiler::testing
