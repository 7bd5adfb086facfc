package price

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/genai"
	"github.com/faultline-otel/faultline/internal/glob"
)

// FileVersion is the only version of a price file.
const FileVersion = 1

// maxRows bounds a price file.
const maxRows = 5000

// Decode reads the content of a price file: what YAML, JSON or the Collector's configuration makes of it. The error has a
// line for every mistake: key, rule, value.
func Decode(content map[string]any) (*File, error) {
	d := decoder{}
	d.keys("", content, "aliases", "prices", "version")
	if version, ok := number(content["version"]); !ok || version != FileVersion {
		d.wrong("version", "must be %d, got %v", FileVersion, brief(content["version"]))
	}
	f := &File{Aliases: map[string]string{}}
	d.aliases(f, content["aliases"])
	rows, ok := content["prices"].([]any)
	switch {
	case content["prices"] != nil && !ok:
		d.wrong("prices", "must be a list, got %v", brief(content["prices"]))
	case len(rows) > maxRows:
		d.wrong("prices", "must be at most %d rows, got %d", maxRows, len(rows))
		rows = nil
	case len(rows) == 0 && len(f.Aliases) == 0 && len(d.errs) == 0:
		d.wrong("prices", "must have a row, got none")
	}
	for i, row := range rows {
		f.Rows = append(f.Rows, d.row(fmt.Sprintf("prices[%d]", i), row))
	}
	d.overlaps(f.Rows)
	if err := errors.Join(d.errs...); err != nil {
		return nil, err
	}
	return f, nil
}

// decoder gathers the mistakes of a file.
type decoder struct{ errs []error }

func (d *decoder) wrong(key, format string, args ...any) {
	d.errs = append(d.errs, fmt.Errorf("%s "+format, append([]any{key}, args...)...))
}

// keys tells of keys that are none.
func (d *decoder) keys(in string, m map[string]any, known ...string) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(known, key) {
			d.errs = append(d.errs, fmt.Errorf("%sunknown key %s, expected one of %s", prefixed(in), brief(key), strings.Join(known, ", ")))
		}
	}
}

func prefixed(in string) string {
	if in == "" {
		return ""
	}
	return in + ": "
}

func (d *decoder) aliases(f *File, value any) {
	if value == nil {
		return
	}
	m, ok := value.(map[string]any)
	if !ok {
		d.wrong("aliases", "must be a mapping of names to providers, got %v", brief(value))
		return
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		of, ok := m[name].(string)
		if !ok || strings.TrimSpace(of) == "" {
			d.wrong("aliases."+name, "must be the name of a provider, got %v", brief(m[name]))
			continue
		}
		f.Aliases[glob.Fold(name)] = glob.Fold(of)
	}
}

var rowKeys = append([]string{"provider", "model", "from", "hours", "above", "batch", "flex", "priority", "source"}, kindNames[:]...)

func (d *decoder) row(key string, value any) (r Row) {
	m, ok := value.(map[string]any)
	if !ok {
		d.wrong(key, "must be a mapping, got %v", brief(value))
		return r
	}
	before := len(d.errs)
	d.keys(key, m, rowKeys...)
	r.key = key
	r.Provider = ownProvider(d.text(key+".provider", m["provider"]))
	r.Source = d.text(key+".source", m["source"])
	r.Models = d.models(key+".model", m["model"])
	if m["from"] != nil {
		r.From = d.day(key+".from", m["from"])
	}
	if hours := d.text(key+".hours", m["hours"]); hours != "" {
		var err error
		if r.Hours, err = parseHours(hours); err != nil {
			d.wrong(key+".hours", "%w", err)
		}
	}
	r.Rates = d.rates(key, m)
	r.Contexts = d.contexts(key+".above", m["above"])
	for s := Batch; int(s) < services; s++ {
		if m[s.String()] != nil {
			r.Services = append(r.Services, Special{s, d.ratesOnly(key+"."+s.String(), m[s.String()])})
		}
	}
	if len(d.errs) == before {
		if err := r.complete(); err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				d.wrong(key, "%s", line)
			}
		}
	}
	return r
}

func (d *decoder) models(key string, value any) (models []string) {
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	for i, v := range list {
		at := key
		if isList {
			at = fmt.Sprintf("%s[%d]", key, i)
		}
		model, ok := v.(string)
		if !ok {
			d.wrong(at, "must be the name of a model, got %v", brief(v))
			continue
		}
		if err := checkPattern(model); err != nil {
			d.wrong(at, "%w", err)
			continue
		}
		models = append(models, strings.TrimSpace(model))
	}
	return models
}

func (d *decoder) text(key string, value any) string {
	text, ok := value.(string)
	if value != nil && !ok || len(text) > 4*maxName || strings.ContainsAny(text, "\t\r\n") {
		d.wrong(key, "must be a text of one line, got %v", brief(value))
		return ""
	}
	return text
}

func (d *decoder) day(key string, value any) time.Time {
	if day, ok := value.(time.Time); ok { // YAML knows dates
		value = day.Format(time.RFC3339)
		if day.Equal(day.Truncate(24 * time.Hour)) {
			return day.UTC()
		}
	}
	text, _ := value.(string)
	day, err := parseDay(text)
	if err != nil {
		d.wrong(key, "must be a date such as 2026-03-13, got %v", brief(value))
	}
	return day
}

// rates reads the kinds among the keys of a mapping.
func (d *decoder) rates(key string, m map[string]any) (rates Rates) {
	for k, name := range kindNames {
		value, ok := m[name]
		if !ok {
			continue
		}
		rate, ok := number(value)
		if !ok {
			d.wrong(key+"."+name, "must be a number of US dollars between 0 and %d, got %v", int(maxRate), brief(value))
			continue
		}
		if err := checkRate(rate); err != nil {
			d.wrong(key+"."+name, "%w", err)
			continue
		}
		rates[k] = genai.Some(rate)
	}
	return rates
}

func (d *decoder) ratesOnly(key string, value any) Rates {
	m, ok := value.(map[string]any)
	if !ok || len(m) == 0 {
		d.wrong(key, "must be a mapping of prices, got %v", brief(value))
		return Rates{}
	}
	d.keys(key, m, kindNames[:]...)
	return d.rates(key, m)
}

func (d *decoder) contexts(key string, value any) (list []Context) {
	if value == nil {
		return nil
	}
	entries := map[string]any{}
	switch m := value.(type) {
	case map[string]any:
		entries = m
	case map[any]any: // YAML: the keys are numbers
		for k, v := range m {
			entries[fmt.Sprint(k)] = v
		}
	default:
		d.wrong(key, "must be a mapping of lengths to prices, got %v", brief(value))
		return nil
	}
	if len(entries) > maxContexts {
		d.wrong(key, "must have at most %d lengths, got %d", maxContexts, len(entries))
		return nil
	}
	for _, length := range slices.Sorted(maps.Keys(entries)) {
		above, ok := number(length)
		if !ok || above < 1 || above > maxTokens || above != math.Trunc(above) {
			d.wrong(key, "must name lengths in tokens between 1 and %d, got %s", int(maxTokens), brief(length))
			continue
		}
		list = append(list, Context{int64(above), d.ratesOnly(key+"."+length, entries[length])})
	}
	return list
}

// maxOverlaps bounds what is told: one careless * overlaps with everything.
const maxOverlaps = 20

// overlaps tells of rows that hold for the same model at the same time: which of them is meant, nobody could say. Rows of the
// very same models with different dates, or different hours, follow one another.
func (d *decoder) overlaps(rows []Row) {
	models := make([][]string, len(rows))
	same := make([]string, len(rows)) // of rows of the very same models
	for i := range rows {
		models[i] = folded(rows[i].Models)
		same[i] = strings.Join(models[i], "|")
	}
	told := 0
	for i := range rows {
		for j := range rows[:i] {
			a, b := &rows[j], &rows[i]
			if a.Provider != b.Provider || same[i] == same[j] && (!a.From.Equal(b.From) || !a.Hours.clash(b.Hours)) {
				continue
			}
			name, ok := commonModel(models[j], models[i])
			if !ok {
				continue
			}
			if told++; told > maxOverlaps {
				d.errs = append(d.errs, errors.New("prices must not overlap, more do that are not told"))
				return
			}
			d.errs = append(d.errs, fmt.Errorf("%s (%s) and %s (%s) must not overlap, both match %s", a.key, a.names(), b.key, b.names(), name))
		}
	}
}

// number is a value that is a number, or a text that holds one: configuration that went through an environment variable.
func number(value any) (float64, bool) {
	switch v := value.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	case float64:
		return v, true
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return f, err == nil
	}
	return 0, false
}

// brief is a value as an error shows it.
func brief(value any) string {
	text := fmt.Sprint(value)
	if s, ok := value.(string); ok {
		text = fmt.Sprintf("%q", s)
	}
	if value == nil {
		text = "nothing"
	}
	return shorten(text)
}
