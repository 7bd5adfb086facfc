package text

import (
	"github.com/faultline-otel/faultline/internal/linear"
	"github.com/faultline-otel/faultline/internal/words"
)

// AttackProfile defines how a model of attacks looks at a text, in training and in scoring: at windows of several
// widths, and at the cue words.
type AttackProfile struct {
	Name  string
	Shape linear.Shape
	// Noise adds the feature for optimised suffixes.
	Noise bool
	// Data is for texts that programs give: words glued to marks of code are left out.
	Data bool
	// Mix are the weights of the features.
	Mix [AttackFeatures]float32
}

// The features of a text for models of attacks.
const (
	attackWhole  = iota // the sum over all words
	attackNarrow        // the sums over the strongest window of each width
	attackMedium
	attackWide
	attackClasses // the classes of cue words
	attackCues    // the cue words
	attackOrder   // an override with an object
	attackTurn    // a call to forget what came before
	attackNoise
	AttackFeatures // the number of features
)

// AttackWidths are the widths of the windows, in words.
var AttackWidths = linear.Widths{8, 16, 32}

// The profiles of the models of attacks.
var (
	JailbreakProfile = AttackProfile{
		Name: JailbreakName, Shape: attackShape(20), Noise: true,
		Mix: [AttackFeatures]float32{0.25, 0.15, 0.25, 0.35, 0.35, 0.1, 1.5, 0.5, 8},
	}
	InjectionProfile = AttackProfile{
		Name: InjectionName, Shape: attackShape(20), Data: true,
		Mix: [AttackFeatures]float32{0, 0, 1, 0, 0.5, 0.1, 1, 2, 0},
	}
)

func attackShape(bits int) linear.Shape {
	return linear.Shape{Order: 4, Bits: bits, Dense: AttackFeatures, Memory: 24}
}

// Read reads a text as the model looks at it.
func (p *AttackProfile) Read(t *words.Text, source string) {
	t.Read(source)
	if p.Data {
		t.Words = prose(t.Words[:0], t)
	}
}

// prose appends the words that are not glued to marks of code.
func prose(list []words.Word, t *words.Text) []words.Word {
	for i := range t.Words {
		w := t.Words[i]
		if w.Start > 0 && glue[t.Source[w.Start-1]] || int(w.End) < len(t.Source) && glue[t.Source[w.End]] {
			continue
		}
		list = append(list, w)
	}
	return list
}

// glue are the marks of code.
var glue = [256]bool{'/': true, '_': true, '=': true, '(': true, '{': true, '`': true}

// Margins returns the log-odds of a text as a suspicion and as a verdict, and the strongest passage. The text is one
// that Read read. What a text only mentions is no verdict.
func (p *AttackProfile) Margins(m *linear.Model, t *words.Text) (suspicion, verdict float32, passage linear.Window) {
	var dense [AttackFeatures]float32
	passage = p.Measure(m, t, &dense)
	suspicion = m.Margin(0, dense[:])
	return suspicion, p.verdict(m, t, suspicion), passage
}

// ofAttacks is how many words of texts about attacks make a text one.
const ofAttacks = 3

// verdict is the margin without what the text mentions.
func (p *AttackProfile) verdict(m *linear.Model, t *words.Text, margin float32) float32 {
	if cuesOf(t.Words).about >= ofAttacks {
		return never
	}
	v := said(t)
	if v == nil {
		return margin
	}
	defer v.release()
	var dense [AttackFeatures]float32
	p.Measure(m, &v.Text, &dense)
	return min(margin, m.Margin(0, dense[:]))
}

// never is a margin below all.
const never = -1e3

// noisy is the length up to which noise counts in full. Long texts that look like noise are code and tables.
const noisy = 40

// Measure fills the features of a text. It returns the strongest passage.
func (p *AttackProfile) Measure(m *linear.Model, t *words.Text, dense *[AttackFeatures]float32) linear.Window {
	*dense = [AttackFeatures]float32{}
	list := t.Words
	if len(list) == 0 {
		return linear.Window{}
	}
	c := cuesOf(list)
	var peak linear.Window
	if c.classes >= leastClasses || others(&t.Scripts) {
		peaks, sum := m.Passages(list, AttackWidths)
		dense[attackWhole] = sum * Scale(len(list))
		for k := range peaks {
			dense[attackNarrow+k] = peaks[k].Sum * Scale(min(len(list), AttackWidths[k]))
		}
		peak = peaks[1]
	}
	dense[attackClasses], dense[attackCues] = float32(c.classes), float32(c.words)
	if c.order {
		dense[attackOrder] = 1
	}
	if c.turn {
		dense[attackTurn] = 1
	}
	if p.Noise {
		dense[attackNoise] = max(0, noise(t)-0.3) * min(1, noisy/float32(len(list)))
	}
	return peak
}

// leastClasses is how many classes of cue words a passage of a text must hold for its words to be looked up. Most
// ordinary texts hold fewer, hardly any attack does, and the look-ups are most of the cost.
const leastClasses = 2

// others reports whether a text has letters of scripts in which there are few cue words or none.
func others(s *words.Scripts) bool {
	for _, n := range s[words.Cyrillic:] {
		if n > 0 {
			return true
		}
	}
	return false
}

func (p *AttackProfile) name() string { return p.Name }

// read returns the log-odds of a text and its strongest passage. Verdicts begin at 0.
func (p *AttackProfile) read(m *linear.Model, t *words.Text) (float32, []words.Word) {
	whole := t
	if p.Data {
		v := views.Get().(*view) //nolint:forcetypeassert // the pool holds nothing else
		v.Source, v.Scripts, v.Words = t.Source, t.Scripts, prose(v.Words[:0], t)
		defer v.release()
		t = &v.Text
	}
	var dense [AttackFeatures]float32
	window := p.Measure(m, t, &dense)
	margin, passage := m.Margin(0, dense[:]), t.Words[window.From:window.Upto]
	if margin > 0 && p.verdict(m, t, margin) <= 0 {
		margin = onlyMentioned
	}
	if margin > -SuspectMargin && margin <= 0 && hides(t.Source, passage) {
		margin = hidden
	}
	if margin <= -SuspectMargin && p.Noise && endsInSuffix(t) {
		return suffixed, t.Words[max(0, len(t.Words)-suffixWords):]
	}
	if margin <= 0 && p.Data {
		if coded := p.encoded(m, whole); len(coded) > 0 {
			return hidden, coded
		}
	}
	return margin, passage
}

// The margins of an order that a text only mentions, of a suffix from an optimiser, and of an order that people do not
// see.
const (
	onlyMentioned = -SuspectMargin / 2
	suffixed      = -SuspectMargin / 2
	hidden        = 0.1
)
