package meter

import "math"

const (
	// maxScale is the finest resolution that Prometheus keeps: a bucket is 0.27 % wide.
	maxScale = 8
	// maxBuckets bounds a histogram. At scale -4, the coarsest that Prometheus accepts, all of float64 fits into 132.
	maxBuckets = 160
)

// Buckets is an exponential histogram of non-negative values. Bucket i of Counts has the values in
// (base^(Offset+i), base^(Offset+i+1)], where base is 2^(2^-Scale). Values of 0 are in Zero.
type Buckets struct {
	Scale  int32
	Offset int32
	Counts []uint64
	Zero   uint64
	Count  uint64
	Sum    float64
}

// add counts a value, which must be finite and not negative. If the values are too far apart for maxBuckets, it merges
// neighbouring buckets until they fit.
func (b *Buckets) add(v float64) {
	if b.Count == 0 {
		b.Scale = maxScale
	}
	b.Count++
	b.Sum += v
	if v == 0 {
		b.Zero++
		return
	}
	index := bucketIndex(v, b.Scale)
	if len(b.Counts) == 0 {
		b.Offset, b.Counts = index, append(b.Counts, 1)
		return
	}
	low, high := min(index, b.Offset), max(index, b.Offset+int32(len(b.Counts))-1)
	if shift := excess(low, high); shift > 0 {
		b.merge(shift)
		index >>= shift
		low, high = min(index, b.Offset), max(index, b.Offset+int32(len(b.Counts))-1)
	}
	b.grow(low, high)
	b.Counts[index-b.Offset]++
}

// excess is the number of times the resolution must be halved so that the range fits into maxBuckets.
func excess(low, high int32) int32 {
	var shift int32
	for ; high-low >= maxBuckets; shift++ {
		low, high = low>>1, high>>1
	}
	return shift
}

// merge lowers the scale. Each step merges pairs of buckets.
func (b *Buckets) merge(shift int32) {
	offset := b.Offset >> shift
	for i, n := range b.Counts {
		at := (b.Offset+int32(i))>>shift - offset
		if int(at) == i {
			continue
		}
		b.Counts[i] = 0
		b.Counts[at] += n
	}
	last := (b.Offset+int32(len(b.Counts))-1)>>shift - offset
	b.Counts = b.Counts[:last+1]
	b.Offset, b.Scale = offset, b.Scale-shift
}

// grow widens the counts to the range of indices from low to high.
func (b *Buckets) grow(low, high int32) {
	need := int(high-low) + 1
	before := int(b.Offset - low)
	have := len(b.Counts)
	if need == have {
		return
	}
	if need > cap(b.Counts) {
		// Add a quarter of spare room, so that a growing histogram is not copied for each new bucket.
		wider := make([]uint64, need, min(need+need/4+4, maxBuckets))
		copy(wider[before:], b.Counts)
		b.Counts, b.Offset = wider, low
		return
	}
	b.Counts = b.Counts[:need]
	clear(b.Counts[have:])
	if before > 0 {
		copy(b.Counts[before:], b.Counts[:have])
		clear(b.Counts[:before])
	}
	b.Offset = low
}

// bucketIndex is the bucket of a positive value at a scale: the i for which base^i < v <= base^(i+1).
func bucketIndex(v float64, scale int32) int32 {
	fraction, exponent := math.Frexp(v) // v = fraction × 2^exponent, 0.5 <= fraction < 1
	if fraction == 0.5 {
		// A power of two is the upper bound of its bucket. Logarithms could round to either side of it.
		exponent--
		if scale <= 0 {
			return int32(exponent-1) >> -scale
		}
		return int32(exponent)<<scale - 1
	}
	if scale <= 0 {
		return int32(exponent-1) >> -scale
	}
	return int32(math.Ceil((float64(exponent)+math.Log2(fraction))*float64(int32(1)<<scale))) - 1
}
