package personal

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// usual are the names under which systems keep phone numbers, e-mail addresses and national ids, folded. Words before
// them do not matter: receiver_phone and 收货人手机号 are personal as phone and 手机号 are.
var usual = []string{
	"phone", "phones", "phoneno", "phonenum", "phonenumber", "phonenumbers", "mobile", "mobiles", "mobileno", "mobilenum",
	"mobilenumber", "mobilephone", "mobilephones", "cell", "cellphone", "cellphones", "tel", "tels", "telno", "telephone",
	"telephones", "telephoneno", "telephonenumber", "msisdn", "landline", "shouji", "shoujihao", "dianhua",
	"contactno", "contactnum", "contactnumber", "contactnumbers", "whatsapp", "whatsappno", "whatsappnumber", "fax", "faxes", "faxno", "faxnumber",
	"email", "emails", "mail", "mails", "emailaddress", "emailaddresses", "mailaddress", "youxiang",
	"nationalid", "nationalids", "idcard", "idcards", "idcardno", "idcardnum", "idcardnumber", "idno", "idnum", "idnumber", "identitycard",
	"identitycardno", "identityno", "identitynumber", "citizenid", "passport", "passportno", "passportnum", "passportnumber",
	"ssn", "socialsecuritynumber", "certno", "certnum", "certnumber", "shenfenzheng", "shenfenzhenghao", "sfz", "sfzh", "sfzhm",
	"手机", "手机号", "手机号码", "手機", "手機號", "手機號碼", "移动电话", "电话", "电话号", "电话号码", "電話", "電話號碼",
	"传真", "传真号", "传真号码", "傳真", "座机", "座机号", "座机号码", "座機", "固话", "固话号码", "固話",
	"联系方式", "邮箱", "邮箱地址", "邮箱号", "邮箱号码", "邮件", "邮件地址", "电邮", "郵箱", "電郵", "电子邮箱", "电子邮件",
	"身份证", "身份证号", "身份证号码", "身份證", "身份證號", "身份證號碼", "证件号", "证件号码", "護照", "护照", "护照号", "护照号码",
}

// glued are names that are personal at the end of a longer word too: leademail. Those of notGlued end so by chance.
var (
	glued    = []string{"email", "emailaddress", "mobilephone", "telephone", "phonenumber", "phoneno", "mobilenumber", "mobileno", "nationalid"}
	notGlued = []string{
		"voicemail", "freemail", "smartphonenumber", "smartphoneno", "headphonenumber", "headphoneno", "earphonenumber", "earphoneno",
		"microphonenumber", "microphoneno", "automobilenumber", "automobileno", "internationalid",
	}
)

// owners are whose names stand glued before any listed word: buyeridcard, userphone.
var owners = []string{
	"user", "buyer", "customer", "client", "member", "receiver", "recipient", "consignee", "sender", "contact", "owner", "holder", "guest", "patient",
	"student", "parent", "driver", "staff", "employee", "agent", "person", "personal", "applicant", "insured", "legal", "my", "home", "work", "office", "company",
	"backup", "emergency", "login", "register", "wechat",
}

// qualifiers are words behind a name that tell one of several phone numbers from the others, or how it is written.
var qualifiers = map[string]bool{
	"home": true, "work": true, "office": true, "company": true, "business": true, "private": true, "personal": true, "main": true, "primary": true, "secondary": true,
	"backup": true, "emergency": true, "default": true, "list": true, "array": true, "all": true, "cn": true, "intl": true, "e164": true, "raw": true, "str": true,
	"string": true, "text": true, "digits": true, "full": true, "original": true, "front": true, "back": true,
	"备用": true, "必填": true, "选填": true, "原文": true, "列表": true, "主要": true, "家庭": true, "工作": true, "公司": true, "正面": true, "反面": true,
	"一": true, "二": true, "三": true,
}

var (
	ordinal  = regexp.MustCompile(`^[0-9]+(st|nd|rd|th)?$`)
	brackets = regexp.MustCompile(`[\[({<【〔「《].*[\])}>】〕」》]\s*$`)
)

// Usual lists the names that are personal whatever the identity types, folded: in lower case without marks.
func Usual() []string { return slices.Clone(usual) }

func isHan(letter rune) bool { return unicode.Is(unicode.Han, letter) }

func endsGlued(word string) bool {
	ends := func(end string) bool { return strings.HasSuffix(word, end) }
	return slices.ContainsFunc(glued, ends) && !slices.ContainsFunc(notGlued, ends)
}

// unqualified is the last word of a name without one qualifier: phone2 is phone. It is "" when the whole word is one, and the word when
// there is none.
func unqualified(word string) string {
	if qualifiers[word] || ordinal.MatchString(word) {
		return ""
	}
	if rest := strings.TrimRight(word, "0123456789"); rest != word {
		return rest
	}
	for place, letter := range word {
		if isHan(letter) && place > 0 && qualifiers[word[place:]] {
			return word[:place]
		}
	}
	if strings.ContainsFunc(word, isHan) { // 联系人手机1号
		return strings.Map(func(letter rune) rune {
			if letter >= '0' && letter <= '9' {
				return -1
			}
			return letter
		}, word)
	}
	return word
}

// seen is a name as it looks: the width of letters, and letters without room, do not count.
func seen(name string) string {
	return norm.NFKC.String(strings.Map(func(letter rune) rune {
		if unicode.Is(unicode.Cf, letter) {
			return -1
		}
		return letter
	}, name))
}

// withoutBrackets is a name without what stands behind it in brackets.
func withoutBrackets(name string) string { return brackets.ReplaceAllString(name, "") }

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
