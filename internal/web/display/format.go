// Package display formats values for people: texts with nothing hidden in them, times, amounts and classes.
package display

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/failure"
)

// Chip is a class on the page: its name in the colour of its bucket.
type Chip struct {
	Bucket failure.Bucket // "" is no colour
	Text   string
}

// ChipOf returns the chip of a class and its detail.
func ChipOf(class failure.Class, detail string) Chip {
	c := Chip{Bucket: class.Bucket(), Text: Line(string(class), 60)}
	if detail != "" {
		c.Text += " · " + Line(detail, 60)
	}
	return c
}

// Moment is a relative time with the exact one beside it.
type Moment struct{ Ago, Exact, Machine string }

// MomentOf returns a time beside now.
func MomentOf(t, now time.Time) Moment {
	if t.IsZero() || t.Unix() <= 0 {
		return Moment{Ago: "at an unknown time", Exact: "no time was recorded"}
	}
	t = t.UTC()
	return Moment{
		Ago:     Ago(now.Sub(t)),
		Exact:   t.Format("2006-01-02 15:04:05.000 UTC"),
		Machine: t.Format(time.RFC3339Nano),
	}
}

// Ago formats the time since something in its largest unit.
func Ago(d time.Duration) string {
	switch {
	case d < time.Minute: // clocks differ: a time in the future is now
		return "now"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	}
	return Grouped(int64(d/(24*time.Hour))) + " d"
}

// Seconds formats a duration in the best unit, with the digits that matter.
func Seconds(d time.Duration) string {
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
	return Grouped(int64(d/time.Hour)) + " h"
}

// Dollars formats an amount, small ones with more digits.
func Dollars(usd float64) string {
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

// Bytes formats a size.
func Bytes(n int) string {
	switch {
	case n < 1000:
		return strconv.Itoa(n) + " B"
	case n < 1e6:
		return strconv.FormatFloat(float64(n)/1e3, 'f', 1, 64) + " kB"
	}
	return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
}

// Grouped formats a number with separated thousands.
func Grouped(n int64) string {
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

// Plural counts things: 1 span, 2 spans.
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Grouped(int64(n)) + " " + noun + "s"
}

// Number formats a score with two decimals, or with an exponent where these would show 0 or too many digits.
func Number(v float64) string {
	if v != 0 && (v < 0.005 && v > -0.005 || v >= 1e6 || v <= -1e6) {
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// Percent formats a share of 0 to 100 for SVG.
func Percent(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) + "%" }
