package personal

import (
	"maps"
	"strings"
	"sync/atomic"
)

// mostKnown bounds how many names are remembered.
const mostKnown = 2000

// Names tells which names of attributes, properties and tags are personal. It is safe for concurrent use.
type Names struct {
	listed  map[string]bool
	longest int                              // of the listed, in bytes
	known   atomic.Pointer[map[string]level] // by the name as it is; replaced, never changed
}

// level is how much of what stands below a name is masked.
type level byte

const (
	harmless level = iota
	near           // numbers that can be a phone number or an identity number
	personal       // all texts, and numbers but short ones
)

// NewNames makes the names of the usual list and of the identity types that are sensitive.
func NewNames(sensitive ...string) *Names {
	n := &Names{listed: make(map[string]bool, len(usual)+len(sensitive))}
	for _, name := range usual {
		n.listed[name] = true
	}
	for _, name := range sensitive {
		if folded := strings.Join(words(name), ""); folded != "" {
			n.listed[folded] = true
		}
	}
	for name := range n.listed {
		n.longest = max(n.longest, len(name))
	}
	n.known.Store(&map[string]level{})
	return n
}

// Has says whether a name or a dotted path leads to or below a personal name: one whose last words, in any letter case and however they
// are joined, are listed. What only tells one of several from the others may follow: phone_home, 手机号(必填).
func (n *Names) Has(name string) bool { return n.level(name) == personal }

// Near says whether a name or a dotted path leads to or below a name with a listed word in it that is not personal itself: phone_model.
// Below it numbers are masked that MayIdentify.
func (n *Names) Near(name string) bool { return n.level(name) == near }

func (n *Names) level(name string) level {
	if level, known := (*n.known.Load())[name]; known {
		return level
	}
	return n.learn(name)
}

// levelOf is level for a part of a document; for names met before it allocates nothing.
func (n *Names) levelOf(name []byte) level {
	if level, known := (*n.known.Load())[string(name)]; known {
		return level
	}
	return n.learn(string(name))
}

func (n *Names) learn(name string) level {
	found := n.read(name)
	for {
		old := n.known.Load()
		if len(*old) >= mostKnown {
			return found
		}
		more := maps.Clone(*old)
		more[strings.Clone(name)] = found
		if n.known.CompareAndSwap(old, &more) {
			return found
		}
	}
}

// read is the highest level of the steps of a path, and of the whole.
func (n *Names) read(path string) level {
	found := n.readStep(path)
	if strings.Contains(path, ".") {
		for step := range strings.SplitSeq(path, ".") {
			found = max(found, n.readStep(step))
		}
	}
	return found
}

func (n *Names) readStep(name string) level {
	name = seen(name)
	parts := words(name)
	switch {
	case n.endsPersonal(parts), n.endsPersonal(words(withoutBrackets(name))):
		return personal
	case n.hasListed(parts):
		return near
	default:
		return harmless
	}
}

// endsPersonal says whether a name is personal by its last words, or by those before what only qualifies them.
func (n *Names) endsPersonal(parts []string) bool {
	parts = append([]string(nil), parts...)
	for len(parts) > 0 {
		if n.endsListed(parts) {
			return true
		}
		last := len(parts) - 1
		if rest := unqualified(parts[last]); rest == "" {
			parts = parts[:last]
		} else if rest != parts[last] {
			parts[last] = rest
		} else {
			return false
		}
	}
	return false
}

// endsListed says whether the last words together are listed, or the last one ends with something that is.
func (n *Names) endsListed(parts []string) bool {
	last := ""
	for i := len(parts) - 1; i >= 0 && len(last) <= n.longest; i-- {
		if last = parts[i] + last; n.listed[last] {
			return true
		}
	}
	word := parts[len(parts)-1]
	for place, letter := range word { // Chinese has no blanks between words
		if isHan(letter) && n.listed[word[place:]] {
			return true
		}
	}
	for _, owner := range owners {
		if rest, found := strings.CutPrefix(word, owner); found && n.listed[rest] {
			return true
		}
	}
	return endsGlued(last)
}

// hasListed says whether some words of a name together are listed, wherever they stand.
func (n *Names) hasListed(parts []string) bool {
	for first := range parts {
		joined := ""
		for i := first; i < len(parts) && len(joined) <= n.longest; i++ {
			joined += parts[i]
			if n.listed[joined] || n.listed[strings.TrimRight(joined, "0123456789")] || endsGlued(joined) {
				return true
			}
		}
		for place, letter := range parts[first] {
			if !isHan(letter) {
				continue
			}
			rest := parts[first][place:]
			for end := range rest[:min(len(rest), n.longest)] {
				if n.listed[rest[:end]] {
					return true
				}
			}
			if len(rest) <= n.longest && n.listed[rest] {
				return true
			}
		}
	}
	return false
}
