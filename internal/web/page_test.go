package web_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/onecdp/onecdp/examples"
	"github.com/onecdp/onecdp/internal/web"
)

// pageKey is the key that a page was given.
func pageKey(t *testing.T, page string) string {
	t.Helper()
	var data struct {
		Key  string
		Tabs []struct{ Query string }
	}
	text := regexp.MustCompile(`(?s)type="application/json">(.*?)</script>`).FindStringSubmatch(page)
	if text == nil || json.Unmarshal([]byte(text[1]), &data) != nil {
		t.Fatalf("no data in the page: %s", page)
	}
	if len(data.Tabs) != len(examples.Queries()) || data.Tabs[0].Query != examples.Queries()[0].Text {
		t.Errorf("tabs %v", data.Tabs)
	}
	return data.Key
}

func TestThePageIsSignedInOnThisMachineOnly(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   string
	}{
		"loopback":  {func(*http.Request) {}, "page"},
		"localhost": {func(r *http.Request) { r.Host = "localhost:8080" }, "page"},
		"IPv6":      {func(r *http.Request) { r.Host, r.RemoteAddr = "[::1]:8080", "[::1]:5000" }, "page"},
		"a browser's navigation": {func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Mode", "navigate")
		}, "page"},
		"DNS rebinding":         {func(r *http.Request) { r.Host = "evil.example:8080" }, ""},
		"a name like ours":      {func(r *http.Request) { r.Host = "localhost.evil.example" }, ""},
		"a number like ours":    {func(r *http.Request) { r.Host = "127.0.0.1.evil.example" }, ""},
		"no host":               {func(r *http.Request) { r.Host = "" }, ""},
		"another machine":       {func(r *http.Request) { r.RemoteAddr = "10.0.0.7:5000" }, ""},
		"a proxy that says so":  {func(r *http.Request) { r.Header.Set("X-Forwarded-For", "10.0.0.7") }, ""},
		"a proxy that does not": {func(r *http.Request) { r.Proto, r.ProtoMinor = "HTTP/1.0", 0 }, ""},
		"another site's own fetch": {func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Mode", "no-cors")
		}, ""},
	} {
		r := request(t, "GET", "/", "", "Authorization", "")
		c.change(r)
		w := s.answer(r)
		if got := pageKey(t, w.Body.String()); w.Code != 200 || got != c.want {
			t.Errorf("%s: %d, key %q", name, w.Code, got)
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
	off := newServer(t, func(o *web.Options) { o.PageSession = false })
	if got := pageKey(t, off.answer(request(t, "GET", "/", "")).Body.String()); got != "" {
		t.Errorf("switched off: %q", got)
	}
}

func TestAPageSessionsKeyIsGoodOnThisMachineOnly(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	if w := s.answer(request(t, "POST", "/graphql", "{}", "Authorization", "Bearer page")); w.Code != 200 {
		t.Errorf("here: %d", w.Code)
	}
	r := request(t, "POST", "/graphql", "{}", "Authorization", "Bearer page")
	r.RemoteAddr = "10.0.0.7:5000"
	if w := s.answer(r); w.Code != 401 || refusal(t, w) != "UNAUTHENTICATED" {
		t.Errorf("elsewhere: %d", w.Code)
	}
}

func TestThePageNeedsNoNetwork(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	w := s.answer(request(t, "GET", "/", "", "Authorization", ""))
	policy := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "script-src 'self';") || strings.Contains(policy, "http") {
		t.Errorf("policy %q", policy)
	}
	files := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(w.Body.String(), -1)
	if len(files) != 7 {
		t.Fatalf("files %v", files)
	}
	for _, match := range files {
		file := match[1]
		if file == "data:," {
			continue
		}
		plain := s.answer(request(t, "GET", file, "", "Authorization", ""))
		if plain.Code != 200 || !strings.Contains(plain.Header().Get("Cache-Control"), "immutable") || plain.Body.Len() == 0 {
			t.Errorf("%s: %d %v", file, plain.Code, plain.Header())
		}
		if kind := plain.Header().Get("Content-Type"); !strings.HasPrefix(kind, "text/javascript") && !strings.HasPrefix(kind, "text/css") {
			t.Errorf("%s: type %q", file, kind)
		}
		condensed := s.answer(request(t, "GET", file, "", "Accept-Encoding", "gzip"))
		reader, err := gzip.NewReader(condensed.Body)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(reader); err != nil || string(text) != plain.Body.String() {
			t.Errorf("%s: compressed it differs, %v", file, err)
		}
	}
	if w := s.answer(request(t, "GET", "/assets/0000000000000000/page.js", "")); w.Code != 404 {
		t.Errorf("another version's file: %d", w.Code)
	}
}
