package personal

import (
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// usual are the names under which systems keep phone numbers, e-mail addresses and national ids, folded. Words before
// them do not matter: receiver_phone and 收货人手机号 are personal as phone and 手机号 are.
var usual = []string{
	"phone", "phones", "phoneno", "phonenum", "phonenumber", "phonenumbers", "mobile", "mobiles", "mobileno", "mobilenum",
	"mobilenumber", "mobilephone", "mobilephones", "cell", "cellphone", "cellphones", "tel", "tels", "telno", "telephone",
	"telephones", "telephoneno", "telephonenumber", "msisdn", "landline", "shouji", "dianhua",
	"email", "emails", "mail", "mails", "emailaddress", "emailaddresses", "mailaddress", "youxiang",
	"nationalid", "nationalids", "idcard", "idcards", "idcardno", "idcardnum", "idcardnumber", "idno", "idnum", "idnumber", "identitycard",
	"identitycardno", "identityno", "identitynumber", "citizenid", "passport", "passportno", "passportnum", "passportnumber",
	"ssn", "socialsecuritynumber", "certno", "certnum", "certnumber", "shenfenzheng", "sfz", "sfzh",
	"手机", "手机号", "手机号码", "手機", "手機號", "手機號碼", "移动电话", "电话", "电话号", "电话号码", "電話", "電話號碼",
	"联系方式", "邮箱", "邮箱地址", "邮箱号", "邮件", "邮件地址", "电邮", "郵箱", "電郵", "电子邮箱", "电子邮件",
	"身份证", "身份证号", "身份证号码", "身份證", "身份證號", "身份證號碼", "证件号", "证件号码", "護照", "护照", "护照号", "护照号码",
}

// glued are names that are personal at the end of a longer word too: buyeremail.
var glued = []string{"email", "emailaddress", "mobilephone", "telephone", "phonenumber", "phoneno", "mobilenumber", "mobileno", "nationalid", "idcard", "idcardno"}

// mostKnown bounds how many names are remembered.
const mostKnown = 2000

// Names tells which names of attributes, properties and tags are personal. It is safe for concurrent use.
type Names struct {
	listed map[string]bool
	known  atomic.Pointer[map[string]bool] // by the name as it is; replaced, never changed
}

// NewNames makes the names of the usual list and of the identity types that are sensitive.
func NewNames(sensitive ...string) *Names {
	n := &Names{listed: make(map[string]bool, len(usual)+len(sensitive))}
	for _, name := range usual {
		n.listed[name] = true
	}
	for _, name := range sensitive {
		if folded := strings.Join(words(name), ""); folded != "" {
			n.listed[folded] = true
		}
	}
	n.known.Store(&map[string]bool{})
	return n
}

// Usual lists the names that are personal whatever the identity types, folded: in lower case without marks.
func Usual() []string { return slices.Clone(usual) }

// Has says whether a name is personal: its last words, in any letter case and however they are joined, are listed.
func (n *Names) Has(name string) bool {
	if personal, known := (*n.known.Load())[name]; known {
		return personal
	}
	return n.learn(name)
}

// has is Has for a part of a document; for names met before it allocates nothing.
func (n *Names) has(name []byte) bool {
	if personal, known := (*n.known.Load())[string(name)]; known {
		return personal
	}
	return n.learn(string(name))
}

// Within says whether a dotted path leads to or below a personal name.
func (n *Names) Within(path string) bool {
	for step := range strings.SplitSeq(path, ".") {
		if n.Has(step) {
			return true
		}
	}
	return n.Has(path)
}

func (n *Names) learn(name string) bool {
	personal := n.personal(name)
	for {
		old := n.known.Load()
		if len(*old) >= mostKnown {
			return personal
		}
		more := maps.Clone(*old)
		more[strings.Clone(name)] = personal
		if n.known.CompareAndSwap(old, &more) {
			return personal
		}
	}
}

func (n *Names) personal(name string) bool {
	parts := words(name)
	if n.endsListed(parts) {
		return true
	}
	for len(parts) > 0 { // phone2, phone_2
		last := strings.TrimRight(parts[len(parts)-1], "0123456789")
		if last != "" {
			parts[len(parts)-1] = last
			return n.endsListed(parts)
		}
		parts = parts[:len(parts)-1]
	}
	return false
}

// endsListed says whether the last words together are listed.
func (n *Names) endsListed(parts []string) bool {
	last := ""
	for _, word := range slices.Backward(parts) {
		if last = word + last; n.listed[last] {
			return true
		}
	}
	for place, letter := range last { // Chinese has no blanks between words
		if unicode.Is(unicode.Han, letter) && n.listed[last[place:]] {
			return true
		}
	}
	return slices.ContainsFunc(glued, func(end string) bool { return strings.HasSuffix(last, end) })
}

// words splits a name at marks, blanks and where a capital follows a small letter, and folds letter case and width.
func words(name string) []string {
	name = norm.NFKC.String(name)
	var all []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			all = append(all, word.String())
			word.Reset()
		}
	}
	small := false
	for _, letter := range name {
		if !unicode.IsLetter(letter) && !unicode.IsDigit(letter) {
			end()
			small = false
			continue
		}
		if small && unicode.IsUpper(letter) {
			end()
		}
		small = !unicode.IsUpper(letter)
		word.WriteRune(unicode.ToLower(letter))
	}
	end()
	return all
}
