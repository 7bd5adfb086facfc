package main

import (
	"os"
	"path/filepath"
)

// output is a file that a flag has written, "" for none.
type output struct{ flag, file string }

// keepApart refuses outputs that would replace a file that the command reads, or each other. A run costs money and a
// dataset is written by hand, so neither may go by a slip of the hand.
func keepApart(inputs []string, outputs ...output) error {
	for i, out := range outputs {
		for _, in := range inputs {
			if sameFile(out.file, in) {
				return usage("%s must not be a file that the command reads, got %q", out.flag, out.file)
			}
		}
		for _, other := range outputs[:i] {
			if sameFile(out.file, other.file) {
				return usage("%s must not be the file of %s, got %q", out.flag, other.flag, out.file)
			}
		}
	}
	return nil
}

// sameFile reports whether two names are of one file, which may not be there yet. Only regular files count:
// /dev/stdout can take several outputs.
func sameFile(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	first, err := os.Stat(a)
	second, otherErr := os.Stat(b)
	if err == nil && otherErr == nil {
		return first.Mode().IsRegular() && os.SameFile(first, second)
	}
	a, err = filepath.Abs(a)
	b, otherErr = filepath.Abs(b)
	return err == nil && otherErr == nil && a == b
}
