// SPDX-License-Identifier: Apache-2.0
#pragma once
// What can never be true, as far as that can be proved from the text: silence proves nothing.
#include <map>
#include <string>
#include <vector>

#include "filter.hpp"
#include "model.hpp"

namespace tocsin::compiler {
// All values that a number can have; empty: it is always unknown.
struct Interval {
  double least = 0;
  double most = 0;
  bool whole = false;  // only whole numbers
  [[nodiscard]] bool empty() const { return !(least <= most); }
};

class Never {
 public:
  // `enough_reports`: `at least` is taken for met, however few reports there are.
  Never(const Book& book, const Model& model, bool enough_reports = false);

  // Whether the expression can have that truth at some instant of some input. Named conditions that can never be true
  // are taken for possible: whoever declares them is told.
  [[nodiscard]] bool can_be(const Expr& expr, bool wanted) const;
  // @pre a checked filter.
  [[nodiscard]] bool can_pass(const Word& indicator, const Filter& filter) const;
  [[nodiscard]] Interval values_of(const Expr& expr) const;

 private:
  struct Atom;
  [[nodiscard]] bool compare(const Expr& expr, bool wanted) const;
  [[nodiscard]] bool all_can_be(const Expr& expr, bool wanted) const;
  void conjuncts(const Expr& expr, bool wanted, std::vector<Atom>& out, std::vector<std::uint32_t>& followed) const;
  [[nodiscard]] bool agree(const std::vector<Atom>& atoms) const;
  [[nodiscard]] Interval call(const Expr& expr) const;

  const Book& book_;
  const Model& model_;
  bool enough_reports_;
  std::vector<bool> can_be_true_;  // named conditions, by declaration
  std::vector<bool> can_be_false_;
};
}  // namespace tocsin::compiler
