package web

import (
	"context"
	"errors"
	"net/http"
)

// Picture draws the customer that a global id leads to, as SVG, as the caller in the context may see them. The error is a fault, ctx's, or ours.
type Picture func(ctx context.Context, id string) ([]byte, error)

// picturePolicy lets a picture that is opened by itself run and load nothing. It needs nothing: its look is in attributes.
const picturePolicy = "default-src 'none'; sandbox; frame-ancestors 'none'"

// picture answers with the picture of a customer. It holds personal data, so nobody keeps it.
func (s *Server) picture(draw Picture) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		svg, err := draw(r.Context(), r.PathValue("id"))
		switch {
		case r.Context().Err() != nil && errors.Is(err, r.Context().Err()):
			return // nobody is there any more
		case err != nil:
			s.refuseFor(w, r, "cannot draw a customer", err)
			return
		}
		header := w.Header()
		header.Set("Content-Type", "image/svg+xml; charset=utf-8")
		header.Set("Content-Security-Policy", picturePolicy)
		header.Set("Cache-Control", "private, no-store")
		header.Set("Vary", "Authorization")
		_, _ = w.Write(svg)
	})
}
