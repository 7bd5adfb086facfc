package display

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/failure"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain\n\ttext":              "plain\n\ttext",
		"two\r\nlines":               "two\nlines",
		"a\rb":                       "a␍b",
		"nul \x00 esc \x1b del \x7f": "nul ␀ esc ␛ del ␡",
		"rtl \u202e mark":            "rtl ⟨U+202E⟩ mark",
		"iso \u2066x\u2069":          "iso ⟨U+2066⟩x⟨U+2069⟩",
		"tag \U000E0041":             "tag ⟨U+E0041⟩",
		"c1 \u0085 bom \ufeff":       "c1 ⟨U+0085⟩ bom ⟨U+FEFF⟩",
		"bad \xff\xc3":               "bad \ufffd\ufffd",
		"שלום مرحبا":                 "שלום مرحبا",
		"👩‍👩‍👧 é ё 漢字":               "👩‍👩‍👧 é ё 漢字",
	} {
		require.Equal(t, want, Text(in))
	}
	require.Equal(t, "a b c", Line(" a\n\tb \u00a0 c ", 20))
	require.Equal(t, "aaaa…", Line("aaaaaaaa", 4))
	require.Equal(t, "…", Line("漢", 2), "no rune is cut")
}

func TestFormats(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 0: "0 s", 250 * time.Microsecond: "0.2 ms", 12 * time.Millisecond: "12 ms", 999 * time.Millisecond: "999 ms",
		3200 * time.Millisecond: "3.20 s", 99 * time.Second: "99.00 s", 125 * time.Second: "2 min 05 s", 49 * time.Hour: "49 h",
	} {
		require.Equal(t, want, Seconds(d))
	}
	for d, want := range map[time.Duration]string{
		-time.Hour: "now", 59 * time.Second: "now", 61 * time.Second: "1 min", 90 * time.Minute: "1 h", 47 * time.Hour: "47 h", 49 * time.Hour: "2 d",
		24 * 1234 * time.Hour: "1,234 d",
	} {
		require.Equal(t, want, Ago(d))
	}
	for v, want := range map[float64]string{0: "$0", 0.00001: "< $0.0001", 0.0041: "$0.0041", 12.345: "$12.35"} {
		require.Equal(t, want, Dollars(v))
	}
	for v, want := range map[float64]string{0: "0.00", 0.97: "0.97", 0.001: "0.001", -3: "-3.00", 1e9: "1e+09"} {
		require.Equal(t, want, Number(v))
	}
	require.Equal(t, "-1,234,567", Grouped(-1234567))
	require.Equal(t, "at an unknown time", MomentOf(time.Time{}, time.Now()).Ago)
	require.Equal(t, "2026-11-23 10:42:00.123 UTC", MomentOf(time.Date(2026, 11, 23, 11, 42, 0, 123e6, time.FixedZone("", 3600)), time.Now()).Exact)
}

func TestEveryDetailHasAHeadline(t *testing.T) {
	seen := map[string]string{}
	for _, info := range failure.Classes() {
		require.NotEmpty(t, headlines[info.Class][""], info.Class)
		for _, d := range info.Details {
			h := Headline(info.Class, d.Name)
			key := string(info.Class) + "/" + d.Name
			require.NotEqual(t, "Something failed", h, key)
			if len(info.Details) > 1 {
				require.Empty(t, seen[h], "%s says the same", key)
			}
			seen[h] = key
		}
	}
	for class, details := range headlines {
		for d := range details {
			require.True(t, d == "" || failure.ValidDetail(class, d), "%s/%s is no detail", class, d)
		}
	}
	require.Equal(t, "Something failed", Headline("telepathy", ""))
}
