package main

import (
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/gate"
)

// gateRules are those of the gate file, with the flags that were given on top.
func gateRules(c *cobra.Command, o gateOptions) (gate.Options, error) {
	rules := gate.DefaultOptions()
	if o.config != "" {
		var err error
		if rules, err = gate.LoadOptions(o.config); err != nil {
			return rules, exitError{exitUsage, err}
		}
	}
	given := c.Flags().Changed
	if given("repeats") {
		rules.Repeats = o.rules.Repeats
	}
	if given("alpha") {
		rules.Alpha = o.rules.Alpha
	}
	if given("min-effect") {
		rules.MinEffect = o.rules.MinEffect
	}
	if given("max-inconclusive") {
		rules.MaxInconclusive = o.rules.MaxInconclusive
	}
	for class, text := range o.minPass {
		rate, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return rules, usage("--min-pass must be CLASS=RATE, such as refusal=0.9, got %s=%s", class, text)
		}
		if rules.MinPass == nil {
			rules.MinPass = map[failure.Class]float64{}
		}
		rules.MinPass[failure.Class(class)] = rate
	}
	if errs := rules.Validate(); len(errs) > 0 {
		return rules, exitError{exitUsage, errors.Join(errs...)}
	}
	if o.history != "" {
		history, err := gate.ReadHistory(o.history)
		if err != nil {
			return rules, exitError{exitUsage, err}
		}
		rules.Flaky = gate.Flaky(history)
	}
	return rules, nil
}
