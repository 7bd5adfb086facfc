package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/review"
)

// noisyLabels are judgements, one a line. In the service shop, the scorer refusal is right below 0.2 and wrong around
// 0.4, with two failures among that. At desk there are few labels. What tool_arguments flags is a failure or not: it has
// no level.
func noisyLabels() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	n := 0
	add := func(times int, service string, value float64, decision review.Decision) {
		for range times {
			n++
			err := e.Encode(review.Judgement{
				TraceID: fmt.Sprintf("%032x", n), Service: service, Class: failure.Refusal, Source: review.SourceVerdict,
				Probability: 1,
				Opinions: []review.Opinion{
					{By: review.ByScorer, Name: "refusal", Value: genai.Some(value), Failed: true},
					{By: review.ByScorer, Name: "tool_arguments", Value: genai.Some(1.0)},
				},
				Labels: []review.Label{{ID: int64(n), Decision: decision, Reviewer: "ada"}},
			})
			if err != nil {
				panic(err)
			}
		}
	}
	add(30, "shop", 0.1, review.Confirmed)
	add(20, "shop", 0.15, review.Confirmed)
	add(2, "shop", 0.4, review.Confirmed)
	add(30, "shop", 0.39, review.Rejected)
	add(7, "desk", 0.1, review.Confirmed)
	add(5, "desk", 0.4, review.Rejected)
	return b.Bytes()
}
