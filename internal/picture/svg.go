package picture

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
)

// The look. Colours never say anything alone: what is rejected is dashed and says why, what is weak is round, what is shared has a double frame.
const (
	margin  = 24.0
	legend  = 120.0 // its height
	ink     = "#1f2933"
	faint   = "#52606d"
	paper   = "#ffffff"
	own     = "#e3f0ff"
	far     = "#eceff1"
	good    = "#2f6f4f"
	bad     = "#b42318"
	longest = 25 // characters of a value in a box; the whole stands in its title
)

// SVG draws a graph. of says whose it is, in the title. What is drawn may come from strangers: all texts are escaped, and there is neither
// script nor style nor a link in it. The error is ctx's.
func SVG(ctx context.Context, of string, whole Graph) ([]byte, error) {
	g := whole.bounded()
	points, err := place(ctx, g)
	if err != nil {
		return nil, err
	}
	_, corner := corners(points)
	width, height := max(corner.x+boxWidth/2+margin, 560), corner.y+boxHeight/2+margin+legend
	p := &pen{}
	p.put(`<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="system-ui, sans-serif" font-size="13" fill="%s">`+"\n",
		width, height, width, height, ink)
	p.put("<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n", text("Identities of "+of), text(summary(whole, g)))
	p.put(`<rect width="100%%" height="100%%" fill="%s"/>`+"\n", paper)
	for _, edge := range slices.SortedFunc(slices.Values(g.Edges), compareEdges) {
		p.edge(g, edge, points)
	}
	for i, node := range g.Nodes {
		p.node(node, points[i])
	}
	p.legend(height-legend, summary(whole, g))
	p.put("</svg>\n")
	return p.Bytes(), nil
}

// summary says in words what the picture shows, and what it does not.
func summary(whole, drawn Graph) string {
	words := fmt.Sprintf("%s, %s, %d of them rejected.", counted(len(whole.Nodes), "identity", "identities"), counted(len(whole.Edges), "link", "links"), whole.rejected())
	if nodes, edges := len(whole.Nodes)-len(drawn.Nodes), len(whole.Edges)-len(drawn.Edges); nodes+edges > 0 {
		words += fmt.Sprintf(" The strongest are shown: %s and %s more are not.", counted(nodes, "identity", "identities"), counted(edges, "link", "links"))
	}
	return words
}

func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// pen writes SVG.
type pen struct{ bytes.Buffer }

func (p *pen) put(format string, args ...any) { fmt.Fprintf(p, format, args...) }

// text escapes a text for XML; what XML cannot hold becomes U+FFFD.
func text(of string) string {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(of)) // a Builder takes everything
	return escaped.String()
}

// short cuts a text that does not fit into a box.
func short(of string) string {
	letters := []rune(of)
	if len(letters) <= longest {
		return of
	}
	return string(letters[:longest-1]) + "…"
}

func (p *pen) edge(g Graph, edge Edge, points []point) {
	a, b := points[edge.A], points[edge.B]
	color, dash, verdict := good, "", "accepted"
	if !edge.Accepted {
		color, dash, verdict = bad, ` stroke-dasharray="7 5"`, "rejected: "+edge.Reason
	}
	if edge.Operator {
		verdict += ", by an operator"
	}
	p.put(`<g class="edge"><title>%s</title><line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%s"%s/>`,
		text(g.Nodes[edge.A].name()+" and "+g.Nodes[edge.B].name()+": "+verdict+", shown by "+counted(edge.Observations, "record", "records")), a.x, a.y, b.x, b.y, color, thickness(edge), dash)
	if !edge.Accepted {
		p.put(`<text x="%.1f" y="%.1f" text-anchor="middle" font-size="12" fill="%s" stroke="%s" stroke-width="4" paint-order="stroke">%s</text>`,
			(a.x+b.x)/2, (a.y+b.y)/2+4, bad, paper, text(edge.Reason))
	}
	p.put("</g>\n")
}

// thickness says how much shows a link, in steps.
func thickness(edge Edge) string {
	switch {
	case edge.Observations >= 100:
		return "4"
	case edge.Observations >= 10:
		return "3"
	default:
		return "2"
	}
}

func (p *pen) node(node Node, at point) {
	fill, round, dash := own, 6.0, ""
	if node.Far || node.Nobody {
		fill = far
	}
	if node.Weak {
		round = boxHeight / 2
	}
	if node.Nobody {
		dash = ` stroke-dasharray="2 4"`
	}
	x, y := at.x-boxWidth/2, at.y-boxHeight/2
	p.put(`<g class="node"><title>%s</title><rect x="%.1f" y="%.1f" width="%.0f" height="%.0f" rx="%.0f" fill="%s" stroke="%s"%s/>`,
		text(node.name()+node.remarks()), x, y, boxWidth, boxHeight, round, fill, ink, dash)
	if node.Shared {
		p.put(`<rect x="%.1f" y="%.1f" width="%.0f" height="%.0f" rx="%.0f" fill="none" stroke="%s"/>`, x-4, y-4, boxWidth+8, boxHeight+8, round+4, ink)
	}
	p.put(`<text x="%.1f" y="%.1f" text-anchor="middle" font-size="11" fill="%s">%s</text><text x="%.1f" y="%.1f" text-anchor="middle">%s</text></g>`+"\n",
		at.x, at.y-6, faint, text(short(node.kind()+node.marks())), at.x, at.y+13, text(short(node.Value)))
}

// kind is the type of an identity, with its scope.
func (n Node) kind() string {
	if n.Scope == "" {
		return n.Type
	}
	return n.Type + " " + n.Scope
}

// name is the identity in words.
func (n Node) name() string { return n.kind() + " " + cmp.Or(n.Value, "without a value") }

// marks say what is special about an identity.
func (n Node) marks() string {
	var marks string
	for _, one := range []struct {
		is   bool
		word string
	}{{n.Weak, "weak"}, {n.Shared, "shared"}, {n.Nobody, "blocked"}} {
		if one.is {
			marks += ", " + one.word
		}
	}
	return marks
}

// remarks are the marks, and that somebody else holds it.
func (n Node) remarks() string {
	if n.Far && !n.Shared {
		return n.marks() + ", somebody else's"
	}
	return n.marks()
}

func (p *pen) legend(top float64, summary string) {
	p.put(`<g class="legend" font-size="12" fill="%s"><text x="%.0f" y="%.1f">%s</text>`, faint, margin, top+14, text(summary))
	for i, one := range []struct{ color, dash, words string }{
		{good, "", "accepted: the two are one customer's"},
		{bad, ` stroke-dasharray="7 5"`, "rejected, with the reason: the link is kept and does not count"},
	} {
		y := top + 34 + 18*float64(i)
		p.put(`<line x1="%.0f" y1="%.1f" x2="%.0f" y2="%.1f" stroke="%s" stroke-width="2"%s/><text x="%.0f" y="%.1f">%s</text>`, margin, y, margin+40, y, one.color, one.dash, margin+50, y+4, text(one.words))
	}
	p.put(`<text x="%.0f" y="%.1f">%s</text></g>`+"\n", margin, top+76, text("Round: weak, a device or cookie. Double frame: shared by many people. Grey: not this customer's."))
}
