package price

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/faultline-otel/faultline/internal/glob"
	"github.com/faultline-otel/faultline/internal/provider"
)

// File is a price file of the user. Its rows take precedence over those of a book.
type File struct {
	Rows []Row
	// Aliases map names of providers in spans to providers, such as a gateway that sells at another provider's prices.
	Aliases map[string]string
}

// FileVersion is the only version of a price file.
const FileVersion = 1

// maxRows bounds a price file.
const maxRows = 5000

// Complete checks a file that was read, and fills in what its rows leave out. The error has a line for every mistake:
// key, rule, value. Rows need their Place. broken reports whether row i has mistakes already: its gaps are no mistakes
// of their own, and it must only not overlap.
func (f *File) Complete(broken func(i int) bool) error {
	var errs []error
	switch n := len(f.Rows); {
	case n > maxRows:
		return fmt.Errorf("prices must be at most %d rows, got %d", maxRows, n)
	case n == 0 && len(f.Aliases) == 0:
		errs = append(errs, errors.New("prices must have a row, got none"))
	}
	aliases := map[string]string{}
	for name, of := range f.Aliases {
		aliases[glob.Fold(name)] = glob.Fold(of)
	}
	f.Aliases = aliases
	for i := range f.Rows {
		r := &f.Rows[i]
		if !broken(i) {
			for _, err := range append(r.complete(), checkLine("provider", r.Provider), checkLine("source", r.Source)) {
				errs = append(errs, placed(r.Place, err))
			}
		}
		r.Provider = ownProvider(r.Provider)
	}
	return errors.Join(append(errs, overlaps(f.Rows)...)...)
}

// placed puts the place of a row before a mistake: "prices[0] must be", "prices[0].model must be".
func placed(place string, err error) error {
	switch {
	case err == nil:
		return nil
	case strings.HasPrefix(err.Error(), "must "):
		return fmt.Errorf("%s %w", place, err)
	}
	return fmt.Errorf("%s.%w", place, err)
}

// checkLine checks a text that has to fit into a line of a book.
func checkLine(key, text string) error {
	if len(text) > 4*maxName || strings.ContainsAny(text, "\t\r\n") {
		return fmt.Errorf("%s must be a text of one line and at most %d bytes, got %q", key, 4*maxName, shorten(text))
	}
	return nil
}

// ownProvider returns the key for rows of a provider in the user's file: its canonical name if it has one.
func ownProvider(name string) string {
	name = glob.Fold(name)
	canonical, _ := provider.Name(name)
	return cmp.Or(canonical, name)
}

// ownKey makes keys of one index for rows of different providers.
func ownKey(providerName, model string) string { return providerName + "\x00" + model }

// With returns the book with a user's file over it.
func (b *Book) With(f *File) (*Book, error) {
	if f == nil {
		return b, nil
	}
	own := newIndex()
	var errs []error
	for i := range f.Rows {
		keyed := f.Rows[i]
		keyed.Models = make([]string, len(f.Rows[i].Models))
		for j, model := range f.Rows[i].Models {
			keyed.Models[j] = ownKey(keyed.Provider, model)
		}
		if err := own.add(&keyed); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", keyed.Place, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, of := range []map[string]*series{own.exact, own.glob} {
		for _, s := range of {
			for i, row := range s.rows {
				shown := *row
				shown.Models = make([]string, len(row.Models))
				for j, model := range row.Models {
					_, shown.Models[j], _ = strings.Cut(model, "\x00")
				}
				shown.Source = cmp.Or(shown.Source, "price file")
				s.rows[i] = &shown
			}
		}
	}
	own.sort()
	return &Book{
		date: b.date, version: b.version + "+" + fingerprint(f.String()), providers: b.providers, byID: b.byID,
		own: &own, ownAliases: f.Aliases,
	}, nil
}

// String returns the content of the file in a form that is the same for files with the same meaning.
func (f *File) String() string {
	var lines []string
	for name, of := range f.Aliases {
		lines = append(lines, fmt.Sprintf("alias\t%s\t%s\n", name, of))
	}
	for i := range f.Rows {
		r := &f.Rows[i]
		lines = append(
			lines,
			fmt.Sprintf("%s\t%s\t%s\t%s\n", r.Provider, strings.Join(folded(r.Models), "|"), r.when(), r.Terms()),
		)
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
