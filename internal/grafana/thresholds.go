package grafana

// Thresholds of the alerts; there are none elsewhere. They are untuned on anybody's traffic: what a team pages on is its own choice.
// Shares and scores are between 0 and 1, times are in seconds.
const (
	errorRateHigh      = 0.05 // of the requests of five minutes
	errorRateSustained = 0.02 // of those of an hour
	contentRate        = 0.02 // of those of an hour, in structure or in quality
	sliceRate          = 0.02 // of those of half an hour, at the least, with a certainty of 97.7 %

	spikeFactor     = 3 // times the usual number
	spikeDeviations = 4 // of a Poisson count around the usual number

	firstChunkMedian = 0.5
	firstChunkSlow   = 5.0
	firstChunkShare  = 0.01 // of streams may be slow

	groundednessFloor = 0.80

	queueAge = 3 * 24 * 3600 // of the oldest case that nobody has judged
)

// Guards: below these numbers a share, a mean or a quantile says nothing.
const (
	errorRateFailures   = 10 // in five minutes
	sustainedFailures   = 20 // in an hour
	sliceFailures       = 5  // in half an hour
	spikeFailures       = 10 // in a quarter of an hour
	spikeHistory        = "6h"
	firstChunkStreams   = 50 // in half an hour, for the median
	firstChunkSlowCount = 10 // in an hour, for the slowest hundredth
	groundednessScores  = 30 // in an hour
	silentScores        = 20 // that yesterday's share lets one expect of an hour
)
