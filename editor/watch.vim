" SPDX-License-Identifier: Apache-2.0
" Syntax of Tocsin's watch books (*.watch). README.md says how to install it.
if exists("b:current_syntax")
  finish
endif
syntax case match

syntax keyword watchDeclaration watchbook version horizon include theater actor origin feed indicator condition alert
syntax keyword watchDeclaration linkage hypothesis test
syntax keyword watchClause after against blind caveat clear compartment compartments cooldown disconfirm else every
syntax keyword watchClause evidence feeds grace hold keep kind level marking needs release reliability role
syntax keyword watchClause step_down unit weigh when
syntax keyword watchOperator and or not unless then within for in to since from until ending ago least of between by
syntax keyword watchTest at clock expect heartbeat nothing received reports retracts
syntax keyword watchFunction count sum mean min max median mad stddev quantile days overdue
" Two words are functions before a parenthesis. A keyword would win over a match, and of matches the later wins.
syntax match watchClause /\<origins\>/
syntax match watchOperator /\<last\>/
syntax match watchFunction /\<\%(origins\|last\)\ze\s*(/

syntax match watchNumber /-\?\<\d\+\%(\.\d\+\)\?\>/
syntax match watchDuration /\<\%(\d\+\%(ms\|s\|m\|h\|d\|w\)\)\+\>/
syntax match watchTime /\<\d\{4}-\d\d-\d\dT\d\d:\d\d\%(:\d\d\%(\.\d\{1,3}\)\?\)\?Z\>/
syntax match watchGrade /\<[A-F][1-6]\?\>/
syntax match watchLevel /\%(\<\%(level\|else\)\s\+\)\@<=\%(watch\|elevated\|high\|critical\)\>/
syntax match watchEvent /\<\%(raised\|escalated\|eased\|cleared\|retracted\|unknown\|known\)\ze\s\+at\>/
syntax match watchSign /<=\|>=\|!=\|[<>=+*\/-]\%(\d\)\@!/

syntax match watchEscape contained /\\["\\]/
syntax region watchString start=/"/ end=/"\|$/ contains=watchEscape
syntax match watchComment /#.*$/ contains=@Spell

highlight default link watchDeclaration Structure
highlight default link watchClause Keyword
highlight default link watchOperator Operator
highlight default link watchTest Statement
highlight default link watchFunction Function
highlight default link watchNumber Number
highlight default link watchDuration Number
highlight default link watchTime Constant
highlight default link watchGrade Constant
highlight default link watchLevel Constant
highlight default link watchEvent Constant
highlight default link watchSign Operator
highlight default link watchEscape SpecialChar
highlight default link watchString String
highlight default link watchComment Comment

let b:current_syntax = "watch"
