package text

import (
	"sync"

	"github.com/faultline-otel/faultline/internal/linear"
	"github.com/faultline-otel/faultline/internal/words"
)

// Attack is how a model of attacks looks at a text: at its words and at what they stand for, each as a whole and at its most telling
// passage. What training and scoring have in common.
type Attack struct {
	Name  string
	Shape linear.Shape
	// Words and Concepts are how many of them a passage has.
	Words, Concepts int
	// Whole says that the text as a whole tells something: a prompt is written for one purpose, a document is not.
	Whole bool
}

// The profiles of the models of attacks.
var (
	JailbreakAttack = Attack{Name: JailbreakName, Shape: linear.Shape{Order: 3, Bits: 17, Dense: AttackFeatures}, Words: 10, Concepts: 6, Whole: true}
	InjectionAttack = Attack{Name: InjectionName, Shape: linear.Shape{Order: 3, Bits: 17, Dense: AttackFeatures}, Words: 10, Concepts: 6}
	NoiseShape      = linear.Shape{Order: 2, Bits: 13}
)

const noiseName = "noise"

// NoiseWindow is how many words the most telling passage of an optimised suffix has.
const NoiseWindow = 12

// The features by hand.
const (
	attackWords = iota
	attackWordsPeak
	attackConcepts
	attackConceptsPeak
	AttackFeatures // how many there are
)

// guard is a classifier of attacks.
type guard struct {
	classifier
	attack *Attack
	model  *linear.Model
}

func newGuard(a *Attack, config Config) (guard, error) {
	m, version, err := load(a.Name)
	if err != nil {
		return guard{}, err
	}
	theLexicon()
	c, err := newClassifier(a.Name, version, config)
	return guard{classifier: c, attack: a, model: m}, err
}

// read judges a text: the log-odds, and the passage that says it loudest.
func (g *guard) read(t *words.Text) (float32, []words.Word) {
	var dense [AttackFeatures]float32
	passage := g.attack.Measure(g.model, t, &dense)
	return g.model.Margin(0, dense[:]), passage
}

// buffers hold what a text is turned into.
var buffers = sync.Pool{New: func() any { return new(buffer) }}

type buffer struct{ list []words.Word }

// maxBuffer bounds what is kept, in words: no text has more, but what it stands for may have, in theory.
const maxBuffer = 1 << 13

func (b *buffer) free() {
	if cap(b.list) > maxBuffer {
		b.list = nil
	}
	buffers.Put(b)
}

// Measure fills the features of a text. It returns the most telling passage.
func (a *Attack) Measure(m *linear.Model, t *words.Text, dense *[AttackFeatures]float32) []words.Word {
	*dense = [AttackFeatures]float32{}
	if len(t.Words) == 0 {
		return nil
	}
	b := buffers.Get().(*buffer) //nolint:forcetypeassert // the pool holds nothing else
	defer b.free()
	b.list = Concepts(b.list[:0], t.Words)
	peak, sum := m.Peak(t.Words, a.Words)
	concepts, conceptSum := m.Peak(b.list, a.Concepts)
	dense[attackWordsPeak] = peak.Sum * Scale(min(len(t.Words), a.Words))
	dense[attackConceptsPeak] = concepts.Sum * Scale(min(len(b.list), a.Concepts))
	if a.Whole {
		// What is around an attack does not excuse it.
		dense[attackWords] = max(0, sum*Scale(len(t.Words)))
		dense[attackConcepts] = max(0, conceptSum*Scale(len(b.list)))
	}
	return t.Words[peak.From:peak.Upto]
}

// Noise is the log-odds of a text to hold what an optimiser wrote, by its most telling passage, which is returned too.
func Noise(m *linear.Model, v *Vocabulary, t *words.Text) (float32, []words.Word) {
	if len(t.Words) < minNoise {
		return -10, nil
	}
	b := buffers.Get().(*buffer) //nolint:forcetypeassert // the pool holds nothing else
	defer b.free()
	b.list = Shapes(b.list[:0], t, v)
	peak, _ := m.Peak(b.list, NoiseWindow)
	return m.Margin(peak.Sum, nil), t.Words[peak.From:peak.Upto]
}

// minNoise is the fewest words that show whether they make sense.
const minNoise = 8
