// Package gid writes and reads the global ids of the API: one text per object, unique over all types, opaque to callers.
//
// An id is the unpadded base64url form of "Kind:part:part...". Each object has exactly one id: what is not written
// as Encode writes it is no id.
package gid

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/onecdp/onecdp/internal/fault"
)

// Kind is a type of object that has global ids, named as in the schema.
type Kind string

// The kinds. All but Event have one part: the number of the object, of customers the handle.
const (
	Customer     Kind = "Customer"
	Identity     Kind = "Identity"
	IdentityType Kind = "IdentityType"
	Event        Kind = "Event" // identity set, time in microseconds since 1970, number
	Merge        Kind = "Merge"
	Segment      Kind = "Segment"
	Tag          Kind = "Tag"
	Campaign     Kind = "Campaign"
	APIKey       Kind = "ApiKey"

	Operation     Kind = "Operation"
	Job           Kind = "Job"
	AttributeType Kind = "AttributeType"
	AuditEntry    Kind = "AuditEntry"
)

// parts is how many numbers the id of a kind holds.
var parts = map[Kind]int{
	Customer: 1, Identity: 1, IdentityType: 1, Event: 3, Merge: 1, Segment: 1, Tag: 1, Campaign: 1, APIKey: 1,
	Operation: 1, Job: 1, AttributeType: 1, AuditEntry: 1,
}

// longest bounds the text that is decoded at all; no id comes near it.
const longest = 128

var encoding = base64.RawURLEncoding.Strict()

// Encode writes an id. It panics when the kind is unknown or does not have that many parts.
func Encode(kind Kind, numbers ...int64) string {
	if count, known := parts[kind]; !known || count != len(numbers) {
		panic("gid: " + string(kind) + " with " + strconv.Itoa(len(numbers)) + " parts")
	}
	var space [longest]byte
	text := append(space[:0], kind...)
	for _, number := range numbers {
		text = strconv.AppendInt(append(text, ':'), number, 10)
	}
	return encoding.EncodeToString(text)
}

// Decode reads an id of any kind. What is no id is a BAD_USER_INPUT at the place; the message does not repeat it.
func Decode(id string, at fault.Path) (Kind, []int64, error) {
	wrong := fault.Bad(at, "this is not an id of an object").WithHint("ids come from the field id of another answer")
	if len(id) > longest {
		return "", nil, wrong
	}
	text, err := encoding.DecodeString(id)
	if err != nil {
		return "", nil, wrong
	}
	fields := strings.Split(string(text), ":")
	kind := Kind(fields[0])
	if count, known := parts[kind]; !known || count != len(fields)-1 {
		return "", nil, wrong
	}
	numbers := make([]int64, len(fields)-1)
	for i, field := range fields[1:] {
		if numbers[i], err = strconv.ParseInt(field, 10, 64); err != nil {
			return "", nil, wrong
		}
	}
	if Encode(kind, numbers...) != id { // 007, +7, -0, line breaks
		return "", nil, wrong
	}
	return kind, numbers, nil
}

// DecodeParts reads an id that must be of this kind; one of another kind is a BAD_USER_INPUT too.
func DecodeParts(kind Kind, id string, at fault.Path) ([]int64, error) {
	found, numbers, err := Decode(id, at)
	if err != nil {
		return nil, err
	}
	if found != kind {
		return nil, fault.Bad(at, "this is the id of another type: %s, not %s", found, kind)
	}
	return numbers, nil
}

// DecodeOne reads an id that must be of this kind, of those that have one part.
func DecodeOne(kind Kind, id string, at fault.Path) (int64, error) {
	numbers, err := DecodeParts(kind, id, at)
	if err != nil {
		return 0, err
	}
	return numbers[0], nil
}
