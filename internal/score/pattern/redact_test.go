package pattern

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func redactor(tb testing.TB) *Redactor {
	tb.Helper()
	r, err := NewRedactor([]string{"pii", "secrets"})
	require.NoError(tb, err)
	return r
}

func TestKinds(t *testing.T) {
	_, err := NewRedactor([]string{"pii", "names", "pii"})
	require.EqualError(
		t,
		err,
		"redact[1] must be pii or secrets, got \"names\"\nredact[2] must be named once, got \"pii\" twice",
	)
	r, err := NewRedactor([]string{"secrets"})
	require.NoError(t, err)
	out, n := r.Text("maria@acme.pt")
	require.Equal(t, "maria@acme.pt", out)
	require.Zero(t, n)
	r, err = NewRedactor(nil)
	require.NoError(t, err)
	_, n = r.JSON("maria@acme.pt")
	require.Zero(t, n)
}

func TestTextIsRedacted(t *testing.T) {
	r := redactor(t)
	token := "gh" + "p_" + newMaker(1).of(alnumBase, 36)
	for text, want := range map[string]string{
		"maria@acme.pt, 4539 1488 0343 6467":           "[redacted:email], [redacted:card]",
		"token " + token + "!":                         "token [redacted:github_token]!",
		"postgres://shop:Xk29vPq81z@db.shop.io/orders": "postgres://shop:[redacted:database_url_password]@db.shop.io/orders",
		// A scorer lets these pass. In a store they are not worth a doubt.
		"support@acme.pt, jane@example.com, 4111 1111 1111 1111, (555) 123-4567, 192.168.1.10": "[redacted:email], [redacted:email], [redacted:card], [redacted:phone], [redacted:ip]",
		"AKIA" + "IOSFODNN7EXAMPLE":                   "[redacted:aws_access_key]",
		"version 1.2.3 of 2024-01-31, order 12345678": "version 1.2.3 of 2024-01-31, order 12345678",
		"[redacted:phone], row 780 6326":              "[redacted:phone], row 780 6326",
	} {
		out, _ := r.Text(text)
		require.Equal(t, want, out)
	}
}

func TestJSONIsRedactedInItsStrings(t *testing.T) {
	r := redactor(t)
	for text, want := range map[string]string{
		`{"to": "maria\u0040acme.pt" , "n": 1.50}`:                         `{"to": "[redacted:email]" , "n": 1.50}`,
		`["see\n4539148803436467", "\/x"]`:                                 `["see\n[redacted:card]", "\/x"]`,
		`{"card": 4539148803436467, "order": 12}`:                          `{"card": "[redacted:card]", "order": 12}`,
		`{"phone": "9472 7916", "size": "9472 7916"}`:                      `{"phone": "[redacted:phone]", "size": "9472 7916"}`,
		`{"a": "\u00fc maria@m\u00fcnchen.de"}`:                            `{"a": "ü [redacted:email]"}`,
		`{"maria@acme.pt": 1}`:                                             `{"[redacted:email]": 1}`,
		`{"arguments": "{\"to\": \"maria\\u0040acme.pt\", \"cc\": null}"}`: `{"arguments": "{\"to\": \"[redacted:email]\", \"cc\": null}"}`,
		`{"a": "maria@acme.pt`:                                             `{"a": "[redacted:email]`,
		`[note] maria@acme.pt "x`:                                          `[note] [redacted:email] "x`,
		`{"a": "\ud83d\ude00 maria@acme.pt \u0001"}`:                       `{"a": "😀 [redacted:email] \u0001"}`,
	} {
		out, n := r.JSON(text)
		require.Equal(t, want, out)
		require.Equal(t, 1, n, text)
		require.Equal(t, json.Valid([]byte(text)), json.Valid([]byte(out)))
	}
	clean := `{"a" : [1, 2.50, "x\u0041", {"b": "c\/d"}]}`
	out, n := r.JSON(clean)
	require.Equal(t, clean, out)
	require.Zero(t, n)
}

func TestDeepJSONIsRedacted(t *testing.T) {
	text := "maria@acme.pt"
	for range 9 {
		b, err := json.Marshal(map[string]string{"a": text})
		require.NoError(t, err)
		text = string(b)
	}
	out, n := redactor(t).JSON(text)
	require.Equal(t, 1, n)
	require.NotContains(t, out, "maria")
	require.True(t, json.Valid([]byte(out)))
}

// pieces are what texts of the property tests are made of: values, what stands between them, and what disturbs their
// reading.
func pieces() []string {
	m := newMaker(21)
	list := []string{
		"maria@acme.pt", "4539 1488 0343 6467", "4539148803436467", "832-13-6314", "+49 171 3925814", "(415) 713-9042", "358 0594", "41.176.181.243", "DE44 5001 0517 5407 3249 31", "6e40:4041:c617:e898:c11:40d2:c669:2eb4",
		" ", "\n", "\t", ".", ",", ":", "=", "@", "-", "_", "/", "\\", "\"", "'", "(", ")", "[", "]", "{", "}", "+", "<", "x", "é", "电话", "\x00", "\xff",
		"phone", "card", "ssn", "password", "api_key", "Bearer ", "Basic ", "token=", "://", "postgres://u:", "redacted", "[redacted:email]", "[redacted:phone]", "1", "12", "123", "1234", "0494", "-----BEGIN ", "AKIA", "eyJ", "sk-", "okta ",
	}
	for _, f := range documentedFormats {
		list = append(list, f.make(m))
	}
	return list
}

func drawText(t *rapid.T, list []string) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(list), 0, 12).Draw(t, "pieces"), "")
}

func TestRedactingTwiceIsRedactingOnce(t *testing.T) {
	r, list := redactor(t), pieces()
	rapid.Check(t, func(t *rapid.T) {
		s := drawText(t, list)
		once, n := r.Text(s)
		if (n == 0) != (once == s) {
			t.Fatalf("%d values, but %q became %q", n, s, once)
		}
		if twice, n := r.Text(once); n != 0 || twice != once {
			t.Fatalf("%q became %q, and that %q", s, once, twice)
		}
		if left := scanSecrets(once, "", scanPII(once, "", allPII, nil)); len(left) > 0 {
			t.Fatalf("%q is left in %q", once[left[0].start:left[0].end], once)
		}
	})
}

func TestRedactedJSONStaysJSON(t *testing.T) {
	r, list := redactor(t), pieces()
	var value func(t *rapid.T, depth int) any
	value = func(t *rapid.T, depth int) any {
		kind := rapid.IntRange(0, 5).Draw(t, "kind")
		switch {
		case kind == 0 && depth < 4:
			m := map[string]any{}
			for range rapid.IntRange(0, 3).Draw(t, "members") {
				m[drawText(t, list)] = value(t, depth+1)
			}
			return m
		case kind == 1 && depth < 4:
			var l []any
			for range rapid.IntRange(0, 3).Draw(t, "items") {
				l = append(l, value(t, depth+1))
			}
			return l
		case kind == 2 && depth < 4: // JSON in a string
			b, err := json.Marshal(value(t, depth+1))
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		case kind == 3:
			return json.Number(
				rapid.SampledFrom([]string{"4539148803436467", "1", "-2.50", "49171392581", "1e9"}).Draw(t, "number"),
			)
		}
		return drawText(t, list)
	}
	rapid.Check(t, func(t *rapid.T) {
		b, err := json.Marshal([]any{value(t, 0)})
		if err != nil {
			t.Fatal(err)
		}
		once, n := r.JSON(string(b))
		if !json.Valid([]byte(once)) {
			t.Fatalf("%s became %s", b, once)
		}
		if (n == 0) != (once == string(b)) {
			t.Fatalf("%d values, but %s became %s", n, b, once)
		}
		if twice, n := r.JSON(once); n != 0 || twice != once {
			t.Fatalf("%s became %s, and that %s", b, once, twice)
		}
	})
}

func FuzzScan(f *testing.F) {
	for _, s := range append(pieces(), prose) {
		f.Add(s, "password")
	}
	r := redactor(f)
	f.Fuzz(func(t *testing.T, s, key string) {
		for _, scan := range [][]match{scanPII(s, key, allPII, nil), scanSecrets(s, key, nil)} {
			end := 0
			for _, m := range scan {
				if m.start < end || m.end <= m.start || m.end > len(s) {
					t.Fatalf("%+v in %q", scan, s)
				}
				end = m.end
			}
		}
		once, _ := r.Text(s)
		if twice, n := r.Text(once); n != 0 {
			t.Fatalf("%q became %q, and that %q", s, once, twice)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, s := range pieces() {
		b, err := json.Marshal(map[string]any{"a": s, s: []string{s}})
		require.NoError(f, err)
		f.Add(string(b))
	}
	r := redactor(f)
	f.Fuzz(func(t *testing.T, s string) {
		once, _ := r.JSON(s)
		if json.Valid([]byte(s)) && looksJSON(s) && !json.Valid([]byte(once)) {
			t.Fatalf("%q became %q", s, once)
		}
		if twice, n := r.JSON(once); n != 0 {
			t.Fatalf("%q became %q, and that %q", s, once, twice)
		}
	})
}
