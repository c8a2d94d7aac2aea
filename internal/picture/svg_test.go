package picture_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onecdp/onecdp/internal/picture"
)

// element is a piece of a parsed SVG.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

func (e element) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (e element) number(t *testing.T, name string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(e.attr(name), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		t.Fatalf("%s of %s is %q", name, e.XMLName.Local, e.attr(name))
	}
	return n
}

// all are the elements below that have a name and a class; an empty class is any.
func (e element) all(name, class string) (found []element) {
	for _, child := range e.Children {
		if child.XMLName.Local == name && (class == "" || child.attr("class") == class) {
			found = append(found, child)
		}
		found = append(found, child.all(name, class)...)
	}
	return found
}

func (e element) title() string { return e.all("title", "")[0].Text }

func parse(t *testing.T, svg []byte) element {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	for { // strict: one document, and nothing but elements and texts
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.ProcInst, xml.Directive, xml.Comment:
			t.Fatalf("%T %v", token, token)
		}
	}
	var root element
	if err := xml.Unmarshal(svg, &root); err != nil {
		t.Fatal(err)
	}
	if root.XMLName.Local != "svg" || root.XMLName.Space != "http://www.w3.org/2000/svg" {
		t.Fatal(root.XMLName)
	}
	return root
}

func draw(t *testing.T, g picture.Graph) element {
	t.Helper()
	svg, err := picture.SVG(t.Context(), "customer x", g)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, svg)
}

func example() picture.Graph {
	return picture.Graph{
		Nodes: []picture.Node{
			{Type: "user_id", Value: "u"}, {Type: "phone", Value: "+86138****5671", Shared: true}, {Type: "device_id", Value: "d", Weak: true},
			{Type: "wechat_openid", Scope: "wx1", Value: "o", Far: true}, {Type: "email", Value: "e@x.cn", Nobody: true},
		},
		Edges: []picture.Edge{
			{A: 0, B: 1, Reason: "shared", Observations: 3}, {A: 0, B: 2, Accepted: true, Reason: "same", Observations: 120},
			{A: 0, B: 3, Reason: "limit", Observations: 1}, {A: 0, B: 4, Reason: "blocked", Operator: true},
		},
	}
}

func TestThePictureSaysEverythingInWords(t *testing.T) {
	t.Parallel()
	svg := draw(t, example())
	if svg.attr("role") != "img" || svg.attr("aria-labelledby") != "title desc" {
		t.Errorf("%+v", svg.Attrs)
	}
	if title := svg.all("title", "")[0]; title.attr("id") != "title" || title.Text != "Identities of customer x" {
		t.Errorf("%+v", title)
	}
	if desc := svg.all("desc", "")[0]; desc.attr("id") != "desc" || desc.Text != "5 identities, 4 links, 3 of them rejected." {
		t.Errorf("%+v", desc)
	}
	var nodes, edges []string
	for _, node := range svg.all("g", "node") {
		nodes = append(nodes, node.title())
	}
	for _, edge := range svg.all("g", "edge") {
		edges = append(edges, edge.title())
		rejected := strings.Contains(edge.title(), "rejected")
		if line := edge.all("line", "")[0]; (line.attr("stroke-dasharray") != "") != rejected || (len(edge.all("text", "")) == 1) != rejected {
			t.Errorf("%s: %+v", edge.title(), edge)
		}
	}
	if want := []string{"user_id u", "phone +86138****5671, shared", "device_id d, weak", "wechat_openid wx1 o, somebody else's", "email e@x.cn, blocked"}; !slices.Equal(nodes, want) {
		t.Errorf("%q", nodes)
	}
	if want := []string{
		"user_id u and phone +86138****5671: rejected: shared, shown by 3 records", "user_id u and device_id d: accepted, shown by 120 records",
		"user_id u and wechat_openid wx1 o: rejected: limit, shown by 1 record", "user_id u and email e@x.cn: rejected: blocked, by an operator, shown by 0 records",
	}; !slices.Equal(edges, want) {
		t.Errorf("%q", edges)
	}
}

func TestWhatStrangersSentIsTextAndNothingElse(t *testing.T) {
	t.Parallel()
	hostile := []string{
		`<script>alert(1)</script>`, `"/><script>alert(1)</script>`, `' onload='alert(1)`, `]]><script/>`, `&lt;b&gt;&amp;&#60;`, `</text></svg><svg onload="x">`,
		"\x00\x01\x1f\ufffe", "javascript:alert(1)", `<!ENTITY x SYSTEM "file:///etc/passwd">`, "%s%d%!", strings.Repeat("长", 512),
	}
	var g picture.Graph
	for i, value := range hostile {
		g.Nodes = append(g.Nodes, picture.Node{Type: value, Scope: value, Value: value})
		g.Edges = append(g.Edges, picture.Edge{A: 0, B: i, Reason: value})
	}
	svg, err := picture.SVG(t.Context(), hostile[0], g)
	if err != nil {
		t.Fatal(err)
	}
	root := parse(t, svg)
	allowed := []string{"title", "desc", "rect", "g", "line", "text"}
	var check func(e element)
	check = func(e element) {
		for _, a := range e.Attrs {
			if strings.HasPrefix(strings.ToLower(a.Name.Local), "on") || a.Name.Local == "href" || a.Name.Local == "style" {
				t.Errorf("%s has %s", e.XMLName.Local, a.Name.Local)
			}
		}
		for _, child := range e.Children {
			if !slices.Contains(allowed, child.XMLName.Local) {
				t.Errorf("there is a %s", child.XMLName.Local)
			}
			check(child)
		}
	}
	check(root)
	for i, node := range root.all("g", "node") {
		if want := strings.Map(func(r rune) rune {
			if r < ' ' || r == '\ufffe' {
				return '\ufffd'
			}
			return r
		}, hostile[i]); !strings.HasSuffix(node.title(), want) {
			t.Errorf("%q is shown as %q", want, node.title())
		}
	}
}

// boxes are the frames of the nodes.
func boxes(t *testing.T, svg element) (all [][4]float64) {
	t.Helper()
	for _, node := range svg.all("g", "node") {
		r := node.all("rect", "")[0]
		all = append(all, [4]float64{r.number(t, "x"), r.number(t, "y"), r.number(t, "width"), r.number(t, "height")})
	}
	return all
}

func TestNothingLiesOnAnythingElseOrOutside(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]picture.Graph{"an example": example(), "a star": star(picture.MostNodes), "one": star(1), "two": star(2), "nothing": {}, "a crowd": crowd(150)} {
		svg := draw(t, g)
		width, height := svg.number(t, "width"), svg.number(t, "height")
		all := boxes(t, svg)
		for i, a := range all {
			if a[0] < 0 || a[1] < 0 || a[0]+a[2] > width || a[1]+a[3] > height {
				t.Errorf("%s: %v is outside of %v × %v", name, a, width, height)
			}
			for _, b := range all[:i] {
				if a[0] < b[0]+b[2] && b[0] < a[0]+a[2] && a[1] < b[1]+b[3] && b[1] < a[1]+a[3] {
					t.Errorf("%s: %v lies on %v", name, a, b)
				}
			}
		}
		if width > 14000 || height > 14000 {
			t.Errorf("%s: %v × %v", name, width, height)
		}
	}
}

// star is one identity with many cookies.
func star(n int) picture.Graph {
	g := picture.Graph{Nodes: make([]picture.Node, n)}
	for i := range n {
		g.Nodes[i] = picture.Node{Type: "anonymous_id", Value: fmt.Sprint("c", i), Weak: true}
		if i > 0 {
			g.Edges = append(g.Edges, picture.Edge{A: 0, B: i, Accepted: true, Reason: "same", Observations: 1})
		}
	}
	return g
}

// crowd is many identities, each linked with a few others, some with none.
func crowd(n int) picture.Graph {
	g := picture.Graph{Nodes: make([]picture.Node, n)}
	for i := range n {
		g.Nodes[i] = picture.Node{Type: "user_id", Value: fmt.Sprint("u", i), Far: i > n/2}
		for _, other := range []int{i * 7 % n, i * i % n} {
			if other < i && i%10 > 0 {
				g.Edges = append(g.Edges, picture.Edge{A: other, B: i, Reason: "limit"})
			}
		}
	}
	return g
}

func TestAPictureIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	first, err := picture.SVG(t.Context(), "x", crowd(60))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		again, err := picture.SVG(t.Context(), "x", crowd(60))
		if err != nil || !bytes.Equal(first, again) {
			t.Fatal("another picture", err)
		}
	}
}

func TestOfVeryManyTheStrongestAreShownAndTheRestIsCounted(t *testing.T) {
	t.Parallel()
	g := star(500)
	for i := range 300 {
		g.Nodes = append(g.Nodes, picture.Node{Type: "phone", Value: fmt.Sprint("far", i), Far: true})
		g.Edges = append(g.Edges, picture.Edge{A: 0, B: 500 + i, Reason: "shared"})
	}
	start := time.Now()
	svg := draw(t, g)
	t.Log(time.Since(start))
	nodes := svg.all("g", "node")
	if len(nodes) != picture.MostNodes || nodes[0].title() != "anonymous_id c0, weak" || !strings.HasPrefix(nodes[picture.MostNodes-1].title(), "phone far39") {
		t.Errorf("%d nodes, the first %q, the last %q", len(nodes), nodes[0].title(), nodes[len(nodes)-1].title())
	}
	if want := "800 identities, 799 links, 300 of them rejected. The strongest are shown: 600 identities and 600 links more are not."; svg.all("desc", "")[0].Text != want {
		t.Errorf("%q", svg.all("desc", "")[0].Text)
	}
	dense := picture.Graph{Nodes: make([]picture.Node, 100)}
	for i := range 100 {
		for j := range i {
			dense.Edges = append(dense.Edges, picture.Edge{A: j, B: i, Accepted: true})
		}
	}
	if edges := draw(t, dense).all("g", "edge"); len(edges) != picture.MostEdges {
		t.Errorf("%d links are drawn", len(edges))
	}
}
