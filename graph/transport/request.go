package transport

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/value"
)

// request is an operation as a client asks for it.
type request struct {
	query         string
	operationName string
	variables     map[string]any
	extensions    map[string]any
}

// refusal is why a request is not read, and the HTTP status that says so.
type refusal struct {
	status int
	fault  *fault.Error
}

func bad(message string) *refusal {
	return &refusal{http.StatusBadRequest, fault.New(fault.BadUserInput, "%s", message)}
}

// parseRequest reads the JSON of a request. Its texts share memory with one copy of data, except the query, which others keep.
func parseRequest(data []byte) (request, *refusal) {
	object, refused := decode(data)
	if refused != nil {
		return request{}, refused
	}
	members, ok := object.(map[string]any)
	if !ok {
		return request{}, &refusal{http.StatusBadRequest, fault.New(fault.BadUserInput, "the body is not a JSON object").
			WithHint("send one request at a time, as an object with query and variables")}
	}
	parsed, wrong := requestOf(members)
	if wrong != nil {
		return request{}, &refusal{http.StatusBadRequest, wrong}
	}
	if len(data) > 2*len(parsed.query) { // a kept query must not keep the body
		parsed.query = strings.Clone(parsed.query)
	}
	return parsed, nil
}

// decode reads JSON with exact numbers and marked surrogates.
func decode(data []byte) (any, *refusal) {
	if wrong := value.Bounded(data); wrong != nil {
		return nil, &refusal{http.StatusBadRequest, wrong}
	}
	object, err := value.Decode(data)
	if err != nil {
		return nil, bad("what was sent is not JSON in UTF-8")
	}
	return object, nil
}

// requestOf takes the parameters of an operation out of an object. Members that GraphQL does not know are ignored.
func requestOf(members map[string]any) (r request, wrong *fault.Error) {
	text := func(name string, into *string) {
		given, ok := members[name].(string)
		if !ok && members[name] != nil {
			wrong = fault.New(fault.BadUserInput, "%s is not a text", name)
		}
		*into = given
	}
	object := func(name string, into *map[string]any) {
		given, ok := members[name].(map[string]any)
		if !ok && members[name] != nil {
			wrong = fault.New(fault.BadUserInput, "%s is not an object", name)
		}
		*into = given
	}
	text("query", &r.query)
	text("operationName", &r.operationName)
	object("variables", &r.variables)
	object("extensions", &r.extensions)
	return r, wrong
}

// parseQueryString reads the request of a GET: variables and extensions are JSON there.
func parseQueryString(raw string) (request, *refusal) {
	parameters, err := url.ParseQuery(raw)
	if err != nil {
		return request{}, bad("the query string cannot be read")
	}
	members := map[string]any{}
	for _, name := range []string{"query", "operationName", "variables", "extensions"} {
		text := parameters.Get(name)
		if text == "" {
			continue
		}
		members[name] = text
		if name == "variables" || name == "extensions" {
			var refused *refusal
			if members[name], refused = decode([]byte(text)); refused != nil {
				return request{}, refused
			}
		} else if strings.ToValidUTF8(text, "") != text {
			return request{}, bad("the query string is not valid UTF-8")
		}
	}
	parsed, wrong := requestOf(members)
	if wrong != nil {
		return request{}, &refusal{http.StatusBadRequest, wrong}
	}
	return parsed, nil
}
