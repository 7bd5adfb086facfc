package pricefile

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/price"
)

type (
	object = map[string]any
	items  = []any
)

func over(t *testing.T, rows ...any) *price.Book {
	t.Helper()
	f, err := Settings(object{"version": 1, "prices": rows})
	require.NoError(t, err)
	b, err := price.Embedded().With(f)
	require.NoError(t, err)
	return b
}

func date(text string) time.Time {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return day
}

var summer = date("2026-07-01")

// used are token counts of one call.
type used struct {
	in, out int64
	service price.Service
}

func (u used) usage() *price.Usage {
	return &price.Usage{
		Tokens: genai.Tokens{UncachedInput: genai.Some(u.in), Output: genai.Some(u.out)}, Service: u.service,
	}
}

func TestRowsOfTheUserComeFirst(t *testing.T) {
	b := over(t,
		object{"provider": "openai", "model": "gpt-4.1", "from": "2026-06-01", "input": 1, "output": 4},
		object{"provider": "openai", "model": "gpt-4.1", "from": date("2026-09-01"), "input": "0.9", "output": 3},
		object{"provider": "mistral", "model": items{"codestral*", "devstral*"}, "input": 5},
		object{"model": "our-own-*", "input": 7, "source": "our contract"},
		object{"provider": "bedrock", "model": "*claude-opus*", "input": 11},
	)
	input := func(provider, model, at string) string {
		row := b.Find(provider, date(at), model)
		require.NotNil(t, row, "%s %s", provider, model)
		return price.Dollars(row.Rates[price.Input].Value)
	}
	require.Equal(t, "2", input("openai", "gpt-4.1", "2026-05-31"), "before it holds, the book's")
	require.Equal(t, "1", input("openai", "gpt-4.1", "2026-06-01"))
	require.Equal(t, "0.9", input("openai", "GPT-4.1", "2026-09-01"))
	require.Equal(t, "0.9", input("", "openai/gpt-4.1", "2026-09-01"))
	require.Equal(t, "0.9", input("", "gpt-4.1", "2026-09-01"), "no provider: that of the model's maker")
	require.Equal(t, "5", input("mistral_ai", "codestral-2508", "2026-07-01"), "providers have many names")
	require.Equal(t, "5", input("mistral", "devstral-9", "2026-07-01"))
	require.Equal(t, "7", input("ollama", "our-own-8b", "2026-07-01"), "any provider")
	require.Equal(t, "7", input("", "our-own-8b", "2026-07-01"))
	require.Equal(t, "11", input("aws.bedrock", "us.anthropic.claude-opus-4-8-v1:0", "2026-07-01"))
	require.Equal(t, "5", input("anthropic", "claude-opus-4-8", "2026-07-01"), "of another provider")
	require.Equal(t, "our contract", b.Find("", summer, "our-own-1").Source)
	require.Equal(t, "price file", b.Find("openai", summer, "gpt-4.1").Source)
	require.Len(t, b.Rows("openai", "gpt-4.1"), 3)
}

// TestAPriceForWhatWasAskedForHoldsWhateverAnswers is how providers answer: by the dated name of a model, which the
// book knows.
func TestAPriceForWhatWasAskedForHoldsWhateverAnswers(t *testing.T) {
	b := over(t,
		object{"provider": "openai", "model": "gpt-4.1", "from": "2026-06-01", "input": 1, "output": 4},
		object{"provider": "azure", "model": "our-deployment", "input": 3, "output": 3})
	require.Equal(t, "price file", b.Find("openai", summer, "gpt-4.1-2025-04-14", "gpt-4.1").Source)
	require.Equal(t, "price file", b.Find("azure.ai.openai", summer, "gpt-4.1-2025-04-14", "our-deployment").Source)
	require.Equal(
		t,
		"2",
		price.Dollars(b.Find("openai", date("2026-05-01"), "gpt-4.1-2025-04-14", "gpt-4.1").Rates[price.Input].Value),
		"before it holds, the book's",
	)
	require.Equal(
		t,
		"openai",
		b.Find("openai", summer, "gpt-4.1-mini-2025-04-14", "gpt-4.1-mini").Provider,
		"of another model",
	)
}

func TestAliasesNameProvidersByOtherNames(t *testing.T) {
	f, err := Settings(object{"version": 1, "aliases": object{"Our-Gateway": "openai", "eu-azure": "azure"}})
	require.NoError(t, err)
	b, err := price.Embedded().With(f)
	require.NoError(t, err)
	require.Equal(t, "openai", b.Find("our-gateway", summer, "gpt-4.1").Provider)
	require.Equal(t, "azure", b.Find("EU-Azure", summer, "o1").Provider)
	require.Nil(t, b.Find("another", summer, "gpt-4.1"))
}

func TestTiersOfTheUser(t *testing.T) {
	b := over(t, object{
		"model": "m", "input": 10, "output": 20, "above": map[any]any{1000: object{"input": 30}, 100: object{"input": 20, "output": 40}},
		"batch": object{"input": 5}, "priority": object{"output": 99},
	})
	row := b.Find("", summer, "m")
	require.Equal(
		t,
		"input=10 output=20; >100 input=20 output=40; >1000 input=30; batch input=5; priority output=99",
		row.Terms(),
	)
	for _, c := range []struct {
		used used
		want float64
	}{
		{used{in: 100, out: 10}, 100*10 + 10*20},
		{used{in: 101, out: 10}, 101*20 + 10*40},
		{used{in: 1001, out: 10}, 1001*30 + 10*40},
		{used{in: 1001, out: 10, service: price.Batch}, 1001*5 + 10*20},
		{used{in: 100, out: 10, service: price.Priority}, 100*10 + 10*99},
		{used{in: 100, out: 10, service: price.Flex}, 100*10 + 10*20},
	} {
		usd, err := row.Cost(c.used.usage())
		require.NoError(t, err)
		require.InDelta(t, c.want/1e6, usd, 1e-15)
	}
}

func TestARequestMayBeAllThatIsPaidFor(t *testing.T) {
	row := over(t, object{"model": "m", "per_request": 0.25}).Find("", summer, "m")
	usd, err := row.Cost(used{in: 1000, out: 1000}.usage())
	require.NoError(t, err)
	require.InDelta(t, 0.25, usd, 0)
}

func TestVersionTellsTheUsersFile(t *testing.T) {
	row := func(input any) object { return object{"provider": "openai", "model": "gpt-4.1", "input": input} }
	one, other := over(t, row(1)), over(t, row(1.5))
	require.Regexp(t, `^\d{4}-\d\d-\d\d\.[0-9a-f]{8}\+[0-9a-f]{8}$`, one.Version())
	require.NotEqual(t, one.Version(), other.Version())
	require.Equal(t, one.Version(), over(t, row("1")).Version(), "what says the same is the same")
	require.Equal(t, price.Embedded().Version(), strings.Split(one.Version(), "+")[0])
	require.Equal(
		t,
		over(t, row(1), object{"model": "x", "input": 2}).Version(),
		over(t, object{"model": "x", "input": 2}, row(1)).Version(),
	)
	same, err := price.Embedded().With(nil)
	require.NoError(t, err)
	require.Equal(t, price.Embedded().Version(), same.Version())
}

// TestFileTellsAllMistakesAtOnce checks the errors of a file, one line a mistake: key, rule, value.
func TestFileTellsAllMistakesAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		content object
		want    []string
	}{
		"nothing":       {object{}, []string{"version must be 1, got nothing"}},
		"another":       {object{"version": 2, "prcies": 1}, []string{`unknown key "prcies", expected one of version, prices, aliases`, "version must be 1, got 2"}},
		"no rows":       {object{"version": 1}, []string{"prices must have a row, got none"}},
		"no list":       {object{"version": 1, "prices": "x"}, []string{`prices must be a list, got "x"`}},
		"too many rows": {object{"version": 1, "prices": make(items, 5001)}, []string{"prices must be at most 5000 rows, got 5001"}},
		"aliases":       {object{"version": 1, "aliases": object{"a": 1, "b": ""}}, []string{"aliases.a must be the name of a provider, got 1", `aliases.b must be the name of a provider, got ""`}},
		"rows": {object{"version": 1, "prices": items{
			7,
			object{"provider": 1, "model": "a", "input": 1},
			object{"input": 1},
			object{"model": items{"b", 2, "", strings.Repeat("x", 300)}, "input": 1},
			object{"model": "c", "input": "dear", "output": -1, "cache_read": math.NaN(), "cache_write": math.Inf(1), "inptu": 1},
			object{"model": "d"},
			object{"model": "e", "from": "yesterday", "hours": "always", "input": 1},
			object{"model": "f", "input": 1, "above": object{"0": object{"input": 1}, "x": object{"input": 1}, "5": 3}},
			object{"model": "g", "input": 1, "batch": object{}, "flex": object{"imput": 1}},
			object{"model": "h", "from": date("2026-01-01").Add(time.Hour), "input": 1},
		}}, []string{
			"prices[0] must be a mapping of provider, model,",
			"prices[1].provider must be a text, got 1, which needs quotes",
			"prices[3].model[1] must be the name of a model, got 2",
			`prices[3].model[2] must not be empty, got ""`,
			"prices[3].model[3] must be at most 256 bytes long, got 300",
			`prices[4]: unknown key "inptu", expected one of provider, model, from,`,
			`prices[4].input must be a number of US dollars between 0 and 1000000, got "dear"`,
			"prices[4].cache_read must be a number of US dollars between 0 and 1000000, got NaN",
			"prices[4].cache_write must be a number of US dollars between 0 and 1000000, got +Inf",
			"prices[4].output must be a number of US dollars between 0 and 1000000, got -1",
			`prices[6].from must be a date such as 2026-03-13, got "yesterday"`,
			`prices[6].hours must be a part of the day in UTC such as 00:30-16:30, got "always"`,
			"prices[7].above.5 must be a mapping of input, cache_read,",
			`prices[7].above: key must be a whole number, got "x"`,
			"prices[7].above must name lengths in tokens between 1 and 1000000000, got 0",
			"prices[8].batch must have a price: one of input,",
			`prices[8].flex: unknown key "imput"`,
			"prices[9].from must be a date such as 2026-03-13, got 2026-01-01T01:00:00Z",
			"prices[2].model must name a model, got none",
			"prices[5] must have a price: one of input,",
		}},
		"a long text": {object{"version": 1, "prices": items{object{"model": "m", "input": "a" + strings.Repeat("é", 100)}}}, []string{
			"prices[0].input must be a number of US dollars between 0 and 1000000, got \"a" + strings.Repeat("é", 37) + "…",
		}},
		"overlaps": {object{"version": 1, "prices": items{
			object{"provider": "openai", "model": "gpt-4*", "input": 1},
			object{"provider": "OpenAI", "model": items{"x", "gpt-4o"}, "from": "2026-01-01", "input": 2},
			object{"provider": "azure", "model": "gpt-4*", "input": 1},
			object{"model": "m", "input": 1},
			object{"model": "M", "input": 2},
			object{"model": items{"a", "b"}, "input": 1},
			object{"model": items{"b", "A"}, "from": "2026-01-01", "input": 2},
			object{"model": "n", "hours": "00:00-12:00", "input": 1},
			object{"model": "n", "hours": "06:00-18:00", "input": 2},
			object{"model": "n", "hours": "18:00-00:00", "input": 3},
			object{"model": "n", "hours": "23:00-01:00", "from": "2026-01-01", "input": 4},
			object{"model": "n", "input": 5},
			object{"model": "n", "hours": "22:00-06:00", "input": 6},
		}}, []string{
			"prices[0] (openai gpt-4*) and prices[1] (openai x, gpt-4o 2026-01-01) must not overlap, both match gpt-4o",
			"prices[3] (m) and prices[4] (M) must not overlap, both match m",
			"prices[7] (n 00:00-12:00) and prices[8] (n 06:00-18:00) must not overlap, both match n",
			"prices[7] (n 00:00-12:00) and prices[12] (n 22:00-06:00) must not overlap, both match n",
			"prices[9] (n 18:00-00:00) and prices[12] (n 22:00-06:00) must not overlap, both match n",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decode(c.content)
			require.Error(t, err)
			got := strings.Split(err.Error(), "\n")
			require.Len(t, got, len(c.want), err.Error())
			for i := range got {
				require.True(t, strings.HasPrefix(got[i], c.want[i]), "%q does not begin with %q", got[i], c.want[i])
			}
		})
	}
}

func TestALargeFileIsCheckedInTime(t *testing.T) {
	rows := make(items, 0, 5000)
	for i := range 5000 {
		rows = append(rows, object{"model": items{fmt.Sprintf("vendor-%d-*", i), fmt.Sprintf("*model-%d-", i)}, "input": 1})
	}
	began := time.Now()
	_, err := Settings(object{"version": 1, "prices": rows})
	require.ErrorContains(
		t,
		err,
		"prices[0] (vendor-0-*, *model-0-) and prices[1] (vendor-1-*, *model-1-) must not overlap, both match vendor-1-model-0-",
	)
	require.Len(t, strings.Split(err.Error(), "\n"), 20+1)

	for i := range rows {
		rows[i] = object{"model": items{fmt.Sprintf("vendor-%d-*", i), fmt.Sprintf("vendor-%d", i)}, "input": 1}
	}
	f, err := Settings(object{"version": 1, "prices": rows})
	require.NoError(t, err)
	require.Len(t, f.Rows, 5000)
	require.Less(t, time.Since(began), 30*time.Second)
}
