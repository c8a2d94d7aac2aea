package identity_test

import (
	"testing"

	"github.com/onecdp/onecdp/internal/identity"
)

func BenchmarkNormalise(b *testing.B) {
	r := registry(b)
	for _, claim := range []identity.Claim{
		{Type: "phone", Value: "13912345678"}, {Type: "phone", Value: "+86 139-1234-5678"}, {Type: "email", Value: "John.Doe@Example.com"},
		{Type: "email", Value: "john@x.com"}, {Type: "national_id", Value: "11010519491231002X"}, {Type: "wechat_openid", Scope: "wx123", Value: "oAbC_x-1"},
		{Type: "anonymous_id", Value: "GA1.2.123.456"}, {Type: "idfa", Value: "aebe52e7-03ee-455a-b3c4-e57283966239"}, {Type: "user_id", Value: "张伟"},
	} {
		b.Run(claim.Type+"/"+claim.Value, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Normalise(claim)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	r := registry(b)
	claims := []identity.Claim{
		{Type: "anonymous_id", Value: "GA1.2.123.456"}, {Type: "phone", Value: "13912345678"}, {Type: "email", Value: "john@x.com"},
		{Type: "member_no", Value: "0012345"}, {Type: "wechat_openid", Scope: "wx123", Value: "oAbC_x-1"},
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Read(claims)
	}
}

func BenchmarkKey(b *testing.B) {
	id := identity.Identity{Type: "phone", Value: "+8613912345678"}
	b.ReportAllocs()
	for b.Loop() {
		id.Key()
	}
}
