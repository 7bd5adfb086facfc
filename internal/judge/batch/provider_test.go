package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
)

// said is what a provider has for a request: a reply, or why there is none.
type said struct {
	reply judge.Reply
	err   error
}

func says(label string) said {
	text := map[string]string{
		"pass": `{"explanation":"","reason":"answers","score":0.9}`, "fail": `{"explanation":"","reason":"other_topic","score":0.1}`,
	}[label]
	if text == "" {
		text = label
	}
	tokens := genai.Tokens{UncachedInput: genai.Some[int64](1000), Output: genai.Some[int64](100)}
	return said{reply: judge.Reply{Text: text, Tokens: genai.Some(tokens)}}
}

// provider answers batches as a test says, last request first.
type provider struct {
	answer func(request int) said // of a batch, by its position
	status string                 // of every batch, "completed" if empty
	faults map[string][]error     // of the next calls, by method
	files  map[string]int         // requests
	names  map[string]string      // of batches, by id
	asked  []int                  // requests of each batch
	breaks int                    // reads that break off after one reply
}

func (p *provider) fault(method string) error {
	if of := p.faults[method]; len(of) > 0 {
		p.faults[method] = of[1:]
		return of[0]
	}
	return nil
}

func (p *provider) Line(id int, prompt *judge.Prompt) ([]byte, error) {
	return json.Marshal(map[string]any{"id": id, "of": prompt.User})
}

func (p *provider) Upload(_ context.Context, name string, lines []byte) (string, error) {
	if err := p.fault("upload"); err != nil {
		return "", err
	}
	p.files[name] = len(slices.Collect(func(yield func(int) bool) {
		for _, c := range lines {
			if c == '\n' && !yield(0) {
				return
			}
		}
	}))
	return name, nil
}

func (p *provider) Create(_ context.Context, name, file string) (string, error) {
	err := p.fault("create")
	if err != nil && !errors.Is(err, lost) {
		return "", err
	}
	id := fmt.Sprint("batch", len(p.names))
	p.names[id] = name
	p.asked = append(p.asked, p.files[file])
	return id, err
}

func (p *provider) Find(_ context.Context, name string) (string, error) {
	for id, of := range p.names {
		if of == name {
			return id, p.fault("find")
		}
	}
	return "", p.fault("find")
}

func (p *provider) Look(_ context.Context, id string) (State, error) {
	s := State{Status: "completed", Files: []string{"results of " + id}}
	if p.status != "" {
		s.Status = p.status
	}
	s.Ended = s.Status != "in_progress"
	return s, p.fault("look")
}

func (p *provider) Replies(
	_ context.Context, file string, each func(id int, reply judge.Reply, err error) error,
) error {
	n := p.asked[len(p.asked)-1]
	for i := n - 1; i >= 0; i-- {
		of := p.answer(i)
		if of.err == nil && of.reply.Text == "" {
			continue // the provider has nothing for it
		}
		if err := each(i, of.reply, of.err); err != nil {
			return err
		}
		if p.breaks > 0 {
			p.breaks--
			return unavailable
		}
	}
	if err := each(n+7, judge.Reply{}, nil); err != nil { // what was never asked for
		return err
	}
	p.files[file] = 0
	return p.fault("replies")
}

func (p *provider) Forget(_ context.Context, files ...string) error {
	for _, file := range files {
		delete(p.files, file)
	}
	return nil
}

var (
	unavailable = &judge.Error{Obstacle: judge.Unavailable, Again: true}
	lost        = &judge.Error{Obstacle: judge.Unavailable, Again: true, Unknown: true}
	rejected    = &judge.Error{Obstacle: judge.Rejected}
)
