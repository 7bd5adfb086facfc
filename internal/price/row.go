package price

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/faultline-otel/faultline/internal/clip"
	"github.com/faultline-otel/faultline/internal/genai"
)

// Kind is what a price is for.
type Kind int

// The kinds of a price. All but PerRequest are per token.
const (
	Input Kind = iota
	CacheRead
	CacheWrite
	Output
	InputAudio
	CacheAudioRead
	OutputAudio
	InputImage
	OutputImage
	PerRequest

	kinds = int(iota)
)

// kindNames are the keys of price files and of the book.
var kindNames = [kinds]string{
	"input", "cache_read", "cache_write", "output", "input_audio", "cache_audio_read", "output_audio", "input_image",
	"output_image", "per_request",
}

func (k Kind) String() string { return kindNames[k] }

// KindNames returns the names of all kinds, in their order.
func KindNames() []string { return slices.Clone(kindNames[:]) }

// instead maps a kind to the kind whose price applies if it has none: a provider without a price for cached tokens
// bills them like any others.
var instead = [kinds]Kind{
	Input: Input, CacheRead: Input, CacheWrite: Input, Output: Output, InputAudio: Input, CacheAudioRead: CacheRead,
	OutputAudio: Output,
	InputImage:  Input, OutputImage: Output, PerRequest: PerRequest,
}

// Rates are prices by kind: US dollars for a million tokens, and for one request.
type Rates [kinds]genai.Opt[float64]

// of returns the price that applies to a kind.
func (r *Rates) of(k Kind) genai.Opt[float64] {
	for !r[k].Set && instead[k] != k {
		k = instead[k]
	}
	return r[k]
}

// over returns the rates with those of others where they are not set.
func (r Rates) over(others Rates) Rates {
	for k := range r {
		if !r[k].Set {
			r[k] = others[k]
		}
	}
	return r
}

func (r Rates) empty() bool { return r == Rates{} }

// String returns the rates as the book writes them: input=2 output=8.
func (r Rates) String() string {
	var b strings.Builder
	for k, rate := range r {
		if !rate.Set {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%v=%s", Kind(k), Dollars(rate.Value))
	}
	return b.String()
}

// Dollars formats an amount with as many digits as it has.
func Dollars(usd float64) string { return strconv.FormatFloat(usd, 'f', -1, 64) }

// maxRate is a dollar a token, or a million a request. Higher prices are mistakes.
const maxRate = 1e6

// Rules of values in price files.
const (
	RateRule  = "must be a number of US dollars between 0 and 1000000"
	HoursRule = "must be a part of the day in UTC such as 00:30-16:30"
	DayRule   = "must be a date such as 2026-03-13"
)

// CheckRate checks a price.
func CheckRate(rate float64) error {
	if !(rate >= 0 && rate <= maxRate) { // NaN too
		return fmt.Errorf("%s, got %v", RateRule, rate)
	}
	return nil
}

// check returns an error for each price that is out of bounds, with its key behind a prefix.
func (r *Rates) check(prefix string) (errs []error) {
	for k := range r {
		if err := CheckRate(r[k].Value); err != nil {
			errs = append(errs, fmt.Errorf("%s%v %w", prefix, Kind(k), err))
		}
	}
	return errs
}

// Context is the rates of calls whose input, cached tokens included, is longer than Above. They apply to all tokens of
// such a call, not only to those beyond: Anthropic, Google and OpenAI charge this way.
type Context struct {
	Above int64
	Rates Rates
}

// Service is the terms on which a provider serves a call, if they are not the standard ones.
type Service int

// The services that can have prices of their own.
const (
	Standard Service = iota
	Batch
	Flex
	Priority

	services = int(iota)
)

var serviceNames = [services]string{"standard", "batch", "flex", "priority"}

func (s Service) String() string { return serviceNames[s] }

// ServiceOf returns the service that a provider names. Unknown names are Standard.
func ServiceOf(word string) Service {
	for s, name := range serviceNames {
		if strings.EqualFold(word, name) {
			return Service(s)
		}
	}
	return Standard
}

// Special is the rates of a service, at any length of context.
type Special struct {
	Service Service
	Rates   Rates
}

// Hours is the part of a day, in minutes of UTC, in which a row holds. It may run over midnight. The zero value is the
// whole day.
type Hours struct{ From, To int }

func (h Hours) hold(at time.Time) bool {
	if h == (Hours{}) {
		return true
	}
	seconds := int((at.Unix()%86400 + 86400) % 86400)
	from, to := h.From*60, h.To*60
	if from <= to {
		return from <= seconds && seconds < to
	}
	return from <= seconds || seconds < to
}

// clash reports whether two parts of the day overlap without precedence. A part of the day takes precedence over the
// whole.
func (h Hours) clash(other Hours) bool {
	if h == (Hours{}) || other == (Hours{}) {
		return h == other
	}
	minute := func(m int) time.Time { return time.Unix(int64(m)*60, 0) }
	return h.hold(minute(other.From)) || other.hold(minute(h.From))
}

func (h Hours) String() string {
	if h == (Hours{}) {
		return ""
	}
	return fmt.Sprintf("%02d:%02d-%02d:%02d", h.From/60, h.From%60, h.To/60, h.To%60)
}

// ParseHours reads "00:30-16:30".
func ParseHours(text string) (Hours, error) {
	from, to, ok := strings.Cut(text, "-")
	a, errA := time.Parse("15:04", from)
	b, errB := time.Parse("15:04", to)
	if !ok || errA != nil || errB != nil || a.Equal(b) {
		return Hours{}, fmt.Errorf("%s, got %q", HoursRule, text)
	}
	return Hours{a.Hour()*60 + a.Minute(), b.Hour()*60 + b.Minute()}, nil
}

// ParseDay reads a date: the day in UTC on which a row begins to hold.
func ParseDay(text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s, got %q", DayRule, text)
	}
	return day, nil
}

// Row is the prices of models of a provider from a day on, until a later row of the same models.
type Row struct {
	Provider string   // "" is any, in a File
	Models   []string // patterns of package glob
	From     time.Time
	Hours    Hours
	Rates    Rates
	Contexts []Context // by rising Above, with complete rates
	Services []Special // by rising Service, with complete rates
	Source   string    // where the figures come from

	Place string // where the row stands in its file, for errors: "prices[3]", "line 12"
}

// Lists have few Models and Contexts in a row. The bounds keep a mistake from becoming a hang.
const (
	maxPatterns = 512
	maxContexts = 16
)

// complete checks the row and fills in what its tiers leave to its rates. There is an error for every mistake.
func (r *Row) complete() (errs []error) {
	if len(r.Models) == 0 {
		errs = append(errs, errors.New("model must name a model, got none"))
	}
	if len(r.Models) > maxPatterns {
		errs = append(errs, fmt.Errorf("model must name at most %d models, got %d", maxPatterns, len(r.Models)))
	}
	for _, pattern := range r.Models {
		if err := CheckPattern(pattern); err != nil {
			errs = append(errs, fmt.Errorf("model %w", err))
		}
	}
	if r.Rates.empty() {
		errs = append(errs, ErrNoRates)
	}
	errs = append(errs, r.Rates.check("")...)
	if only := (Rates{PerRequest: r.Rates[PerRequest]}); r.Rates == only && !only.empty() { // tokens are free
		r.Rates[Input], r.Rates[Output] = genai.Some(0.0), genai.Some(0.0)
	}
	return append(append(errs, r.completeContexts()...), r.completeServices()...)
}

// ErrNoRates is the mistake of rates without any price.
var ErrNoRates = errors.New("must have a price: one of " + strings.Join(kindNames[:], ", "))

func (r *Row) completeContexts() (errs []error) {
	if len(r.Contexts) > maxContexts {
		return []error{fmt.Errorf("above must have at most %d lengths, got %d", maxContexts, len(r.Contexts))}
	}
	slices.SortFunc(r.Contexts, func(a, b Context) int { return cmp.Compare(a.Above, b.Above) })
	below := r.Rates
	for i := range r.Contexts {
		c := &r.Contexts[i]
		if i > 0 && c.Above == r.Contexts[i-1].Above {
			errs = append(errs, fmt.Errorf("above must name each length once, got %d twice", c.Above))
		}
		errs = append(errs, c.Rates.check(fmt.Sprintf("above.%d.", c.Above))...)
		c.Rates = c.Rates.over(below)
		below = c.Rates
	}
	return errs
}

func (r *Row) completeServices() (errs []error) {
	slices.SortFunc(r.Services, func(a, b Special) int { return cmp.Compare(a.Service, b.Service) })
	for i := range r.Services {
		s := &r.Services[i]
		errs = append(errs, s.Rates.check(s.Service.String()+".")...)
		s.Rates = s.Rates.over(r.Rates)
	}
	return errs
}

// when returns the time of the row, which distinguishes it from other rows of the same models.
func (r *Row) when() string {
	day := ""
	if !r.From.IsZero() {
		day = r.From.Format(time.DateOnly)
	}
	return strings.TrimSpace(day + " " + r.Hours.String())
}

// names returns the row as errors and changes show it.
func (r *Row) names() string {
	return strings.TrimSpace(strings.TrimSpace(r.Provider+" "+shorten(strings.Join(r.Models, ", "))) + " " + r.when())
}

// shorten cuts a text to fit into a line.
func shorten(text string) string {
	const most = 80 // bytes
	return clip.Text(text, most)
}

// Terms returns all prices of the row as the book writes them.
func (r *Row) Terms() string {
	parts := []string{r.Rates.String()}
	below := r.Rates
	for i := range r.Contexts {
		c := &r.Contexts[i]
		parts = append(parts, fmt.Sprintf(">%d %v", c.Above, c.Rates.without(below)))
		below = c.Rates
	}
	for i := range r.Services {
		s := &r.Services[i]
		parts = append(parts, fmt.Sprintf("%v %v", s.Service, s.Rates.without(r.Rates)))
	}
	return strings.Join(parts, "; ")
}

// without returns the rates that differ from others.
func (r Rates) without(others Rates) Rates {
	for k := range r {
		if r[k] == others[k] {
			r[k] = genai.Opt[float64]{}
		}
	}
	return r
}

// parseTerms reads the output of Terms.
func (r *Row) parseTerms(text string) error {
	for i, part := range strings.Split(text, "; ") {
		head, rest, _ := strings.Cut(part, " ")
		if i == 0 {
			head, rest = "", part
		}
		rates, err := parseRates(rest)
		if err != nil {
			return err
		}
		switch length, isContext := strings.CutPrefix(head, ">"); {
		case i == 0:
			r.Rates = rates
		case isContext:
			above, err := strconv.ParseInt(length, 10, 64)
			if err != nil || above <= 0 || len(r.Contexts) == maxContexts {
				return fmt.Errorf("must be a length of context, got %q", head)
			}
			r.Contexts = append(r.Contexts, Context{above, rates})
		case ServiceOf(head) == Standard || slices.ContainsFunc(r.Services,
			func(s Special) bool { return s.Service == ServiceOf(head) }):
			return fmt.Errorf("must be a service, each once, got %q", head)
		default:
			r.Services = append(r.Services, Special{ServiceOf(head), rates})
		}
	}
	return nil
}

func parseRates(text string) (rates Rates, err error) {
	for field := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(field, "=")
		k := slices.Index(kindNames[:], name)
		if k < 0 {
			return rates, fmt.Errorf("must be one of %s, got %q", strings.Join(kindNames[:], ", "), name)
		}
		rate, err := strconv.ParseFloat(value, 64)
		if err != nil {
			rate = math.NaN()
		}
		if err := CheckRate(rate); err != nil {
			return rates, fmt.Errorf("%s %w", name, err)
		}
		rates[k] = genai.Some(rate)
	}
	return rates, nil
}
