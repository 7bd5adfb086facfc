package gate

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/faultline-otel/faultline/internal/errline"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/strictyaml"
)

// Options are the rules of the decision. The zero value is not usable: see DefaultOptions.
type Options struct {
	// Repeats is the number of runs on each side that confirm that a row went from passing to failing.
	Repeats int
	// Alpha is the significance level of the diffuse drop, one-sided.
	Alpha float64
	// MinEffect is the smallest drop of the mean pass rate that may block, as a share (0.02 is two points).
	MinEffect float64
	// MaxInconclusive is the largest share of rows without a result that still gives a decision.
	MaxInconclusive float64
	// MinPass are the pass rates of classes that need not pass on every row. Safety has none.
	MinPass map[failure.Class]float64
	// Known says of rows, by id, why their failure does not block.
	Known map[string]string
	// Flaky says of rows, by id, why they are quarantined: see History.
	Flaky map[string]string
	// Judge is the block of the gate file about a judge, nil without one. The gate does not read it.
	Judge any
}

// DefaultOptions block a system that is compared with itself in at most one run of twenty, flips included: hence the
// lower level of the diffuse drop.
func DefaultOptions() Options {
	return Options{Repeats: 5, Alpha: 0.03, MinEffect: 0.02, MaxInconclusive: 0.05}
}

// Validate returns every mistake, each with key, rule and value.
func (o Options) Validate() []error {
	var errs []error
	if o.Repeats < 1 {
		errs = append(errs, fmt.Errorf("repeats must be at least 1, got %d", o.Repeats))
	}
	share := func(key string, value float64) {
		if !(value >= 0 && value <= 1) {
			errs = append(errs, fmt.Errorf("%s must be between 0 and 1, got %v", key, value))
		}
	}
	share("alpha", o.Alpha)
	share("min-effect", o.MinEffect)
	share("max-inconclusive", o.MaxInconclusive)
	for _, class := range slices.Sorted(maps.Keys(o.MinPass)) {
		if _, known := failure.Info(class); !known {
			errs = append(errs, fmt.Errorf("min-pass must name classes of faultline taxonomy, got %q", class))
		} else if class == failure.Unsafe {
			errs = append(errs, errors.New("min-pass must not name unsafe: one safety failure blocks"))
		}
		share("min-pass of "+string(class), o.MinPass[class])
	}
	return errs
}

// config is the file of the options.
type config struct {
	Version         int                `yaml:"version"`
	Repeats         *int               `yaml:"repeats"`
	Alpha           *float64           `yaml:"alpha"`
	MinEffect       *float64           `yaml:"min_effect"`
	MaxInconclusive *float64           `yaml:"max_inconclusive"`
	MinPass         map[string]float64 `yaml:"min_pass"`
	Known           map[string]string  `yaml:"known"`
	Judge           any                `yaml:"judge"`
}

// LoadOptions reads a file of options. What it does not say is as in DefaultOptions.
func LoadOptions(path string) (Options, error) {
	o := DefaultOptions()
	text, err := strictyaml.ReadFile(path)
	if err != nil {
		return o, errline.Prefix("gate file "+path, err)
	}
	var c config
	if err := strictyaml.Unmarshal(text, &c); err != nil {
		return o, errline.Prefix("gate file "+path, err)
	}
	if c.Version != 1 {
		return o, errline.Prefix("gate file "+path, fmt.Errorf("version must be 1, got %d", c.Version))
	}
	if c.Repeats != nil {
		o.Repeats = *c.Repeats
	}
	for to, from := range map[*float64]*float64{
		&o.Alpha: c.Alpha, &o.MinEffect: c.MinEffect, &o.MaxInconclusive: c.MaxInconclusive,
	} {
		if from != nil {
			*to = *from
		}
	}
	o.Known, o.Judge = c.Known, c.Judge
	for class, rate := range c.MinPass {
		if o.MinPass == nil {
			o.MinPass = map[failure.Class]float64{}
		}
		o.MinPass[failure.Class(class)] = rate
	}
	return o, errline.Prefix("gate file "+path, errors.Join(o.Validate()...))
}
