package dialect

// memberText returns a scalar member of a JSON object, or "".
func memberText(raw, name string) string {
	c := cursor{s: raw}
	if !c.open('{') {
		return ""
	}
	for key := ""; c.member(&key); {
		if key == name {
			return c.scalar()
		}
		c.skip()
	}
	return ""
}

// memberRaw returns the JSON of a member of an object, or "".
func memberRaw(raw, name string) string {
	c := cursor{s: raw}
	if !c.open('{') {
		return ""
	}
	for key := ""; c.member(&key); {
		if key == name {
			return c.raw()
		}
		c.skip()
	}
	return ""
}

func looksLikeJSON(text string) bool {
	return len(text) > 1 && (text[0] == '{' && text[len(text)-1] == '}' || text[0] == '[' && text[len(text)-1] == ']')
}

// unquoted returns the text of a JSON string or of another scalar.
func unquoted(raw string) string {
	if raw == "" {
		return ""
	}
	c := cursor{s: raw}
	return c.scalar()
}

// unquotedOnly returns the text of a JSON string, or "" for any other value.
func unquotedOnly(raw string) string {
	if raw == "" || raw[0] != '"' {
		return ""
	}
	return unquoted(raw)
}

// lastString returns the last string of a JSON array, which is the class name in a LangChain id.
func lastString(raw string) (last string) {
	c := cursor{s: raw}
	if c.open('[') {
		for c.element() {
			last = c.scalar()
		}
	}
	return last
}

func joined(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + "\n" + b
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// joiner joins texts with newlines. A single text is not copied. Many texts cost linear time.
type joiner struct {
	first string
	rest  []byte // starts with first, once there are two texts
}

func (j *joiner) add(s string) {
	switch {
	case s == "":
	case j.first == "":
		j.first = s
	default:
		if j.rest == nil {
			j.rest = append(make([]byte, 0, 2*(len(j.first)+len(s)+1)), j.first...)
		}
		j.rest = append(append(j.rest, '\n'), s...)
	}
}

func (j *joiner) text() string {
	if j.rest != nil {
		return string(j.rest)
	}
	return j.first
}
