package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

// maxBody is the longest body of a request to /graphql, in bytes.
const maxBody = 8 << 20

// readable hands a request on when its text is JSON that means the same to everyone who reads it:
// valid UTF-8, lone surrogates marked (encoding/json would turn them into U+FFFD unseen).
func readable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, refusal := 0, (*fault.Error)(nil)
		switch r.Method {
		case http.MethodPost:
			status, refusal = readBody(w, r)
		case http.MethodGet, http.MethodHead:
			status, refusal = readQuery(r)
		default:
			w.Header().Set("Allow", "GET, POST")
			status, refusal = http.StatusMethodNotAllowed, fault.New(fault.BadUserInput, "send the query with POST, or with GET")
		}
		if refusal != nil {
			refuse(w, r, status, refusal)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func readBody(w http.ResponseWriter, r *http.Request) (status int, refusal *fault.Error) {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != typeJSON {
		return http.StatusUnsupportedMediaType, fault.New(fault.BadUserInput, "the body's type is not JSON").
			WithHint("send the header Content-Type: application/json")
	}
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return http.StatusUnsupportedMediaType, fault.New(fault.BadUserInput, "the body's character set is not UTF-8")
	}
	if r.Header.Get("Content-Encoding") != "" {
		return http.StatusUnsupportedMediaType, fault.New(fault.BadUserInput, "the body is compressed").WithHint("send it as it is")
	}
	var body bytes.Buffer
	if r.ContentLength > 0 && r.ContentLength <= maxBody {
		body.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	if _, err := io.Copy(&body, http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		var tooLong *http.MaxBytesError
		if errors.As(err, &tooLong) {
			return http.StatusRequestEntityTooLarge, fault.New(fault.BadUserInput, "the body is longer than 8 MiB").
				WithHint("send fewer records at a time")
		}
		return http.StatusBadRequest, fault.New(fault.BadUserInput, "the body ended early")
	}
	text := bytes.TrimLeft(body.Bytes(), " \t\r\n")
	if refusal := value.Bounded(text); refusal != nil {
		return http.StatusBadRequest, refusal
	}
	switch {
	case !utf8.Valid(text):
		return http.StatusBadRequest, fault.New(fault.BadUserInput, "the body is not valid UTF-8")
	case !json.Valid(text):
		return http.StatusBadRequest, fault.New(fault.BadUserInput, "the body is not JSON")
	case text[0] != '{':
		return http.StatusBadRequest, fault.New(fault.BadUserInput, "the body is not a JSON object").
			WithHint("send one request at a time, as an object with query and variables")
	}
	text = value.MarkSurrogates(text)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return 0, nil
}

// readQuery does for a GET what readBody does for a POST: query, variables and extensions are parameters.
func readQuery(r *http.Request) (status int, refusal *fault.Error) {
	parameters, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return http.StatusBadRequest, fault.New(fault.BadUserInput, "the query string cannot be read")
	}
	changed := false
	for name, values := range parameters {
		for i, text := range values {
			if !utf8.ValidString(text) {
				return http.StatusBadRequest, fault.New(fault.BadUserInput, "the query string is not valid UTF-8")
			}
			if (name != "variables" && name != "extensions") || text == "" {
				continue
			}
			if refusal := value.Bounded([]byte(text)); refusal != nil {
				return http.StatusBadRequest, refusal
			}
			if !json.Valid([]byte(text)) {
				return http.StatusBadRequest, fault.New(fault.BadUserInput, "the parameter %s is not JSON", name)
			}
			if marked := string(value.MarkSurrogates([]byte(text))); marked != text {
				values[i], changed = marked, true
			}
		}
	}
	if changed {
		r.URL.RawQuery = parameters.Encode()
	}
	return 0, nil
}
