package main

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/corpus/labelled"
	"github.com/faultline-otel/faultline/internal/linear"
	"github.com/faultline-otel/faultline/internal/score/text"
	"github.com/faultline-otel/faultline/internal/words"
)

// attackPlan describes how to fit a model of attacks.
type attackPlan struct {
	profile *text.AttackProfile
	train   []sample
	options linear.Options
	rounds  int // how often the loudest passages are added
	// operate are ordinary texts for setting the thresholds: those that stand where the scorer looks, and others.
	operate []placed
	attacks map[string][]string // fresh attacks by family, to print the recall that is left
}

// placed is an ordinary text, and how many calls hold it where the scorer looks.
type placed struct {
	text, source string
	calls        int
	trained      bool // its source trains the model, so that it counts for its own source alone
}

// excerptWords is how many words of a long text train a model, from a place that its content decides.
const excerptWords = 160

// fit fits the table twice. The second time the loudest passages of the texts without an attack are examples of their
// own, and of long attacks only the loudest passage is one.
func (p *attackPlan) fit() (*linear.Model, error) {
	plan{train: p.train}.balance()
	shape := p.profile.Shape
	shape.Dense = 0
	lists := make([][]words.Word, len(p.train))
	r := rand.New(rand.NewPCG(8, 24))
	var t words.Text
	for i := range p.train {
		s := &p.train[i]
		p.profile.Read(&t, cmp.Or(s.core, s.text))
		list := slices.Clone(t.Words)
		if !s.label && !s.whole && len(list) > excerptWords {
			at := r.IntN(len(list) - excerptWords)
			list = list[at : at+excerptWords]
		}
		lists[i] = list
	}
	var examples []linear.Example
	add := func(i int, list []words.Word, share float64) {
		if len(list) > 0 {
			examples = append(examples, linear.Example{
				Slots: shape.Slots(nil, list), Scale: float64(text.Scale(len(list))),
				Label: p.train[i].label, Weight: share * p.train[i].weight,
			})
		}
	}
	for i := range lists {
		add(i, lists[i], 1)
	}
	m, err := linear.Train(shape, examples, p.options)
	if err != nil {
		return nil, err
	}
	for range p.rounds {
		for i, list := range lists {
			if len(list) <= text.AttackWidths[1] {
				continue
			}
			peaks, _ := m.Passages(list, text.AttackWidths)
			if p.train[i].label {
				add(i, list[peaks[2].From:peaks[2].Upto], 0.5)
				continue
			}
			for k := range peaks {
				add(i, list[peaks[k].From:peaks[k].Upto], 1)
			}
		}
		if m, err = linear.Train(shape, examples, p.options); err != nil {
			return nil, err
		}
	}
	return p.operateAt(m.With(linear.Dense(p.profile.Mix[:]))), nil
}

// judged is a text with its margins.
type judged struct {
	placed
	suspicion, verdict float64
}

func suspicionOf(j *judged) float64 { return j.suspicion }
func verdictOf(j *judged) float64   { return j.verdict }

// The budgets of false verdicts and suspicions.
const (
	verdictShare, verdictWorst = 1e-4, 5e-4
	suspectShare               = 5e-3
	largeSource                = 1000
)

// operateAt shifts and stretches the margins, so that verdicts and suspicions begin at the scores of package text.
func (p *attackPlan) operateAt(m *linear.Model) *linear.Model {
	var t words.Text
	judge := func(n placed) judged {
		p.profile.Read(&t, n.text)
		suspicion, verdict, _ := p.profile.Margins(m, &t)
		return judged{n, float64(suspicion), float64(verdict)}
	}
	seen := map[string]int{} // the place of a text in the list, + 1
	var list []judged
	calls := map[string]int{}
	for _, n := range p.operate {
		calls[n.source] += n.calls
		if at := seen[n.text]; at > 0 {
			list[at-1].calls += n.calls
			continue
		}
		list = append(list, judge(n))
		seen[n.text] = len(list)
	}
	all := 0
	for _, n := range p.operate {
		if !n.trained {
			all += n.calls
		}
	}
	suspect := budget(list, suspicionOf, calls, all, suspectShare, 1)
	verdict := budget(list, verdictOf, calls, all, verdictShare, verdictWorst)
	fmt.Fprintf(os.Stderr, "%s: %d samples; %d ordinary texts in %d calls; verdict above %.2f, suspicion above %.2f\n",
		p.profile.Name, len(p.train), len(list), all, verdict, suspect)
	for _, n := range list[:min(len(list), loudest)] {
		var dense [text.AttackFeatures]float32
		p.profile.Read(&t, n.text)
		peak := p.profile.Measure(m, &t, &dense)
		fmt.Fprintf(os.Stderr, "  %6.2f %-12s %d calls: %.1f %.160q\n", n.verdict, n.source, n.calls, dense,
			t.Of(t.Words[peak.From:peak.Upto]))
	}
	var verdicts, suspects, found, suspected, total float64
	for _, family := range slices.Sorted(maps.Keys(p.attacks)) {
		v, s := 0, 0
		for _, attack := range p.attacks[family] {
			at := judge(placed{text: attack})
			if at.verdict > verdict {
				v++
			}
			if at.suspicion > suspect {
				s++
			}
		}
		n := float64(len(p.attacks[family]))
		fmt.Fprintf(os.Stderr, "  %-34s %5.0f texts: verdict %.3f, suspicion %.3f\n", family, n,
			float64(v)/n, float64(s)/n)
		if strings.HasPrefix(family, "attacks2 ") {
			verdicts, suspects, total = verdicts+float64(v), suspects+float64(s), total+n
			found, suspected = found+float64(v)/n, suspected+float64(s)/n
		}
	}
	fmt.Fprintf(os.Stderr, "  %-34s %5.0f texts: verdict %.3f, suspicion %.3f\n", "attacks2, together", total,
		verdicts/total, suspects/total)
	return m.Stretched(verdict, text.SuspectMargin/(verdict-suspect))
}

// loudest is how many ordinary texts are printed, to be read.
const loudest = 25

// budget is the least margin above which the texts stay in the budget of all calls and of each large source. The rate
// of all texts, also of those that stand elsewhere in a call, must stay in the budget, too.
func budget(list []judged, of func(*judged) float64, calls map[string]int, all int, share, worst float64) float64 {
	slices.SortStableFunc(list, func(a, b judged) int { return cmp.Compare(of(&b), of(&a)) })
	texts := 0
	for i := range list {
		if !list[i].trained {
			texts++
		}
	}
	wrong, by, elsewhere := 0, map[string]int{}, 0
	for _, n := range list {
		by[n.source] += n.calls
		if !n.trained {
			wrong += n.calls
			elsewhere++
		}
		if float64(wrong) > share*float64(all) || float64(elsewhere) > share*float64(texts) ||
			calls[n.source] >= largeSource && float64(by[n.source]) > worst*float64(calls[n.source]) {
			return of(&n)
		}
	}
	return 0
}

// attacksOf reads fresh attacks by family: attacks2, and the attacks of dev-test.
func (d data) attacksOf(task string, pick func(labelled.Row) string) (map[string][]string, error) {
	by, seen := map[string][]string{}, map[string]bool{}
	for _, part := range []struct{ folder, split, name string }{
		{"attacks2", task + "-dev", "attacks2 "}, {task, labelled.Dev, "dev-test "},
	} {
		rows, err := labelled.Read(d.dir, part.folder, part.split)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			name := part.name + row.Source
			if row.Label == 0 {
				name = "no attack: " + row.Source
			}
			if s := pick(row); s != "" && !seen[s] {
				seen[s] = true
				by[name] = append(by[name], s)
			}
		}
	}
	return by, nil
}

// perSource bounds the texts of a source that train a model, at each of their places in a call.
const perSource = 1200

// ordinary adds the ordinary calls: those for training as texts without an attack, wherever they stand in the call, the
// others for setting the thresholds. where gives the texts that the scorer looks at.
func (p *attackPlan) ordinary(d data, where func(*labelled.Call) []string) error {
	all, err := labelled.Calls(d.dir)
	if err != nil {
		return err
	}
	of := func(use string) []labelled.Call {
		return slices.DeleteFunc(slices.Clone(all), func(c labelled.Call) bool { return c.Use != use })
	}
	rows := of(labelled.MayTrain)
	sizes, seen := map[string]int{}, map[string]bool{}
	rand.New(rand.NewPCG(4, 2)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	for i := range rows {
		o := &rows[i]
		for _, part := range [][2]string{
			{"system", o.System}, {"input", o.Input}, {"context", o.Context}, {"result", o.ToolResult}, {"output", o.Output},
		} {
			source := "ordinary " + o.Source + " " + part[0]
			if part[1] == "" || seen[part[1]] || sizes[source] >= perSource {
				continue
			}
			seen[part[1]] = true
			sizes[source]++
			s := sample{text: part[1], source: source}
			if part[0] == "system" {
				s.weight, s.whole = 20, true
			}
			p.train = append(p.train, s)
		}
		for _, s := range where(o) {
			if s != "" && (!p.profile.Data || !slices.Contains(o.Flags, "mentions_attack")) {
				p.operate = append(p.operate, placed{text: s, source: o.Source, calls: 1, trained: true})
			}
		}
	}
	rows = of(labelled.MayCheck)
	for i := range rows {
		o := &rows[i]
		if slices.Contains(o.Flags, "mentions_attack") && p.profile.Data {
			continue
		}
		looked := where(o)
		texts := []string{o.System, o.Input, o.Context, o.ToolResult}
		if p.profile.Data { // a file may hold an answer; what a user sends seldom is one
			texts = append(texts, o.Output)
		}
		for _, s := range texts {
			n := placed{text: s, source: o.Source}
			if slices.Contains(looked, s) {
				n.calls = 1
			}
			if s != "" {
				p.operate = append(p.operate, n)
			}
		}
	}
	return nil
}
