package ingest

import (
	"fmt"
	"strings"

	"github.com/onecdp/onecdp/internal/fault"
	"github.com/onecdp/onecdp/internal/identity"
)

// droppedNote says which identities of a record do not count, and why, without repeating them.
func droppedNote(dropped []identity.Dropped, kept int, at fault.Path) *fault.Error {
	reasons := make([]string, len(dropped))
	for i, d := range dropped {
		reasons[i] = fmt.Sprintf("identities[%d]", d.Index)
		if typ := plainWord(d.Type); typ != "" {
			reasons[i] += " (" + typ + ")"
		}
		reasons[i] += ": " + d.Reason.String()
	}
	message := "dropped, since it cannot be an identity: "
	if len(dropped) > 1 {
		message = "dropped, since they cannot be identities: "
	}
	message += strings.Join(reasons, "; ")
	if kept == 0 {
		message += ". Nothing is left, so the record is nobody's"
	}
	return fault.Bad(at.With("identities", dropped[0].Index), "%s", message)
}

// fold makes one fault of several of the record at a place: at that of the first, the others told by their places
// in the record.
func fold(faults []*fault.Error, record fault.Path) *fault.Error {
	if len(faults) < 2 {
		for _, only := range faults {
			return only
		}
		return nil
	}
	messages := []string{faults[0].Message}
	for _, more := range faults[1:] {
		messages = append(messages, more.At(more.Path[min(len(record), len(more.Path)):]).Error())
	}
	folded := *faults[0]
	folded.Message = strings.Join(messages, "; ")
	return &folded
}
