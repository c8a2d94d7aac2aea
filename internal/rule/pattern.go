package rule

import (
	"regexp"
	"regexp/syntax"
)

// maxPatternSize bounds the program that a pattern becomes: nested repetitions multiply, and a short
// pattern could take gigabytes.
const maxPatternSize = 100_000

// compilePattern compiles an RE2 pattern so that it matches whole texts only. message says what is
// wrong with a pattern that cannot be used.
func compilePattern(pattern string) (whole *regexp.Regexp, message string) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, "this is no RE2 pattern"
	}
	if patternSize(tree) > maxPatternSize {
		return nil, "the pattern is too large"
	}
	whole, err = regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil { // a \Q without \E reaches to the end of the pattern
		whole, err = regexp.Compile(`\A(?:` + pattern + `\E)\z`)
	}
	if err != nil {
		return nil, "this is no RE2 pattern"
	}
	return whole, ""
}

// patternSize estimates the number of instructions of a pattern.
func patternSize(tree *syntax.Regexp) int {
	size := 1 + len(tree.Rune)
	for _, sub := range tree.Sub {
		size = min(size+patternSize(sub), maxPatternSize+1)
	}
	if tree.Op == syntax.OpRepeat {
		size *= max(tree.Min, tree.Max, 1)
	}
	return min(size, maxPatternSize+1)
}
