package catalog

// The metrics.
var (
	Requests = define(Metric{
		Name: "llm.requests", Unit: "{request}", Instrument: Counter, Sliced: true,
		Description: "Calls to a model. Each call counts once: an outer span that wraps an inner call is not a " +
			"request.",
		Attributes: []Attribute{Outcome},
	})
	Failures = define(Metric{
		Name: "llm.failures", Unit: "{failure}", Instrument: Counter, Sliced: true,
		Description: "Failed spans by class. A span counts under its first class, and also under its safety class if " +
			"it has one. A step that only repeats the error of a call inside it does not count.",
		Attributes: []Attribute{ErrorClass, ErrorBucket, ErrorCertain},
	})
	Incidents = define(Metric{
		Name: "llm.incidents", Unit: "{incident}", Instrument: Counter, Sliced: true,
		Description: "Failed traces, by the class of their root cause. Each trace counts once. Needs llm_rootcause " +
			"upstream.",
		Attributes: []Attribute{ErrorClass, ErrorBucket},
	})
	Spans = define(Metric{
		Name: "llm.spans", Unit: "{span}", Instrument: Counter,
		Description: "Received spans, by whether they could be scored.",
		Attributes:  []Attribute{Coverage},
	})
	TokenUsage = define(Metric{
		Name: "gen_ai.client.token.usage", Unit: "{token}", Instrument: Histogram, Sliced: true,
		Description: "Tokens per request, by disjoint type.",
		Attributes:  []Attribute{TokenType},
	})
	Duration = define(Metric{
		Name: "gen_ai.client.operation.duration", Unit: "s", Instrument: Histogram, Sliced: true,
		Description: "Duration of a request.",
		Attributes:  []Attribute{Outcome},
	})
	TimeToFirstChunk = define(Metric{
		Name: "gen_ai.client.operation.time_to_first_chunk", Unit: "s", Instrument: Histogram, Sliced: true,
		Description: "Time from a request to the first chunk of its response.",
	})
	Cost = define(Metric{
		Name: "llm.cost.usd", Unit: "{USD}", Instrument: FloatSum, Sliced: true,
		Description: "Cost of requests. With outcome=failed: cost of failed requests.",
		Attributes:  []Attribute{Outcome, CostSource},
	})
	ScoreCount = define(Metric{
		Name: "llm.score.count", Unit: "{score}", Instrument: Counter, Sliced: true,
		Description: "Number of scores.",
		Attributes:  []Attribute{Evaluation, ScorerVersion, Stratum, Trusted},
	})
	ScoreSum = define(Metric{
		Name: "llm.score.sum", Unit: "1", Instrument: FloatSum, Sliced: true,
		Description: "Sum of scores, each between 0 (bad) and 1 (good). Count, sum and sumsq give mean and variance, " +
			"also over replicas.",
		Attributes: []Attribute{Evaluation, ScorerVersion, Stratum, Trusted},
	})
	ScoreSumSq = define(Metric{
		Name: "llm.score.sumsq", Unit: "1", Instrument: FloatSum, Sliced: true,
		Description: "Sum of squared scores.",
		Attributes:  []Attribute{Evaluation, ScorerVersion, Stratum, Trusted},
	})
	ScoreFailures = define(Metric{
		Name: "llm.score.failures", Unit: "{score}", Instrument: Counter, Sliced: true,
		Description: "Scores that did not pass the threshold of the scorer.",
		Attributes:  []Attribute{Evaluation, ScorerVersion, Stratum, Trusted},
	})
	ScoreSuspects = define(Metric{
		Name: "llm.score.suspects", Unit: "{score}", Instrument: Counter,
		Description: "Scores that passed, but are below the scorer's level of suspicion. They are no failures.",
		Attributes:  []Attribute{Evaluation, ScorerVersion},
	})
	ScoreSkips = define(Metric{
		Name: "llm.score.skips", Unit: "{call}", Instrument: Counter,
		Description: "Calls without a score although the scorer is on, by reason.",
		Attributes:  []Attribute{Evaluation, SkipReason},
	})
	JudgeFindings = define(Metric{
		Name: "llm.judge.findings", Unit: "{finding}", Instrument: Counter, Sliced: true,
		Description: "Failures that judges found in the sample that they judged, by class and detail. They are not in " +
			"llm.failures and llm.incidents, which come from all traffic.",
		Attributes: []Attribute{ErrorClass, ErrorBucket, ErrorDetail, Evaluation, ScorerVersion, Stratum, Trusted},
	})
	ScoreDrift = define(Metric{
		Name: "llm.score.drift", Unit: "{threshold}", Instrument: Gauge,
		Description: "Drift statistic divided by its alarm threshold; 1 or more is a significant drop.",
		Attributes:  []Attribute{Evaluation, ScorerVersion, Stratum, Trusted, PromptName, PromptVersion, DriftSpeed},
	})
	DetectableDrop = define(Metric{
		Name: "llm.score.detectable_drop", Unit: "{score}", Instrument: Gauge,
		Description: "Smallest drop of the mean score that one hour of this traffic can reveal.",
		Attributes:  []Attribute{Evaluation, ScorerVersion, Stratum, Trusted, PromptName, PromptVersion},
	})
	CostBaseline = define(Metric{
		Name: "llm.cost.baseline_ratio", Unit: "1", Instrument: Gauge,
		Description: "Recent cost of a service relative to its usual cost.",
		Attributes:  []Attribute{CostWindow},
	})
	LimitHits = define(Metric{
		Name: "llm.session.limit_hits", Unit: "{session}", Instrument: Counter,
		Description: "Sessions that reached a limit of their budget.",
		Attributes:  []Attribute{SessionLimit},
	})
	Turns = define(Metric{
		Name: "llm.session.turns", Unit: "{turn}", Instrument: Histogram,
		Description: "Turns per ended session. A session ends after `session_idle` without a span.",
	})
	SessionCost = define(Metric{
		Name: "llm.session.cost.usd", Unit: "{USD}", Instrument: Histogram,
		Description: "Cost per ended session.",
	})
	Retrievals = define(Metric{
		Name: "llm.retrieval.results", Unit: "{retrieval}", Instrument: Counter,
		Description: "Retrievals, by outcome.",
		Attributes:  []Attribute{RetrievalOutcome},
	})
	VersionInfo = define(Metric{
		Name: "llm.version.info", Unit: "{version}", Instrument: Gauge,
		Description: "1 for each model and prompt version that a service uses. A new series marks a deployment.",
		Attributes:  []Attribute{Model, PromptName, PromptVersion},
	})
)

var all []*Metric

// All returns every metric, in the order of the reference page.
func All() []*Metric { return all }

func define(m Metric) *Metric {
	m.index = len(all)
	all = append(all, &m)
	return &m
}

// EventFirstSeen is the event name of the log record for a model or prompt version that a service uses for the first
// time: something was deployed.
const EventFirstSeen = "llm.version.first_seen"
