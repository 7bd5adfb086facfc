package pricefile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/strictyaml"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "prices.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestFileIsReadByPathOrAsItStands(t *testing.T) {
	path := write(t, "version: 1\nprices:\n  - {model: m, from: 2026-01-01, input: 1, above: {1000: {input: 2}}}\n")
	f, err := Load(path)
	require.NoError(t, err)
	require.Equal(t, "input=1; >1000 input=2", f.Rows[0].Terms())
	byPath, err := Settings(map[string]any{"file": path})
	require.NoError(t, err)
	require.Equal(t, f.String(), byPath.String())
	inline, err := Settings(map[string]any{"version": 1, "prices": []any{
		map[string]any{
			"model": "m",
			"from":  "2026-01-01",
			"input": 1.0,
			"above": map[string]any{"1000": map[string]any{"input": 2}},
		},
	}})
	require.NoError(t, err)
	require.Equal(t, f.String(), inline.String())
	none, err := Settings(nil)
	require.NoError(t, err)
	require.Nil(t, none)
}

func TestWhatIsNoPriceFileIsTold(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "the file is empty",
		"- 1":                           "must be a mapping of version, prices, aliases, got a list",
		"version: 1\nversion: 1":        `key "version" is already defined at line 1`,
		"prices: [":                     "line 1",
		"version: 1\nprices: [{}, 7]":   "line 2: prices[1] must be a mapping of provider, model,",
		strings.Repeat("# x\n", 2<<20):  "must be at most",
		"a: &a [*a]":                    "anchor",
		"version: 1\nprices: {1: 2}":    "prices must be a list",
		"1: 2":                          "version must be 1",
		"version: 1\nprices: [{1: 2}]":  "prices[0]: key must be a text, got 1",
		"book\t2026-01-01\nm\t\tinput=": "yaml",
	} {
		path := write(t, text)
		_, err := Load(path)
		require.ErrorContains(t, err, want, "%.40q", text)
		for line := range strings.Lines(err.Error()) {
			require.Contains(t, line, "price file "+path)
		}
	}
	for _, c := range []struct {
		content map[string]any
		want    string
	}{
		{map[string]any{"file": 1}, "file must be the path of a price file, got 1"},
		{map[string]any{"file": ""}, "file must be the path of a price file"},
		{map[string]any{"file": "x", "version": 1}, "file must stand alone"},
		{map[string]any{"file": "absent.yaml"}, "no such file"},
		{map[string]any{"version": 3}, "version must be 1, got 3"},
	} {
		_, err := Settings(c.content)
		require.ErrorContains(t, err, c.want)
	}
}

// TestRatesHaveEveryKindOfPrice also in the same place: a new kind needs a key.
func TestRatesHaveEveryKindOfPrice(t *testing.T) {
	for i, kind := range price.KindNames() {
		var r rates
		require.NoError(t, strictyaml.Decode(map[string]any{kind: 1}, &r), kind)
		want := price.Rates{}
		want[i] = genai.Some(1.0)
		require.Equal(t, want, r.price(), kind)
	}
}

func TestRowsOfABookAndOfAFile(t *testing.T) {
	rows, err := Rows(write(t, price.Embedded().String()))
	require.NoError(t, err)
	require.Len(t, rows, len(price.Embedded().AllRows()))
	require.Empty(t, price.Diff(rows, price.Embedded().AllRows()))
	rows, err = Rows(write(t, "version: 1\nprices: [{model: m, input: 1}]"))
	require.NoError(t, err)
	require.Len(t, rows, 1)
	_, err = Rows(write(t, "book\tsoon\n"))
	require.ErrorContains(t, err, "must be a date")
	_, err = Rows("absent")
	require.ErrorContains(t, err, "no such file")
}

// FuzzLoad: whatever stands in a file, it is read or refused, and what is read can be laid over the book.
func FuzzLoad(f *testing.F) {
	f.Add(
		"version: 1\nprices:\n  - {provider: openai, model: [gpt-4*, x], from: 2026-01-01, input: 1, above: {1000: {input: 2}}, batch: {output: 1}}\naliases: {a: b}\n",
	)
	f.Add("version: 1\nprices: [{model: '*', per_request: 1e5, hours: 23:00-01:00}]")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		file, err := parse(text)
		if err != nil {
			return
		}
		book, err := price.Embedded().With(file)
		require.NoError(t, err)
		require.NotEqual(t, price.Embedded().Version(), book.Version())
	})
}
