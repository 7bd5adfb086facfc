package ground

import "github.com/faultline-otel/faultline/internal/words"

// Alike compares the subjects of two texts: 1 is the same, 0 is another one. It returns how many words of each have a
// known subject, too; without any, the texts cannot be compared, and the cosine is 0.
func Alike(a, b *words.Text) (cos float32, knownA, knownB int) {
	v, err := subjects()
	if err != nil {
		return 0, 0, 0 // the embedded file is tested
	}
	var of [2]direction
	var known [2]int
	for i, t := range []*words.Text{a, b} {
		var s subject
		Stems(t, maxSubject, func(h uint32) {
			if at := v.find(h); at >= 0 {
				s.add(&v.Coords[at])
			}
		})
		s.point(&of[i])
		known[i] = s.words
	}
	return cosine(&of[0], &of[1]), known[0], known[1]
}
