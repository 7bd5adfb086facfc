package sample

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// A loop of eleven days: two agents of a research pipeline asked each other for clarification, turn after turn, until
// a person noticed the bill.
const (
	LoopSession = "conv_eleven_days"
	LoopDays    = 11
	LoopUSD     = 47_000.0
	LoopPace    = 5 * time.Second // a turn
)

// LoopTurns is the number of turns in the eleven days.
const LoopTurns = LoopDays * int(24*time.Hour/LoopPace)

// LoopTurnUSD is the cost of a turn.
const LoopTurnUSD = LoopUSD / float64(LoopTurns)

// accounted is the OTel GenAI convention, as a gateway writes it that knows the caller and the cost.
type accounted struct{ semconv }

func (d accounted) chat(sp *span, s *story, st *step, started time.Time) {
	d.semconv.chat(sp, s, st, started)
	sp.Attributes = append(sp.Attributes, str("gen_ai.agent.name", s.agent), double("gen_ai.usage.cost", LoopTurnUSD))
}

// researcher is one of the two agents.
func researcher(agent, system string) *app {
	return &app{
		service: "market-research", release: "1.0.3", route: "POST /internal/agents/turn",
		agent: agent, prompt: agent, promptVersion: "3", provider: "openai", model: "gpt-4.1", dialect: accounted{},
		system: system,
	}
}

// Loop makes the first turns of the loop, one trace for each turn, all in one session.
func Loop(turns int) []Trace {
	analyzer := researcher("analyzer", "You analyse markets. Ask the verifier whenever something is unclear.")
	verifier := researcher("verifier", "You verify analyses. Ask the analyzer whenever something is unclear.")
	g := &generator{r: rand.New(rand.NewPCG(47_000, LoopDays)), at: epoch}
	asks := "Compare the market for hosted databases in Norway and Denmark."
	traces := make([]Trace, 0, turns)
	for i := range turns {
		s := &story{app: analyzer, r: g.r, session: LoopSession, user: "user-1001"}
		answer := fmt.Sprintf("Before I can go on with the analysis: could you please clarify what you want me to look at "+
			"in section %d, and confirm that the rest is complete?", 1+i/2%3)
		if i%2 == 1 {
			s.app = verifier
			answer = fmt.Sprintf("Before I can verify the analysis: could you please clarify what you changed in section %d, "+
				"and confirm that the rest is complete?", 1+i/2%3)
		}
		s.asks(asks)
		s.answers(answer)
		// Each turn sends the whole conversation. The span holds only the end of its text.
		s.last().chat.in, s.last().chat.cached = 123_000, 0
		s.last().seconds = 4.2
		start := g.at
		traces = append(traces, g.tell(s))
		g.at = start.Add(LoopPace)
		asks = answer
	}
	return traces
}
