package clients

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/e2e/clients/provider"
)

// Run runs all scenarios with a client, whose program is in dir. The recorder gets what the client exports.
func Run(ctx context.Context, dir string, c *Client, r *Recorder) error {
	models := httptest.NewServer(provider.New(Play))
	defer models.Close()
	in := httptest.NewServer(r)
	defer in.Close()
	r.hide(models.Listener.Addr(), in.Listener.Addr())
	asks := orderedAsks()
	cmd := exec.CommandContext(ctx, "node", c.program())
	cmd.Dir = dir
	cmd.Env = append(os.Environ(),
		"CLIENT="+c.Name, "VARIANTS="+c.variantNames(), "SCENARIOS="+asks, "STEPS="+strconv.Itoa(loopSteps),
		"PROVIDER="+models.URL, "RECORDER="+in.URL,
		// Nothing of this machine in the recording.
		"OTEL_NODE_RESOURCE_DETECTORS=none", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none",
		// Switches without which SDKs record no content or no spans.
		"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true",
		"ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE=content",
		"OPENAI_AGENTS_DISABLE_TRACING=0", "OPENAI_API_KEY=k", "TRACELOOP_TELEMETRY=false", "MASTRA_TELEMETRY_DISABLED=1",
	)
	if strings.HasSuffix(c.Name, "-langsmith") { // else LangChain sends to it too
		cmd.Env = append(cmd.Env,
			"LANGSMITH_TRACING=true", "LANGSMITH_TRACING_MODE=otel", "LANGSMITH_API_KEY=k", "LANGSMITH_ENDPOINT="+in.URL)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run %s: %w\n%s", c.Name, err, out)
	} else if os.Getenv("VERBOSE") != "" {
		fmt.Fprintf(os.Stderr, "%s", out)
	}
	return r.Err()
}

// orderedAsks returns what every scenario asks as a JSON object, in the order of the table.
func orderedAsks() string {
	text := []byte{'{'}
	for i := range Scenarios {
		ask, err := json.Marshal(Scenarios[i].Ask)
		if err != nil {
			panic(err) // only strings and numbers
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, "%q:%s", Scenarios[i].Name, ask)
	}
	return string(append(text, '}'))
}
