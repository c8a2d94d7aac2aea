package personal

import (
	"math"
	"strconv"
)

// shortest is the least number of the seven digits that the shortest phone numbers have.
const shortest = 1e6

// short says of a JSON number that it is too short for a phone number or an id: a count, a share.
func short(number string) bool {
	size, ok := sizeOf(number)
	return ok && size < shortest
}

// MayIdentify says of a JSON number that it is as large as Chinese mobile numbers, with or without country code, or as identity numbers
// without letter are.
func MayIdentify(number string) bool {
	size, ok := sizeOf(number)
	return ok && (size >= 1.3e10 && size < 2e10 || size >= 8.613e12 && size < 8.62e12 || size >= 1e17 && size < 1e18)
}

// TellsOfSums says of a limit of a sum or a mean that it can tell numbers apart that MayIdentify.
func TellsOfSums(number string) bool {
	size, ok := sizeOf(number)
	return !ok || size >= 1e7
}

func sizeOf(number string) (float64, bool) {
	size, err := strconv.ParseFloat(number, 64)
	return math.Abs(size), err == nil
}
