package wiringconverter

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/faultline-otel/faultline/internal/componenttest"
)

// convert runs the converter and returns the warnings.
func convert(t *testing.T, conf *confmap.Conf) ([]string, error) {
	t.Helper()
	core, logs := observer.New(zap.WarnLevel)
	var screen bytes.Buffer
	err := (&converter{logger: zap.New(core), screen: &screen}).Convert(t.Context(), conf)
	var warnings []string
	printed := ""
	for _, entry := range logs.All() {
		warnings = append(warnings, entry.Message)
		printed += "warning: " + entry.Message + "\n"
	}
	require.Equal(t, printed, screen.String(), "validate prints what a start logs")
	return warnings, err
}

// parts are what every case below builds on.
const parts = `
receivers: {otlp: {}}
exporters: {debug: {}, nop: {}, otlp_grpc: {}, prometheus: {}}
`

// keeping is a tail_sampling that keeps failures.
const keeping = `{policies: [{name: failed, type: string_attribute, string_attribute: {key: app.llm.error_class, values: [".+"]}}]}`

func TestShippedConfigurationsAreWired(t *testing.T) {
	shipped, err := filepath.Glob("../../deploy/config/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(shipped), 4)
	for _, path := range shipped {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		warnings, err := convert(t, componenttest.Resolve(t, string(text)))
		require.NoError(t, err, path)
		require.Empty(t, warnings, path)
	}
}

func TestTheConverterChangesNothing(t *testing.T) {
	text, err := os.ReadFile("../../deploy/config/default.yaml")
	require.NoError(t, err)
	conf := componenttest.Resolve(t, string(text))
	before := conf.ToStringMap()
	c := NewFactory().Create(confmap.ConverterSettings{Logger: zap.NewNop()})
	require.NoError(t, c.Convert(t.Context(), conf))
	require.Equal(t, before, conf.ToStringMap())
}

// TestConvert has one slip a case. The error is refused; the warnings are all that a start logs.
func TestConvert(t *testing.T) {
	for name, c := range map[string]struct {
		yaml     string
		err      string
		warnings []string
	}{
		"session before failure": {
			yaml: `
processors: {llm_failure: {}, llm_session: {}}
service: {pipelines: {traces: {receivers: [otlp], processors: [llm_session, llm_failure], exporters: [debug]}}}`,
			err: "service::pipelines::traces::processors: llm_failure comes after llm_session, which needs its verdicts: " +
				"put llm_failure before llm_session",
		},
		"sampling before failure, over a connector": {
			yaml: `
processors: {llm_failure: {}, tail_sampling: ` + keeping + `}
connectors: {forward: {}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [tail_sampling], exporters: [forward]}
    traces/b: {receivers: [forward], processors: [llm_failure/b], exporters: [debug]}`,
			err: "service::pipelines::traces/b::processors: llm_failure/b comes after tail_sampling, which decides before " +
				"any failure is known: put llm_failure before tail_sampling",
		},
		"root cause before failure": {
			yaml: `
processors: {llm_failure: {}, llm_rootcause: {}, groupbytrace: {}}
service:
  pipelines: {traces: {receivers: [otlp], processors: [groupbytrace, llm_rootcause, llm_failure], exporters: [debug]}}`,
			err: "service::pipelines::traces::processors: llm_failure comes after llm_rootcause, which needs its verdicts: " +
				"put llm_failure before llm_rootcause",
		},
		"journal before failure": {
			yaml: `
processors: {llm_failure: {}, llm_journal: {}}
service: {pipelines: {traces: {receivers: [otlp], processors: [llm_journal, llm_failure], exporters: [debug]}}}`,
			err: "service::pipelines::traces::processors: llm_failure comes after llm_journal, which needs its verdicts: " +
				"put llm_failure before llm_journal",
		},
		"journal behind sampling": {
			yaml: `
processors: {llm_failure: {}, llm_journal: {}, tail_sampling: ` + keeping + `}
service:
  pipelines: {traces: {receivers: [otlp], processors: [llm_failure, tail_sampling, llm_journal], exporters: [debug]}}`,
			err: "service::pipelines::traces::processors: llm_journal comes after tail_sampling, whose losses it prevents: " +
				"put llm_journal before tail_sampling",
		},
		"root cause before sampling": {
			yaml: `
processors: {llm_failure: {}, llm_rootcause: {}, tail_sampling: ` + keeping + `}
service:
  pipelines: {traces: {receivers: [otlp], processors: [llm_failure, llm_rootcause, tail_sampling], exporters: [debug]}}`,
			err: "service::pipelines::traces::processors: tail_sampling comes after llm_rootcause, which needs whole traces: " +
				"put llm_rootcause after tail_sampling",
		},
		"root cause between groupbytrace and sampling is meant": {
			yaml: `
processors: {llm_failure: {}, llm_rootcause: {}, groupbytrace: {}, tail_sampling: ` + keeping + `}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [llm_failure, groupbytrace, llm_rootcause, tail_sampling], exporters: [debug]}`,
		},
		"root cause and review without sampling": {
			yaml: `
processors: {llm_failure: {}, llm_rootcause: {}}
exporters: {llm_review: {}}
extensions: {llm_review: {}}
service:
  extensions: [llm_review]
  pipelines: {traces: {receivers: [otlp], processors: [llm_failure, llm_rootcause], exporters: [llm_review]}}`,
			warnings: []string{
				"service::pipelines::traces::processors: llm_rootcause is not behind tail_sampling or groupbytrace: " +
					"each part of a trace gets a root cause of its own",
				"service::pipelines::traces::exporters: llm_review is not behind tail_sampling or groupbytrace: " +
					"cases lack the spans that arrive before the failing one",
			},
		},
		"what only remembers stands before sampling": {
			yaml: `
processors: {llm_failure: {}, tail_sampling: {policies: [{name: all, type: always_sample}]}}
exporters: {llm_review: {}, llm_review/latest: {recent: {only: true}}, llm_review/late: {recent: {only: true}}}
connectors: {forward: {}}
extensions: {llm_review: {}}
service:
  extensions: [llm_review]
  pipelines:
    traces: {receivers: [otlp], processors: [llm_failure], exporters: [forward, llm_review/latest]}
    traces/kept: {receivers: [forward], processors: [tail_sampling], exporters: [llm_review, llm_review/late]}`,
			warnings: []string{
				"service::pipelines::traces/kept::exporters: llm_review/late has recent::only and is behind tail_sampling: " +
					"it remembers nothing that is dropped",
			},
		},
		"judged before sampling": {
			yaml: `
processors: {llm_failure: {}}
connectors: {llm_judge: {}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [llm_failure], exporters: [llm_judge]}
    logs: {receivers: [llm_judge], exporters: [debug]}`,
			warnings: []string{
				"service::pipelines::traces::exporters: llm_judge is not behind tail_sampling or groupbytrace: " +
					"the part of a trace that comes first is judged",
			},
		},
		"a gateway has no llm_failure": {
			yaml: `
processors: {llm_session: {}}
connectors: {llm_metrics: {}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [llm_session], exporters: [llm_metrics]}
    metrics: {receivers: [llm_metrics], exporters: [prometheus]}`,
		},
		"one of two pipelines has no llm_failure": {
			yaml: `
processors: {llm_failure: {}, llm_session: {}}
connectors: {llm_metrics: {}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [llm_failure], exporters: [llm_metrics]}
    traces/b: {receivers: [otlp/b], processors: [llm_session], exporters: [llm_metrics]}
    metrics: {receivers: [llm_metrics], exporters: [prometheus]}`,
			warnings: []string{
				"service::pipelines::traces/b::processors: llm_session has no llm_failure before it, which other " +
					"pipelines have: sessions have no cost and no failed calls",
				"service::pipelines::traces/b::exporters: llm_metrics has no llm_failure before it, which other " +
					"pipelines have: it counts no failures, scores or costs",
			},
		},
		"counted behind sampling": {
			yaml: `
processors: {llm_failure: {}, llm_session: {}, tail_sampling: ` + keeping + `}
connectors: {llm_metrics: {}, llm_metrics/incidents: {only_incidents: true}}
service:
  pipelines:
    traces:
      receivers: [otlp]
      processors: [llm_failure, tail_sampling, llm_session]
      exporters: [llm_metrics, llm_metrics/incidents]
    metrics: {receivers: [llm_metrics, llm_metrics/incidents], exporters: [prometheus]}`,
			warnings: []string{
				"service::pipelines::traces::processors: llm_session is behind tail_sampling: it counts only the sampled " +
					"traces of a session",
				"service::pipelines::traces::exporters: llm_metrics is behind tail_sampling: it counts only the sampled " +
					"traces. Put it before, or set only_incidents: true",
				"service::pipelines::traces::exporters: llm_metrics/incidents has only_incidents and is not behind " +
					"llm_rootcause: it counts nothing",
			},
		},
		"sampling without a policy for failures": {
			yaml: `
processors: {llm_failure: {}, tail_sampling: {policies: [{name: a, type: probabilistic}]}}
service: {pipelines: {traces: {receivers: [otlp], processors: [llm_failure, tail_sampling], exporters: [debug]}}}`,
			warnings: []string{
				"processors::tail_sampling::policies: no policy keeps failing traces: add a string_attribute policy on " +
					"app.llm.error_class",
			},
		},
		"sampling that keeps all": {
			yaml: `
processors: {llm_failure: {}, tail_sampling: {policies: [{name: a, type: always_sample}]}}
service: {pipelines: {traces: {receivers: [otlp], processors: [llm_failure, tail_sampling], exporters: [debug]}}}`,
		},
		"storage is not configured": {
			yaml: `
processors: {llm_session: {storage: file_storage}}
service: {pipelines: {traces: {receivers: [otlp], processors: [llm_session], exporters: [debug]}}}`,
			err: `processors::llm_session::storage: extension "file_storage" is not configured: ` +
				"add it under extensions and to service::extensions",
		},
		"storage is not listed": {
			yaml: `
processors: {llm_session: {storage: file_storage}}
exporters: {otlp_grpc: {sending_queue: {storage: file_storage}}}
extensions: {file_storage: {}}
service: {pipelines: {traces: {receivers: [otlp], processors: [llm_session], exporters: [otlp_grpc]}}}`,
			err: `processors::llm_session::storage: extension "file_storage" is not in service::extensions` + "\n" +
				`exporters::otlp_grpc::sending_queue::storage: extension "file_storage" is not in service::extensions`,
		},
		"storage is a folder": {
			yaml: `
processors: {llm_session: {storage: ./data}}
service: {pipelines: {traces: {receivers: [otlp], processors: [llm_session], exporters: [debug]}}}`,
			err: "processors::llm_session::storage: must be the id of an extension, such as llm_storage, got ./data",
		},
		"storage is true": {
			yaml: `
connectors: {llm_metrics: {storage: true}}
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [llm_metrics]}
    metrics: {receivers: [llm_metrics], exporters: [prometheus]}`,
			err: "connectors::llm_metrics::storage: must be the id of an extension, such as llm_storage, got true",
		},
		"storage of others is a map": {
			yaml: `
processors: {llm_failure: {}}
extensions: {others_query: {storage: {traces: here}}}
service: {extensions: [others_query], pipelines: {traces: {receivers: [otlp], processors: [llm_failure], exporters: [debug]}}}`,
		},
		"storage is no storage": {
			yaml: `
processors: {llm_session: {storage: llm_budget}}
extensions: {llm_budget: {}}
service:
  extensions: [llm_budget]
  pipelines: {traces: {receivers: [otlp], processors: [llm_session], exporters: [debug]}}`,
			err: `processors::llm_session::storage: extension "llm_budget" is not a storage extension, such as llm_storage`,
		},
		"budget is another extension": {
			yaml: `
processors: {llm_session: {budget: file_storage}}
extensions: {file_storage: {}}
service:
  extensions: [file_storage]
  pipelines: {traces: {receivers: [otlp], processors: [llm_session], exporters: [debug]}}`,
			err: `processors::llm_session::budget: must be the id of an llm_budget extension, got "file_storage"`,
		},
		"a review exporter without its extension": {
			yaml: `
processors: {tail_sampling: ` + keeping + `}
exporters: {llm_review: {}}
service: {pipelines: {traces: {receivers: [otlp], processors: [tail_sampling], exporters: [llm_review]}}}`,
			err: `exporters::llm_review::review: extension "llm_review" is not configured: ` +
				"add it under extensions and to service::extensions",
		},
		"a review receiver without its extension": {
			yaml: `
receivers: {llm_review: {}}
exporters: {debug: {}}
service: {pipelines: {logs: {receivers: [llm_review], exporters: [debug]}}}`,
			err: `receivers::llm_review::review: extension "llm_review" is not configured: ` +
				"add it under extensions and to service::extensions",
		},
		"a review extension that is not listed": {
			yaml: `
processors: {tail_sampling: ` + keeping + `}
exporters: {llm_review: }
extensions: {llm_review: }
service: {pipelines: {traces: {receivers: [otlp], processors: [tail_sampling], exporters: [llm_review]}}}`,
			err: `exporters::llm_review::review: extension "llm_review" is not in service::extensions`,
		},
		"an authenticator that is not listed": {
			yaml: `
receivers: {otlp: {protocols: {http: {auth: {authenticator: basicauth/otlp}}}}}
extensions: {basicauth/otlp: {}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}`,
			err: `receivers::otlp::protocols::http::auth::authenticator: extension "basicauth/otlp" is not in ` +
				"service::extensions",
		},
		"idle components": {
			yaml: `
processors: {llm_failure: {}}
extensions: {llm_review: {}, llm_budget: {}, zpages: {}}
service:
  extensions: [llm_review, llm_budget]
  pipelines: {traces: {receivers: [otlp], exporters: [debug]}}`,
			warnings: []string{
				"processors::llm_failure: is in no pipeline, so it does nothing",
				"extensions::llm_budget: no llm_session has budget: llm_budget, so it sees no session",
				"extensions::llm_review: no pipeline exports to llm_review, so its queue stays empty",
				"extensions::zpages: is not in service::extensions, so it does not run",
			},
		},
		"a file name instead of its content": {
			yaml: `
processors: {llm_failure: {prices: p.yaml, scorers: s.yaml, redact: pii}}
service: {pipelines: {traces: {receivers: [otlp], processors: [llm_failure], exporters: [debug]}}}`,
			err: `processors::llm_failure::scorers: got the text "s.yaml", want the content of a scorer file: ` +
				"write ${file:s.yaml}\n" +
				`processors::llm_failure::prices: got the text "p.yaml", want the content of a price file: ` +
				"write ${file:p.yaml} or {file: p.yaml}\n" +
				`processors::llm_failure::redact: got the text "pii", want a list: write [pii]`,
		},
		"texts instead of maps": {
			yaml: `
extensions:
  llm_review: {store: {sqlite: review.db}, http: "127.0.0.1:1"}
  file_storage: ./data
  llm_budget: {webhook: https://hooks.example}
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}`,
			err: `extensions::file_storage: got the text "./data", want a map: write {directory: "./data"}` + "\n" +
				`extensions::llm_budget::webhook: got the text "https://hooks.example", want a map: ` +
				"write {url: \"https://hooks.example\"}\n" +
				`extensions::llm_review::http: got the text "127.0.0.1:1", want a map: write {endpoint: "127.0.0.1:1"}` + "\n" +
				`extensions::llm_review::store::sqlite: got the text "review.db", want a map: write {path: "review.db"}`,
		},
		"misspelled": {
			yaml: `
processors: {llm-failure: {}, llm_sesion: {}}
service: {pipelines: {traces: {receivers: [otlp], processors: [llm-failure], exporters: [debug]}}}`,
			err: "processors::llm-failure: there is no llm-failure; did you mean llm_failure?\n" +
				"processors::llm_sesion: there is no llm_sesion; did you mean llm_session?",
		},
		"in the wrong section": {
			yaml: `
processors: {llm_metrics: {}, llm_review: {}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}`,
			err: "processors::llm_metrics: llm_metrics belongs under connectors\n" +
				"processors::llm_review: llm_review belongs under receivers or exporters or extensions",
		},
		"in the wrong list": {
			yaml: `
processors: {llm_failure: {}}
connectors: {llm_metrics: {}}
extensions: {llm_budget: {}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [llm_metrics, llm_budget], exporters: [llm_failure]}
    metrics: {receivers: [llm_metrics], exporters: [prometheus]}`,
			err: "service::pipelines::traces::processors: llm_metrics is a connector: list it in the exporters here, and " +
				"in the receivers of a metrics pipeline\n" +
				"service::pipelines::traces::processors: llm_budget is an extension: list it in service::extensions\n" +
				"service::pipelines::traces::exporters: llm_failure belongs in the list of processors",
		},
		"someone else's component": {
			yaml: `
processors: {llm_guard: {}, batch: {}}
service: {pipelines: {traces: {receivers: [otlp], processors: [llm_guard, batch], exporters: [debug]}}}`,
		},
		"pipelines in a circle, which the Collector refuses": {
			yaml: `
connectors: {forward: {}, forward/b: {}}
service:
  pipelines:
    traces: {receivers: [otlp, forward/b], exporters: [forward]}
    traces/b: {receivers: [forward], exporters: [forward/b]}`,
		},
		"other shapes, which the Collector refuses": {
			yaml: "processors: [llm_failure]\nservice: {extensions: a, pipelines: {traces: [otlp]}}",
		},
	} {
		t.Run(name, func(t *testing.T) {
			conf := componenttest.Resolve(t, parts)
			require.NoError(t, conf.Merge(componenttest.Resolve(t, c.yaml)))
			warnings, err := convert(t, conf)
			if c.err == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, c.err)
			}
			require.Equal(t, c.warnings, warnings)
		})
	}
}
