package rule

import (
	"regexp"
	"regexp/syntax"
)

// The bounds of the programs that patterns become, in instructions that a text may meet at once. Nested repetitions multiply: without
// bounds a short pattern could take gigabytes, and seconds for some thousand texts.
const (
	maxPatternSize  = 1_100
	maxPatternsSize = 3 * maxPatternSize // of all patterns of a rule
)

const noPattern = "this is no RE2 pattern"

// compilePattern compiles an RE2 pattern so that it matches whole texts only. It takes the size of
// the pattern off the room that is left. message says what is wrong with a pattern that cannot be used.
func compilePattern(pattern string, room *int) (whole *regexp.Regexp, message string) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, noPattern
	}
	size := patternSize(tree)
	if *room -= size; size > maxPatternSize || *room < 0 {
		return nil, "the pattern is too large"
	}
	whole, err = regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil { // a \Q without \E reaches to the end of the pattern
		whole, err = regexp.Compile(`\A(?:` + pattern + `\E)\z`)
	}
	if err != nil {
		return nil, noPattern
	}
	return whole, ""
}

// sizeOfLoop is what each star, plus and question mark counts besides what it repeats. Behind each of them matching goes on with it and
// without it at once, so that a row of them takes as much time for each character as it is long.
const sizeOfLoop = 8

// patternSize estimates the number of instructions of a pattern. What may come again, or not at all, counts twice.
func patternSize(tree *syntax.Regexp) int {
	size := 1
	switch tree.Op {
	case syntax.OpLiteral:
		size = len(tree.Rune)
	case syntax.OpConcat, syntax.OpRepeat:
		size = 0
	case syntax.OpAlternate:
		size = len(tree.Sub)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest:
		size = sizeOfLoop
	default:
	}
	below := 0
	for _, sub := range tree.Sub {
		below = min(below+patternSize(sub), maxPatternSize+1)
	}
	switch tree.Op {
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest:
		below *= 2
	case syntax.OpRepeat:
		below *= max(tree.Min, 1) + 2*max(tree.Max-max(tree.Min, 1), 0)
	default:
	}
	return min(size+below, maxPatternSize+1)
}
