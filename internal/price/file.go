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

// File is a price file of the user's own. Its rows come before those of a book.
type File struct {
	Rows []Row
	// Aliases are providers by the names that spans give them: of a gateway, say, that sells at the prices of another.
	Aliases map[string]string
}

// ownProvider is the name by which rows of a user's provider are found: the canonical one where there is one.
func ownProvider(name string) string {
	name = glob.Fold(name)
	canonical, _ := provider.Name(name)
	return cmp.Or(canonical, name)
}

// ownKey tells rows of different providers apart in one index.
func ownKey(providerName, model string) string { return providerName + "\x00" + model }

// With is the book with a user's file over it.
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
			errs = append(errs, fmt.Errorf("%s: %w", keyed.key, err))
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

// String is all that the file says, the same for files that say the same.
func (f *File) String() string {
	var lines []string
	for name, of := range f.Aliases {
		lines = append(lines, fmt.Sprintf("alias\t%s\t%s\n", name, of))
	}
	for i := range f.Rows {
		r := &f.Rows[i]
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s\n", r.Provider, strings.Join(folded(r.Models), "|"), r.when(), r.Terms()))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
