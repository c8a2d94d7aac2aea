package identity

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// domainToASCII writes international domains in punycode as browsers do (UTS 46, non-transitional;
// RFC 5891), with the letters and digits of host names only.
var domainToASCII = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(true))

// email is an address in lower case with its domain in punycode. Plus tags and dots stay: whether
// they matter is the provider's business.
func email(value string) (string, bool) {
	address := unwrap(lowerCase(value))
	at := strings.IndexByte(address, '@')
	if at <= 0 || strings.IndexByte(address[at+1:], '@') >= 0 {
		return "", false
	}
	local, domain := address[:at], address[at+1:]
	if strings.ContainsAny(local, ",;<>") || strings.ContainsFunc(local, unicode.IsSpace) {
		return "", false
	}
	host, ok := hostName(domain)
	if !ok {
		return "", false
	}
	if host == domain {
		return address, true
	}
	return local + "@" + host, true
}

// emailProvider is email, and folds what Gmail treats as one mailbox: dots and the plus tag of the
// local part mean nothing there, and googlemail.com is gmail.com.
func emailProvider(value string) (string, bool) {
	for {
		address, ok := email(value)
		if !ok {
			return "", false
		}
		at := strings.IndexByte(address, '@')
		if host := address[at+1:]; host != "gmail.com" && host != "googlemail.com" {
			return address, true
		}
		local, _, _ := strings.Cut(address[:at], "+")
		folded := strings.ReplaceAll(local, ".", "") + "@gmail.com"
		if folded == address {
			return address, true
		}
		// What the dots hid may be a quote or mailto: now.
		value = folded
	}
}

// unwrap takes an address out of <...> and mailto:.
func unwrap(address string) string {
	for {
		address = strings.TrimFunc(address, func(r rune) bool { return r == '<' || r == '>' || isEnd(r) })
		rest, found := strings.CutPrefix(address, "mailto:")
		if !found {
			return address
		}
		address = rest
	}
}

// hostName is the domain without final dots, in punycode: at least two labels of a-z, 0-9 and -.
func hostName(domain string) (string, bool) {
	if !isASCII(domain) {
		ascii, err := domainToASCII.ToASCII(strings.TrimRight(domain, ".。"))
		if err != nil {
			return "", false
		}
		domain = ascii
	}
	domain = strings.TrimRight(domain, ".")
	dotted, previous := false, byte('.')
	for i := 0; i < len(domain); i++ {
		c := domain[i]
		switch {
		case c >= 'a' && c <= 'z', isDigit(c), c == '-':
		case c == '.' && previous != '.':
			dotted = true
		default:
			return "", false
		}
		previous = c
	}
	return domain, dotted
}
