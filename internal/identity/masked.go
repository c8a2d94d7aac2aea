package identity

import "github.com/onecdp/onecdp/internal/personal"

// Masked says whether values of a type are masked for who may not see personal values. Of a type that is not declared they are.
func (r *Registry) Masked(name TypeName) bool {
	t := r.types[name]
	return t == nil || t.Sensitive
}

// Names are the names under which attributes, properties and tags hold what the sensitive types do.
func (r *Registry) Names() *personal.Names { return r.names }

func (r *Registry) sensitive() []string {
	var names []string
	for _, t := range r.sorted {
		if t.Sensitive {
			names = append(names, string(t.Name))
		}
	}
	return names
}
