// Package rule is the user's own checks: two expressions over a call, in the language of expr-lang. They are compiled
// and type-checked when the configuration is read, and only see what View holds.
package rule

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/faultline-otel/faultline/internal/errline"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// maxSource and maxNodes bound an expression, memoryBudget the memory that its evaluation may allocate, in units of
// expr's machine.
const (
	maxSource    = 16 << 10
	maxNodes     = 1000
	memoryBudget = 1_000_000
)

// Scorer is one rule.
type Scorer struct {
	name, version string
	when, fail    Expression // when is empty if the rule applies to every call
	finding       failure.Finding
}

// Expression is a compiled expression with what it reads: parts of the content, and names that are made of them.
type Expression struct {
	program *vm.Program
	needs   genai.Part
	makes   made
}

// New compiles a rule. The error names all mistakes at once: key, rule and value.
func New(config score.Rule) (*Scorer, error) {
	s := &Scorer{name: config.Name, version: version(config)}
	var errs []error
	s.finding = failure.Finding{
		Class:  failure.Class(config.Class),
		Detail: config.Detail,
		Scorer: config.Name,
		Where:  "rule",
	}
	if config.Class == "" {
		s.finding.Class = failure.BadAnswer
	}
	if config.Detail == "" && s.finding.Class == failure.BadAnswer {
		s.finding.Detail = failure.BrokenRule
	}
	if _, ok := failure.Info(s.finding.Class); !ok {
		errs = append(errs, fmt.Errorf("class must be one of %s, got %q", classes(), config.Class))
	} else if !failure.ValidDetail(s.finding.Class, s.finding.Detail) {
		errs = append(errs, fmt.Errorf("detail must be one of %s (of class %s), got %q", details(s.finding.Class),
			s.finding.Class, config.Detail))
	}
	var err error
	if config.When != "" {
		if s.when, err = Compile(config.When); err != nil {
			errs = append(errs, errline.Prefix("when", err))
		}
	}
	if s.fail, err = Compile(config.Fail); err != nil {
		errs = append(errs, errline.Prefix("fail", err))
	}
	s.finding.Evidence = "rule " + config.Name + " failed: " + config.Fail
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return s, nil
}

// Name returns the rule's name.
func (s *Scorer) Name() string { return s.name }

// Version is derived from the rule: every change of an expression is a new version.
func (s *Scorer) Version() string { return s.version }

// Score runs the rule.
func (s *Scorer) Score(c *genai.Call, r *score.Result) {
	sight := NewSight(c, r)
	run := func(e Expression) (holds, ok bool) {
		holds, err := e.Holds(sight)
		if err != nil {
			r.Fail(s, score.RuntimeError, oneLine(err))
		}
		return holds, err == nil
	}
	if s.when.program != nil {
		if applies, ok := run(s.when); !applies || !ok {
			return
		}
	}
	failed, ok := run(s.fail)
	switch {
	case !ok:
	case failed:
		r.Add(s, 0, true)
		r.Find(s.finding)
	default:
		r.Add(s, 1, false)
	}
}

// Sight is what expressions see of one call. It is filled when an expression asks for it, once for all of them. Only
// one goroutine may use it.
type Sight struct {
	call    *genai.Call
	result  *score.Result // of the scorers before
	view    *View
	loaded  genai.Part
	made    made
	machine vm.VM
}

// NewSight returns what expressions see of a call after the scorers of a result.
func NewSight(c *genai.Call, r *score.Result) *Sight {
	return &Sight{call: c, result: r, view: newView(c), machine: vm.VM{MemoryBudget: memoryBudget}}
}

// All fills everything that expressions can name, and returns it. It must not be changed.
func (s *Sight) All() *View {
	var all Expression
	for name, part := range parts {
		all.needs, all.makes = all.needs|part, all.makes|makes(name)
	}
	s.fill(all)
	return s.view
}

// fill fills what an expression reads.
func (s *Sight) fill(e Expression) {
	s.view.load(s.call, e.needs&^s.loaded)
	s.loaded |= e.needs
	for missing, i := e.makes&^s.made, 0; missing != 0; missing, i = missing>>1, i+1 {
		if missing&1 != 0 {
			making[i].fill(s.view, s.call, s.result)
		}
	}
	s.made |= e.makes
}

// Holds runs the expression.
func (e Expression) Holds(s *Sight) (bool, error) {
	s.fill(e)
	value, err := s.machine.Run(e.program, s.view)
	return value == true && err == nil, err
}

// Compile checks an expression against the view. The error has a line for every mistake in its names.
func Compile(text string) (Expression, error) {
	if len(text) > maxSource {
		return Expression{}, fmt.Errorf("must have at most %d bytes, got %d", maxSource, len(text))
	}
	tree, err := parser.ParseWithConfig(text, &conf.Config{MaxNodes: maxNodes})
	if err != nil {
		return Expression{}, fmt.Errorf("%s in %q", oneLine(err), text)
	}
	var n names
	ast.Walk(&tree.Node, &n)
	n.resolve()
	if len(n.mistakes) > 0 {
		return Expression{}, errors.Join(n.mistakes...)
	}
	program, err := expr.Compile(
		text,
		expr.Env(&View{}),
		expr.AsBool(),
		expr.MaxNodes(maxNodes),
		expr.DisableBuiltin("now"),
		expr.Function(atName, at, new(func(any, string) any)),
	)
	if err != nil {
		return Expression{}, fmt.Errorf("%s in %q", oneLine(err), text)
	}
	return Expression{program, n.needs, n.makes}, nil
}

// oneLine drops the drawing with the caret that expr adds below its messages.
func oneLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func version(config score.Rule) string {
	h := fnv.New32a()
	for _, part := range []string{config.When, config.Fail, config.Class, config.Detail} {
		_, _ = h.Write([]byte(part + "\x00"))
	}
	return strconv.FormatUint(uint64(h.Sum32()), 16)
}

func classes() string {
	var names []string
	for _, c := range failure.Classes() {
		names = append(names, string(c.Class))
	}
	return strings.Join(names, ", ")
}

func details(class failure.Class) string {
	info, _ := failure.Info(class)
	var names []string
	for _, d := range info.Details {
		names = append(names, d.Name)
	}
	return strings.Join(names, ", ")
}
