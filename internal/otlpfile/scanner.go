package otlpfile

// scanner finds the end of a JSON value that arrives in portions. It looks only at brackets and strings.
type scanner struct {
	stack   []byte // the open brackets
	inside  bool   // a string
	escaped bool
}

type state int

const (
	partial    state = iota // the value continues in the next portion
	complete                // the value ends here
	mismatched              // the brackets do not match
	tooDeep
	cutString // a line ends inside a string
)

// open reports whether a value has begun and has not ended.
func (s *scanner) open() bool { return len(s.stack) > 0 }

func (s *scanner) reset() { s.stack, s.inside, s.escaped = s.stack[:0], false, false }

// next reads a portion and returns how many of its bytes belong to the value. If no value is open, the portion must
// start with a bracket.
func (s *scanner) next(b []byte) (int, state) {
	for i, c := range b {
		if s.inside {
			switch {
			case s.escaped:
				s.escaped = false
			case c == '\\':
				s.escaped = true
			case c == '"':
				s.inside = false
			case c == '\n':
				return i + 1, cutString
			}
			continue
		}
		switch c {
		case '"':
			s.inside = true
		case '{', '[':
			if len(s.stack) == maxNesting {
				return i + 1, tooDeep
			}
			s.stack = append(s.stack, c)
		case '}', ']':
			// In ASCII, a closing bracket is two after its opening bracket.
			if len(s.stack) == 0 || s.stack[len(s.stack)-1] != c-2 {
				return i + 1, mismatched
			}
			if s.stack = s.stack[:len(s.stack)-1]; len(s.stack) == 0 {
				return i + 1, complete
			}
		}
	}
	return len(b), partial
}
