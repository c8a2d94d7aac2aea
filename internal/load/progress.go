package load

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// meter shows how far an import is.
type meter interface {
	show(s Summary, position int64)
	finish()
}

// plainEvery is how often a line appears where there is no terminal.
const plainEvery = 5 * time.Second

func newMeter(out io.Writer, in *input) meter {
	if out == nil {
		return silence{}
	}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return newBar(out, in.size)
	}
	return &plainLines{out: out, size: in.size, began: time.Now(), last: time.Now()}
}

type silence struct{}

func (silence) show(Summary, int64) {}
func (silence) finish()             {}

// bar is the progress bar; of an input of unknown size it only counts.
type bar struct {
	size int64
	out  *progressbar.ProgressBar
}

func newBar(out io.Writer, size int64) *bar {
	full := size
	if full <= 0 {
		full = -1
	}
	return &bar{size: size, out: progressbar.NewOptions64(full,
		progressbar.OptionSetWriter(out), progressbar.OptionSetDescription("0 rows"), progressbar.OptionSetWidth(30),
		progressbar.OptionShowBytes(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())}
}

// show draws the bar. An error of drawing is nobody's concern.
func (b *bar) show(s Summary, position int64) {
	b.out.Describe(counts(s))
	_ = b.out.Set64(position)
}

func (b *bar) finish() { _ = b.out.Finish() }

// plainLines writes a line now and then.
type plainLines struct {
	out         io.Writer
	size        int64
	began, last time.Time
}

func (p *plainLines) show(s Summary, position int64) {
	now := time.Now()
	if now.Sub(p.last) < plainEvery {
		return
	}
	p.last = now
	part := ""
	if p.size > 0 {
		part = fmt.Sprintf("%d%%, ", 100*min(position, p.size)/p.size)
	}
	fmt.Fprintf(p.out, "%s%s, %.0f rows/s\n", part, counts(s), float64(s.Read)/now.Sub(p.began).Seconds())
}

func (p *plainLines) finish() {}

func counts(s Summary) string {
	text := fmt.Sprintf("%d rows", s.Read)
	if s.Duplicates > 0 {
		text += fmt.Sprintf(", %d duplicates", s.Duplicates)
	}
	if s.Rejected > 0 {
		text += fmt.Sprintf(", %d rejected", s.Rejected)
	}
	return text
}
