package access

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"
)

const (
	secretPrefix = "ocdp_" // lets scanners of leaked secrets find ours
	secretLength = 32      // base 62: 190 bits
	hintLength   = 4
	alphabet     = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

type digest = [sha256.Size]byte

// newSecret draws a secret. Bytes that would favour the first letters are drawn again.
func newSecret() string {
	secret := make([]byte, 0, len(secretPrefix)+secretLength)
	secret = append(secret, secretPrefix...)
	drawn := make([]byte, 2*secretLength)
	for {
		_, _ = rand.Read(drawn) // never fails: it ends the program instead
		for _, b := range drawn {
			if int(b) >= 256/len(alphabet)*len(alphabet) {
				continue
			}
			if secret = append(secret, alphabet[int(b)%len(alphabet)]); len(secret) == cap(secret) {
				return string(secret)
			}
		}
	}
}

// wellFormed spares the database what cannot be a secret of ours.
func wellFormed(secret string) bool {
	rest, ok := strings.CutPrefix(secret, secretPrefix)
	return ok && len(rest) == secretLength && strings.Trim(rest, alphabet) == ""
}

func digestOf(secret string) digest { return sha256.Sum256([]byte(secret)) }
