package web

import (
	"encoding/json"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/trace"
)

const (
	typeJSON    = "application/json"
	typeGraphQL = "application/graphql-response+json"
)

// refuse answers as GraphQL does when nothing was executed: errors and no data.
func refuse(w http.ResponseWriter, r *http.Request, status int, f *fault.Error) {
	trace.SayOutcome(r.Context(), string(f.Code))
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
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	w.Header().Set("Content-Type", answerType(r)+"; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// statusOf is the HTTP status of a request that was refused as a whole with a code. Where HTTP knows better, as of a body that is
// too long, whoever refuses says so itself.
func statusOf(code fault.Code) int {
	switch code {
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.BadUserInput, fault.CostLimitExceeded, fault.TooDeep, fault.PersistedQueryGone:
		return http.StatusBadRequest
	case fault.Conflict:
		return http.StatusConflict
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.NotImplemented:
		return http.StatusNotImplemented
	case fault.Internal:
	}
	return http.StatusInternalServerError // also of a code that is not in the list
}

// refuseFor answers a request that failed with an error: a fault is shown, anything else is ours and goes to the log only.
func (s *Server) refuseFor(w http.ResponseWriter, r *http.Request, doing string, err error) {
	faults := fault.All(err)
	if len(faults) == 0 {
		s.log.ErrorContext(r.Context(), doing, "request", requestID(r.Context()), "error", err)
		faults = []*fault.Error{fault.New(fault.Internal, "internal error")}
	}
	refuse(w, r, statusOf(faults[0].Code), faults[0])
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
