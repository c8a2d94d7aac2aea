package web

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"github.com/onecdp/onecdp/internal/fault"
)

const (
	typeJSON    = "application/json"
	typeGraphQL = "application/graphql-response+json"
)

// refuse answers as GraphQL does when nothing was executed: errors and no data.
func refuse(w http.ResponseWriter, r *http.Request, status int, f *fault.Error) {
	type extensions struct {
		Code fault.Code `json:"code"`
		Hint string     `json:"hint,omitempty"`
	}
	type responseError struct {
		Message    string     `json:"message"`
		Extensions extensions `json:"extensions"`
	}
	body, err := json.Marshal(map[string]any{"errors": []responseError{{f.Message, extensions{f.Code, f.Hint}}}})
	if err != nil { // texts always marshal
		body = []byte(`{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}`)
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	w.Header().Set("Content-Type", answerType(r)+"; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// answerType is the media type of an answer: the one made for GraphQL when the client asks for it.
func answerType(r *http.Request) string {
	for _, accepted := range strings.Split(r.Header.Get("Accept"), ",") {
		switch kind, _, _ := mime.ParseMediaType(accepted); kind {
		case typeGraphQL:
			return typeGraphQL
		case typeJSON, "*/*":
			return typeJSON
		}
	}
	return typeJSON
}
