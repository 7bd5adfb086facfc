package meter

import (
	"maps"
	"slices"

	"github.com/faultline-otel/faultline/internal/catalog"
	"github.com/faultline-otel/faultline/internal/failure"
)

// A slot is a series that every breakdown, or every service, can have: a metric with its own attributes, whose values
// are closed lists.
type slot struct {
	metric *catalog.Metric
	own    []Pair
}

// slotList are the slots of a breakdown or of a service.
type slotList []slot

var (
	outcomes    = []string{OK: "ok", Failed: "failed", Cancelled: "cancelled"}
	tokenTypes  = []string{"input", "cache_read", "cache_write", "output", "reasoning"}
	costSources = []string{"reported", "computed", "estimated"}
	coverages   = []string{"scored", "no_content", "truncated", "not_llm", Unscored}
	limits      = []string{"usd", "usd_per_10m", "tokens", "model_calls", "tool_calls", "runaway"}
	retrievals  = []string{"ok", "empty", "failed"}
)

// Unscored is the coverage of a GenAI span that no llm_failure processor saw.
const Unscored = "unscored"

// The first slot of each metric of a breakdown. Its other slots follow in the order of the closed lists.
var (
	slots        slotList
	slotRequests = slots.add(catalog.Requests, catalog.Outcome, outcomes...)
	classSlot    = slots.addClasses(catalog.Failures) // by class
	certainSlot  = slots.addCertain()                 // of unsafe
	incidentSlot = slots.addClasses(catalog.Incidents)
	slotTokens   = slots.add(catalog.TokenUsage, catalog.TokenType, tokenTypes...)
	slotDuration = slots.add(catalog.Duration, catalog.Outcome, outcomes...)
	slotTTFT     = slots.add(catalog.TimeToFirstChunk, "", "")
	slotCost     = slots.addCost()
)

// The slots that a breakdown has from the start.
var (
	failureSlots  = append(slices.Sorted(maps.Values(classSlot)), certainSlot)
	incidentSlots = slices.Sorted(maps.Values(incidentSlot))
)

// The slots of a service. Spans by coverage come first: every service has them. Only services with GenAI traffic have
// the others.
var (
	ownSlots      slotList
	ownSpans      = ownSlots.add(catalog.Spans, catalog.Coverage, coverages...)
	ownLimits     = ownSlots.add(catalog.LimitHits, catalog.SessionLimit, limits...)
	ownRetrievals = ownSlots.add(catalog.Retrievals, catalog.RetrievalOutcome, retrievals...)
	ownTurns      = ownSlots.add(catalog.Turns, "", "")
	ownCost       = ownSlots.add(catalog.SessionCost, "", "")
)

func (l *slotList) add(m *catalog.Metric, key catalog.Attribute, values ...string) (first int) {
	first = len(*l)
	for _, v := range values {
		var own []Pair
		if key != "" {
			own = []Pair{{key, v}}
		}
		*l = append(*l, slot{m, own})
	}
	return first
}

func (l *slotList) addClasses(m *catalog.Metric) map[failure.Class]int {
	place := map[failure.Class]int{}
	for _, c := range failure.Classes() {
		place[c.Class] = len(*l)
		*l = append(*l, slot{m, []Pair{
			{catalog.ErrorClass, string(c.Class)}, {catalog.ErrorBucket, string(c.Bucket)},
		}})
	}
	return place
}

// addCertain adds the safety failures that are certain. They have a series of their own, because they page at once.
func (l *slotList) addCertain() (place int) {
	*l = append(*l, slot{catalog.Failures, []Pair{
		{catalog.ErrorClass, string(failure.Unsafe)},
		{catalog.ErrorBucket, string(failure.Safety)},
		{catalog.ErrorCertain, "true"},
	}})
	return len(*l) - 1
}

func (l *slotList) addCost() (first int) {
	first = len(*l)
	for _, o := range outcomes {
		for _, s := range costSources {
			*l = append(*l, slot{catalog.Cost, []Pair{{catalog.Outcome, o}, {catalog.CostSource, s}}})
		}
	}
	return first
}

// The fixed series of a service: its own series, its overflow series and its two cost ratios. They count towards its
// budget.
var (
	scoreSlots = 4
	skipSlots  = 2 // of the overflow series of skips and of suspicions
	foundSlots = 1 // of the overflow series of findings
	llmSlots   = len(ownSlots) - len(coverages) + len(slots) + scoreSlots + skipSlots + foundSlots + costWindows
	fixedSlots = len(coverages) + llmSlots
)
