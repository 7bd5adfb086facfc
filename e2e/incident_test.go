package e2e

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// cutOff is a trace with a truncated answer. So its tool call does not parse, the tool fails, and this repeats until
// the request times out. Each span is a request of its own, and one span comes late.
func cutOff() (spans []string, late string) {
	span := func(id int, name string, start, end int, failed string, attributes ...string) string {
		parent := `"parentSpanId":"00000000000000c1",`
		if id == 1 {
			parent = ""
		}
		status := ""
		if failed != "" {
			attributes, status = append(attributes, "error.type", failed), `,"status":{"code":2}`
		}
		var list []string
		for i := 0; i < len(attributes); i += 2 {
			list = append(list, fmt.Sprintf(`{"key":%q,"value":{"stringValue":%q}}`, attributes[i], attributes[i+1]))
		}
		return fmt.Sprintf(
			`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"returns-bot"}}]},"scopeSpans":[{"scope":{},"spans":[
			{"traceId":"0000000000000000000000000000c0de","spanId":"00000000000000c%d",%s"name":%q,"startTimeUnixNano":"%d","endTimeUnixNano":"%d","attributes":[%s]%s}]}]}]}`,
			id,
			parent,
			name,
			1_790_000_000_000_000_000+start*1_000_000_000,
			1_790_000_000_000_000_000+end*1_000_000_000,
			strings.Join(list, ","),
			status,
		)
	}
	tool := func(id, start int) string {
		return span(
			id,
			"execute_tool lookup_order",
			start,
			start+1,
			"ValueError",
			"gen_ai.operation.name",
			"execute_tool",
			"gen_ai.tool.name",
			"lookup_order",
			"gen_ai.tool.call.arguments",
			`{"order_id":"44"}`,
		)
	}
	return []string{
		span(
			1,
			"invoke_agent",
			0,
			60,
			"TimeoutError",
			"gen_ai.operation.name",
			"invoke_agent",
			"gen_ai.conversation.id",
			"conv_cut",
		),
		span(
			2,
			"chat",
			1,
			5,
			"",
			"gen_ai.operation.name",
			"chat",
			"gen_ai.response.finish_reasons",
			`["length"]`,
			"gen_ai.tool.definitions",
			`[{"type":"function","name":"lookup_order","parameters":{"type":"object","properties":{"order_id":{"type":"string"}}}}]`,
			"gen_ai.output.messages",
			`[{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"lookup_order","arguments":"{\"order_id\":\"44"}],"finish_reason":"length"}]`,
		),
		tool(3, 6),
		tool(4, 8),
		tool(5, 10),
	}, tool(6, 20)
}

// incidents returns the counts of llm.incidents by class that are not 0.
func incidents(t *testing.T, c *collector) map[string]float64 {
	t.Helper()
	counts := map[string]float64{}
	for line := range strings.Lines(body(t, "http://"+c.prom+"/metrics")) {
		if !strings.HasPrefix(line, "llm_incidents_total{") {
			continue
		}
		_, class, _ := strings.Cut(line, `app_llm_error_class="`)
		class, _, _ = strings.Cut(class, `"`)
		fields := strings.Fields(line[strings.LastIndex(line, "}")+1:])
		value, err := strconv.ParseFloat(fields[0], 64)
		require.NoError(t, err)
		if value > 0 {
			counts[class] += value
		}
	}
	return counts
}

// TestOneFaultIsOneIncident sends five symptoms in random order, each twice, and one more after the sampling decision.
func TestOneFaultIsOneIncident(t *testing.T) {
	often := filepath.Join(t.TempDir(), "often.yaml")
	write(t, often, "connectors: {llm_metrics/incidents: {flush_interval: 500ms}}")
	c := start(t, "default.yaml", "--config", often)
	spans, late := cutOff()
	order := append(append([]string{}, spans...), spans...)
	rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1)).
		Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for _, span := range order {
		post(t, c, span)
	}
	one := map[string]float64{"truncation": 1}
	await(t, 30*time.Second, func() error {
		if got := incidents(t, c); fmt.Sprint(got) != fmt.Sprint(one) {
			return fmt.Errorf("incidents %v, want %v", got, one)
		}
		return nil
	})
	require.Len(t, c.queue(t), 1)
	post(t, c, late)
	await(t, 30*time.Second, func() error { // it has been processed
		if !strings.Contains(c.get(t, "/api/v1/items/"+c.queue(t)[0]), "00000000000000c6") {
			return fmt.Errorf("the late span is not in the case")
		}
		return nil
	})
	require.Equal(t, one, incidents(t, c), "a late span is not a second incident")
	c.stop(t)
}
