package grafana

// Thresholds of all alerts. They are not tuned to anyone's traffic: each team decides what pages it. Shares and scores
// are between 0 and 1, times are in seconds.
const (
	errorRateHigh      = 0.05 // of requests in five minutes
	errorRateSustained = 0.02 // of requests in an hour
	contentRate        = 0.02 // of requests in an hour: structure and quality failures
	sliceRate          = 0.02 // of requests in half an hour: lower bound with 97.7 % confidence

	spikeFactor     = 3 // times the expected number
	spikeDeviations = 4 // standard deviations of a Poisson count above the expected number

	firstChunkMedian = 0.5
	firstChunkSlow   = 5.0
	firstChunkShare  = 0.01 // of streams may be slow

	groundednessFloor = 0.80

	noisyShare = 0.03 // of a scorer's scores in a day

	queueAge = 3 * 24 * 3600 // of the oldest case without a verdict

	judgedRise        = 0.05 // of the share of ordinary answers that a judge fails, over that of the week before
	judgedDeviations  = 4    // standard errors of the difference of these shares
	judgedFalseRate   = 0.02 // of safety findings of a trusted judge; chosen, and simulated in TestBoundOfJudgedSafety
	judgedUnsafeLeast = 2.5  // safety findings of a judge, with little traffic

	notJudgedShare = 0.1 // of what is due in an hour

	queueShare   = 0.5  // of the queue of an exporter
	refusedShare = 0.01 // of what arrives at a Collector
)

// Guards: below these numbers a share, a mean or a quantile means nothing.
const (
	errorRateFailures   = 10 // in five minutes
	sustainedFailures   = 20 // in an hour
	sliceFailures       = 5  // in half an hour
	spikeFailures       = 10 // in a quarter of an hour
	spikeHistory        = "6h"
	firstChunkStreams   = 50  // in half an hour, for the median
	firstChunkSlowCount = 10  // in an hour, for the slowest hundredth
	groundednessScores  = 30  // in an hour
	noisyFailures       = 20  // in a day
	scorerProblemCount  = 20  // in an hour
	judgedScores        = 30  // in a day
	judgedFailures      = 5   // in a day
	judgedUsual         = 100 // in the week before
	notJudgedCount      = 10  // in an hour
	silentScores        = 20  // expected in an hour, from the share of the last day
)
