package yamlpatch

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSet(t *testing.T) {
	for name, c := range map[string]struct{ before, path, after string }{
		"a value that is there": {
			"a:\n  b: {x: 0.5, y: 1}  # why\n", "a b x", "a:\n  b: {x: 7, y: 1}  # why\n",
		},
		"a value on a line of its own": {
			"# top\na:\n\n  b:\n    # of x\n    x: 0.5 # level\n    y: 1\n", "a b x",
			"# top\na:\n\n  b:\n    # of x\n    x: 7 # level\n    y: 1\n",
		},
		"an empty mapping":             {"a:\n  b: {}\n  c: {}\n", "a b x", "a:\n  b: {x: 7}\n  c: {}\n"},
		"a mapping in flow style":      {"a: {b: {y: 1}}\n", "a b x", "a: {b: {x: 7, y: 1}}\n"},
		"a key in flow style":          {"a: {c: {}}\n", "a b x", "a: {b: {x: 7}, c: {}}\n"},
		"a mapping in block style":     {"a:\n  b:\n    y: 1\n  c: 2\n", "a b x", "a:\n  b:\n    y: 1\n    x: 7\n  c: 2\n"},
		"no value":                     {"a:\n  b: # nothing\n  c: 2\n", "a b x", "a:\n  b: {x: 7} # nothing\n  c: 2\n"},
		"the word on":                  {"a:\n  b: on\n", "a b x", "a:\n  b: {x: 7}\n"},
		"a new key":                    {"a:\n  c: 2\n\n# rest\nd: 3\n", "a b x", "a:\n  c: 2\n  b: {x: 7}\n\n# rest\nd: 3\n"},
		"a new section":                {"v: 1\n", "a b c x", "v: 1\na:\n  b:\n    c: {x: 7}\n"},
		"no end of line":               {"v: 1", "a x", "v: 1\na: {x: 7}\n"},
		"keys with quotes":             {"a:\n  \"b\":\n    'c':\n", "a b c x", "a:\n  \"b\":\n    'c': {x: 7}\n"},
		"a new key that needs quotes":  {"a:\n  c: 2\n", "a 0 x", "a:\n  c: 2\n  \"0\": {x: 7}\n"},
		"a wide indentation":           {"a:\n      c: 2\nd: 1\n", "a b x", "a:\n      c: 2\n      b: {x: 7}\nd: 1\n"},
		"a mapping over several lines": {"a:\n  c: {\n    y: 1\n  }\nd: 1\n", "a b x", "a:\n  c: {\n    y: 1\n  }\n  b: {x: 7}\nd: 1\n"},
		"letters of other alphabets":   {"ä: {ö: 1, x: 2}\n", "ä x", "ä: {ö: 1, x: 7}\n"},
		"a list before":                {"a:\n  c:\n    - 1\n    - 2\nd: 1\n", "a b x", "a:\n  c:\n    - 1\n    - 2\n  b: {x: 7}\nd: 1\n"},
		"a text of several lines":      {"a:\n  c: |\n    one\n    two\nd: 1\n", "a b x", "a:\n  c: |\n    one\n    two\n  b: {x: 7}\nd: 1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Set([]byte(c.before), strings.Fields(c.path), "7")
			require.NoError(t, err)
			require.Equal(t, c.after, string(got))
		})
	}
}

// TestWhatCannotBeChangedIsRefused: a wrong change is worse than none.
func TestWhatCannotBeChangedIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ before, want string }{
		"a list":            {"a:\n  b: [1]\n", "line 2: b has a value of another form"},
		"a text":            {"a:\n  b: off\n", "line 2: b has a value of another form"},
		"an alias":          {"c: &c {y: 1}\na:\n  b: *c\n", "line 3: b has an anchor or an alias"},
		"an anchor":         {"a:\n  b: &b {y: 1}\n", "line 2: b has an anchor or an alias"},
		"no mapping":        {"- 1\n", "must hold a mapping"},
		"nothing":           {"", "must hold a mapping"},
		"no YAML":           {"a: [", "did not find"},
		"a folded text":     {"a:\n  c: >\n    one\n    two\n    three\n", "cannot be changed safely"},
		"a value of quotes": {"a:\n  b: {x: \"0.5\"}\n", "line 2: x has a value of another form"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Set([]byte(c.before), []string{"a", "b", "x"}, "7")
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestAppend(t *testing.T) {
	item := []string{"# why", "name: x", "fail: 'it''s'"}
	for name, c := range map[string]struct{ before, after string }{
		"no list":             {"v: 1\n", "v: 1\nr:\n  # why\n  - name: x\n    fail: 'it''s'\n"},
		"no end of line":      {"v: 1", "v: 1\nr:\n  # why\n  - name: x\n    fail: 'it''s'\n"},
		"a list":              {"r:\n  - name: a # b\n    fail: c\n# end\nv: 1\n", "r:\n  - name: a # b\n    fail: c\n  # why\n  - name: x\n    fail: 'it''s'\n# end\nv: 1\n"},
		"a list at the key":   {"r:\n- {name: a}\nv: 1\n", "r:\n- {name: a}\n# why\n- name: x\n  fail: 'it''s'\nv: 1\n"},
		"nothing at the key":  {"r:\nv: 1\n", "r:\n  # why\n  - name: x\n    fail: 'it''s'\nv: 1\n"},
		"an empty list":       {"r: []\nv: 1\n", "r:\n  # why\n  - name: x\n    fail: 'it''s'\nv: 1\n"},
		"a text of two lines": {"r:\n  - name: |\n      a\n      b\nv: 1\n", "r:\n  - name: |\n      a\n      b\n  # why\n  - name: x\n    fail: 'it''s'\nv: 1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Append([]byte(c.before), "r", item)
			require.NoError(t, err)
			require.Equal(t, c.after, string(got))
		})
	}
	for before, want := range map[string]string{
		"r: [{name: a}]\n":                "line 1: r is not a list in block style",
		"r: text\n":                       "line 1: r is not a list in block style",
		"{v: 1}\n":                        "the file must hold a mapping in block style",
		"r:\n  - >\n    a\n    b\n\n  \n": "",
	} {
		if _, err := Append([]byte(before), "r", item); want != "" {
			require.ErrorContains(t, err, want)
		}
	}
}

// FuzzSet: a change is right, or refused.
func FuzzSet(f *testing.F) {
	for _, text := range []string{"a:\n  b: {x: 1}\n", "a: {}\n", "a:\n  b:\n", "v: 1\nservices:\n  shop:\n    refusal: {}\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := Set(text, []string{"a", "b", "x"}, "7")
		if err != nil {
			return
		}
		again, err := Set(got, []string{"a", "b", "x"}, "7")
		require.NoError(t, err)
		require.Equal(t, string(got), string(again), "setting it again changes nothing")
	})
}
