package propose

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/dataset"
	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/review"
)

// Bounds of the notes in a drafted rubric.
const (
	maxNotes = 12 // of failures, and of sound calls
	maxNote  = 300
)

// draft writes a rubric for the failures of a signal: from the definition of their class, and from what people noted on
// calls of the learned half.
func draft(signal string, rows []dataset.Row) ([]byte, error) {
	failing := failuresOf(rows)
	learned := slices.DeleteFunc(slices.Clone(rows), func(row dataset.Row) bool { return row.Split != learnPart })
	class, detail := classOf(failing)
	name := strings.TrimRight(class+"_"+detail, "_")
	if class == "" {
		class, detail, name = string(failure.BadAnswer), "judge", "bad_answer"
	}
	means := definition(failure.Class(class), detail)
	var text strings.Builder
	fmt.Fprintf(&text, "Decide whether the answer fails in this way: %s\nJudge this way of failing alone.\n", means)
	for _, of := range []struct {
		decision review.Decision
		title    string
	}{
		{review.Confirmed, "What people noted on answers that fail so:"},
		{review.Rejected, "What people noted on answers that are sound:"},
	} {
		if notes := notesOf(learned, of.decision); len(notes) > 0 {
			fmt.Fprintf(&text, "\n%s\n- %s\n", of.title, strings.Join(notes, "\n- "))
		}
	}
	text.WriteString("\n1 surely does not fail so; 0 surely does.\n")
	needs := []judge.Part{judge.PartAnswer}
	if slices.ContainsFunc(failing, func(row dataset.Row) bool { return !hasText(row.Call) }) {
		needs = nil
	}
	return written(judge.Rubric{
		Name: name + "_" + signalSlug(signal), About: "Whether the answer fails as those of the signal " + signal + ".",
		Of: judge.Answer, Needs: needs, PassAt: 0.5, Instructions: text.String(),
		Reads: []judge.Part{
			judge.PartTools, judge.PartSystem, judge.PartEarlier, judge.PartQuestion, judge.PartSources, judge.PartSteps,
			judge.PartAnswer,
		},
		Reasons: []judge.Reason{
			{Code: "sound", Means: "The answer does not fail so."},
			{Code: "fails", Means: means, Class: failure.Class(class), Detail: detail},
		},
	})
}

func failuresOf(rows []dataset.Row) []dataset.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(row dataset.Row) bool { return row.Decision != review.Confirmed })
}

// hasText reports whether a call has a text as its answer. One that only calls tools has none.
func hasText(call *genai.Call) bool {
	return call.Refusal() != "" ||
		slices.ContainsFunc(call.Output(), func(m genai.Message) bool { return m.Text != "" })
}

// signalSlug makes a part of a name of the name of a signal.
func signalSlug(signal string) string {
	slug := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(signal))
	return slug[:min(len(slug), 8)]
}

// definition is what the taxonomy says of a class with its detail.
func definition(class failure.Class, detail string) string {
	info, _ := failure.Info(class)
	if at := slices.IndexFunc(info.Details, func(d failure.DetailInfo) bool { return d.Name == detail }); at >= 0 {
		return info.Details[at].Definition
	}
	return info.Definition
}

// notesOf returns the notes on rows, each once and on one line, the first ones.
func notesOf(rows []dataset.Row, decision review.Decision) (notes []string) {
	for i := range rows {
		note := strings.Join(strings.FieldsFunc(rows[i].Note, func(r rune) bool {
			return unicode.IsSpace(r) || !unicode.IsPrint(r)
		}), " ")
		note = clip.Text(strings.ToValidUTF8(note, "?"), maxNote)
		if rows[i].Decision == decision && note != "" && !slices.Contains(notes, note) && len(notes) < maxNotes {
			notes = append(notes, note)
		}
	}
	return notes
}

// written is the file of a rubric.
func written(r judge.Rubric) ([]byte, error) {
	type reason struct {
		Code   string `yaml:"code"`
		Means  string `yaml:"means"`
		Class  string `yaml:"class,omitempty"`
		Detail string `yaml:"detail,omitempty"`
	}
	file := struct {
		Name         string       `yaml:"name"`
		About        string       `yaml:"about"`
		Needs        []judge.Part `yaml:"needs,omitempty,flow"`
		Reads        []judge.Part `yaml:"reads,flow"`
		PassAt       float64      `yaml:"pass_at"`
		Instructions string       `yaml:"instructions"`
		Reasons      []reason     `yaml:"reasons"`
	}{Name: r.Name, About: r.About, Needs: r.Needs, Reads: r.Reads, PassAt: r.PassAt, Instructions: r.Instructions}
	for i := range r.Reasons {
		one := &r.Reasons[i]
		file.Reasons = append(file.Reasons, reason{one.Code, one.Means, string(one.Class), one.Detail})
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	err := e.Encode(file)
	return b.Bytes(), err
}
