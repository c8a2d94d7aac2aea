package ingest

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/onecdp/onecdp/internal/identity"
	"github.com/onecdp/onecdp/internal/value"
)

// maxMessageKey is the longest message id that is kept as it is, in bytes; of a longer one the hash is.
const maxMessageKey = 200

// MessageKey is how the tables spell a message id. Ids that records get because their sender gave none, and
// hashes of long ones, begin with ~; a sender's own ~ is doubled, so the three never meet.
func MessageKey(messageID string) string {
	if len(messageID) > maxMessageKey {
		sum := sha256.Sum256([]byte(messageID))
		return "~h" + hex.EncodeToString(sum[:])
	}
	if strings.HasPrefix(messageID, "~") {
		return "~" + messageID
	}
	return messageID
}

// ownKey is the key of a record whose sender gave no message id.
func ownKey(record int64) string { return "~r" + strconv.FormatInt(record, 10) }

// claimsText is the set of identities as sent, in a form that does not depend on their order.
func claimsText(claims []identity.Claim) []byte {
	sorted := slices.Clone(claims)
	slices.SortFunc(sorted, func(a, b identity.Claim) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Scope, b.Scope), strings.Compare(a.Value, b.Value), compareBools(a.Verified, b.Verified))
	})
	sorted = slices.Compact(sorted)
	text := []byte{'['}
	for i, claim := range sorted {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, `{"scope":`...)
		text = value.AppendText(text, claim.Scope)
		text = append(text, `,"type":`...)
		text = value.AppendText(text, claim.Type)
		text = append(text, `,"value":`...)
		text = value.AppendText(text, claim.Value)
		text = append(text, `,"verified":`...)
		text = strconv.AppendBool(text, claim.Verified)
		text = append(text, '}')
	}
	return append(text, ']')
}

// digest is the fingerprint by which a repeated message is told from another body under the same id.
func (r *Record) digest(claims, attributes, properties []byte) int64 {
	hash := sha256.New()
	name, when := "", ""
	if r.Event != nil {
		name = r.Event.Name
	}
	if r.Dated {
		when = strconv.FormatInt(r.OccurredAt.UnixMicro(), 10)
	}
	for _, part := range [][]byte{claims, attributes, properties, []byte(name), []byte(r.Channel), []byte(when)} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		hash.Write(length[:])
		hash.Write(part)
	}
	return int64(binary.BigEndian.Uint64(hash.Sum(nil)))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func joinFaults(faults []error) error { return errors.Join(faults...) }
