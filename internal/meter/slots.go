package meter

import (
	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
)

// A slot is a series that every breakdown can have: a metric, and its own attributes, whose values are closed lists.
type slot struct {
	metric *catalog.Metric
	own    []Pair
}

var (
	outcomes    = []string{OK: "ok", Failed: "failed", Cancelled: "cancelled"}
	tokenTypes  = []string{"input", "cache_read", "cache_write", "output", "reasoning"}
	costSources = []string{"reported", "computed", "estimated"}
	coverages   = [...]string{"scored", "no_content", "truncated", "not_llm", Unscored}
)

// Unscored is the coverage of a GenAI span that no llm_failure processor saw.
const Unscored = "unscored"

// The first slot of each metric; the others follow in the order of the closed lists.
var (
	slots        []slot
	slotRequests = add(catalog.Requests, catalog.Outcome, outcomes)
	classSlot    = addClasses(catalog.Failures) // by class
	incidentSlot = addClasses(catalog.Incidents)
	slotTokens   = add(catalog.TokenUsage, catalog.TokenType, tokenTypes)
	slotDuration = add(catalog.Duration, catalog.Outcome, outcomes)
	slotTTFT     = add(catalog.TimeToFirstChunk, "", []string{""})
	slotCost     = addCost()
)

func add(m *catalog.Metric, key catalog.Attribute, values []string) (first int) {
	first = len(slots)
	for _, v := range values {
		var own []Pair
		if key != "" {
			own = []Pair{{key, v}}
		}
		slots = append(slots, slot{m, own})
	}
	return first
}

func addClasses(m *catalog.Metric) map[failure.Class]int {
	place := map[failure.Class]int{}
	for _, c := range failure.Classes() {
		place[c.Class] = len(slots)
		slots = append(slots, slot{m, []Pair{
			{catalog.ErrorClass, string(c.Class)}, {catalog.ErrorBucket, string(c.Bucket)},
		}})
	}
	return place
}

func addCost() (first int) {
	first = len(slots)
	for _, o := range outcomes {
		for _, s := range costSources {
			slots = append(slots, slot{catalog.Cost, []Pair{{catalog.Outcome, o}, {catalog.CostSource, s}}})
		}
	}
	return first
}
