package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/onecdp/onecdp/examples"
)

// sessionTime is how long the key of a page on this machine is good for. The page fetches a new one by itself.
const sessionTime = 15 * time.Minute

// contentPolicy keeps the page from loading or sending anything anywhere else.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// kinds are not left to the machine's own table, which may say something else.
var kinds = map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}

//go:embed graphiql/*.js graphiql/*.css page
var pageFiles embed.FS

// asset is a file of the page, whole and compressed. Its address changes with its content, so browsers keep it for ever.
type asset struct {
	address, kind    string
	whole, condensed []byte
}

// graphiQL is the page / and its files.
type graphiQL struct {
	template *template.Template
	assets   map[string]*asset // by address
	byName   map[string]string // addresses
}

// loadGraphiQL is done once: compressing takes a while.
var loadGraphiQL = sync.OnceValues(newGraphiQL)

func newGraphiQL() (*graphiQL, error) {
	page, err := template.ParseFS(pageFiles, "page/index.html")
	if err != nil {
		return nil, err
	}
	g := &graphiQL{template: page, assets: map[string]*asset{}, byName: map[string]string{}}
	for _, file := range []string{
		"graphiql/react.production.min.js", "graphiql/react-dom.production.min.js", "graphiql/graphiql.min.js", "graphiql/graphiql.min.css",
		"page/page.js", "page/page.css",
	} {
		content, err := pageFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var condensed bytes.Buffer
		writer := gzip.NewWriter(&condensed)
		if _, err := writer.Write(content); err != nil {
			return nil, err
		}
		if err := writer.Close(); err != nil {
			return nil, err
		}
		sum, name := sha256.Sum256(content), path.Base(file)
		one := &asset{
			address: "/assets/" + hex.EncodeToString(sum[:8]) + "/" + name, kind: kinds[path.Ext(name)],
			whole: content, condensed: condensed.Bytes(),
		}
		g.assets[one.address], g.byName[name] = one, one.address
	}
	return g, nil
}

// serveAsset answers with a file of the page.
func (g *graphiQL) serveAsset(w http.ResponseWriter, r *http.Request) {
	file := g.assets[r.URL.Path]
	if file == nil {
		notFound(w, r)
		return
	}
	header, content := w.Header(), file.whole
	header.Set("Content-Type", file.kind)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Add("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		content = file.condensed
	}
	header.Set("Content-Length", fmt.Sprint(len(content)))
	_, _ = w.Write(content)
}

// servePage answers with GraphiQL. A person on this machine finds it signed in; elsewhere it asks for a key. A page of
// another site that fetches it gets no key: it could not read it either, without CORS.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	type tab struct {
		Query string `json:"query"`
		Find  string `json:"find"`
	}
	var data struct {
		Key  string `json:"key"`
		Tabs []tab  `json:"tabs"`
	}
	for _, query := range examples.Queries() {
		data.Tabs = append(data.Tabs, tab{query.Text, query.Find})
	}
	site := r.Header.Get("Sec-Fetch-Site")
	if s.fromThisMachine(r) && (site == "" || site == "none" || site == "same-origin" || r.Header.Get("Sec-Fetch-Mode") == "navigate") {
		data.Key = s.sessions.NewSession(time.Now(), sessionTime)
	}
	var page bytes.Buffer
	if err := s.page.template.Execute(&page, map[string]any{"Data": data, "Asset": s.page.byName}); err != nil {
		panic(err) // the template is ours and was parsed when the server started
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", contentPolicy)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(page.Bytes())
}
