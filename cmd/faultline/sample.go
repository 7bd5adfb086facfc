package main

import (
	"bufio"
	"errors"

	"github.com/spf13/cobra"

	"github.com/faultline-otel/faultline/internal/sample"
)

// storyLoop is the only story.
const storyLoop = "loop"

func newSample() *cobra.Command {
	var (
		traces int
		seed   uint64
		story  string
	)
	c := &cobra.Command{
		Use:   "sample",
		Short: "Print synthetic traffic of four LLM applications, a quarter of it failing",
		Long: `Print synthetic traffic of four LLM applications as OTLP/JSON lines. A quarter of the traces fail, in
every way that Faultline finds without a text classifier. The same seed gives the same traffic.

With --story loop: the first turns of two agents that asked each other for clarification for eleven days, one trace per
turn.`,
		Example: "  faultline sample --traces 500 | faultline score - > /dev/null\n" +
			"  faultline sample | faultline replay --now --new-ids -\n" +
			"  faultline sample --story loop --traces 30 | faultline score --sessions -",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if traces < 1 {
				return usage("--traces must be at least 1, got %d", traces)
			}
			var made []sample.Trace
			switch story {
			case "":
				made = sample.Generate(traces, seed)
			case storyLoop:
				made = sample.Loop(min(traces, sample.LoopTurns))
			default:
				return usage("--story must be %q, got %q", storyLoop, story)
			}
			w := bufio.NewWriter(c.OutOrStdout())
			return errors.Join(sample.Write(w, made), w.Flush())
		},
	}
	c.Flags().IntVar(&traces, "traces", sample.BundledTraces, "number of traces")
	c.Flags().StringVar(&story, "story", "", "print a story instead: loop")
	c.Flags().Uint64Var(&seed, "seed", sample.BundledSeed, "seed of the traffic")
	return c
}
