package architecture

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// layers from the inside outwards. An arrow points inwards or stays in its layer.
var layers = []string{"pure", "storage", "service", "edge", "wiring", "test"}

// plan is what the page says: the layer of each package of the table, and the arrows of the fenced block.
type plan struct {
	layer  map[string]string
	arrows map[string][]string
}

var tableRow = regexp.MustCompile("^\\| `([a-z]+)` \\| ([a-z]+) \\|")

// readPlan reads the table, and the block that starts with ```arrows. Each of its lines is `package` or
// `package -> package ...`; the name of a layer stands for all packages which the table puts there.
func readPlan(text string) (plan, error) {
	p := plan{layer: map[string]string{}, arrows: map[string][]string{}}
	var block []string
	inside, closed := false, false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch row := tableRow.FindStringSubmatch(line); {
		case line == "```arrows":
			inside = true
		case inside && line == "```":
			inside, closed = false, true
		case inside:
			block = append(block, line)
		case row != nil:
			p.layer[row[1]] = row[2]
		}
	}
	if !closed {
		return p, errors.New("no closed ```arrows block")
	}
	for _, line := range block {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := p.readArrows(line); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (p plan) readArrows(line string) error {
	left, right, _ := strings.Cut(line, "->")
	from := strings.Fields(left)
	if len(from) != 1 {
		return fmt.Errorf("arrows: %q: want `package -> package ...`", line)
	}
	if _, twice := p.arrows[from[0]]; twice {
		return fmt.Errorf("arrows: %s has two lines", from[0])
	}
	to := []string{}
	for _, name := range strings.Fields(right) {
		if slices.Contains(layers, name) {
			to = append(to, p.packagesOf(name)...)
		} else {
			to = append(to, name)
		}
	}
	p.arrows[from[0]] = to
	return nil
}

func (p plan) packagesOf(layer string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(p.layer)) {
		if p.layer[name] == layer {
			names = append(names, name)
		}
	}
	return names
}

// faults are the plan's own: arrows to nowhere, arrows outwards, circles, rows without a line.
func (p plan) faults() []string {
	var faults []string
	for _, from := range slices.Sorted(maps.Keys(p.arrows)) {
		for _, to := range p.arrows[from] {
			if _, known := p.arrows[to]; !known {
				faults = append(faults, fmt.Sprintf("%s -> %s points to a package without a line", from, to))
			}
			inner, outer := p.depth(to), p.depth(from)
			if inner >= 0 && outer >= 0 && inner > outer {
				faults = append(faults, fmt.Sprintf("%s (%s) -> %s (%s) points outwards", from, p.layer[from], to, p.layer[to]))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.layer)) {
		if _, known := p.arrows[name]; !known {
			faults = append(faults, name+" has no line among the arrows of "+page)
		}
		if !slices.Contains(layers, p.layer[name]) {
			faults = append(faults, fmt.Sprintf("%s is in the layer %s, which is none of %v", name, p.layer[name], layers))
		}
	}
	if circle := p.circle(); circle != nil {
		faults = append(faults, "circle: "+strings.Join(circle, " -> "))
	}
	return faults
}

// depth is the place of a package's layer, counted from the inside; -1 for packages outside the table.
func (p plan) depth(name string) int { return slices.Index(layers, p.layer[name]) }

// circle is one way from a package back to itself, or nil.
func (p plan) circle() []string {
	done := map[string]bool{}
	var path []string
	var visit func(name string) []string
	visit = func(name string) []string {
		if at := slices.Index(path, name); at >= 0 {
			return append(slices.Clone(path[at:]), name)
		}
		if done[name] {
			return nil
		}
		path = append(path, name)
		for _, to := range p.arrows[name] {
			if found := visit(to); found != nil {
				return found
			}
		}
		path = path[:len(path)-1]
		done[name] = true
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(p.arrows)) {
		if found := visit(name); found != nil {
			return found
		}
	}
	return nil
}

// outside are the libraries that a pure package may not reach for: SQL, HTTP, GraphQL.
var outside = []string{"database/sql", "net/http", "entgo.io/ent", "github.com/99designs/gqlgen", "github.com/vektah/gqlparser"}

// compare gives one line for every import and package in which tree and plan differ.
func (p plan) compare(t tree) []string {
	var faults []string
	for _, i := range t.imports {
		if i.to == "" {
			if p.layer[i.from] == "pure" && slices.ContainsFunc(outside, func(o string) bool { return within(i.path, o) }) {
				faults = append(faults, fmt.Sprintf("%s: %s is pure and may not import %s", i.file, i.from, i.path))
			}
			continue
		}
		if _, known := p.arrows[i.from]; known && i.to != i.from && !slices.Contains(p.arrows[i.from], i.to) {
			faults = append(faults, fmt.Sprintf("%s: %s -> %s is no arrow of %s", i.file, i.from, i.to, page))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.packages)) {
		if _, known := p.arrows[name]; !known {
			faults = append(faults, name+" has no line among the arrows of "+page)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.arrows)) {
		if !t.packages[name] {
			faults = append(faults, fmt.Sprintf("%s is on %s, but there is no such package", name, page))
		}
	}
	return faults
}

func within(path, parent string) bool {
	return path == parent || strings.HasPrefix(path, parent+"/")
}
