package catalog

// The metrics.
var (
	Requests = define(Metric{
		Name: "llm.requests", Unit: "{request}", Instrument: Counter, Sliced: true,
		Description: "Calls to a model, each counted once: an outer step that repeats its inner call is not a request.",
		Attributes:  []Attribute{Outcome},
	})
	Failures = define(Metric{
		Name: "llm.failures", Unit: "{failure}", Instrument: Counter, Sliced: true,
		Description: "Failing spans by class: each under its first class, and under a safety class that it has besides.",
		Attributes:  []Attribute{ErrorClass, ErrorBucket},
	})
	Incidents = define(Metric{
		Name: "llm.incidents", Unit: "{incident}", Instrument: Counter, Sliced: true,
		Description: "Traces with a failure, each once, by the class that it began with. Counted behind llm_rootcause.",
		Attributes:  []Attribute{ErrorClass, ErrorBucket},
	})
	Spans = define(Metric{
		Name: "llm.spans", Unit: "{span}", Instrument: Counter,
		Description: "Spans received, by whether they could be scored.",
		Attributes:  []Attribute{Coverage},
	})
	TokenUsage = define(Metric{
		Name: "gen_ai.client.token.usage", Unit: "{token}", Instrument: Histogram, Sliced: true,
		Description: "Tokens a request, by disjoint kinds.",
		Attributes:  []Attribute{TokenType},
	})
	Duration = define(Metric{
		Name: "gen_ai.client.operation.duration", Unit: "s", Instrument: Histogram, Sliced: true,
		Description: "Time that a request took.",
		Attributes:  []Attribute{Outcome},
	})
	TimeToFirstChunk = define(Metric{
		Name: "gen_ai.client.operation.time_to_first_chunk", Unit: "s", Instrument: Histogram, Sliced: true,
		Description: "Time from a request to the first chunk of its answer.",
	})
	Cost = define(Metric{
		Name: "llm.cost.usd", Unit: "{USD}", Instrument: FloatSum, Sliced: true,
		Description: "What requests cost. With outcome=failed: what was spent on nothing.",
		Attributes:  []Attribute{Outcome, CostSource},
	})
	ScoreCount = define(Metric{
		Name: "llm.score.count", Unit: "{score}", Instrument: Counter, Sliced: true,
		Description: "Scores given.",
		Attributes:  []Attribute{Evaluation, ScorerVersion, Stratum},
	})
	ScoreSum = define(Metric{
		Name: "llm.score.sum", Unit: "1", Instrument: FloatSum, Sliced: true,
		Description: "Sum of scores between 0 (bad) and 1 (good). With count and sumsq it gives mean and variance, which merge exactly over replicas.",
		Attributes:  []Attribute{Evaluation, ScorerVersion, Stratum},
	})
	ScoreSumSq = define(Metric{
		Name: "llm.score.sumsq", Unit: "1", Instrument: FloatSum, Sliced: true,
		Description: "Sum of the squares of scores.",
		Attributes:  []Attribute{Evaluation, ScorerVersion, Stratum},
	})
	ScoreFailures = define(Metric{
		Name: "llm.score.failures", Unit: "{score}", Instrument: Counter, Sliced: true,
		Description: "Scores that failed their threshold.",
		Attributes:  []Attribute{Evaluation, ScorerVersion, Stratum},
	})
	ScoreDrift = define(Metric{
		Name: "llm.score.drift", Unit: "{threshold}", Instrument: Gauge,
		Description: "How surely the scores of a scorer have fallen, in thresholds: from 1 on it is no noise.",
		Attributes:  []Attribute{Evaluation, ScorerVersion, Stratum, PromptName, PromptVersion, DriftSpeed},
	})
	DetectableDrop = define(Metric{
		Name: "llm.score.detectable_drop", Unit: "{score}", Instrument: Gauge,
		Description: "The least fall of the mean score that an hour of this traffic can show.",
		Attributes:  []Attribute{Evaluation, ScorerVersion, Stratum, PromptName, PromptVersion},
	})
	CostBaseline = define(Metric{
		Name: "llm.cost.baseline_ratio", Unit: "1", Instrument: Gauge,
		Description: "What a service costs against what it usually does.",
		Attributes:  []Attribute{CostWindow},
	})
	LimitHits = define(Metric{
		Name: "llm.session.limit_hits", Unit: "{session}", Instrument: Counter,
		Description: "Sessions that reached a limit and may not go on.",
		Attributes:  []Attribute{SessionLimit},
	})
	Turns = define(Metric{
		Name: "llm.session.turns", Unit: "{turn}", Instrument: Histogram,
		Description: "Turns a session, once it has ended: nothing more came of it for as long as sessions are kept.",
	})
	SessionCost = define(Metric{
		Name: "llm.session.cost.usd", Unit: "{USD}", Instrument: Histogram,
		Description: "Cost a session, once it has ended.",
	})
	Retrievals = define(Metric{
		Name: "llm.retrieval.results", Unit: "{retrieval}", Instrument: Counter,
		Description: "Retrievals, by whether they found anything.",
		Attributes:  []Attribute{RetrievalOutcome},
	})
	VersionInfo = define(Metric{
		Name: "llm.version.info", Unit: "{version}", Instrument: Gauge,
		Description: "1 for each model and prompt version that a service uses: where a series begins, a version was deployed.",
		Attributes:  []Attribute{Model, PromptName, PromptVersion},
	})
)

var all []*Metric

// All is every metric, in the order of the reference page.
func All() []*Metric { return all }

func define(m Metric) *Metric {
	m.index = len(all)
	all = append(all, &m)
	return &m
}

// EventFirstSeen is the name of the log record that tells of a version which a service uses and which was never seen before: something was
// deployed.
const EventFirstSeen = "llm.version.first_seen"
