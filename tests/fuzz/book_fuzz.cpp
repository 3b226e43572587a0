// SPDX-License-Identifier: Apache-2.0
// Any bytes as a watch book. The compiler either makes an image that the engine loads, or says why not, at places
// inside the text; the tests of a book that compiles run to their end.
#include <algorithm>

#include "tocsin/compiler/book_tests.hpp"
#include "tocsin/compiler/compile.hpp"
#include "tocsin/test_support/fuzz.hpp"

using namespace tocsin;  // NOLINT(google-build-using-namespace): a short program

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const compiler::SourceFile source{"book.watch", {reinterpret_cast<const char*>(data), size}};
  const compiler::CompileResult result = compiler::compile(source, compiler::targets().front());
  const bool error = std::any_of(result.diagnostics.begin(), result.diagnostics.end(), [](const auto& diagnostic) {
    return diagnostic.severity == compiler::Severity::error;
  });
  TOCSIN_CHECK(result.ok == !error);
  for (const compiler::Diagnostic& diagnostic : result.diagnostics) {
    TOCSIN_CHECK(diagnostic.at.begin <= diagnostic.at.end && diagnostic.at.begin <= size);
    TOCSIN_CHECK(!diagnostic.message.starts_with("internal error"));
  }
  TOCSIN_CHECK(compiler::render_all(result.diagnostics, source).empty() == result.diagnostics.empty());
  TOCSIN_CHECK(!compiler::to_json(result.diagnostics, source).empty());
  if (!result.ok) return 0;
  engine::Image image;
  TOCSIN_CHECK(engine::load_image(result.image.bytes(), image) == engine::ImageError::none);
  for (const compiler::TestDecl& test : result.book.tests) {
    TOCSIN_CHECK(compiler::run_book_test(test, image).steps.size() > 1);
  }
  return 0;
}
