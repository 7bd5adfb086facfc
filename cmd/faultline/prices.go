package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/price"
	"github.com/faultline-otel/faultline/internal/price/pricefile"
)

func newPrices() *cobra.Command {
	c := &cobra.Command{
		Use:   "prices",
		Short: "Look up what models cost, and check price files",
		Args:  func(_ *cobra.Command, args []string) error { return unknown("faultline prices", args) },
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newPricesShow(), newPricesCheck(), newPricesDiff())
	return c
}

// pricesUsage describes the flag --prices.
const pricesUsage = "price file of your own over the embedded price book"

// loadPrices returns the embedded price book, overridden by the user's price file if the name is not "".
func loadPrices(name string) (*price.Book, error) {
	if name == "" {
		return price.Embedded(), nil
	}
	file, err := pricefile.Load(name)
	if err != nil {
		return nil, exitError{exitUsage, err}
	}
	book, err := price.Embedded().With(file)
	if err != nil {
		return nil, usage("price file %s: %w", name, err)
	}
	return book, nil
}

func newPricesShow() *cobra.Command {
	var provider, at, file string
	c := &cobra.Command{
		Use:   "show MODEL",
		Short: "Show the price of a model on a day, with its tiers and sources",
		Long: `Show the price of a model on a day, with its tiers and sources. MODEL and the provider are named as in
spans. The default provider is the maker of the model.`,
		Example: "  faultline prices show gpt-4.1\n" +
			"  faultline prices show --provider aws.bedrock us.anthropic.claude-sonnet-5-v1:0\n" +
			"  faultline prices show --at 2025-06-01 o3",
		Args: exactly(1, "a MODEL"),
		RunE: func(c *cobra.Command, args []string) error {
			when := time.Now()
			if at != "" {
				day, err := time.Parse(time.DateOnly, at)
				if err != nil {
					return usage("--at must be a date such as 2026-03-13, got %q", at)
				}
				when = day
			}
			book, err := loadPrices(file)
			if err != nil {
				return err
			}
			row := book.Find(provider, when, args[0])
			if row == nil {
				return fmt.Errorf("no price is known for %s on %s; add one with a price file: faultline score "+
					"--prices FILE",
					strings.TrimSpace(provider+" "+args[0]), when.UTC().Format(time.DateOnly))
			}
			return showPrice(c.OutOrStdout(), book, row, book.Rows(provider, args[0]), file != "")
		},
	}
	c.Flags().StringVar(&provider, "provider", "", "the provider, as spans name it")
	c.Flags().StringVar(&at, "at", "", "the day (default: now)")
	c.Flags().StringVar(&file, "prices", "", "price file that overrides the embedded book")
	return c
}

// exactly is the argument rule of commands that take a number of arguments.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usage(
				"%s needs %s; see %s --help",
				strings.TrimPrefix(c.CommandPath(), "faultline "),
				what,
				c.CommandPath(),
			)
		}
		return nil
	}
}

// showPrice writes a row, and the other rows of the same model. own means that a price file of the user overrides the
// book.
func showPrice(out io.Writer, book *price.Book, row *price.Row, all []*price.Row, own bool) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "provider\t%s\n", orAny(row.Provider))
	fmt.Fprintf(w, "models\t%s\n", strings.Join(row.Models, ", "))
	fmt.Fprintf(w, "holds\t%s\n", holds(row))
	for i, source := range sourcesOf(row) {
		fmt.Fprintf(w, "%s\t%s\n", []string{"source", ""}[min(i, 1)], source)
	}
	fmt.Fprintf(w, "pricing version\t%s\n", book.Version())
	if err := w.Flush(); err != nil {
		return err
	}

	fmt.Fprintln(out)
	table := [][]string{{"USD per million tokens", ""}}
	for _, c := range row.Contexts {
		table[0] = append(table[0], fmt.Sprintf("input > %d", c.Above))
	}
	for _, s := range row.Services {
		table[0] = append(table[0], s.Service.String())
	}
	for k, name := range price.KindNames() {
		if !row.Rates[k].Set {
			continue
		}
		if price.Kind(k) == price.PerRequest {
			name = "USD per request"
		}
		line := []string{name, price.Dollars(row.Rates[k].Value)}
		for _, c := range row.Contexts {
			line = append(line, price.Dollars(c.Rates[k].Value))
		}
		for _, s := range row.Services {
			line = append(line, price.Dollars(s.Rates[k].Value))
		}
		table = append(table, line)
	}
	writeNumbers(out, table)

	if len(all) > 1 {
		heading := "at other times"
		if own {
			heading += ", or in the embedded book that your file overrides"
		}
		fmt.Fprintf(out, "\n%s\n", heading)
		w = tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
		for _, other := range all {
			if other != row {
				fmt.Fprintf(w, "  %s\t%s\t%s\n", orAny(other.Provider), holds(other), other.Terms())
			}
		}
		return w.Flush()
	}
	return nil
}

// writeNumbers writes a table whose first column is text and whose other columns are right-aligned numbers.
func writeNumbers(out io.Writer, table [][]string) {
	width := make([]int, len(table[0]))
	for _, line := range table {
		for i, cell := range line {
			width[i] = max(width[i], len(cell))
		}
	}
	for _, line := range table {
		var text strings.Builder
		fmt.Fprintf(&text, "%-*s", width[0], line[0])
		for i, cell := range line[1:] {
			fmt.Fprintf(&text, "  %*s", width[i+1], cell)
		}
		fmt.Fprintln(out, strings.TrimRight(text.String(), " "))
	}
}

// sourcesOf are the web pages that a row of the book comes from, or the source that the user's file gives.
func sourcesOf(row *price.Row) []string {
	if strings.HasPrefix(row.Source, "https://") {
		return strings.Fields(row.Source)
	}
	return []string{row.Source}
}

func orAny(provider string) string {
	if provider == "" {
		return "any"
	}
	return provider
}

// holds says when a row is valid.
func holds(row *price.Row) string {
	when := "always"
	if !row.From.IsZero() {
		when = "from " + row.From.Format(time.DateOnly)
	}
	if hours := row.Hours.String(); hours != "" {
		when += ", " + hours + " UTC"
	}
	return when
}

func newPricesCheck() *cobra.Command {
	return &cobra.Command{
		Use:     "check FILE",
		Short:   "Check a price file and report all errors at once",
		Example: "  faultline prices check prices.yaml",
		Args:    exactly(1, "a FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := pricefile.Load(args[0])
			if err != nil {
				return exitError{exitUsage, err}
			}
			book, err := price.Embedded().With(file)
			if err != nil {
				return usage("price file %s: %w", args[0], err)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s is valid: %s, %s; pricing version %s\n",
				args[0], count(len(file.Rows), "row"), counted(len(file.Aliases), "alias", "aliases"), book.Version())
			return err
		},
	}
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// embeddedBook is the name, for diff, of the book that the program was built with.
const embeddedBook = "embedded"

func newPricesDiff() *cobra.Command {
	return &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Show the changes between two price files or books",
		Long: `Show the changes between two price files or books, one row per line: + added, - removed, ~ changed. OLD
and NEW are price files, books in the format of internal/price/book.tsv, or the word embedded for the book that this
program was built with. Only the rows of a price file itself are compared: rows that it leaves to the book count as
removed.`,
		Example: "  faultline prices diff embedded internal/price/book.tsv",
		Args:    exactly(2, "OLD and NEW"),
		RunE: func(c *cobra.Command, args []string) error {
			older, errOld := priceRows(args[0])
			newer, errNew := priceRows(args[1])
			if err := errors.Join(errOld, errNew); err != nil {
				return exitError{exitUsage, err}
			}
			added, removed, changed := 0, 0, 0
			for _, change := range price.Diff(older, newer) {
				switch {
				case change.Old == nil:
					added++
				case change.New == nil:
					removed++
				default:
					changed++
				}
				if _, err := fmt.Fprintln(c.OutOrStdout(), change); err != nil {
					return err
				}
			}
			_, err := fmt.Fprintf(c.ErrOrStderr(), "%d added, %d removed, %d changed\n", added, removed, changed)
			return err
		},
	}
}

func priceRows(name string) ([]price.Row, error) {
	if name == embeddedBook {
		return price.Embedded().AllRows(), nil
	}
	return pricefile.Rows(name)
}
