// Package errline labels errors that hold one mistake a line, such as those of a configuration file.
package errline

import "strings"

// Prefix returns an error whose every line begins with the prefix and ": ". It is nil if err is nil, and wraps err.
func Prefix(prefix string, err error) error {
	if err == nil {
		return nil
	}
	prefix += ": "
	return &prefixed{prefix + strings.ReplaceAll(err.Error(), "\n", "\n"+prefix), err}
}

type prefixed struct {
	text string
	err  error
}

func (p *prefixed) Error() string { return p.text }

func (p *prefixed) Unwrap() error { return p.err }
