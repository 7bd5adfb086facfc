package main

import (
	"bufio"
	"errors"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/sample"
)

func newSample() *cobra.Command {
	var (
		traces int
		seed   uint64
	)
	c := &cobra.Command{
		Use:   "sample",
		Short: "Print made-up traffic of four LLM applications, a quarter of it failing",
		Long: `Print made-up traffic of four LLM applications as OTLP/JSON lines. A quarter of the traces fail, in every way that is found
without a text classifier. The same seed gives the same traffic.`,
		Example: "  faultline sample --traces 500 | faultline score - > /dev/null\n  faultline sample | faultline replay --now --new-ids -",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if traces < 1 {
				return usage("--traces must be at least 1, got %d", traces)
			}
			w := bufio.NewWriter(c.OutOrStdout())
			return errors.Join(sample.Write(w, sample.Generate(traces, seed)), w.Flush())
		},
	}
	c.Flags().IntVar(&traces, "traces", sample.BundledTraces, "how many traces")
	c.Flags().Uint64Var(&seed, "seed", sample.BundledSeed, "what the traffic is made from")
	return c
}
