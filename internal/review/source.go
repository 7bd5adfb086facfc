package review

// Source says why a trace is in the queue.
type Source string

// The sources.
const (
	SourceVerdict   Source = "verdict"   // a scorer found a failure
	SourceFeedback  Source = "feedback"  // somebody was not content with the answer
	SourceSent      Source = "sent"      // a person sent it
	SourceSuspicion Source = "suspicion" // a scorer has a weak suspicion, which is no failure
	SourceRandom    Source = "random"    // drawn at random from the rest
)
