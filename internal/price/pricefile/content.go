package pricefile

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/strictyaml"
)

// content is a price file as users write it.
type content struct {
	Version *int             `yaml:"version"`
	Prices  []row            `yaml:"prices"`
	Aliases map[string]alias `yaml:"aliases"`
}

// row is an entry of prices.
type row struct {
	Provider string    `yaml:"provider"`
	Model    models    `yaml:"model"`
	From     day       `yaml:"from"`
	Hours    hours     `yaml:"hours"`
	Rates    rates     `yaml:",inline"`
	Above    contexts  `yaml:"above"`
	Batch    *ownRates `yaml:"batch"`
	Flex     *ownRates `yaml:"flex"`
	Priority *ownRates `yaml:"priority"`
	Source   string    `yaml:"source"`
}

// price returns the row as package price has it.
func (r *row) price() price.Row {
	made := price.Row{
		Provider: r.Provider, Models: r.Model, From: r.From.Time, Hours: r.Hours.Hours, Rates: r.Rates.price(),
		Source: r.Source,
	}
	for above, rates := range r.Above {
		made.Contexts = append(made.Contexts, price.Context{Above: above, Rates: rates.price()})
	}
	for _, special := range []struct {
		service price.Service
		rates   *ownRates
	}{{price.Batch, r.Batch}, {price.Flex, r.Flex}, {price.Priority, r.Priority}} {
		if special.rates != nil {
			made.Services = append(made.Services, price.Special{Service: special.service, Rates: special.rates.price()})
		}
	}
	return made
}

// rates are prices by kind.
type rates struct {
	Input          dollars `yaml:"input"`
	CacheRead      dollars `yaml:"cache_read"`
	CacheWrite     dollars `yaml:"cache_write"`
	Output         dollars `yaml:"output"`
	InputAudio     dollars `yaml:"input_audio"`
	CacheAudioRead dollars `yaml:"cache_audio_read"`
	OutputAudio    dollars `yaml:"output_audio"`
	InputImage     dollars `yaml:"input_image"`
	OutputImage    dollars `yaml:"output_image"`
	PerRequest     dollars `yaml:"per_request"`
}

func (r *rates) price() price.Rates {
	return price.Rates{
		price.Input: r.Input.Opt, price.CacheRead: r.CacheRead.Opt, price.CacheWrite: r.CacheWrite.Opt,
		price.Output:     r.Output.Opt,
		price.InputAudio: r.InputAudio.Opt, price.CacheAudioRead: r.CacheAudioRead.Opt, price.OutputAudio: r.OutputAudio.Opt,
		price.InputImage: r.InputImage.Opt, price.OutputImage: r.OutputImage.Opt, price.PerRequest: r.PerRequest.Opt,
	}
}

// ownRates are rates that stand apart from those of their row. Without any, they are a mistake.
type ownRates struct {
	rates `yaml:",inline"`
}

// UnmarshalValue reads the rates.
func (r *ownRates) UnmarshalValue(value any) error {
	if err := strictyaml.Decode(value, &r.rates); err != nil {
		return err
	}
	if r.rates == (rates{}) {
		return price.ErrNoRates
	}
	return nil
}

// contexts are rates by the length of input above which they hold.
type contexts map[int64]ownRates

// UnmarshalValue reads the rates.
func (c *contexts) UnmarshalValue(value any) error {
	err := strictyaml.Decode(value, (*map[int64]ownRates)(c))
	mistakes, _ := errors.AsType[strictyaml.MistakesError](err)
	for above := range *c {
		if above < 1 || above > price.MaxTokens {
			mistakes = append(mistakes, strictyaml.Mistake{
				Text: fmt.Sprintf("must name lengths in tokens between 1 and %d, got %d", int64(price.MaxTokens), above),
			})
		}
	}
	if len(mistakes) == 0 {
		return nil
	}
	return mistakes
}

// alias is the name of a provider.
type alias string

// UnmarshalValue reads the name.
func (a *alias) UnmarshalValue(value any) error {
	name, _ := value.(string)
	if strings.TrimSpace(name) == "" {
		return fmt.Errorf("must be the name of a provider, got %s", strictyaml.Show(value))
	}
	*a = alias(name)
	return nil
}

// dollars is a price: a number, or a text with a number, which is what an environment variable inside of a text gives.
type dollars struct{ genai.Opt[float64] }

// UnmarshalValue reads a price.
func (d *dollars) UnmarshalValue(value any) error {
	rate := math.NaN()
	switch v := value.(type) {
	case int:
		rate = float64(v)
	case int64:
		rate = float64(v)
	case uint64:
		rate = float64(v)
	case float64:
		rate = v
	case string:
		if parsed, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil {
			rate = parsed
		}
	}
	if price.CheckRate(rate) != nil {
		return fmt.Errorf("%s, got %s", price.RateRule, strictyaml.Show(value))
	}
	d.Opt = genai.Some(rate)
	return nil
}

// models are one pattern, or a list of them.
type models []string

// UnmarshalValue reads the patterns.
func (m *models) UnmarshalValue(value any) error {
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	var mistakes strictyaml.MistakesError
	for i, v := range list {
		model, ok := v.(string)
		text := "must be the name of a model, got " + strictyaml.Show(v)
		if ok {
			if err := price.CheckPattern(model); err != nil {
				ok, text = false, err.Error()
			}
		}
		switch {
		case ok:
			*m = append(*m, strings.TrimSpace(model))
		case isList:
			mistakes = append(mistakes, strictyaml.Mistake{Path: []any{i}, Text: text})
		default:
			mistakes = append(mistakes, strictyaml.Mistake{Text: text})
		}
	}
	if len(mistakes) == 0 {
		return nil
	}
	return mistakes
}

// day is a date. YAML makes a time of one without quotes.
type day struct{ time.Time }

// UnmarshalValue reads a date.
func (d *day) UnmarshalValue(value any) (err error) {
	switch v := value.(type) {
	case nil:
		return nil
	case time.Time:
		if v.Equal(v.Truncate(24 * time.Hour)) {
			d.Time = v.UTC()
			return nil
		}
	case string:
		if d.Time, err = price.ParseDay(v); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s, got %s", price.DayRule, strictyaml.Show(value))
}

// hours are a part of the day.
type hours struct{ price.Hours }

// UnmarshalValue reads a part of the day.
func (h *hours) UnmarshalValue(value any) (err error) {
	if value == nil {
		return nil
	}
	if text, ok := value.(string); ok {
		if h.Hours, err = price.ParseHours(text); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s, got %s", price.HoursRule, strictyaml.Show(value))
}
