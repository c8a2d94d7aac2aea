package identity

// Defaults are the types that exist from the start, strongest first. The slice is the caller's own.
func Defaults() []Type {
	types := make([]Type, len(builtin))
	for i, t := range builtin {
		types[i] = t.clone()
	}
	return types
}

// Names of built-in types with a meaning of their own.
const (
	Email       TypeName = "email"
	EmailSHA256 TypeName = "email_sha256"
)

// builtin is the table of types of the One ID rules. The blocked phones are the service number of
// China Mobile and numbers typed to get past a form; the android_id is the one a faulty Android 2.2
// gave to every device; the MACs are what Android and iOS answer instead of the real one.
var builtin = []Type{
	strong("national_id", 1, 1, Earliest, 0, "cn_id", ScopeNone).sensitive(),
	strong("member_no", 2, 1, Earliest, 0, "trim", ScopeOptional),
	strong("user_id", 3, 1, Earliest, 0, "trim", ScopeNone),
	strong("wechat_unionid", 4, 1, Latest, 0, "trim", ScopeNone),
	strong("phone", 5, 3, Latest, 3, "phone", ScopeNone).sensitive().
		blocking("+8613800138000", "+8613800000000", "+8613888888888", "+8612345678901"),
	strong(Email, 6, 5, Latest, 3, "email", ScopeNone).sensitive(),
	strong("wechat_openid", 7, 1, Latest, 0, "scoped", ScopeRequired),
	strong("alipay_user_id", 7.1, 1, Latest, 0, "scoped", ScopeRequired),
	strong("douyin_openid", 7.2, 1, Latest, 0, "scoped", ScopeRequired),
	strong("taobao_ouid", 8, 3, Latest, 0, "scoped", ScopeRequired),
	strong(EmailSHA256, 9, 10, Latest, 3, "hex64", ScopeNone),
	device("imei", 20, 10, "imei"),
	device("idfa", 21, 10, "uuid"),
	device("oaid", 22, 10, "lower"),
	device("android_id", 23, 10, "lower").blocking("9774d56d682e549c"),
	device("mac", 24, 10, "mac").blocking("02:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"),
	device("device_id", 25, 10, "trim"),
	device("anonymous_id", 30, 100, "trim"),
}

// strong is a row of the table; maxOwners 0 stands for no limit.
func strong(name TypeName, priority float64, maxPerCustomer int, onConflict ConflictPolicy, maxOwners int, normalizer string, scope ScopeMode) Type {
	t := Type{
		Name: name, Strength: Strong, Priority: priority, MaxPerCustomer: &maxPerCustomer,
		OnConflict: onConflict, Normalizer: normalizer, Scope: scope,
	}
	if maxOwners > 0 {
		t.MaxOwners = &maxOwners
	}
	return t
}

func device(name TypeName, priority float64, maxPerCustomer int, normalizer string) Type {
	t := strong(name, priority, maxPerCustomer, Latest, 5, normalizer, ScopeNone)
	t.Strength = Weak
	return t
}

func (t Type) sensitive() Type {
	t.Sensitive = true
	return t
}

func (t Type) blocking(values ...string) Type {
	t.Blocked = values
	return t
}
