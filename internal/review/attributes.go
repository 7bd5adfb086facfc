package review

import "time"

// Attributes narrow a Filter by what is not counted for every value. Empty fields do not restrict.
type Attributes struct {
	Model, PromptVersion, Environment string
	Reviewer                          string    // who gave any label of the item
	Since, Until                      time.Time // of arrival; Until is not included
}

// Known are the values of attributes that items have, in alphabetical order and bounded.
type Known struct {
	Models         []string `json:"models,omitempty"`
	PromptVersions []string `json:"prompt_versions,omitempty"`
	Environments   []string `json:"environments,omitempty"`
	Reviewers      []string `json:"reviewers,omitempty"`
}
