package rule

import (
	"regexp"
	"regexp/syntax"
)

// The bounds of the programs that patterns become, in instructions of about 40 bytes. Nested
// repetitions multiply: without bounds a short pattern could take gigabytes.
const (
	maxPatternSize  = 100_000
	maxPatternsSize = 300_000 // of all patterns of a rule
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

// patternSize estimates the number of instructions of a pattern.
func patternSize(tree *syntax.Regexp) int {
	size := 1
	switch tree.Op {
	case syntax.OpLiteral:
		size = len(tree.Rune)
	case syntax.OpConcat, syntax.OpRepeat:
		size = 0
	default:
	}
	for _, sub := range tree.Sub {
		size = min(size+patternSize(sub), maxPatternSize+1)
	}
	if tree.Op == syntax.OpRepeat {
		size *= max(tree.Min, tree.Max, 1)
	}
	return min(size, maxPatternSize+1)
}
