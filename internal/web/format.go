package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/review"
)

// chip is a class on the page: its name in the colour of its bucket.
type chip struct {
	Bucket failure.Bucket // "" is no colour
	Text   string
}

func chipOf(class failure.Class, detail string) chip {
	c := chip{Bucket: class.Bucket(), Text: visibleLine(string(class), 60)}
	if detail != "" {
		c.Text += " · " + visibleLine(detail, 60)
	}
	return c
}

// moment is a relative time with the exact one beside it.
type moment struct{ Ago, Exact, Machine string }

func momentOf(t, now time.Time) moment {
	if t.IsZero() || t.Unix() <= 0 {
		return moment{Ago: "at an unknown time", Exact: "no time was recorded"}
	}
	t = t.UTC()
	return moment{
		Ago:     ago(now.Sub(t)),
		Exact:   t.Format("2006-01-02 15:04:05.000 UTC"),
		Machine: t.Format(time.RFC3339Nano),
	}
}

func ago(d time.Duration) string {
	switch {
	case d < time.Minute: // clocks differ: a time in the future is now
		return "now"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	}
	return grouped(int64(d/(24*time.Hour))) + " d"
}

// seconds formats a duration in the best unit, with the digits that matter.
func seconds(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 s"
	case d < 10*time.Millisecond:
		return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 1, 64) + " ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 100*time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d/time.Minute), int(d%time.Minute/time.Second))
	}
	return grouped(int64(d/time.Hour)) + " h"
}

// dollars formats an amount, small ones with more digits.
func dollars(usd float64) string {
	switch {
	case usd == 0:
		return "$0"
	case usd < 0.0001:
		return "< $0.0001"
	case usd < 1:
		return "$" + strconv.FormatFloat(usd, 'f', 4, 64)
	}
	return "$" + strconv.FormatFloat(usd, 'f', 2, 64)
}

// bytesOf formats a size.
func bytesOf(n int) string {
	switch {
	case n < 1000:
		return strconv.Itoa(n) + " B"
	case n < 1e6:
		return strconv.FormatFloat(float64(n)/1e3, 'f', 1, 64) + " kB"
	}
	return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
}

// grouped formats a number with separated thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(int64(n)) + " " + noun + "s"
}

func decisionWord(d review.Decision) string {
	if d == review.Rejected {
		return "not a failure"
	}
	return "confirmed"
}

// number formats a score with two decimals, or with an exponent where these would show 0 or too many digits.
func number(v float64) string {
	if v != 0 && (v < 0.005 && v > -0.005 || v >= 1e6 || v <= -1e6) {
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}
