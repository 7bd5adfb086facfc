package assertion

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLinesAreReadAndWritten(t *testing.T) {
	for line, want := range map[string]string{ // "" is the same line
		`calls issue_refund with {"amount": 20}`:             `calls issue_refund with {"amount":20}`,
		`calls lookup_order then issue_refund`:               "",
		`calls a with {"x":[1]} then b with {"y":{"z":"<"}}`: "",
		`calls "look up" then "then"`:                        "",
		`  does not   call issue_refund  `:                   `does not call issue_refund`,
		`does not call *`:                                    "",
		`does not call issue_refund with {"amount":-1}`:      "",
		`contains "Your refund"`:                             "",
		`contains "a \"quoted\" word, a \\ and \u00e9"`:      `contains "a \"quoted\" word, a \\ and é"`,
		`does not contain "I cannot"`:                        "",
		`matches /refund of \d+/`:                            "",
		`matches /a\/b[\/]c\\d/i`:                            "",
		`matches /(?i)sorry/`:                                `matches /sorry/i`,
		`does not match /^\s*$/`:                             "",
		`equals "yes"`:                                       "",
		`equals "{\"a\": 1}"`:                                "",
		`number between 3 and 5`:                             "",
		`number between -1.5 and 1e3`:                        `number between -1.5 and 1000`,
		`follows schema`:                                     "",
		`language de`:                                        "",
		`language uk`:                                        "",
		`length <= 400`:                                      "",
		`length>=10`:                                         `length >= 10`,
		`cost <= 0.02`:                                       "",
		`cost < $0.02`:                                       `cost < $0.02`,
		`latency <= 3s`:                                      "",
		`latency <= 800ms`:                                   "",
		`latency <= 120s`:                                    `latency <= 2m`,
		`score groundedness >= 0.8`:                          "",
		`rubric "is kind" >= 0.7`:                            "",
	} {
		a, err := Parse(line)
		require.NoError(t, err, line)
		if want == "" {
			want = line
		}
		require.Equal(t, want, a.String())
		again, err := Parse(want)
		require.NoError(t, err, want)
		require.Equal(t, want, again.String())
	}
}

// TestMistakes: the error names what must stand where, what stands there, and the place.
func TestMistakes(t *testing.T) {
	for line, want := range map[string]string{
		``: "an assertion must start with one of: calls, does not call, contains, does not contain, matches, does not match, " +
			"equals, number between, follows schema, language, length, cost, latency, score, rubric, got the end of the line at character 1",
		`includes "x"`:        `got "includes" at character 1`,
		`Contains "x"`:        `got "Contains" at character 1`,
		`calls`:               `the name of a tool must come here, got the end of the line at character 6`,
		`calls a then`:        `the name of a tool must come here, got the end of the line at character 13`,
		`calls with {"a": 1}`: `the name of a tool must come here, got "with" at character 7`,
		`calls a with 20`:     `arguments must be a JSON object, such as {"amount": 20}, got "20" at character 14`,
		`calls a with {"x": }`: `arguments must be a JSON object, such as {"amount": 20} (invalid character '}' looking for ` +
			`beginning of value), got "{\"x\":" at character 14`,
		`calls a, b`:                `the assertion must end here, got "b" at character 10`,
		`does not call a then b`:    `the assertion must end here, got "then" at character 17`,
		`contains refund`:           `a text in double quotes must come here, got "refund" at character 10`,
		`contains "refund`:          `a text must end with a double quote, with \" for one inside it and \\ for a backslash, got "\"refund" at character 10`,
		`contains "für" und`:        `the assertion must end here, got "und" at character 16`,
		`contains "a""b"`:           `a space must come here, got "\"b\"" at character 13`,
		`matches refund`:            `an expression between slashes must come here, such as /refund of [0-9]+/, got "refund" at character 9`,
		`matches /refund`:           `an expression must end with a slash, got "/refund" at character 9`,
		`matches /a/g`:              `after the expression only the flag i may come, got "g" at character 12`,
		`matches /(?=a)/`:           "the expression must be one of RE2 (invalid or unsupported Perl syntax: `(?=`), got \"/(?=a)/\" at character 9",
		`number between 3 to 5`:     `two numbers must be joined by: and, got "to" at character 18`,
		`number between five and 6`: `a number must come here, got "five" at character 16`,
		`number between 5 and 3`:    `the second number must not be below the first (5), got "3" at character 22`,
		`number between NaN and 3`:  `a number must come here, got "NaN" at character 16`,
		`language klingon`:          `a language must be one of en, de, fr, es, it, pt, nl, pl, sv, tr, ru, uk, bg, sr, mk, be, kk, el, ar, fa, ur, he, hi, mr, ne, th, ko, ja, zh, got "klingon" at character 10`,
		`length 400`:                `one of <=, <, >=, > must come here, got "400" at character 8`,
		`length <= 4.5`:             `a whole number of characters must come here, got "4.5" at character 11`,
		`cost <= cheap`:             `an amount in US dollars, such as 0.02 must come here, got "cheap" at character 9`,
		`latency <= 3`:              `a duration, such as 3s or 800ms must come here, got "3" at character 12`,
		`score >= 0.8`:              `the name of a score must come here, got ">=" at character 7`,
		`score x >= 8`:              `a number between 0 and 1 must come here, got "8" at character 12`,
		`rubric "" >= 0.5`:          `the name of a rubric must not be empty, got "\"\"" at character 8`,
		"contains \"a\"\nx":         `an assertion must be one line, got "\nx" at character 13`,
	} {
		_, err := Parse(line)
		require.ErrorContains(t, err, want, line)
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax)
	}
}

func TestFormsAreListed(t *testing.T) {
	require.Len(t, Forms(), len(forms))
	for _, f := range Forms() {
		require.NotEmpty(t, f.Holds, f.Words)
	}
}

// FuzzParse: what is read can be written, and is then read as the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`calls a with {"x":1} then b`, `does not call *`, `contains "x"`, `matches /a\/b/i`, `number between 3 and 5`,
		`language de`, `length <= 4`, `latency <= 3s`, `score x >= 0.8`, `follows schema`, `cost<=1e-3`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		a, err := Parse(line)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without words")
			}
			return
		}
		written := a.String()
		again, err := Parse(written)
		if err != nil {
			t.Fatalf("%q is written as %q, which is wrong: %v", line, written, err)
		}
		if again.String() != written {
			t.Fatalf("%q becomes %q and then %q", line, written, again.String())
		}
		a.Check(t.Context(), &Run{})
	})
}

// TestEveryFormIsDocumented: the reference names each of them.
func TestEveryFormIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/reference/assertions.md")
	require.NoError(t, err)
	for _, f := range Forms() {
		require.Contains(t, string(page), "`"+f.Words, f.Words)
	}
}
