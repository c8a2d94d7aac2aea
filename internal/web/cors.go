package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/onecdp/onecdp/internal/fault"
)

// allowedHeaders are those that clients of GraphQL send, exposedHeaders those of an answer that pages read.
const (
	allowedHeaders = "Authorization, Content-Type, Accept, Last-Event-ID, X-Request-Id, traceparent, tracestate, " +
		"apollo-require-preflight, apollographql-client-name, apollographql-client-version, graphql-client-name, graphql-client-version, " +
		"x-apollo-operation-name, x-apollo-operation-id, x-apollo-cache-key, x-graphql-client-name, x-graphql-client-version"
	exposedHeaders = "Retry-After, X-Request-Id"
)

// crossOrigin lets pages of the configured origins call /graphql. There are no cookies to steal: a page
// must know a key, so credentials are never allowed. Other origins get an answer without the headers,
// which their browsers keep from them.
//
// A browser asks before it sends a key or JSON. For a WebSocket it does not ask, so that one from another origin is refused here. It
// would know no key either: the key is in the first message, and nothing comes with the connection by itself.
func (s *Server) crossOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin, header := r.Header.Get("Origin"), w.Header()
		header.Add("Vary", "Origin")
		allowed := origin != "" && (slices.Contains(s.origins, origin) || slices.Contains(s.origins, "*"))
		if allowed {
			header.Set("Access-Control-Allow-Origin", origin)
			header.Set("Access-Control-Expose-Headers", exposedHeaders)
		}
		switch {
		case r.Method == http.MethodOptions:
			if allowed && r.Header.Get("Access-Control-Request-Method") != "" {
				header.Set("Access-Control-Allow-Methods", "GET, POST")
				header.Set("Access-Control-Allow-Headers", allowedHeaders)
				header.Set("Access-Control-Max-Age", "7200")
			}
			header.Set("Allow", "GET, HEAD, POST, OPTIONS")
			w.WriteHeader(http.StatusNoContent)
		case isUpgrade(r) && origin != "" && !allowed && !sameHost(origin, r.Host):
			refuse(w, r, http.StatusForbidden, fault.New(fault.Forbidden, "pages of this origin may not connect").
				WithHint("the setting ONECDP_CORS_ORIGINS names those that may"))
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// sameHost says that a page came from the host that it calls. Whether by http or https only a proxy in front knows.
func sameHost(origin, host string) bool {
	from, err := url.Parse(origin)
	return err == nil && from.Host != "" && strings.EqualFold(from.Host, host)
}

// isUpgrade says that a request asks for a WebSocket.
func isUpgrade(r *http.Request) bool { return strings.EqualFold(r.Header.Get("Upgrade"), "websocket") }
