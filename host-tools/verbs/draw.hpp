// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file `tocsin draw BOOK`: what rests on what in a watch book, as a picture.
#include <string>

namespace tocsin::tools {
struct DrawOptions {
  std::string book;    ///< path of the watch book
  std::string output;  ///< path of the picture; empty: stdout
  std::string format;  ///< dot or svg; empty: by the ending of `output`, else dot
};

/// @returns 0 done, 1 the book does not compile or the file cannot be written, 3 Graphviz is not there.
int run_draw(const DrawOptions& options);
}  // namespace tocsin::tools
