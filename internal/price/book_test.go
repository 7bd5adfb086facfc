package price

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/glob"
)

func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

var summer = day("2026-07-01")

func TestEmbeddedBookIsWhatItsTextSays(t *testing.T) {
	b := Embedded()
	require.Equal(t, embedded, b.String(), "the same book, the same bytes")
	require.Regexp(t, `^\d{4}-\d\d-\d\d\.[0-9a-f]{8}$`, b.Version())
	rows := 0
	for _, p := range b.Providers() {
		rows += len(p.Rows)
		require.NotEmpty(t, p.Sources, p.ID)
	}
	require.Greater(t, rows, 1400)
	require.Less(t, len(embedded), 128<<10)
}

// TestEveryRowIsFound looks for each name of the book under its provider: the row that answers must be of the same
// models, so that no pattern hides another.
func TestEveryRowIsFound(t *testing.T) {
	b := Embedded()
	far := day("2030-01-01")
	for _, p := range b.Providers() {
		for i := range p.Rows {
			for _, pattern := range p.Rows[i].Models {
				name := strings.NewReplacer("*", "", "#", "7").Replace(pattern)
				row := b.byID[p.ID].index.find(glob.Fold(name)).at(far)
				require.NotNil(t, row, "%s %s", p.ID, name)
				require.Equal(t, p.Rows[i].Models, row.Models, "%s %s", p.ID, name)
			}
		}
	}
}

func TestModelsAreFoundWhateverTheirSpanCallsThem(t *testing.T) {
	b := Embedded()
	for _, c := range []struct{ provider, model, section, pattern string }{
		{"openai", "gpt-4.1", "openai", "gpt-4.1"},
		{"OpenAI", "GPT-4.1", "openai", "gpt-4.1"},
		{"openai", "gpt-4.1-2025-04-14", "openai", "gpt-4.1"},
		{"openai", "gpt-4.1-2026-08-01", "", ""}, // a snapshot without a list price
		{"openai", "openai/gpt-4.1", "openai", "gpt-4.1"},
		{"", "openai/gpt-4.1", "openai", "gpt-4.1"},
		{"litellm", "anthropic/claude-sonnet-5", "anthropic", "claude-sonnet-5*"},
		{"", "gpt-4.1", "openai", "gpt-4.1"},
		{"langchain", "claude-sonnet-4-5-20250929", "anthropic", "claude-sonnet-4-5*"},
		{"aws.bedrock", "us.anthropic.claude-sonnet-5-v1:0", "aws", "anthropic.claude-sonnet-5*"},
		{"aws.bedrock", "global.anthropic.claude-sonnet-5-v1:0", "aws", "*global.anthropic.claude-sonnet-5*"},
		{"aws.bedrock", "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.amazon.nova-2-lite-v1:0", "aws", "*us.amazon.nova-2-lite*"},
		{"strands-agents", "us.anthropic.claude-3-7-sonnet-20250219-v1:0", "aws", "*claude-3-7-sonnet-20250219*"},
		{"", "bedrock/eu.anthropic.claude-sonnet-5-v1:0", "aws", "anthropic.claude-sonnet-5*"},
		{"gcp.gemini", "models/gemini-2.5-pro", "google", "gemini-2.5-pro*"},
		{"gcp.vertex_ai", "publishers/google/models/gemini-2.5-flash", "google", "gemini-2.5-flash"},
		{"gcp.vertex_ai", "claude-haiku-4-5@20251001", "anthropic", "claude-haiku-4-5*"}, // by its maker's price
		{"azure.ai.openai", "o1", "azure", "o1"},
		{"azure.ai.openai", "gpt-4.1", "openai", "gpt-4.1"},
		{"openrouter", "anthropic/claude-sonnet-5", "openrouter", "anthropic/claude-sonnet-5"},
		{"together_ai", "gryphe/mythomax-l2-13b", "together", "Gryphe/MythoMax-L2-13b"},
		{"together_ai", "deepseek/deepseek-chat", "", ""}, // its maker's price is not that of who runs it
		{"openai", "deepseek/deepseek-chat", "deepseek", "deepseek-chat*"},
		{"x_ai", "grok-4.5-20260401", "x-ai", "grok-4.5"},
		{"x_ai", "grok-4.5-2026040", "", ""},
		{"gemini", "gemini-3.5-flash-001", "google", "gemini-3.5-flash"},
		{"ollama", "deepseek-r1:8b", "", ""},
		{"vllm", "openai/gpt-oss-20b", "", ""},
		{"a-gateway-of-ours", "gpt-4.1", "", ""},
		{"", "", "", ""},
		{"openai", strings.Repeat("gpt-4.1", 2000), "", ""},
		{strings.Repeat("x", 10_000), "gpt-4.1", "", ""},
	} {
		for range 2 { // the second time out of the cache
			row := b.Find(c.provider, summer, c.model)
			if c.section == "" {
				require.Nil(t, row, "%s %s", c.provider, c.model)
				continue
			}
			require.NotNil(t, row, "%s %s", c.provider, c.model)
			require.Equal(t, c.section, row.Provider, "%s %s", c.provider, c.model)
			require.Contains(t, row.Models, c.pattern, "%s %s", c.provider, c.model)
		}
	}
	require.NotNil(
		t,
		b.Find("openai", summer, "gpt-4.1-2026-08-01", "gpt-4.1"),
		"the model that was asked for, where the one that answered is unknown",
	)
}

func TestPriceIsTheOneOfItsDay(t *testing.T) {
	b := Embedded()
	input := func(provider, model, at string) string {
		when, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		return Dollars(b.Find(provider, when, model).Rates[Input].Value)
	}
	require.Equal(t, "10", input("openai", "o3", "2025-06-09T23:59:59Z"))
	require.Equal(t, "2", input("openai", "o3", "2025-06-10T00:00:00Z"))
	require.Equal(t, "2", input("openai", "o3", "2025-06-09T23:00:00-02:00"), "days are those of UTC")
	require.Equal(t, "10", input("openai", "o3", "1969-12-31T00:00:00Z"))

	require.Equal(t, "0.135", input("deepseek", "deepseek-chat", "2026-07-01T00:29:59Z"))
	require.Equal(t, "0.27", input("deepseek", "deepseek-chat", "2026-07-01T00:30:00Z"))
	require.Equal(t, "0.27", input("deepseek", "deepseek-chat", "2026-07-01T16:29:59Z"))
	require.Equal(t, "0.135", input("deepseek", "deepseek-chat", "2026-07-01T16:30:00Z"))
}

func TestHoursMayRunOverMidnight(t *testing.T) {
	h, err := ParseHours("22:00-06:00")
	require.NoError(t, err)
	var held []int
	for hour := range 24 {
		if h.hold(summer.Add(time.Duration(hour) * time.Hour)) {
			held = append(held, hour)
		}
	}
	require.Equal(t, []int{0, 1, 2, 3, 4, 5, 22, 23}, held)
	require.True(t, h.hold(time.Unix(-1, 0)), "23:59:59, before 1970")
}

func TestBookSaysWhatIsWrongWithItsText(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "must be a date such as 2026-03-13, got \"\"",
		"provider\ta\t\t\t\n":            "line 1: must be the date of the book",
		"book\t2026-13-01\n":             "must be a date such as 2026-03-13, got \"2026-13-01\"",
		"book\t2026-01-01\na\t\tinput=1": "line 2: must be a row of a provider with 3 fields",
		"book\t2026-01-01\nprovider\ta\t\t\t\nm\t\tinput=-1\nn\t\tinput=NaN\no\t\tinputs=1\np\tsoon\tinput=1\nq\t\t>x input=1": "line 3: input must be a number of US dollars between 0 and 1000000, got -1\n" +
			"line 4: input must be a number of US dollars between 0 and 1000000, got NaN\n" +
			"line 5: must be one of input, cache_read, cache_write, output, input_audio, cache_audio_read, output_audio, input_image, output_image, per_request, got \"inputs\"\n" +
			"line 6: must be a date such as 2026-03-13, got \"soon\"\n" +
			"line 7: must be one of input,",
		"book\t2026-01-01\nprovider\ta\t\t\t\nm\t\tinput=1\nm|n\t\tinput=2": "line 4: m|n: m has two prices for the same time, input=1 and input=2",
		"book\t2026-01-01\nprovider\ta\t\t\t\nprovider\ta\t\t\t\n":          "provider a must come once",
		"book\t2026-01-01\nprovider\ta\t\t\t\nm\t\t\n":                      "line 3: m: must have a price",
	} {
		_, err := Parse(text)
		require.ErrorContains(t, err, want, "%q", text)
	}
}

func TestVersionIsThatOfTheContent(t *testing.T) {
	parse := func(text string) string {
		b, err := Parse(text)
		require.NoError(t, err)
		return b.Version()
	}
	const text = "book\t2026-01-01\nprovider\ta\t\t\thttps://a.example\nm\t\tinput=1 output=2\n"
	require.Equal(t, parse(text), parse("# a comment\n\n"+text))
	require.NotEqual(t, parse(text), parse(strings.Replace(text, "output=2", "output=2.5", 1)))
	require.NotEqual(t, parse(text), parse(strings.Replace(text, "2026", "2027", 1)))
}

func TestCacheIsBounded(t *testing.T) {
	b, err := Parse("book\t2026-01-01\nprovider\topenai\t\t\t\ngpt-*\t\tinput=1\n")
	require.NoError(t, err)
	for i := range 3 * maxCached {
		require.NotNil(t, b.Find("openai", summer, "gpt-"+strings.Repeat("x", i%200)+string(rune('0'+i))))
		require.LessOrEqual(t, len(b.cache.seen), maxCached)
	}
}

func TestManyGoroutinesShareABook(t *testing.T) {
	b, err := Parse(embedded)
	require.NoError(t, err)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 500 {
				if b.Find("openai", summer, "gpt-4.1") == nil || b.Find("", summer, strconv.Itoa(i)) != nil {
					t.Error("another goroutine changed what is found")
				}
			}
		})
	}
	group.Wait()
}

func TestFindTakesNoMemory(t *testing.T) {
	b := Embedded()
	u := Usage{Tokens: genai.Tokens{UncachedInput: genai.Some[int64](1500), Output: genai.Some[int64](300)}}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := b.Find("openai", summer, "gpt-4.1-2026-08-01", "gpt-4.1").Cost(&u); err != nil {
			t.Error(err)
		}
	}))
}

func BenchmarkFind(b *testing.B) {
	book := Embedded()
	u := Usage{
		Tokens: genai.Tokens{
			UncachedInput: genai.Some[int64](1500),
			CacheRead:     genai.Some[int64](1500),
			Output:        genai.Some[int64](300),
		},
	}
	for _, bench := range []struct {
		name   string
		models []string
	}{{"known", []string{"gpt-4.1"}}, {"second", []string{"gpt-4.1-2026-08-01", "gpt-4.1"}}, {"unknown", []string{"my-model"}}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if row := book.Find("openai", summer, bench.models...); row != nil {
					if _, err := row.Cost(&u); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
	b.Run("new", func(b *testing.B) { // a name that was not seen yet
		b.ReportAllocs()
		for b.Loop() {
			book.look("", "some/unknown-model")
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Parse(embedded); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func TestProvidersOfTheTableAreInTheBook(t *testing.T) {
	for canonical, ids := range sections {
		for _, id := range ids {
			require.NotNil(t, Embedded().byID[id], "%s: %s", canonical, id)
		}
	}
}
