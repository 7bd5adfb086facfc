package agreement

import "math"

// Cohen returns the kappa of two people who judged the same items: how much of the agreement that chance leaves they
// reach (J. Cohen, Educational and Psychological Measurement 20, 1960, with its standard error). table counts the items
// by the category of the first person, then by that of the second. ok is false if there is no item, or if both always
// say the same one thing: then chance explains all.
func Cohen(table [][]int) (kappa Estimate, ok bool) {
	n, agreed := 0, 0
	rows, columns := make([]int, len(table)), make([]int, len(table))
	for i, row := range table {
		for j, count := range row {
			n += count
			rows[i] += count
			columns[j] += count
			if i == j {
				agreed += count
			}
		}
	}
	if n == 0 {
		return Estimate{}, false
	}
	size := float64(n)
	observed, expected := float64(agreed)/size, 0.0
	for i := range table {
		expected += float64(rows[i]) / size * float64(columns[i]) / size
	}
	if expected >= 1 {
		return Estimate{Labels: n}, false
	}
	value := (observed - expected) / (1 - expected)
	se := math.Sqrt(observed*(1-observed)/size) / (1 - expected)
	return Estimate{Value: value, Labels: n}.with(around(value, se)), true
}

// Fleiss returns the kappa of any number of people (J. L. Fleiss, Psychological Bulletin 76, 1971). Each row counts the
// labels of one item by category. Items need not have the same number of labels; those with fewer than two say nothing
// and are left out. Agreement is the mean over items, and its standard error is that of the mean, given the categories'
// shares. Labels counts items.
func Fleiss(items [][]int) (kappa Estimate, ok bool) {
	var shares []float64
	var sum, squares, labels float64
	n := 0
	for _, counts := range items {
		all, same := 0, 0
		for _, count := range counts {
			all += count
			same += count * (count - 1)
		}
		if all < 2 {
			continue
		}
		n++
		for len(shares) < len(counts) {
			shares = append(shares, 0)
		}
		for j, count := range counts {
			shares[j] += float64(count)
		}
		labels += float64(all)
		p := float64(same) / float64(all*(all-1))
		sum += p
		squares += p * p
	}
	if n == 0 {
		return Estimate{}, false
	}
	expected := 0.0
	for _, s := range shares {
		expected += s / labels * s / labels
	}
	if expected >= 1 {
		return Estimate{Labels: n}, false
	}
	size := float64(n)
	observed := sum / size
	value := (observed - expected) / (1 - expected)
	se := math.Sqrt(max(squares/size-observed*observed, 0)/size) / (1 - expected)
	return Estimate{Value: value, Labels: n}.with(around(value, se)), true
}

// around is the interval of a normal estimate between -1 and 1.
func around(value, se float64) Interval {
	return Interval{max(value-z95*se, -1), min(value+z95*se, 1)}
}
