package strictyaml

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type config struct {
	Version int              `yaml:"version"`
	Name    string           `yaml:"name"`
	On      bool             `yaml:"on"`
	Rate    float64          `yaml:"rate"`
	Limit   *int             `yaml:"limit"`
	Words   words            `yaml:"words"`
	Items   []item           `yaml:"items"`
	Tiers   map[int64]item   `yaml:"tiers"`
	Free    map[string]any   `yaml:"free"`
	Named   map[string]*item `yaml:"named"`
	Skipped string           `yaml:"-"`
	Other   string
}

type item struct {
	ID    string `yaml:"id"`
	Extra extra  `yaml:",inline"`
}

type extra struct {
	Day day `yaml:"day"`
}

// day has a form of its own.
type day struct{ time.Time }

func (d *day) UnmarshalValue(value any) error {
	if t, ok := value.(time.Time); ok {
		d.Time = t
		return nil
	}
	return fmt.Errorf("must be a date, got %s", Show(value))
}

// words are one text, or a list of texts.
type words []string

func (w *words) UnmarshalValue(value any) error {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	var wrong MistakesError
	for i, v := range list {
		text, ok := v.(string)
		if !ok {
			wrong = append(wrong, Mistake{Path: []any{i}, Text: "must be a word, got " + Show(v)})
		}
		*w = append(*w, text)
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

const whole1 = `
version: 1
name: "a"
on: true
rate: 2
limit: 0
words: w
items:
  - {id: x, day: 2026-01-02}
  - &last {id: z}
tiers: {1000: {id: t}}
free: {a: [1, {b: null}]}
named: {p: null, q: *last}
`

func TestUnmarshal(t *testing.T) {
	var c config
	require.NoError(t, Unmarshal([]byte(whole1), &c))
	zero := 0
	require.Equal(t, config{
		Version: 1, Name: "a", On: true, Rate: 2, Limit: &zero, Words: words{"w"},
		Items: []item{{ID: "x", Extra: extra{day{time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}}}, {ID: "z"}},
		Tiers: map[int64]item{1000: {ID: "t"}}, Free: map[string]any{"a": []any{1, map[string]any{"b": nil}}},
		Named: map[string]*item{"p": nil, "q": {ID: "z"}},
	}, c)
}

func TestDecode(t *testing.T) {
	var c config
	require.NoError(t, Decode(map[string]any{
		"version": 1.0, "rate": 3, "tiers": map[string]any{"1000": map[string]any{"id": "t"}}, "items": []any{nil},
	}, &c))
	require.Equal(t, config{Version: 1, Rate: 3, Tiers: map[int64]item{1000: {ID: "t"}}, Items: []item{{}}}, c)
}

// TestAllMistakesAtOnce: each is a line of key, rule and value, and what is right is still decoded.
func TestAllMistakesAtOnce(t *testing.T) {
	text := `
version: one
name: 404
on: 1
rate: [fast]
items:
  - 3
  - {id: right, x: 1}
  - {day: someday}
tiers: {x: {}, 5: {ids: 1}}
named: 7
surplus: 1
words: [a, 2]
2: 3
version: 1
Other: o
Skipped: s
`
	want := []string{
		`line 15: key "version" is already defined at line 2`,
		`line 14: key must be a text, got 2`,
		`line 16: unknown key "Other", expected one of version, name, on, rate, limit, words, items, tiers, free, named`,
		`line 17: unknown key "Skipped", expected one of version, name, on, rate, limit, words, items, tiers, free, named`,
		`line 12: unknown key "surplus", expected one of version, name, on, rate, limit, words, items, tiers, free, named`,
		`line 2: version must be a whole number, got "one"`,
		`line 3: name must be a text, got 404, which needs quotes`,
		`line 4: on must be true or false, got 1`,
		`line 5: rate must be a number, got a list`,
		`line 13: words[1] must be a word, got 2`,
		`line 7: items[0] must be a mapping of id, day, got 3`,
		`line 8: items[1]: unknown key "x", expected one of id, day`,
		`line 9: items[2].day must be a date, got "someday"`,
		`line 10: tiers.5: unknown key "ids", expected one of id, day`,
		`line 10: tiers: key must be a whole number, got "x"`,
		`line 11: named must be a mapping, got 7`,
	}
	var c config
	err := Unmarshal([]byte(text), &c)
	require.Equal(t, strings.Join(want, "\n"), err.Error())
	require.Equal(t, "right", c.Items[1].ID)

	mistakes, ok := errors.AsType[MistakesError](err)
	require.True(t, ok)
	require.True(t, mistakes.Under("items", 0))
	require.True(t, mistakes.Under("items", 2))
	require.False(t, mistakes.Under("items", 3))

	err = Decode(map[string]any{"version": "one", "items": map[string]any{}}, &c)
	require.EqualError(t, err, "version must be a whole number, got \"one\"\nitems must be a list, got a mapping")
}

func TestWhatIsRefusedAltogether(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("free:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 9 {
		fmt.Fprintf(
			&bomb,
			"  a%d: &a%d [%s]\n",
			i+1,
			i+1,
			strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "),
		)
	}
	for text, want := range map[string]string{
		"":                              "the file is empty",
		"# nothing\n":                   "the file is empty",
		"null":                          "the file is empty",
		"- 1":                           "must be a mapping of version, name,",
		"version: [1":                   "yaml: line 1: ",
		"free: &a [*a]":                 "anchor 'a' value contains itself",
		bomb.String():                   "document contains excessive aliasing",
		"version: 1\n---\nx: 1\n":       "the file must hold one document, got several",
		"{[1]: 2}":                      "yaml: ",
		strings.Repeat("#", MaxBytes+1): "must be at most 4194304 bytes long",
	} {
		require.ErrorContains(t, Unmarshal([]byte(text), new(config)), want, "%.40q", text)
	}
}

func TestMistakesAreBounded(t *testing.T) {
	err := Unmarshal([]byte("items: ["+strings.Repeat("1, ", 10_000)+"1]"), new(config))
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, maxMistakes+1)
	require.Equal(t, "further mistakes omitted", lines[maxMistakes])
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.yaml")
	require.NoError(t, os.WriteFile(path, []byte("a: 1"), 0o600))
	text, err := ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "a: 1", string(text))
	require.NoError(t, os.Truncate(path, MaxBytes+1))
	_, err = ReadFile(path)
	require.ErrorContains(t, err, "must be at most")
	_, err = ReadFile(path + "x")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func FuzzUnmarshal(f *testing.F) {
	f.Add(whole1)
	f.Add("a: &a [*a]")
	f.Add("items: [{<<: &b {id: x}}, *b]")
	f.Fuzz(func(t *testing.T, text string) {
		var c config
		if err := Unmarshal([]byte(text), &c); err != nil {
			require.NotContains(t, err.Error(), "strictyaml", "no Go types in messages")
			require.NotEmpty(t, err.Error())
		}
	})
}
