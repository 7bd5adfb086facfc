package session

import (
	"slices"

	"github.com/faultline-otel/faultline/internal/failure"
)

// Flags are the loops that a session shows. Each is reported once per session.
type Flags uint8

// The flags, in the order of the details of retry_loop.
const (
	Repeat   Flags = 1 << iota // the same call with the same result, or repeated unchanged after a failure
	Near                       // nearly the same call several times in a row, without progress
	PingPong                   // two agents that only answer each other
	Runaway                    // more steps than any task needs
)

// Thresholds of the detectors. The README of llm_session states how well each works.
const (
	repeats          = 3 // attempts with the same call and the same result
	repeatsTransient = 5 // the same, if the call failed for a reason that goes away by itself
	repeatsLooking   = 5 // the same, if the agent only looked around

	nearRun     = 3 // attempts in vain
	nearJaccard = 0.6

	pingPongTurns    = 6
	pingPongJudged   = 4 // the last turns, whose novelty is averaged
	pingPongNovelty  = 0.35
	pingPongEarlier  = 8
	pingPongUnspoken = 20 // turns in a row without recorded content

	runawayModelCalls = 50
	runawayToolCalls  = 100
)

// Flags returns the loops that the session shows now.
func (s *State) Flags() Flags { return s.shows(nil) }

// shows returns the flags that a step can trigger, or all flags for nil. For other flags, a step can only push the last
// relevant call out of the window. A step that arrives late can change what the calls after it mean.
func (s *State) shows(x *Step) Flags {
	all := x == nil || len(s.window) > 0 && x.Kind != Other && s.window[len(s.window)-1].Span != x.Span
	var f Flags
	if all || x.Kind == ToolCall && (x.inVain() || s.times(&x.Event) >= repeats) {
		line := s.timeline()
		if s.repeats(&line) {
			f |= Repeat
		}
		if s.nears(&line) {
			f |= Near
		}
	}
	if (all || x.Kind == ModelCall) && s.pingPongs() {
		f |= PingPong
	}
	if IsRunaway(int64(s.ModelCalls), int64(s.ToolCalls)) || s.Full() {
		f |= Runaway
	}
	return f
}

// IsRunaway reports whether a session made more calls than any task needs.
func IsRunaway(modelCalls, toolCalls int64) bool {
	return modelCalls > runawayModelCalls || toolCalls > runawayToolCalls
}

// pingPongs looks at the end of the conversation for two alternating agents that say nothing new.
func (s *State) pingPongs() bool {
	var room [maxWindow]*Event
	turns := room[:0]
	sinceTool := 0
	for i := range s.window {
		switch x := &s.window[i]; {
		case x.Kind == ToolCall:
			sinceTool = 0
		case x.Kind == ModelCall && x.Agent != 0:
			turns = append(turns, x)
			sinceTool++
		}
	}
	alternating := 0
	for i, x := range slices.Backward(turns) {
		if i < len(turns)-1 && x.Agent == turns[i+1].Agent || i < len(turns)-2 && x.Agent != turns[i+2].Agent {
			break
		}
		alternating++
	}
	if alternating < pingPongTurns {
		return false
	}
	sum := 0.0
	for i := len(turns) - pingPongJudged; i < len(turns); i++ {
		if turns[i].Sketch.empty() {
			return min(alternating, sinceTool) >= pingPongUnspoken
		}
		sum += novelty(turns[i], turns[max(0, i-pingPongEarlier):i])
	}
	return sum/pingPongJudged <= pingPongNovelty
}

// novelty returns the share of a turn's content that no earlier turn had.
func novelty(x *Event, earlier []*Event) float64 {
	all, fresh := 0, 0
	for _, h := range x.Sketch {
		if h == 0 {
			break
		}
		known, certain := false, true
		for _, e := range earlier {
			known = known || e.Sketch.has(h)
			certain = certain && h <= e.Sketch.reach()
		}
		if !certain {
			break // the sketches may have left out this hash and all later ones
		}
		all++
		if !known {
			fresh++
		}
	}
	if all == 0 {
		return 1
	}
	return float64(fresh) / float64(all)
}

// loops maps each flag to the detail and the evidence of its finding.
var loops = [...]struct {
	flag             Flags
	detail, evidence string
}{
	{
		Repeat, failure.Repeat,
		"the session made the same tool call again and again: with the same result, or unchanged after it failed",
	},
	{
		Near, failure.NearRepeat,
		"the session made nearly the same tool call three times in a row, and the results did not help",
	},
	{PingPong, failure.PingPong, "two agents answer each other in turn and say nothing new"},
	{Runaway, failure.Runaway, "the session has made far more model or tool calls than a task takes"},
}

// IsLoop reports whether a session can show this detail of retry_loop.
func IsLoop(detail string) bool {
	for _, l := range loops {
		if l.detail == detail {
			return true
		}
	}
	return false
}

// Finding returns the finding for a loop. tool is the tool of the span that showed it.
func Finding(detail, tool string) failure.Finding {
	f := failure.Finding{Class: failure.RetryLoop, Detail: detail, Where: detail, Tool: tool}
	for _, l := range loops {
		if l.detail == detail {
			f.Evidence = l.evidence
		}
	}
	return f
}

func (f Flags) findings(tool string) (list []failure.Finding) {
	for _, l := range loops {
		if f&l.flag != 0 {
			list = append(list, Finding(l.detail, tool))
		}
	}
	return list
}
