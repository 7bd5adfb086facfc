package text

import (
	"embed"
	"math"
	"sync"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/linear"
	"github.com/faultline-otel/faultline/internal/score"
	"github.com/faultline-otel/faultline/internal/words"
)

// Profile defines how a model looks at a text, in training and in scoring.
type Profile struct {
	Name  string
	Shape linear.Shape
	Head  int // how many of the first words it looks at; 0 means all
	// Window is the number of words in a passage that can decide alone.
	Window int
	// Passages ignores the text outside its worst passage.
	Passages bool
	// Noise adds the feature for optimised suffixes.
	Noise bool
	// Once counts a phrase once that the text repeats.
	Once bool
	// Declines adds the features for sentences of refusal.
	Declines bool
}

// The profiles of the models.
var (
	RefusalProfile = Profile{Name: RefusalName, Shape: shape(3, 16), Head: 72, Window: 20, Once: true, Declines: true}
)

func shape(order, bits int) linear.Shape {
	return linear.Shape{Order: order, Bits: bits, Dense: Features}
}

// The hand-made features: the sum over all words, the sum over the strongest passage, and the noise.
const (
	featureSum = iota
	featurePeak
	featureNoise
	// FeatureSigns is the first of the signs of a refusal.
	FeatureSigns
	Features = FeatureSigns + Signs // the number of features
)

// Measure fills the features of a text. It returns the strongest passage.
func (p *Profile) Measure(m *linear.Model, t *words.Text, dense *[Features]float32) linear.Window {
	list := t.Words
	if p.Head > 0 && len(list) > p.Head {
		list = list[:p.Head]
	}
	*dense = [Features]float32{}
	if len(list) == 0 {
		return linear.Window{}
	}
	peak, sum := m.Peak(list, p.Window)
	if !p.Passages {
		dense[featureSum] = sum * Scale(len(list))
	}
	dense[featurePeak] = peak.Sum * Scale(min(len(list), p.Window))
	if p.Noise {
		dense[featureNoise] = noise(t)
	}
	if p.Declines {
		declines(t, list, dense[FeatureSigns:])
	}
	return peak
}

// Scale returns the factor for a sum over n words. A long text must not count more than a short text of the same kind,
// and two words alone must not decide.
func Scale(n int) float32 { return float32(1 / math.Sqrt(float64(max(n, minScale)))) }

const minScale = 6

//go:embed weights
var weights embed.FS

// models are loaded once per process, because unpacking takes milliseconds.
var models sync.Map // name → *loaded

type loaded struct {
	once    sync.Once
	model   *linear.Model
	version string
	err     error
}

// load reads the weights of a model.
func load(name string) (*linear.Model, string, error) {
	v, _ := models.LoadOrStore(name, &loaded{})
	l := v.(*loaded) //nolint:forcetypeassert // the map holds nothing else
	l.once.Do(func() {
		var file []byte
		if file, l.err = weights.ReadFile("weights/" + name + ".flm"); l.err != nil {
			return
		}
		l.model, l.err = linear.Unmarshal(file)
		l.version = "4-" + linear.Version(file)
	})
	return l.model, l.version, l.err
}

// profile is how a model looks at a text.
type profile interface {
	name() string
	// read returns the log-odds of a text and its strongest passage.
	read(m *linear.Model, t *words.Text) (margin float32, passage []words.Word)
}

// judge is a classifier with a model.
type judge struct {
	classifier
	profile profile
	model   *linear.Model
	memo    *score.Memo
}

func newJudge(p profile, config Config) (judge, error) {
	m, version, err := load(p.name())
	if err != nil {
		return judge{}, err
	}
	c, err := newClassifier(p.name(), version, config)
	return judge{classifier: c, profile: p, model: m, memo: score.NewMemo()}, err
}

// look judges a text. If it is the worst of the call so far, the verdict gets the finding with the strongest passage.
func (j *judge) look(v *verdict, text string, r *score.Result, finding failure.Finding) {
	j.lookAt(v, text, r, r.Words, finding)
}

// lookAgain is look for a text that other calls are likely to have, too.
func (j *judge) lookAgain(v *verdict, text string, r *score.Result, finding failure.Finding) {
	j.lookAt(v, text, r, r.SharedWords, finding)
}

func (j *judge) lookAt(
	v *verdict, text string, r *score.Result, read func(string) *words.Text, finding failure.Finding,
) {
	if text == "" {
		return
	}
	key := r.Key(text)
	if margin, ok := j.memo.Get(key); ok && !j.fails(margin) {
		v.worse(margin) // a call that passes needs no finding
		return
	}
	t := read(text)
	margin, passage := j.profile.read(j.model, t)
	j.memo.Put(key, margin)
	if v.worse(margin) {
		v.finding = finding
		v.show(v.reading, t, passage)
	}
}

func (p *Profile) name() string { return p.Name }

func (p *Profile) read(m *linear.Model, t *words.Text) (float32, []words.Word) {
	margin, peak := p.margin(m, t)
	return margin, t.Words[peak.From:peak.Upto]
}

// Margin returns the log-odds of a text.
func (p *Profile) Margin(m *linear.Model, t *words.Text) float32 {
	margin, _ := p.margin(m, t)
	return margin
}

func (p *Profile) margin(m *linear.Model, t *words.Text) (float32, linear.Window) {
	var dense [Features]float32
	peak := p.Measure(m, t, &dense)
	margin := m.Margin(0, dense[:])
	if p.Once {
		if d := distinct(t); d != nil {
			p.Measure(m, d, &dense)
			margin = min(margin, m.Margin(0, dense[:]))
			release(d)
		}
	}
	return margin, peak
}
