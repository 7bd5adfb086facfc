package review

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// Queue is a part of what is to be judged, and how it is judged. An item is in the first queue that takes it. What no
// queue takes is in one without a name, as is everything where there are none.
type Queue struct {
	Name     string          `json:"name"`
	Classes  []failure.Class `json:"classes,omitempty"`  // none: all; "unsafe" also takes findings beside the root cause
	Services []string        `json:"services,omitempty"` // none: all
	Sources  []Source        `json:"sources,omitempty"`  // none: all; else one of the reasons of an item
	// Reviewers is how many people have to judge an item.
	Reviewers int `json:"reviewers"`
	// Blind hides from those who have yet to judge an item what others said and what scorers found.
	Blind     bool       `json:"blind,omitempty"`
	Rubric    string     `json:"rubric,omitempty"` // for people
	Questions []Question `json:"questions,omitempty"`
	Order     Order      `json:"order"`
}

// Order is the order of a queue.
type Order string

// The orders.
const (
	Newest   Order = "newest"   // latest arrival first
	Priority Order = "priority" // safety, then what is new, costly, uncertain; the latest arrival of each first
)

// QuestionType is the type of an answer.
type QuestionType string

// The types of answers.
const (
	Choice QuestionType = "choice"
	Number QuestionType = "number"
	YesNo  QuestionType = "yes_no"
	Text   QuestionType = "text"
)

// Question is asked with each judgement.
type Question struct {
	Name     string       `json:"name"` // in Label.Answers
	Text     string       `json:"text"`
	Type     QuestionType `json:"type"`
	Choices  []string     `json:"choices,omitempty"`
	Required bool         `json:"required,omitempty"`
	Key      string       `json:"key,omitempty"` // on the keyboard of the page
}

// Bounds of the definition of queues.
const (
	MaxQueues       = 50
	maxQueueName    = 64
	maxQuestions    = 20
	maxQuestionName = 64
	maxQuestionText = 500
	maxChoices      = 50
	maxRubric       = 64 << 10
	maxReviewers    = 20
)

// QuestionKeys are the keys that questions may have: the page uses the others.
const QuestionKeys = "bz4567890"

// DefaultQueue is the queue without a name.
func DefaultQueue() Queue { return Queue{Reviewers: 1, Order: Newest} }

// QueueOf returns the first queue that takes an item with these values.
func QueueOf(queues []Queue, class failure.Class, unsafe bool, service string, sources []Source) Queue {
	for i := range queues {
		if q := &queues[i]; q.takes(class, unsafe, service, sources) {
			return *q
		}
	}
	return DefaultQueue()
}

// QueueNamed returns the queue of a name, the default one where there is none.
func QueueNamed(queues []Queue, name string) Queue {
	if i := slices.IndexFunc(queues, func(q Queue) bool { return q.Name == name }); i >= 0 {
		return queues[i]
	}
	return DefaultQueue()
}

func (q *Queue) takes(class failure.Class, unsafe bool, service string, sources []Source) bool {
	return (len(q.Classes) == 0 || slices.Contains(q.Classes, class) ||
		unsafe && slices.Contains(q.Classes, failure.Unsafe)) &&
		(len(q.Services) == 0 || slices.Contains(q.Services, service)) &&
		(len(q.Sources) == 0 || slices.ContainsFunc(q.Sources, func(s Source) bool { return slices.Contains(sources, s) }))
}

// Answered reports the first answer of a label that the queue does not take. The error is ErrInvalid. Who is unsure
// need not answer.
func (q *Queue) Answered(l *Label) error {
	for name := range l.Answers {
		if !slices.ContainsFunc(q.Questions, func(asked Question) bool { return asked.Name == name }) {
			return invalid("answers must be to questions of the queue %q, got %.64q", q.Name, name)
		}
	}
	for i := range q.Questions {
		if err := q.Questions[i].takes(l.Answers[q.Questions[i].Name], l.Decision != Unsure); err != nil {
			return err
		}
	}
	return nil
}

func (q *Question) takes(answer string, judged bool) error {
	if answer == "" {
		if q.Required && judged {
			return invalid("answers: %s must be answered, got nothing", q.Name)
		}
		return nil
	}
	switch q.Type {
	case Choice:
		if !slices.Contains(q.Choices, answer) {
			return invalid("answers: %s must be one of %q, got %.64q", q.Name, q.Choices, answer)
		}
	case YesNo:
		if answer != "yes" && answer != "no" {
			return invalid(`answers: %s must be "yes" or "no", got %.64q`, q.Name, answer)
		}
	case Number:
		if _, err := strconv.ParseFloat(answer, 64); err != nil {
			return invalid("answers: %s must be a number, got %.64q", q.Name, answer)
		}
	case Text:
	}
	return nil
}

// CheckQueues returns every mistake in the definition of queues, each with key, rule and value.
func CheckQueues(queues []Queue) (errs []error) {
	if len(queues) > MaxQueues {
		errs = append(errs, fmt.Errorf("queues must be at most %d, got %d", MaxQueues, len(queues)))
	}
	names := map[string]bool{}
	for i := range queues {
		q := &queues[i]
		at := fmt.Sprintf("queues[%d]", i)
		if q.Name != "" {
			at = fmt.Sprintf("queues[%d] %.64q", i, q.Name)
		}
		wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(at+": "+format, args...)) }
		switch {
		case q.Name == "" || len(q.Name) > maxQueueName:
			wrong("name must have 1 to %d bytes, got %d", maxQueueName, len(q.Name))
		case names[q.Name]:
			wrong("name must be unique, got %q again", q.Name)
		}
		names[q.Name] = true
		for _, class := range q.Classes {
			if !known(class) {
				wrong("classes must be of the taxonomy, got %.64q", class)
			}
		}
		if slices.Contains(q.Services, "") {
			wrong(`services must be names of services, got ""`)
		}
		for _, source := range q.Sources {
			if !slices.Contains(Sources(), source) {
				wrong("sources must be of %q, got %.64q", Sources(), source)
			}
		}
		if q.Reviewers < 1 || q.Reviewers > maxReviewers {
			wrong("reviewers must be 1 to %d, got %d", maxReviewers, q.Reviewers)
		}
		if q.Order != Newest && q.Order != Priority {
			wrong("order must be %q or %q, got %.64q", Newest, Priority, q.Order)
		}
		if len(q.Rubric) > maxRubric {
			wrong("rubric must be at most %d bytes, got %d", maxRubric, len(q.Rubric))
		}
		q.checkQuestions(wrong)
	}
	return errs
}

func (q *Queue) checkQuestions(wrong func(format string, args ...any)) {
	if len(q.Questions) > maxQuestions {
		wrong("questions must be at most %d, got %d", maxQuestions, len(q.Questions))
	}
	names, keys := map[string]bool{}, map[string]bool{}
	for i := range q.Questions {
		asked := &q.Questions[i]
		mistake := func(format string, args ...any) {
			wrong("questions[%d]: "+format, append([]any{i}, args...)...)
		}
		switch {
		case asked.Name == "" || len(asked.Name) > maxQuestionName:
			mistake("name must have 1 to %d bytes, got %d", maxQuestionName, len(asked.Name))
		case names[asked.Name]:
			mistake("name must be unique, got %q again", asked.Name)
		}
		names[asked.Name] = true
		if asked.Text == "" || len(asked.Text) > maxQuestionText {
			mistake("text must have 1 to %d bytes, got %d", maxQuestionText, len(asked.Text))
		}
		switch asked.Type {
		case Choice:
			if len(asked.Choices) < 2 || len(asked.Choices) > maxChoices || slices.Contains(asked.Choices, "") {
				mistake("choices must be 2 to %d texts, got %q", maxChoices, asked.Choices)
			}
		case Number, YesNo, Text:
			if len(asked.Choices) > 0 {
				mistake("choices must come with the type %q, got type %q", Choice, asked.Type)
			}
		default:
			mistake("type must be %q, %q, %q or %q, got %.64q", Choice, Number, YesNo, Text, asked.Type)
		}
		switch {
		case asked.Key == "":
		case len(asked.Key) != 1 || !strings.Contains(QuestionKeys, asked.Key):
			mistake("key must be one of %q, got %.64q", strings.Split(QuestionKeys, ""), asked.Key)
		case keys[asked.Key]:
			mistake("key must be unique, got %q again", asked.Key)
		}
		keys[asked.Key] = true
	}
}

// Traits are what the place of an item in its queue depends on.
type Traits struct {
	Unsafe    bool // a safety finding
	New       bool // among the first of its signal
	CostUSD   genai.Opt[float64]
	Uncertain bool // a scorer only suspects, and no trusted judge withdrew it
	Confirmed bool // a trusted judge confirmed what a scorer suspects
}

// costly is what a trace costs that is looked at before others, in US dollars.
const costly = 0.5

// Place returns where an item with these traits comes in the queue. The greatest place is first.
func (q *Queue) Place(t Traits) int64 {
	switch {
	case q.Order != Priority:
		return 0
	case t.Unsafe:
		return 4
	case t.New, t.Confirmed:
		return 3
	case t.CostUSD.Set && t.CostUSD.Value >= costly:
		return 2
	case t.Uncertain:
		return 1
	}
	return 0
}

// Hide removes from an item what must not sway somebody who has to judge it: what others said, and what scorers found.
// persons are who asks, as in Label.Person.
func (i *Item) Hide(persons ...string) {
	i.Hidden, i.Verdict, i.Reasons, i.Evaluations = true, failure.Verdict{}, nil, nil
	others := func(l Label) bool { return !slices.Contains(persons, l.Person()) }
	i.Labels = slices.DeleteFunc(slices.Clone(i.Labels), others)
	if i.Label != nil && others(*i.Label) {
		i.Label = nil
	}
	i.Spans = hidden(i.Spans)
}

// hidden returns spans without what was found.
func hidden(spans []Span) []Span {
	spans = slices.Clone(spans)
	for i := range spans {
		s := &spans[i]
		s.Verdict, s.Others, s.Scores, s.Suspects, s.Failing, s.Skipped = failure.Verdict{}, nil, nil, nil, nil, nil
	}
	return spans
}

// Queues divide what is to be judged.
type Queues interface {
	// UseQueues says which queues there are. It is to be called before the first Put; items that are in the store
	// already stay where they are until Redistribute.
	UseQueues(queues []Queue)
	// Queues returns the queues that are in use.
	Queues() []Queue
	// Redistribute puts every item into its queue again, where the queues were changed since the last time.
	Redistribute(ctx context.Context) error
	// Assign offers an open item to one person only, by name; "" offers it to all again. by is who does so.
	Assign(ctx context.Context, traceID, name, by string) error
	// Requeue lets an open item go and puts it at the end of its queue.
	Requeue(ctx context.Context, traceID string, by Claimant) error
}
