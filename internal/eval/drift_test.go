package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/drift"
)

const (
	binsAnHour = int(time.Hour / drift.Bin)
	binsADay   = 24 * binsAnHour
	binsAWeek  = 7 * binsADay
)

// noise is how far healthy scores are from independent draws.
type noise struct {
	name            string
	season          float64 // amplitude of the mean over a day
	wander, lasting float64 // standard deviation of the mean's wander, and the hours that it lasts
	together, turns float64 // share of sessions all of whose turns end alike, and their mean length
	tide            float64 // amplitude of the traffic over a day
}

var noises = []noise{
	{"iid", 0, 0, 1, 0, 1, 0},
	{"realistic", 0.010, 0.007, 2, 0.3, 3, 0.7},
	{"heavy", 0.020, 0.015, 3, 0.5, 5, 0.8},
}

// scores is a source of pass-or-fail scores, a bin at a time. A copy by fork goes on with the same draws.
type scores struct {
	noise
	rate, mean, drop float64 // requests a minute, healthy mean, fall of it
	bits             *rand.PCG
	random           *rand.Rand
	phase, tidePhase float64
	wandered         float64
	at               int
}

func newScores(z noise, rate, mean float64, seed uint64) *scores {
	s := &scores{noise: z, rate: rate, mean: mean, bits: rand.NewPCG(seed, 77)}
	s.random = rand.New(s.bits)
	s.phase, s.tidePhase = s.random.Float64()*2*math.Pi, s.random.Float64()*2*math.Pi
	s.wandered = z.wander * s.random.NormFloat64()
	return s
}

func (s *scores) fork(drop float64) *scores {
	c, bits := *s, *s.bits
	c.bits, c.drop = &bits, drop
	c.random = rand.New(c.bits)
	return &c
}

// next is how many scores the next bin has, and their sum.
func (s *scores) next() (n, sum float64) {
	keep := math.Exp(-1 / (s.lasting * float64(binsAnHour)))
	s.wandered = keep*s.wandered + s.wander*math.Sqrt(1-keep*keep)*s.random.NormFloat64()
	day := 2 * math.Pi * float64(s.at) / float64(binsADay)
	p := min(0.995, max(0.02, s.mean+s.season*math.Sin(day+s.phase)+s.wandered-s.drop))
	want := 5 * s.rate * (1 + s.tide*math.Sin(day+s.tidePhase))
	if s.at/binsADay%7 >= 5 {
		want *= 1 - s.tide/2
	}
	s.at++
	if want > 60 { // so many that the bell curve will do
		n = math.Round(max(0, want+math.Sqrt(want*s.turns)*s.random.NormFloat64()))
		spread := n * p * (1 - p) * (1 + (s.turns-1)*s.together*1.3) // sessions differ in length
		return n, min(n, max(0, math.Round(n*p+math.Sqrt(spread)*s.random.NormFloat64())))
	}
	for k := s.poisson(want / s.turns); k > 0; k-- {
		turns := 1 + s.poisson(s.turns-1)
		n += turns
		if s.random.Float64() < s.together {
			if s.random.Float64() < p {
				sum += turns
			}
			continue
		}
		for ; turns > 0; turns-- {
			if s.random.Float64() < p {
				sum++
			}
		}
	}
	return n, sum
}

func (s *scores) poisson(mean float64) float64 {
	k, limit := 0.0, math.Exp(-mean)
	for p := s.random.Float64(); p >= limit; p *= s.random.Float64() {
		k++
	}
	return k
}

// detector is what is measured: the series in the process, or the recording rules.
type detector interface {
	// step takes a bin and is the greater of the two sums, in thresholds, once it has ended.
	step(bin int64, n, sum float64) float64
	fork() detector
}

// inProcess is drift.Series.
type inProcess struct{ series drift.Series }

func (d *inProcess) step(bin int64, n, sum float64) float64 {
	d.series.Add(bin, n, sum)
	d.series.Add(bin+1, 0, 0)
	return max(d.series.Drift())
}

func (d *inProcess) fork() detector { c := *d; return &c }

// recorded is the arithmetic of the recording rules, bin by bin, since Prometheus itself would take days for as many series. TestDriftRules
// in internal/grafana holds the rules against it.
type recorded struct {
	n, sum, missing []float64 // running totals, from 0
	blocks          [2][]float64
	sums            [2]float64
	total           [2]float64
	count           [2]int
	drift           [2]float64
}

func (d *recorded) fork() detector {
	c := *d
	c.n, c.sum, c.missing = slices.Clone(d.n), slices.Clone(d.sum), slices.Clone(d.missing)
	c.blocks = [2][]float64{slices.Clone(d.blocks[0]), slices.Clone(d.blocks[1])}
	return &c
}

func (d *recorded) step(_ int64, n, sum float64) float64 {
	const guard = int(drift.Guard / drift.Bin)
	if d.n == nil {
		d.n, d.sum, d.missing = []float64{0}, []float64{0}, []float64{0}
	}
	i := len(d.n) - 1
	d.n, d.sum = append(d.n, d.n[i]+n), append(d.sum, d.sum[i]+sum)
	until := i + 1 - guard
	from := max(0, until-binsAWeek)
	if until < 1 || d.n[until]-d.n[from] <= drift.MinScores {
		d.missing = append(d.missing, d.missing[i])
		for k := range d.blocks {
			d.blocks[k] = append(d.blocks[k], math.NaN())
		}
		return 0
	}
	mean := (d.sum[until] - d.sum[from]) / (d.n[until] - d.n[from])
	missing := n*mean - sum
	d.missing = append(d.missing, d.missing[i]+missing)
	var variance [2]float64
	for k, speed := range []drift.Speed{drift.Slow, drift.Fast} {
		width := int(speed.Block / drift.Bin)
		begin := max(0, i+1-width)
		term := math.NaN()
		if scores := d.n[i+1] - d.n[begin]; scores > drift.MinBlockScores {
			term = math.Pow(d.missing[i+1]-d.missing[begin], 2) / scores
		}
		d.blocks[k] = append(d.blocks[k], term)
		if v := d.blocks[k][until-1]; !math.IsNaN(v) {
			d.total[k] += v
			d.count[k]++
		}
		if until-1 >= binsAWeek && !math.IsNaN(d.blocks[k][until-1-binsAWeek]) {
			d.total[k] -= d.blocks[k][until-1-binsAWeek]
			d.count[k]--
		}
		if d.count[k] >= drift.MinBlocks*width {
			variance[k] = max(mean*(1-mean), drift.MinVariance, d.total[k]/float64(d.count[k]))
		}
	}
	if variance[0] == 0 {
		d.drift = [2]float64{}
		return 0
	}
	if variance[1] == 0 {
		variance[1] = variance[0]
	}
	for k, speed := range []drift.Speed{drift.Slow, drift.Fast} {
		step := min(drift.StepCap, speed.Drop/variance[k]*(missing-n*speed.Drop/2))
		d.drift[k] = min(max(0, d.drift[k]+step/speed.Threshold), speed.Ceiling()/speed.Threshold)
	}
	if i >= 72 && d.n[i+1]-d.n[i+1-72] <= drift.MinBlockScores {
		return 0
	}
	return max(d.drift[0], d.drift[1])
}

var (
	driftRates = []float64{1, 10, 100}
	driftDrops = []float64{0.02, 0.03, 0.05, 0.10}
)

// driftCell is what was measured of one detector on one kind of series.
type driftCell struct {
	alarms  int             // onsets in two weeks, six hours apart
	young   int             // onsets in the two weeks before, from the very first score on
	firings int             // onsets half an hour apart, which is what people see
	delays  [4][]float64    // minutes
}

// measureDrift runs series of four weeks, of which the second half counts, and beside it, from some time of the first day of that half on,
// each drop for two days.
func measureDrift(z noise, rate, mean float64, series int, fresh func() detector) (c driftCell) {
	const train = 2 * binsAWeek
	const epoch = int64(2800 * 288 * 7)
	for k := range series {
		s, d := newScores(z, rate, mean, uint64(k+1)), fresh()
		quiet, silent := 1<<20, 1<<20
		fall := train + k*37%binsADay
		for i := range 2 * train {
			if i == fall {
				for j, drop := range driftDrops {
					c.delays[j] = append(c.delays[j], delay(s.fork(drop), d.fork(), epoch+int64(i)))
				}
			}
			n, sum := s.next()
			if d.step(epoch+int64(i), n, sum) < 1 {
				quiet++
				silent++
				continue
			}
			if quiet >= 6*binsAnHour {
				if i < train {
					c.young++
				} else {
					c.alarms++
				}
			}
			quiet = 0
			if silent >= 6 && i >= train {
				c.firings++
			}
			silent = 0
		}
	}
	return c
}

// delay is how many minutes pass until an alarm, or infinity after two days.
func delay(s *scores, d detector, bin int64) float64 {
	for i := range 2 * binsADay {
		n, sum := s.next()
		if d.step(bin+int64(i), n, sum) >= 1 {
			return float64(i+1) * drift.Bin.Minutes()
		}
	}
	return math.Inf(1)
}

// inWords is a time as the tables of the reference have it.
func inWords(minutes float64) string {
	switch {
	case math.IsInf(minutes, 1):
		return "–"
	case minutes < 120:
		return fmt.Sprintf("%.0fm", minutes)
	}
	return fmt.Sprintf("%.1fh", minutes/60)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func TestSketch(t *testing.T) {
	series := 60
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	lines := map[string]string{}
	for _, mean := range []float64{0.90, 0.97} {
		for _, z := range noises {
			for _, rate := range driftRates {
				for name, fresh := range map[string]func() detector{
					"in process": func() detector { return &inProcess{} },
					"rules":      func() detector { return &recorded{} },
				} {
					if only := os.Getenv("ONLY"); only != "" && only != name {
						continue
					}
					slots <- struct{}{}
					wg.Go(func() {
						c := measureDrift(z, rate, mean, series, fresh)
						<-slots
						w := float64(series * 2)
						var b strings.Builder
						fmt.Fprintf(&b, "%.2f (young %.2f, seen %.2f)", float64(c.alarms)/w, float64(c.young)/w, float64(c.firings)/w)
						for _, d := range c.delays {
							b.WriteString(" " + inWords(median(d)))
						}
						mu.Lock()
						lines[fmt.Sprintf("%s %.2f %s %3.0f", name, mean, z.name, rate)] = b.String()
						mu.Unlock()
					})
				}
			}
		}
	}
	wg.Wait()
	var keys []string
	for k := range lines {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		t.Log(k, lines[k])
	}
	require.NotEmpty(t, lines)
}
