package review

import "time"

// Attributes narrow a Filter by what is not counted for every value. Empty fields do not restrict.
type Attributes struct {
	Model, PromptVersion, Environment string
	Reviewer                          string    // who gave any label of the item
	Tag                               string    // of a label that counts
	Score                             Score     // that a scorer gave one of its spans
	Since, Until                      time.Time // of arrival; Until is not included
}

// Score is what a scorer gave, below a bound. The zero value does not restrict.
type Score struct {
	Name  string
	Below float64 // above 0 and at most 1: what is 1 has no fault
}

// Known are the values of attributes that items have, in alphabetical order and bounded.
type Known struct {
	Models         []string `json:"models,omitempty"`
	PromptVersions []string `json:"prompt_versions,omitempty"`
	Environments   []string `json:"environments,omitempty"`
	Reviewers      []string `json:"reviewers,omitempty"`
	Tags           []string `json:"tags,omitempty"`
	Scorers        []string `json:"scorers,omitempty"` // that gave a score below 1
}
