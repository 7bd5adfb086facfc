package clients

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Recording a client twice gives the same file where that is simple: ids are counted, times are ranks, and addresses
// and paths of the machine are replaced.

// hide notes the addresses that a recording must not name.
func (r *Recorder) hide(addresses ...net.Addr) {
	for _, a := range addresses {
		r.ports = append(r.ports, a.(*net.TCPAddr).Port)
	}
}

// Requests returns what the cells exported as OTLP/JSON, one request a line, in the order of the cells. dir is where
// the programs are.
func (r *Recorder) Requests(dir string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for i, cell := range r.order {
		ids := &counter{cell: cell, known: map[string]string{}}
		text, err := lines(r.parts[cell], baseTime+pcommon.Timestamp(i)*1e12)
		if err != nil {
			return nil, err
		}
		text = hexID.ReplaceAllFunc(text, ids.field)
		text = uuid.ReplaceAllFunc(text, ids.uuid)
		text = bytes.ReplaceAll(text, []byte(root), []byte("/app"))
		for n, port := range r.ports {
			number := regexp.MustCompile(fmt.Sprintf(`\b%d\b`, port))
			text = number.ReplaceAll(text, fmt.Appendf(nil, "400%d", n%2))
		}
		out.Write(text)
	}
	return out.Bytes(), nil
}

// baseTime is the time of the first cell: 2026-01-01.
const baseTime pcommon.Timestamp = 1767225600e9

// lines marshals the requests of a cell, logs first, with ranks in place of times.
func lines(parts []part, base pcommon.Timestamp) ([]byte, error) {
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(boolInt(b.isLogs), boolInt(a.isLogs)) })
	rank(parts, base)
	var out bytes.Buffer
	for _, p := range parts {
		var line []byte
		var err error
		if p.isLogs {
			line, err = (&plog.JSONMarshaler{}).MarshalLogs(p.logs)
		} else {
			line, err = (&ptrace.JSONMarshaler{}).MarshalTraces(p.traces)
		}
		if err != nil {
			return nil, err
		}
		out.Write(append(line, '\n'))
	}
	return out.Bytes(), nil
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rank replaces every time by its rank among the times of the cell.
func rank(parts []part, base pcommon.Timestamp) {
	var times []pcommon.Timestamp
	eachTime(parts, func(t pcommon.Timestamp) pcommon.Timestamp { times = append(times, t); return t })
	slices.Sort(times)
	times = slices.Compact(times)
	eachTime(parts, func(t pcommon.Timestamp) pcommon.Timestamp {
		at, _ := slices.BinarySearch(times, t)
		return base + pcommon.Timestamp(at)*10e6
	})
}

// eachTime replaces every time of the requests.
func eachTime(parts []part, change func(pcommon.Timestamp) pcommon.Timestamp) {
	for _, p := range parts {
		if p.isLogs {
			for _, rl := range p.logs.ResourceLogs().All() {
				for _, sl := range rl.ScopeLogs().All() {
					for _, record := range sl.LogRecords().All() {
						record.SetTimestamp(change(record.Timestamp()))
						record.SetObservedTimestamp(change(record.ObservedTimestamp()))
					}
				}
			}
			continue
		}
		for _, rs := range p.traces.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					span.SetStartTimestamp(change(span.StartTimestamp()))
					span.SetEndTimestamp(change(span.EndTimestamp()))
					for _, event := range span.Events().All() {
						event.SetTimestamp(change(event.Timestamp()))
					}
				}
			}
		}
	}
}

var (
	hexID = regexp.MustCompile(`"(?:traceId|spanId|parentSpanId)":"[0-9a-f]+"`)
	uuid  = regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
)

// counter gives out ids that depend on the cell and on the order of the ids.
type counter struct {
	cell  string
	known map[string]string
}

// next returns the id for an id, of the same length. The first 24 digits of a trace id tell the cell.
func (c *counter) next(id string) string {
	if _, ok := c.known[id]; !ok {
		n := len(c.known) + 1
		switch len(id) {
		case 32:
			c.known[id] = cellID(c.cell) + fmt.Sprintf("%08x", n)
		default:
			sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", c.cell, n))
			c.known[id] = hex.EncodeToString(sum[:])[:len(id)]
		}
	}
	return c.known[id]
}

func (c *counter) field(field []byte) []byte {
	at := bytes.LastIndexByte(field[:len(field)-1], '"') + 1
	return append(append(slices.Clip(field[:at]), c.next(string(field[at:len(field)-1]))...), '"')
}

func (c *counter) uuid(id []byte) []byte {
	plain := c.next(string(bytes.ReplaceAll(id, []byte("-"), nil)) + " ")
	return fmt.Appendf(nil, "%s-%s-7%s-8%s-%s", plain[:8], plain[8:12], plain[13:16], plain[17:20], plain[20:32])
}

// cellID is the start of the trace ids of a cell.
func cellID(cell string) string {
	sum := sha256.Sum256([]byte(cell))
	return hex.EncodeToString(sum[:12])
}
