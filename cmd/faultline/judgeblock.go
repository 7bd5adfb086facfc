package main

import (
	"path/filepath"

	"github.com/faultline-otel/faultline/internal/errline"
	"github.com/faultline-otel/faultline/internal/gate"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/strictyaml"
)

// judgeBlock is the block judge of a gate file. Its keys are those of llm_judge, and rubrics is a file or a folder.
type judgeBlock struct {
	Endpoint          string         `yaml:"endpoint"`
	Provider          string         `yaml:"provider"`
	Model             string         `yaml:"model"`
	Free              bool           `yaml:"free"`
	Rubrics           string         `yaml:"rubrics"`
	Cascade           []cascadeModel `yaml:"cascade"`
	Temperature       *float64       `yaml:"temperature"`
	Seed              *int64         `yaml:"seed"`
	MaxTokens         *int64         `yaml:"max_tokens"`
	MaxBytes          *int           `yaml:"max_content_bytes"`
	Format            string         `yaml:"format"`
	RequestsPerMinute *float64       `yaml:"requests_per_minute"`
	Concurrency       *int           `yaml:"concurrency"`
	MaxUSD            *float64       `yaml:"max_usd"`
}

// cascadeModel is a model of a cascade. Without an endpoint it is asked at that of the dear judge.
type cascadeModel struct {
	Endpoint string `yaml:"endpoint"`
	Provider string `yaml:"provider"`
	Model    string `yaml:"model"`
	Free     bool   `yaml:"free"`
}

// readFile takes what the flags do not say from the judge of the gate file, and the rubrics too.
func (m *judgeModel) readFile(rubrics *string) error {
	if m.file == "" {
		return nil
	}
	o, err := gate.LoadOptions(m.file)
	if err != nil {
		return exitError{exitUsage, err}
	}
	if o.Judge == nil {
		return usage("gate file %s: judge must be set, the judge to ask", m.file)
	}
	return m.readBlock(m.file, o.Judge, rubrics)
}

func (m *judgeModel) readBlock(path string, content any, rubrics *string) error {
	if content == nil {
		return nil
	}
	var b judgeBlock
	if err := strictyaml.Decode(content, &b); err != nil {
		return exitError{exitUsage, errline.Prefix("gate file "+path+": judge", err)}
	}
	given := func(flag string) bool { return m.set.Changed(m.prefix + flag) }
	take(&m.endpoint, &b.Endpoint, given("endpoint") || b.Endpoint == "")
	take(&m.provider, &b.Provider, given("provider") || b.Provider == "")
	take(&m.model, &b.Model, given("model") || b.Model == "")
	take(&m.free, &b.Free, given("free"))
	take(&m.format, &b.Format, given("reply-format") || b.Format == "")
	take(&m.temperature, b.Temperature, given("temperature"))
	take(&m.maxTokens, b.MaxTokens, given("max-tokens"))
	take(&m.maxBytes, b.MaxBytes, given("max-content-bytes"))
	take(&m.requestsPerMinute, b.RequestsPerMinute, given("requests-per-minute"))
	take(&m.concurrency, b.Concurrency, given("concurrency"))
	take(&m.maxUSD, b.MaxUSD, given("max-usd"))
	if b.Seed != nil && !given("seed") {
		m.seed, m.seeded = *b.Seed, true
	}
	if !given("cascade") {
		m.cheap = b.Cascade
	}
	if b.Rubrics != "" && !filepath.IsAbs(b.Rubrics) {
		b.Rubrics = filepath.Join(filepath.Dir(path), b.Rubrics)
	}
	take(rubrics, &b.Rubrics, b.Rubrics == "" || *rubrics != "")
	return nil
}

// take takes a value of the file, unless there is none or a flag says it.
func take[T any](to, from *T, skip bool) {
	if from != nil && !skip {
		*to = *from
	}
}

// models are the dear judge and those of the cascade, each with its settings.
func (m *judgeModel) models() []cascadeModel {
	all := []cascadeModel{{Endpoint: m.endpoint, Provider: m.provider, Model: m.model, Free: m.free}}
	for _, c := range m.cheap {
		if c.Endpoint == "" {
			c.Endpoint = m.endpoint
		}
		all = append(all, c)
	}
	return all
}

func (c *cascadeModel) settings(of judge.Settings) judge.Settings {
	of.Provider, of.Model = c.Provider, c.Model
	return of
}
