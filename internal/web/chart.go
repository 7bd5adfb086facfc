package web

import (
	"fmt"
	"strconv"

	"github.com/faultline-otel/faultline/internal/web/display"
)

// chart has a bar for each hour.
type chart struct {
	Bars  []hourBar
	Words string
	Top   string // most in an hour
	Hours int
}

type hourBar struct {
	X, Y, Width, Height string
	Title               string
	Last                bool
}

// chartOf lays out counts in a drawing of 100 by 100.
func chartOf(counts []int) chart {
	most, sum := 0, 0
	for _, n := range counts {
		most, sum = max(most, n), sum+n
	}
	c := chart{
		Hours: len(counts), Top: display.Grouped(int64(most)),
		Words: fmt.Sprintf("Cases an hour over %d hours: %d, most in one hour %d", len(counts), sum, most),
	}
	width := 100 / float64(max(len(counts), 1))
	for i, n := range counts {
		height := 3.0 // an hour without a case is seen too
		if n > 0 {
			height = max(8, 100*float64(n)/float64(most))
		}
		bar := hourBar{
			X: perCent(float64(i) * width), Y: perCent(100 - height), Width: perCent(width * 0.84), Height: perCent(height),
			Last: i == len(counts)-1,
		}
		if n > 0 {
			bar.Title = display.Plural(n, "case")
		}
		c.Bars = append(c.Bars, bar)
	}
	return c
}

func perCent(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) + "%" }
