package toolrun

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEffectOf(t *testing.T) {
	for _, c := range []struct {
		name, arguments string
		want            Effect
	}{
		{"get_order", `{"id":1}`, Reads},
		{"getOrder", `{"id":1}`, Reads},
		{"mcp.shop.list-orders", `{"page":2}`, Reads},
		{"list_orders", `{}`, Looks},
		{"ls", `{"all": false}`, Looks},
		{"run_tests", `{}`, Checks},
		{"update_order", `{}`, Changes},
		{"get_or_create", `{"id":1}`, Reads}, // the first word decides
		{"frobnicate", `{}`, Unknown},
		{"press_key", `{"key":"down"}`, Steps},
		{"sleep", `{"seconds":3}`, Waits},
		{"bash", `{"command":"git status"}`, Reads},
		{"bash", `{"command":"cd /srv && npm test"}`, Checks},
		{"Bash", `{"command":"sleep 5; cat a"}`, Waits},
		{"shell", `{"cmd":["ls"]}`, Reads},
		{"shell", `ls -l`, Reads},
		{"bash", `{"command":"cat a > b"}`, Unknown},
		{"bash", `{"command":"sed -i s/a/b/ c"}`, Unknown},
		{"bash", `{"command":"cat a && rm a"}`, Unknown},
		{"", "", Unknown},
	} {
		require.Equal(t, c.want, EffectOf(c.name, c.arguments), "%s %s", c.name, c.arguments)
	}
}

func TestUnwrap(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "",
		" sent ":                             "sent",
		`"sent"`:                             "sent",
		`{"n":1}`:                            `{"n":1}`,
		`{"output":"x"}`:                     "x",
		`{"result":{"n":1},"duration_ms":4}`: `{"n":1}`,
		`{"result":{"n":1},"left":4}`:        `{"result":{"n":1},"left":4}`,
		`[{"type":"text","text":"a\"b"}]`:    `a"b`,
		`[{"type":"text","text":"a"},{"type":"text","text":"b"}]`: `[{"type":"text","text":"a"},{"type":"text","text":"b"}]`,
		`[{"id":1},{"id":2}]`:                                        `[{"id":1},{"id":2}]`,
		`content="it's" name='f' tool_call_id='c'`:                   "it's",
		`content is king`:                                            `content is king`,
		`{"content":[],"structuredContent":{"n":1},"isError":false}`: `{"n":1}`,
		`{"result": {"result": {"result": 5}}}`:                      "5",
		`{"a":`:                                                      `{"a":`,
	} {
		require.Equal(t, want, Unwrap(text), text)
	}
}

// TestRead holds what decides. testdata/eval has many more results.
func TestRead(t *testing.T) {
	for _, c := range []struct {
		tool, result string
		vouched      bool
		want         Verdict
	}{
		{"book", "booked", false, Silent},
		{"book", "", false, Empty},
		{"book", "Error: full", false, Failed},
		{"book", "Error: full", true, Failed},
		{"book", "Failed to book: full", false, Failed},
		{"book", "Failed to book: full", true, Silent}, // the span vouches for it
		{"book", `{"success":true,"note":"Error: none left after this"}`, false, OK},
		{"book", `{"success":true,"error":"full"}`, false, Failed},
		{"book", `{"success":false}`, false, Failed},
		{"book", `{"Success":"False"}`, false, Failed},
		{"book", `{'success': False}`, false, Failed},
		{"book", `{"success":false`, false, Failed}, // cut
		{"book", `{"isError":true}`, false, Failed},
		{"book", `{"a":{"isError":true}}`, false, Silent},
		{"book", `{"isError":true,"content":[{"type":"text","text":"User rejected the tool call"}]}`, false, Stopped},
		{"book", `{"status":"awaiting_approval"}`, false, Stopped},
		{"cancel_order", `{"status":"cancelled"}`, false, Silent},
		{"get_job", `{"status":"failed"}`, false, Silent},
		{"get_job", `{"id":1,"error":"full"}`, false, Silent},
		{"get_job", `{"error":"job 1 is unknown"}`, false, Failed},
		{"get_job", "Error: job 1 not found", false, Failed},
		{"get_job", "Error: a tragedy in five acts", false, Silent},
		{"read_log", "Error: job 1 was refused at 10:02:11", false, Silent},
		{"book", `{"status":503}`, false, Failed},
		{"book", `{"status":404}`, false, Silent},
		{"check_url", `{"status":503}`, false, Silent},
		{"read_file", "File not found: a.go", false, Failed},
		{"open", "net::ERR_NAME_NOT_RESOLVED at https://a.test", false, Failed},
		{"edit", "String to replace not found in file.", false, Failed},
		{"book", "pkg.errors.RoomTaken: room 4", false, Failed},
		{"sql", "error_code | n\n500 | 3", false, Silent},
		{"generate_title", "Failed to Launch: a story", false, Silent},
		{"generate_title", "Failed to generate: the model is gone", false, Failed},
		{"print_label", "Failed to print: no paper", false, Failed},
		{"book", `{"object":"error","code":"bad","message":"no such room"}`, false, Failed},
		{"book", `{"message":"Bad credentials","status":"401"}`, false, Failed},
		{"book", `{"status":409,"message":"taken"}`, false, Failed},
		{"book", `{"status":409,"message":"taken","alternatives":[5]}`, false, Silent},
		{"find", `{"hits":[],"total":0}`, false, Empty},
		{"find", `{"content":[{"type":"text","text":"No results found."}],"isError":false}`, false, Empty},
	} {
		got := Read(Of(c.tool, ""), c.result, c.vouched)
		require.Equal(t, c.want, got.Verdict, "%s returns %s", c.tool, c.result)
		if c.want == Failed {
			require.NotEmpty(t, got.By, "a failure says what decided")
		}
	}
	require.Equal(t, "room 4 is taken", Read(Of("book", ""), `{"ok":false,"error":{"message":"room 4 is taken"}}`, false).Message)
}

func TestHashLeavesOutWhatPasses(t *testing.T) {
	require.Equal(t, Hash(`{"a":1,"requestId":"x"}`), Hash(`{"request_id":"y", "a":1}`))
	require.NotEqual(t, Hash(`{"a":1}`), Hash(`{"a":2}`))
	require.NotEqual(t, Hash(`{"requestId":"x"}`), Hash(`{"requestId":"y"}`), "there is nothing else to compare")
	require.NotEqual(t, Hash(`{"a":1`), Hash(`{"a":1}`))
}

// TestHostileResults: deep, huge, cut and invalid results take bounded time.
func TestHostileResults(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("[", 1<<20), strings.Repeat(`{"result":`, 1<<18), strings.Repeat(`{"a":1,`, 1<<18), strings.Repeat(`"`, 1<<20),
		`{"content":"` + strings.Repeat(`\`, 1<<20), strings.Repeat("\xff", 1<<20), `{"` + strings.Repeat("a", 1<<20),
		strings.Repeat("(", 1<<20), "{", "[", `"`, "{'", "content='", `{"a"`, `{"a":`, "9", "-", "4", "\xef\xb8\x8f", "[{", `[{"type":"text","text":`,
	} {
		began := time.Now()
		Read(Of("f", text), text, false)
		Hash(Unwrap(text))
		EffectOf(text, text)
		EffectOf("bash", text)
		require.Less(t, time.Since(began), 2*time.Second)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{`{"ok":false,"error":{"code":1}}`, `[{"type":"text","text":"x"}]`, "content='a' tool_call_id='b'", "❌ Error: x", "{'a': (1, 'b')}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := Read(Of(text, text), text, false)
		if len(r.Content) > len(text) {
			t.Fatalf("the content of %q is longer: %q", text, r.Content)
		}
		Hash(r.Content)
		EffectOf("bash", text)
	})
}

func BenchmarkRead(b *testing.B) {
	result := `{"rows":["` + strings.Repeat("natural text of a row, ", 13) + `","` + strings.Repeat("and more, ", 30) + `"],"status":"ok"}`
	tool := Of("find_order", "")
	b.ReportAllocs()
	b.SetBytes(int64(len(result)))
	for b.Loop() {
		Read(tool, result, false)
	}
}
