package readbench

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// connections is how many clients ask at the same time, each on a connection of its own that it keeps.
const connections = 16

// client sends requests that are ready made and reads no more of an answer than it must: net/http's client would take as much of the machine as
// the server does.
type client struct {
	conn   net.Conn
	reader *bufio.Reader
	body   []byte // of the last answer
}

func dial(address string) (*client, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, reader: bufio.NewReaderSize(conn, 64<<10)}, nil
}

var (
	lengthHeader  = []byte("content-length:")
	chunkedHeader = []byte("transfer-encoding: chunked")
)

// do sends one request and reads its answer, of which the body is good until the next call.
func (c *client) do(request []byte) (status int, body []byte, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return 0, nil, err
	}
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return 0, nil, errors.New("no HTTP")
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, err
	}
	length, chunked := -1, false
	for {
		if line, err = c.reader.ReadSlice('\n'); err != nil {
			return 0, nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		switch {
		case len(line) > len(lengthHeader) && bytes.EqualFold(line[:len(lengthHeader)], lengthHeader):
			length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(lengthHeader):])))
		case bytes.EqualFold(line, chunkedHeader):
			chunked = true
		}
		if err != nil {
			return 0, nil, err
		}
	}
	c.body = c.body[:0]
	switch {
	case chunked:
		err = c.chunks()
	case length >= 0:
		err = c.take(length)
	default:
		err = errors.New("an answer of unknown length")
	}
	return status, c.body, err
}

func (c *client) chunks() error {
	for {
		line, err := c.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		if err := c.take(int(size)); err != nil {
			return err
		}
		if _, err := c.reader.Discard(2); err != nil || size == 0 {
			return err
		}
	}
}

// take reads so many bytes more of the body.
func (c *client) take(n int) error {
	have := len(c.body)
	c.body = slices.Grow(c.body, n)[:have+n]
	_, err := io.ReadFull(c.reader, c.body[have:])
	return err
}

// per is a time for each answer, in microseconds.
func (l load) per(whole time.Duration) float64 {
	return float64(whole.Nanoseconds()) / 1000 / float64(l.answers)
}

// target is a server under load, and what it is asked.
type target struct {
	address  string
	world    *sql.DB // to look how much PostgreSQL works
	requests [][]byte
}

// get is one answer, which must be a good one. The body is good until the connection is used again.
func (c *client) get(request []byte) ([]byte, error) {
	status, body, err := c.do(request)
	if err == nil && (status != 200 || !bytes.HasPrefix(body, []byte(`{"data":{`))) {
		err = fmt.Errorf("status %d: %.300s", status, body)
	}
	return body, err
}

// load is what a server did.
type load struct {
	answers int
	took    time.Duration
	used    processors
	each    []time.Duration // sorted
}

func (l load) rate() float64 { return float64(l.answers) / l.took.Seconds() }

// quantile is the time within which that part of the answers came, in milliseconds.
func (l load) quantile(part float64) float64 {
	return float64(l.each[int(part*float64(len(l.each)-1))].Microseconds()) / 1000
}

// drive asks for that long, on all connections, for requests drawn at random.
func (t target) drive(ctx context.Context, length time.Duration, draw uint64) (load, error) {
	clients := make([]*client, connections)
	for i := range clients {
		c, err := dial(t.address)
		if err != nil {
			return load{}, err
		}
		defer c.conn.Close()
		clients[i] = c
	}
	all, errs := make([][]time.Duration, connections), make([]error, connections)
	var group sync.WaitGroup
	before, err := used(ctx, t.world)
	if err != nil {
		return load{}, err
	}
	start := time.Now()
	for i, c := range clients {
		group.Go(func() {
			r := rand.New(rand.NewPCG(draw, uint64(i)))
			for begun := time.Now(); begun.Sub(start) < length; {
				if _, errs[i] = c.get(t.requests[r.IntN(len(t.requests))]); errs[i] != nil {
					return
				}
				ended := time.Now()
				all[i] = append(all[i], ended.Sub(begun))
				begun = ended
			}
		})
	}
	group.Wait()
	took := time.Since(start)
	after, err := used(ctx, t.world)
	done := load{took: took, used: after.since(before), each: slices.Concat(all...)}
	done.answers = len(done.each)
	slices.Sort(done.each)
	return done, errors.Join(errors.Join(errs...), err)
}
