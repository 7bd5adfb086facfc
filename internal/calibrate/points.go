package calibrate

import (
	"cmp"
	"slices"

	"github.com/faultline-otel/faultline/internal/review"
	"github.com/faultline-otel/faultline/internal/score/scorers"
)

// Subject is a scorer in a service, "" for all services together.
type Subject struct{ Scorer, Service string }

// Collection collects points of all scorers with levels.
type Collection struct {
	pooled bool
	points map[Subject][]Point
}

// NewCollection returns an empty collection. A pooled one has no services.
func NewCollection(pooled bool) *Collection {
	return &Collection{pooled: pooled, points: map[Subject][]Point{}}
}

// Add takes what people said of an item. What somebody asked for is left out: nobody knows how many such there are.
func (c *Collection) Add(j *review.Judgement) {
	if j.Source != review.SourceVerdict && j.Source != review.SourceSuspicion && j.Source != review.SourceRandom {
		return
	}
	truth, ok := j.Truth()
	if !ok {
		return
	}
	subject := Subject{Service: j.Service}
	if c.pooled {
		subject.Service = ""
	}
	for i := range j.Opinions {
		o := &j.Opinions[i]
		if _, ok := scorers.Levels(o.Name); !ok || o.By != review.ByScorer || !o.Value.Set {
			continue
		}
		class, details, _ := scorers.Finds(o.Name)
		failed, known := j.SaysWith(&truth, review.Kind{Class: class, Details: details})
		if !known {
			continue
		}
		subject.Scorer = o.Name
		c.points[subject] = append(c.points[subject], Point{
			TraceID: j.TraceID, Score: o.Value.Value, Failed: failed, Probability: j.Probability,
		})
	}
}

// Subjects lists what there are points of, by service and scorer.
func (c *Collection) Subjects() []Subject {
	var list []Subject
	for s := range c.points {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Subject) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Scorer, b.Scorer))
	})
	return list
}

// Points returns the points of a subject.
func (c *Collection) Points(s Subject) []Point { return c.points[s] }
