package llmreviewextension

import (
	"cmp"
	"errors"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

// QueueConfig is a part of what is to be judged, and how it is judged.
type QueueConfig struct {
	Name     string   `mapstructure:"name"`
	Classes  []string `mapstructure:"classes"`  // empty: all
	Services []string `mapstructure:"services"` // empty: all
	Sources  []string `mapstructure:"sources"`  // verdict, suspicion, feedback, random, sent; empty: all

	// Reviewers is how many people have to judge a case; absent is 1.
	Reviewers *int `mapstructure:"reviewers"`

	// Blind hides what others said and what scorers found from those who have yet to judge.
	Blind bool `mapstructure:"blind"`

	// Rubric tells people how to judge.
	Rubric    string           `mapstructure:"rubric"`
	Questions []QuestionConfig `mapstructure:"questions"`

	// Order is newest or priority; empty is newest.
	Order string `mapstructure:"order"`

	_ struct{}
}

// QuestionConfig is asked with each judgement.
type QuestionConfig struct {
	Name     string   `mapstructure:"name"`
	Text     string   `mapstructure:"text"`
	Type     string   `mapstructure:"type"` // choice, number, yes_no or text
	Choices  []string `mapstructure:"choices"`
	Required bool     `mapstructure:"required"`
	Key      string   `mapstructure:"key"`

	_ struct{}
}

// queues are the queues of the configuration, as the store has them.
func (c *Config) queues() []review.Queue {
	var queues []review.Queue
	for i := range c.Queues {
		configured := &c.Queues[i]
		q := review.Queue{
			Name: configured.Name, Services: configured.Services, Reviewers: 1, Blind: configured.Blind,
			Rubric: configured.Rubric, Order: cmp.Or(review.Order(configured.Order), review.Newest),
		}
		if configured.Reviewers != nil {
			q.Reviewers = *configured.Reviewers
		}
		for _, class := range configured.Classes {
			q.Classes = append(q.Classes, failure.Class(class))
		}
		for _, source := range configured.Sources {
			q.Sources = append(q.Sources, review.Source(source))
		}
		for _, asked := range configured.Questions {
			q.Questions = append(q.Questions, review.Question{
				Name: asked.Name, Text: asked.Text, Type: review.QuestionType(asked.Type), Choices: asked.Choices,
				Required: asked.Required, Key: asked.Key,
			})
		}
		queues = append(queues, q)
	}
	return queues
}

func (c *Config) validateQueues() error { return errors.Join(review.CheckQueues(c.queues())...) }
