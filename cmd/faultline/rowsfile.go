package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/dataset"
)

// rowsFile is the dataset that export and import write. Rows that it has are kept: people edit them, and one file takes
// the rows of several commands.
type rowsFile struct {
	name      string // "" for the standard output
	overwrite bool
}

func (f *rowsFile) flags(c *cobra.Command) {
	c.Flags().StringVarP(&f.name, "output", "o", "", "add the rows to this file, whole or not at all")
	c.Flags().BoolVar(&f.overwrite, "overwrite", false, "begin anew where the output exists")
}

// read returns the rows that the file has and keeps.
func (f *rowsFile) read() ([]dataset.Row, error) {
	if f.name == "" {
		return nil, nil
	}
	if err := checkRows(f.name); err != nil || f.overwrite {
		return nil, err
	}
	if _, err := os.Stat(f.name); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	rows, err := readDataset(f.name)
	if err != nil {
		return nil, exitError{exitUsage, fmt.Errorf("%w; write to another file, or give --overwrite", err)}
	}
	return rows, nil
}

// write replaces the file, and says what it holds. kept is how many of the rows it had before.
func (f *rowsFile) write(c *cobra.Command, rows []dataset.Row, kept int) error {
	words := count(len(rows), "row")
	if f.name == "" {
		if err := dataset.Write(c.OutOrStdout(), rows); err != nil {
			return err
		}
	} else {
		if err := dataset.WriteFile(f.name, rows); err != nil {
			return err
		}
		words += " in " + f.name
		if kept > 0 {
			words += fmt.Sprintf(", %d of them new", len(rows)-kept)
		}
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s, dataset %s\n", words, dataset.Hash(rows))
	return nil
}

// checkRows refuses an output that no dataset can be written to, "" for none.
func checkRows(output string) error {
	if output == "" {
		return nil
	}
	if err := dataset.CheckOutput(output); err != nil {
		return usage("--output %w", err)
	}
	return nil
}
