// SPDX-License-Identifier: Apache-2.0
#pragma once
/// @file book_graph(): what rests on what in a watch book, as a picture for Graphviz.
#include <string>

#include "tocsin/compiler/ast.hpp"

namespace tocsin::tools {
/// Graphviz `dot` text: theaters as clusters, indicators by role, conditions, alerts and linkages by their highest
/// level, arrows from what something rests on to it. The same book gives the same text. @param book  one that compiled.
[[nodiscard]] std::string book_graph(const compiler::Book& book);
}  // namespace tocsin::tools
