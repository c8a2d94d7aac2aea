// Package onetest is the One ID rule a second time, for tests: naively, from all that was ever said, in the words of the specification. It
// shares with the product how values are normalised, and nothing else. It also reads what a database says, and compares the two.
//
// It knows no incremental work and no speed: after every step everything is decided anew.
package onetest
