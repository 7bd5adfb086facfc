package judge

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/faultline-otel/faultline/internal/errline"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/strictyaml"
)

// Rubric says how to judge one aspect of an answer or of a session. It is read from a file, and its version is that of
// the text of the file.
type Rubric struct {
	Name  string `yaml:"name"`
	About string `yaml:"about"`
	Of    Scope  `yaml:"of"` // the default is answer
	// Needs are the parts without which a case cannot be judged, Reads all parts that the judge gets.
	Needs    []Part `yaml:"needs"`
	Reads    []Part `yaml:"reads"`
	MinTurns int    `yaml:"min_turns"`
	// Claims makes the judge list the claims of the answer, each with a reason. The score is the share of claims whose
	// reason passes. Without it the judge gives a reason and a score itself.
	Claims bool `yaml:"claims"`
	// PassAt is the score from which a case passes.
	PassAt       float64  `yaml:"pass_at"`
	Instructions string   `yaml:"instructions"`
	Reasons      []Reason `yaml:"reasons"`
	// Suspicions are the scorers whose suspicion a result confirms or withdraws.
	Suspicions []string `yaml:"suspicions"`

	hash string // of the text of the file
}

// Reason is an entry of the closed list of reasons of a rubric. A reason with a class is a failure.
type Reason struct {
	Code   string        `yaml:"code"`
	Means  string        `yaml:"means"`
	Class  failure.Class `yaml:"class"`
	Detail string        `yaml:"detail"`
}

// Part is a part of a case.
type Part string

// The parts, in the order in which a judge gets them.
const (
	PartTools    Part = "tools"
	PartSystem   Part = "system"
	PartEarlier  Part = "earlier"
	PartQuestion Part = "question"
	PartSources  Part = "sources"
	PartSteps    Part = "steps"
	PartAnswer   Part = "answer"
)

var parts = []Part{PartTools, PartSystem, PartEarlier, PartQuestion, PartSources, PartSteps, PartAnswer}

// has reports whether a case has a part.
func (k *Case) has(p Part) bool {
	switch p {
	case PartTools:
		return len(k.Tools) > 0
	case PartSystem:
		return k.System != ""
	case PartEarlier:
		return len(k.Earlier) > 0
	case PartQuestion:
		return k.Question != ""
	case PartSources:
		return len(k.Sources) > 0
	case PartSteps: // what matters of them are calls of tools
		return slices.ContainsFunc(k.Steps, func(m Message) bool { return m.Role == RoleCall })
	case PartAnswer:
		return k.Answer != ""
	}
	return false
}

//go:embed rubrics/*.yaml
var embedded embed.FS

// Embedded returns the rubrics in the program, by name.
var Embedded = sync.OnceValue(func() []*Rubric {
	rubrics, err := readAll(embedded, "rubrics")
	if err != nil {
		panic(err)
	}
	return rubrics
})

// Find returns an embedded rubric.
func Find(name string) (*Rubric, error) {
	var names []string
	for _, r := range Embedded() {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	return nil, fmt.Errorf("unknown rubric %q, expected one of %s, or a file", name, strings.Join(names, ", "))
}

// Select returns the rubrics of the names: those at a path, or else embedded ones. Without names it returns all at the
// path, or all embedded ones where the path is "".
func Select(path string, names []string) ([]*Rubric, error) {
	own := Embedded()
	if path != "" {
		var err error
		if own, err = ReadRubrics(path); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{}
	for _, r := range own {
		if seen[r.Name] {
			return nil, fmt.Errorf("%s: two rubrics have the name %q", path, r.Name)
		}
		seen[r.Name] = true
	}
	if len(names) == 0 {
		return own, nil
	}
	var chosen []*Rubric
	for _, name := range names {
		at := slices.IndexFunc(own, func(r *Rubric) bool { return r.Name == name })
		if at >= 0 {
			chosen = append(chosen, own[at])
			continue
		}
		r, err := Find(name)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, r)
	}
	return chosen, nil
}

// ReadRubrics reads a file with a rubric, or all such files (.yaml, .yml) of a folder.
func ReadRubrics(path string) ([]*Rubric, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return readAll(os.DirFS(path), ".")
	}
	text, err := strictyaml.ReadFile(path)
	if err != nil {
		return nil, errline.Prefix("rubric "+path, err)
	}
	r, err := ParseRubric(text)
	return []*Rubric{r}, errline.Prefix("rubric "+path, err)
}

func readAll(files fs.FS, dir string) ([]*Rubric, error) {
	var rubrics []*Rubric
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if ext := filepath.Ext(entry.Name()); entry.IsDir() || ext != ".yaml" && ext != ".yml" {
			continue
		}
		name := entry.Name()
		if dir != "." {
			name = dir + "/" + name
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		r, err := ParseRubric(text)
		if err != nil {
			return nil, errline.Prefix("rubric "+name, err)
		}
		rubrics = append(rubrics, r)
	}
	if len(rubrics) == 0 {
		return nil, errors.New("no rubric: a folder of rubrics must have .yaml files")
	}
	return rubrics, nil
}

// ParseRubric reads the text of a rubric. The error has a line for each mistake.
func ParseRubric(text []byte) (*Rubric, error) {
	r := &Rubric{Of: Answer, PassAt: 0.5}
	if err := strictyaml.Unmarshal(text, r); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	r.hash = hex.EncodeToString(sum[:])
	return r, r.check()
}

var named = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// maxInstructions bounds the text of a rubric, in bytes.
const maxInstructions = 16 << 10

func (r *Rubric) check() error {
	var errs []error
	wrong := func(format string, of ...any) { errs = append(errs, fmt.Errorf(format, of...)) }
	if !named.MatchString(r.Name) {
		wrong("name must be lower-case letters, digits and _, got %q", r.Name)
	}
	if r.Of != Answer && r.Of != Session {
		wrong("of must be %s or %s, got %q", Answer, Session, r.Of)
	}
	for key, list := range map[string][]Part{"needs": r.Needs, "reads": r.Reads} {
		for _, p := range list {
			if !slices.Contains(parts, p) {
				wrong("%s must be of %v, got %q", key, parts, p)
			}
		}
	}
	if len(r.Reads) == 0 {
		wrong("reads must name what the judge reads, of %v", parts)
	}
	if r.PassAt <= 0 || r.PassAt > 1 {
		wrong("pass_at must be above 0 and at most 1, got %g", r.PassAt)
	}
	if n := len(r.Instructions); n == 0 || n > maxInstructions {
		wrong("instructions must be 1 to %d bytes long, got %d", maxInstructions, n)
	}
	errs = append(errs, checkReasons(r.Reasons)...)
	return errors.Join(errs...)
}

func checkReasons(reasons []Reason) (errs []error) {
	passes, fails := false, false
	seen := map[string]bool{}
	for i := range reasons {
		reason := &reasons[i]
		switch {
		case !named.MatchString(reason.Code):
			errs = append(errs, fmt.Errorf("reasons[%d].code must be lower-case letters, digits and _, got %q", i, reason.Code))
		case seen[reason.Code]:
			errs = append(errs, fmt.Errorf("reasons[%d].code must be unique, got %q again", i, reason.Code))
		case reason.Class == "" && reason.Detail != "":
			errs = append(errs, fmt.Errorf("reasons[%d].detail needs a class", i))
		case reason.Class != "" && !failure.ValidDetail(reason.Class, reason.Detail):
			errs = append(errs, fmt.Errorf("reasons[%d] must have class and detail of the taxonomy, got %q and %q", i,
				reason.Class, reason.Detail))
		}
		seen[reason.Code] = true
		passes, fails = passes || reason.Class == "", fails || reason.Class != ""
	}
	if !passes || !fails {
		errs = append(errs, errors.New("reasons must have one that passes, without class, and one that fails, with class"))
	}
	return errs
}

// Plain makes a rubric of a sentence about the answer, such as "is polite". Its name is the sentence.
func Plain(sentence string) *Rubric {
	const format = "1 holds wholly, 0 does not hold at all."
	sum := sha256.Sum256([]byte(format + sentence))
	return &Rubric{
		Name: sentence, About: "Whether it holds of the answer.", Of: Answer, PassAt: 0.5, hash: hex.EncodeToString(sum[:]),
		Needs: []Part{PartAnswer}, Reads: []Part{PartSystem, PartEarlier, PartQuestion, PartSources, PartSteps, PartAnswer},
		Instructions: "Decide whether this holds of the answer: " + sentence + "\n\n" + format,
		Reasons: []Reason{
			{Code: "holds", Means: "It holds."},
			{Code: "does_not_hold", Means: "It does not hold.", Class: failure.BadAnswer, Detail: "judge"},
		},
	}
}

// Applies reports whether a case can be judged by the rubric.
func (r *Rubric) Applies(k *Case) bool {
	if r.Of != k.Scope || k.Turns < r.MinTurns {
		return false
	}
	for _, p := range r.Needs {
		if !k.has(p) {
			return false
		}
	}
	return true
}

func (r *Rubric) reason(code string) *Reason {
	for i := range r.Reasons {
		if r.Reasons[i].Code == code {
			return &r.Reasons[i]
		}
	}
	return nil
}

// codes are the codes of the reasons.
func (r *Rubric) codes() []string {
	codes := make([]string, len(r.Reasons))
	for i := range r.Reasons {
		codes[i] = r.Reasons[i].Code
	}
	return codes
}
