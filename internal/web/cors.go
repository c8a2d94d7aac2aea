package web

import (
	"net/http"
	"slices"
)

// crossOrigin lets pages of the configured origins call /graphql. There are no cookies to steal: a page
// must know a key, so credentials are never allowed. Other origins get an answer without the headers,
// which their browsers keep from them, and no preflight.
func (s *Server) crossOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin, header := r.Header.Get("Origin"), w.Header()
		header.Add("Vary", "Origin")
		allowed := origin != "" && (slices.Contains(s.origins, origin) || slices.Contains(s.origins, "*"))
		if allowed {
			header.Set("Access-Control-Allow-Origin", origin)
			header.Set("Access-Control-Expose-Headers", "X-Request-Id")
		}
		if allowed && r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			header.Set("Access-Control-Allow-Methods", "GET, POST")
			header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept")
			header.Set("Access-Control-Max-Age", "7200")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}
