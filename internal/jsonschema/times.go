package jsonschema

import (
	"errors"
	"strings"
	"time"

	js "github.com/santhosh-tekuri/jsonschema/v6"
)

// Options change what formats accept.
type Options struct {
	// RequireZone makes the formats date-time and time those of RFC 3339, with seconds and a zone. Without it they also
	// accept the local times of ISO 8601, because Python's datetime declares date-time and takes such values.
	RequireZone bool
}

// localTimes are the formats that accept times without a zone and without seconds.
var localTimes = []*js.Format{
	{Name: "date-time", Validate: checkTime(isDateTime, errors.New("not a date and time"))},
	{Name: "time", Validate: checkTime(isTime, errors.New("not a time"))},
}

func checkTime(is func(string) bool, wrong error) func(any) error {
	return func(v any) error {
		if text, ok := v.(string); ok && !is(text) {
			return wrong
		}
		return nil
	}
}

// isDateTime reports whether a text is a date, a T or a space, and a time.
func isDateTime(s string) bool {
	const date = len(time.DateOnly)
	if len(s) <= date || !strings.ContainsRune("Tt ", rune(s[date])) {
		return false
	}
	_, err := time.Parse(time.DateOnly, s[:date])
	return err == nil && isTime(s[date+1:])
}

// isTime reports whether a text is hh:mm, with or without seconds, a fraction of them, and a zone.
func isTime(s string) bool {
	const minutes = len("15:04")
	if len(s) < minutes || s[2] != ':' {
		return false
	}
	clock, zone := s, ""
	if at := strings.IndexAny(s, "Zz+-"); at >= 0 {
		clock, zone = s[:at], strings.ToUpper(s[at:])
	}
	layout := "15:04"
	if len(clock) > minutes {
		layout = time.TimeOnly
		clock = strings.Replace(clock, ":60", ":59", 1) // a leap second; minutes of 60 are refused below
	}
	if len(clock) < len(layout) || clock[minutes-1] != s[minutes-1] {
		return false
	}
	if _, err := time.Parse(layout, clock); err != nil {
		return false
	}
	if zone == "" {
		return true
	}
	for _, layout := range [...]string{"Z07:00", "Z0700", "Z07"} {
		if _, err := time.Parse(layout, zone); err == nil {
			return true
		}
	}
	return false
}
