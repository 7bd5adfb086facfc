package filter

import (
	"github.com/faultline-otel/faultline/internal/review"
)

// from restricts items to those with a reason. The text is that of the index.
func (w *Where) from(source review.Source) {
	literal := map[review.Source]string{
		review.SourceVerdict: "1", review.SourceFeedback: "2", review.SourceSent: "4", review.SourceSuspicion: "8",
		review.SourceRandom: "16", review.SourceJudge: "32",
	}[source]
	if literal == "" {
		literal = "0"
	}
	w.Conditions = append(w.Conditions, "(i.sources & "+literal+") <> 0")
}
