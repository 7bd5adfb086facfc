// Package rule is the user's own checks: two expressions over a call, in the language of expr-lang. They are compiled and
// type-checked when the configuration is read, and see only what View holds.
package rule

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/score"
)

// maxNodes bounds an expression, memoryBudget what evaluating it may allocate, in the units of expr's machine.
const (
	maxNodes     = 1000
	memoryBudget = 1_000_000
)

// Scorer is one rule.
type Scorer struct {
	name, version string
	when, fail    *vm.Program // when is nil where the rule is for every call
	needs         genai.Part
	finding       failure.Finding
}

// New compiles a rule. The error names what is wrong with it, all at once: key, rule and value.
func New(config score.Rule) (*Scorer, error) {
	s := &Scorer{name: config.Name, version: version(config)}
	var errs []error
	s.finding = failure.Finding{Class: failure.Class(config.Class), Detail: config.Detail, Scorer: config.Name, Where: "rule"}
	if config.Class == "" {
		s.finding.Class = failure.BadAnswer
	}
	if config.Detail == "" && s.finding.Class == failure.BadAnswer {
		s.finding.Detail = failure.BrokenRule
	}
	if _, ok := failure.Info(s.finding.Class); !ok {
		errs = append(errs, fmt.Errorf("class must be one of %s, got %q", classes(), config.Class))
	} else if !failure.ValidDetail(s.finding.Class, s.finding.Detail) {
		errs = append(errs, fmt.Errorf("detail must be one of %s (of class %s), got %q", details(s.finding.Class), s.finding.Class, config.Detail))
	}
	var err error
	if config.When != "" {
		if s.when, err = s.compile(config.When); err != nil {
			errs = append(errs, fmt.Errorf("when: %w", err))
		}
	}
	if s.fail, err = s.compile(config.Fail); err != nil {
		errs = append(errs, fmt.Errorf("fail: %w", err))
	}
	s.finding.Evidence = "rule " + config.Name + " failed: " + config.Fail
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return s, nil
}

// Name is the rule's name.
func (s *Scorer) Name() string { return s.name }

// Version is derived from the rule: a change of an expression is a new version.
func (s *Scorer) Version() string { return s.version }

// Score runs the rule.
func (s *Scorer) Score(c *genai.Call, r *score.Result) {
	view := newView(c, s.needs)
	machine := vm.VM{MemoryBudget: memoryBudget}
	if s.when != nil {
		applies, err := machine.Run(s.when, view)
		if err != nil {
			r.Fail(s, "runtime_error", oneLine(err))
			return
		}
		if applies == false {
			return
		}
	}
	failed, err := machine.Run(s.fail, view)
	if err != nil {
		r.Fail(s, "runtime_error", oneLine(err))
		return
	}
	if failed == true {
		r.Add(s, 0, true)
		r.Find(s.finding)
		return
	}
	r.Add(s, 1, false)
}

// compile checks an expression against the view and notes which content it reads.
func (s *Scorer) compile(text string) (*vm.Program, error) {
	tree, err := parser.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s in %q", oneLine(err), text)
	}
	names := identifiers{}
	ast.Walk(&tree.Node, &names)
	for _, name := range names.found {
		part, ok := parts[name]
		if !ok && !names.declared[name] {
			return nil, fmt.Errorf("unknown name %s, expected one of %s", name, strings.Join(Names(), ", "))
		}
		s.needs |= part
	}
	program, err := expr.Compile(text, expr.Env(View{}), expr.AsBool(), expr.MaxNodes(maxNodes), expr.DisableBuiltin("now"))
	if err != nil {
		message := oneLine(err)
		if strings.Contains(message, "has no field") {
			message += "; call has " + strings.Join(callNames(), ", ")
		}
		return nil, fmt.Errorf("%s in %q", message, text)
	}
	return program, nil
}

// identifiers collects the free names of an expression.
type identifiers struct {
	found    []string
	declared map[string]bool
}

func (v *identifiers) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		v.found = append(v.found, n.Value)
	case *ast.VariableDeclaratorNode:
		if v.declared == nil {
			v.declared = map[string]bool{}
		}
		v.declared[n.Name] = true
	}
}

// oneLine drops the picture with the caret that expr draws below its messages.
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
