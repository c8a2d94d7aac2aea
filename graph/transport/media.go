package transport

import (
	"mime"
	"strconv"
	"strings"
)

const (
	typeJSON    = "application/json"
	typeGraphQL = "application/graphql-response+json"
	typeEvents  = "text/event-stream"
)

// accept is how much a client likes each type of answer, 0 to 1; 0: it does not take it. Events must be asked for by name: a client that
// takes anything expects one answer.
type accept struct {
	json, graphql, events float64
	first                 string // of the two JSON types, the one that stands first
}

// accepted reads the headers Accept. Without one, anything is accepted. A range counts for what it names, the more exactly it names it.
func accepted(headers []string) accept {
	if len(headers) == 0 || len(headers) == 1 && (headers[0] == "" || headers[0] == "*/*" || headers[0] == typeJSON) {
		return accept{json: 1, first: typeJSON}
	}
	var (
		a                       accept
		anything, application   float64
		named                   bool
		namedJSON, namedGraphQL bool
	)
	for _, header := range headers {
		for part := range strings.SplitSeq(header, ",") {
			kind, weight := mediaRange(part)
			switch kind {
			case typeJSON:
				a.json, namedJSON = weight, true
			case typeGraphQL:
				a.graphql, namedGraphQL = weight, true
			case typeEvents:
				a.events = weight
			case "application/*":
				application, named = weight, true
			case "*/*":
				anything = weight
			}
			if a.first == "" && (kind == typeJSON || kind == typeGraphQL) {
				a.first = kind
			}
		}
	}
	if !named {
		application = anything
	}
	if !namedJSON {
		a.json = application
	}
	if !namedGraphQL && a.json == 0 { // who names neither gets plain JSON
		a.graphql = application
	}
	if a.json == 0 && a.graphql == 0 && a.events == 0 {
		return accept{}
	}
	return a
}

// mediaRange reads one range of the header Accept; "" for one that cannot be read, or asks for another charset than ours.
func mediaRange(text string) (kind string, weight float64) {
	text = strings.TrimSpace(text)
	kind, rest, parameters := strings.Cut(text, ";")
	if !parameters {
		return strings.ToLower(text), 1
	}
	if q, found := strings.CutPrefix(rest, "q="); found { // nearly always
		return strings.ToLower(strings.TrimSpace(kind)), weightOf(q)
	}
	kind, all, err := mime.ParseMediaType(text)
	if charset := all["charset"]; err != nil || charset != "" && !isUTF8(charset) {
		return "", 0
	}
	if q, found := all["q"]; found {
		return kind, weightOf(q)
	}
	return kind, 1
}

// weightOf reads a weight. One that cannot be read is taken for 0, so that nobody gets what he may have refused.
func weightOf(q string) float64 {
	weight, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
	if err != nil || !(weight >= 0 && weight <= 1) {
		return 0
	}
	return weight
}

// mediaType is the type of an answer that is no stream.
func (a accept) mediaType() string {
	if a.graphql > a.json || a.graphql > 0 && a.graphql == a.json && a.first == typeGraphQL {
		return typeGraphQL
	}
	return typeJSON
}

// prefersEvents says that the client wants events even where there is one answer.
func (a accept) prefersEvents() bool { return a.events > max(a.json, a.graphql) }

func isUTF8(charset string) bool {
	return strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}
