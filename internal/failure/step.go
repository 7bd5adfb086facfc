package failure

import "slices"

// Step is a step of making an answer. The order of the steps is the one in which a person looks for the fault: an
// answer from the wrong documents is wrong whatever the model did, and a tool that was not called returned nothing.
type Step string

// The steps.
const (
	Retrieval  Step = "retrieval"
	Generation Step = "generation"
	Routing    Step = "routing"
	Upstream   Step = "upstream_data"
)

// steps defines each step and the classes that belong to it on any operation. Failures of other classes belong to the
// step of the operation that failed.
var steps = []struct {
	step       Step
	definition string
	operations string
	classes    []Class
}{
	{Retrieval, "What the model was given to answer from.", "retrieval, embeddings", nil},
	{
		Generation, "What the model made of it.", "model calls",
		[]Class{Truncation, SchemaViolation, Refusal, Hallucination, BadAnswer},
	},
	{
		Routing, "Which tool or agent it handed on to, how, and how often.", "agents, workflows and other outer steps",
		[]Class{ToolCallMalformed, RetryLoop, GoalDrift},
	},
	{Upstream, "What came back from there.", "tools", []Class{ToolError}},
}

// Steps returns the steps, in order.
func Steps() []Step {
	list := make([]Step, len(steps))
	for i := range steps {
		list[i] = steps[i].step
	}
	return list
}

// StepOf returns the step of a failure of the class on an operation of the step at. Every failure while documents are
// looked up belongs to retrieval.
func StepOf(c Class, at Step) Step {
	if at == Retrieval {
		return at
	}
	for i := range steps {
		if slices.Contains(steps[i].classes, c) {
			return steps[i].step
		}
	}
	return at
}
