package judge

import (
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/faultline-otel/faultline/internal/spanattr"
)

// Shares are the shares of all traffic that are judged, by stratum. A trace belongs to one stratum: flagged if a span
// of it failed, else suspect if a scorer suspects it, else random.
type Shares struct{ Flagged, Suspect, Random float64 }

// StratumOf returns the stratum of a trace or a session.
func StratumOf(failed, suspected bool) string {
	switch {
	case failed:
		return spanattr.StratumFlagged
	case suspected:
		return spanattr.StratumSuspect
	}
	return spanattr.StratumRandom
}

func (s Shares) of(stratum string) float64 {
	switch stratum {
	case spanattr.StratumFlagged:
		return s.Flagged
	case spanattr.StratumSuspect:
		return s.Suspect
	}
	return s.Random
}

// Pick decides whether something of a stratum is judged. The id alone decides, so that all Collectors and all rubrics
// pick the same. kept is the probability with which an earlier sampler kept it. What is picked has the probability
// min(share, kept): of what arrives, Pick takes share/kept.
//
// It draws by a hash of the id and not by the bits of the id that samplers compare with thresholds, because
// tail_sampling uses those bits only if the SDK has written a tracestate, and a hash of its own otherwise. A draw that
// is independent of both gives the right probability either way.
func (s Shares) Pick(id, stratum string, kept float64) (probability float64, ok bool) {
	share := s.of(stratum)
	if share <= 0 || kept <= 0 {
		return 0, false
	}
	draw := float64(xxhash.Sum64String("llm_judge "+id)>>11) / (1 << 53)
	return min(share, kept), draw < share/kept
}

// Kept returns the probability with which samplers kept a trace, as the threshold in the tracestate of its spans says
// (ot=th:…), or 1 without one.
func Kept(tracestate string) float64 {
	for member := range strings.SplitSeq(tracestate, ",") {
		fields, ok := strings.CutPrefix(strings.TrimSpace(member), "ot=")
		if !ok {
			continue
		}
		for field := range strings.SplitSeq(fields, ";") {
			digits, ok := strings.CutPrefix(field, "th:")
			if !ok || len(digits) == 0 || len(digits) > thresholdDigits {
				continue
			}
			threshold, err := strconv.ParseUint(digits+strings.Repeat("0", thresholdDigits-len(digits)), 16, 64)
			if err == nil {
				return 1 - float64(threshold)/(1<<(4*thresholdDigits))
			}
		}
	}
	return 1
}

// thresholdDigits is the number of hex digits of a threshold. Zeros at its end are left out.
const thresholdDigits = 14
