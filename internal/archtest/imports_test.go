package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/faultline-otel/faultline/"

// pkg is the output of `go list -json` for a package. Paths of our own packages are relative to the module.
type pkg struct {
	ImportPath string
	Name       string
	Imports    []string // of the package itself, without its tests
	Deps       []string // all dependencies, also indirect ones
}

// list describes packages of the module with their own imports, and with Deps filled where deps is set.
func list(t *testing.T, fields string, patterns ...string) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-e", "-json=" + fields}, patterns...)...)
	cmd.Dir = "../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var packages []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		p.ImportPath = ours(p.ImportPath)
		for i := range p.Imports {
			p.Imports[i] = ours(p.Imports[i])
		}
		packages = append(packages, p)
	}
	require.NotEmpty(t, packages)
	return packages
}

// ours removes the module from the path of a package of this project.
func ours(importPath string) string { return strings.TrimPrefix(importPath, module) }

// under reports whether a package is one of these or below one of them.
func under(importPath string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return importPath == root || strings.HasPrefix(importPath, root+"/")
	})
}

// standard reports whether an import is in the standard library.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".") && !under(importPath, "internal", "cmd/gen", "cmd/faultline") && !isComponent(importPath)
}

var kinds = []string{"processor", "connector", "exporter", "extension", "receiver", "converter"}

func isComponent(importPath string) bool { return under(importPath, kinds...) }

// component is the folder of the component that a package belongs to.
func component(importPath string) string {
	parts := strings.SplitN(importPath, "/", 3)
	return path.Join(parts[:min(2, len(parts))]...)
}

// rule forbids imports.
type rule struct {
	name   string
	reason string
	on     func(importPath string) bool
	allows func(importPath, imported string) bool
}

const (
	collector = "go.opentelemetry.io/collector"
	contrib   = "github.com/open-telemetry/opentelemetry-collector-contrib"
	pdata     = "go.opentelemetry.io/collector/pdata"
)

// layers is what the packages of the domain may import beside the standard library.
var layers = map[string][]string{
	"internal/genai":    {},
	"internal/clip":     {},
	"internal/failure":  {"internal/clip"},
	"internal/glob":     {},
	"internal/drift":    {},
	"internal/kvlog":    {},
	"internal/provider": {"internal/failure", "internal/genai"},
	"internal/price":    {"internal/clip", "internal/genai", "internal/glob", "internal/provider"},
	"internal/triage":   {"internal/failure", "internal/genai", "internal/score"},
	"internal/catalog":  {"internal/failure", "internal/genai", "internal/provider", "internal/spanattr"},
}

// knowPdata are the packages below the components that import pdata.
var knowPdata = []string{"internal/dialect", "internal/spanattr", "internal/pipeline", "internal/otlpfile", "internal/otlpserver"}

var rules = []rule{
	{
		name:   "a component imports no component",
		reason: "components speak through telemetry alone, so that any of them runs in a Collector of its own",
		on:     isComponent,
		allows: func(p, imported string) bool { return !isComponent(imported) || component(p) == component(imported) },
	},
	{
		name:   "nothing but the Collector's main imports a component",
		reason: "what the CLI and the gate need lives in internal, where it is free of life cycles and configuration",
		on: func(p string) bool {
			return !isComponent(p) && !under(p, "cmd/otelcol-faultline")
		},
		allows: func(_, imported string) bool { return !isComponent(imported) },
	},
	{
		name:   "the domain stands on the standard library",
		reason: "everything else stands on it: genai, failure, provider, price, triage, drift, kvlog and catalog must be readable and testable alone",
		on: func(p string) bool {
			_, ok := layers[p]
			return ok
		},
		allows: func(p, imported string) bool { return standard(imported) || slices.Contains(layers[p], imported) },
	},
	{
		name:   "below the components only dialect, spanattr, pipeline, otlpfile and otlpserver know pdata",
		reason: "one place spells attributes, and the scorers of the Collector run in CI without one",
		on: func(p string) bool {
			return under(p, "internal") && !under(p, append(
				knowPdata, "internal/checkpoint/storage", "internal/sharedinstance", "internal/componenttest",
			)...)
		},
		allows: func(_, imported string) bool { return !under(imported, collector, contrib) },
	},
	{
		name:   "checkpoint imports nothing, and checkpoint/storage only the Collector's storage extensions",
		reason: "session and meter decide what a checkpoint holds, and run without a Collector",
		on:     func(p string) bool { return under(p, "internal/checkpoint") },
		allows: func(p, imported string) bool {
			if p == "internal/checkpoint" {
				return standard(imported)
			}
			return standard(imported) ||
				under(imported, "internal/checkpoint", collector+"/component", collector+"/extension/xextension/storage")
		},
	},
	{
		name:   "sharedinstance imports component and nothing else of the Collector",
		reason: "it keys instances with component.Config; what an instance does belongs to its component",
		on:     func(p string) bool { return under(p, "internal/sharedinstance") },
		allows: func(_, imported string) bool { return standard(imported) || imported == collector+"/component" },
	},
	{
		name:   "dialect, spanattr, pipeline, otlpfile and otlpserver know nothing of the Collector but pdata",
		reason: "the CLI links them",
		on:     func(p string) bool { return under(p, knowPdata...) },
		allows: func(_, imported string) bool {
			return !under(imported, contrib) && (!under(imported, collector) || under(imported, pdata))
		},
	},
	{
		name:   "a dialect knows calls and providers and nothing else of ours",
		reason: "how a span is read must not depend on what is made of it",
		on:     func(p string) bool { return under(p, "internal/dialect") },
		allows: func(_, imported string) bool {
			return standard(imported) || !under(imported, "internal") || under(imported, "internal/genai", "internal/provider")
		},
	},
	{
		name:   "spanattr knows no dialect",
		reason: "what we write is the same whatever a span was written in",
		on:     func(p string) bool { return under(p, "internal/spanattr") },
		allows: func(_, imported string) bool { return !under(imported, "internal/dialect", "internal/pipeline") },
	},
	{
		name:   "session counts and budget decides",
		reason: "the state of a session must not depend on what it may spend",
		on:     func(p string) bool { return under(p, "internal/session") },
		allows: func(_, imported string) bool { return !under(imported, "internal/budget") },
	},
	{
		name:   "components reach below through the domain, never through a tool",
		reason: "the CLI, the generators and the sample are users of the domain, not part of it",
		on:     isComponent,
		allows: func(_, imported string) bool { return !under(imported, "cmd", "internal/sample", "internal/grafana") },
	},
	{
		name:   "web knows no SQL",
		reason: "pages talk to review.Store, so that they run on every store and in tests on any",
		on:     func(p string) bool { return under(p, "internal/web") },
		allows: func(_, imported string) bool {
			return !under(imported, "database/sql", "modernc.org/sqlite", "github.com/jackc/pgx", "github.com/pressly/goose",
				"internal/review/sqlstore", "internal/review/sqlite", "internal/review/postgres")
		},
	},
	{
		name:   "the store knows no HTTP",
		reason: "errors of a store are those of the domain; web alone turns them into a status",
		on:     func(p string) bool { return under(p, "internal/review") },
		allows: func(_, imported string) bool { return !under(imported, "net/http", "html/template", "internal/web") },
	},
}

// TestImportRules checks the imports of every package against the rules.
func TestImportRules(t *testing.T) {
	packages := list(t, "ImportPath,Name,Imports", "./...")
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, p := range packages {
				if !r.on(p.ImportPath) {
					continue
				}
				for _, imported := range p.Imports {
					if !r.allows(p.ImportPath, imported) {
						t.Errorf("%s imports %s, but %s: %s", p.ImportPath, imported, r.name, r.reason)
					}
				}
			}
		})
	}
}

// TestRulesCatchWhatTheyAreFor checks the rules themselves with forbidden and allowed imports.
func TestRulesCatchWhatTheyAreFor(t *testing.T) {
	for _, c := range []struct {
		importer, imported string
		allowed            bool
	}{
		{"connector/llmmetricsconnector", "processor/llmfailureprocessor", false},
		{"connector/llmmetricsconnector", "connector/llmmetricsconnector/internal/metadata", true},
		{"internal/gate", "exporter/llmreviewexporter", false},
		{"cmd/otelcol-faultline", "exporter/llmreviewexporter", true},
		{"internal/genai", "internal/failure", false},
		{"internal/provider", "internal/failure", true},
		{"internal/provider", "net/http/httptest", true}, // every package may import the standard library
		{"internal/failure", "github.com/cespare/xxhash/v2", false},
		{"internal/score/toolcall", pdata + "/ptrace", false},
		{"internal/meter", collector + "/component", false},
		{"internal/dialect", pdata + "/ptrace", true},
		{"internal/dialect", "internal/failure", false},
		{"internal/dialect", "internal/genai", true},
		{"internal/spanattr", "internal/dialect", false},
		{"internal/pipeline", "internal/dialect", true},
		{"internal/session", "internal/budget", false},
		{"internal/otlpfile", collector + "/consumer", false},
		{"internal/failure", "internal/clip", true},
		{"internal/kvlog", "internal/checkpoint", false},
		{"internal/checkpoint", collector + "/component", false},
		{"internal/checkpoint/storage", collector + "/component", true},
		{"internal/checkpoint/storage", "internal/meter", false},
		{"internal/session", "internal/checkpoint", true},
		{"internal/sharedinstance", collector + "/component", true},
		{"internal/sharedinstance", collector + "/consumer", false},
		{"internal/sharedinstance", "internal/meter", false},
		{"internal/web", "database/sql", false},
		{"internal/review/sqlstore", "net/http", false},
		{"processor/llmfailureprocessor", "internal/sample", false},
	} {
		allowed := true
		for _, r := range rules {
			if r.on(c.importer) && !r.allows(c.importer, c.imported) {
				allowed = false
			}
		}
		require.Equal(t, c.allowed, allowed, "%s imports %s", c.importer, c.imported)
	}
}

// offline are libraries that import the network for a part that we do not use. What only they import is exempt.
var offline = map[string]string{
	"golang.org/x/net/publicsuffix": "imports net/http/cookiejar to name the type of its list; a look-up reads a table",
}

// TestScorersReachNeitherCollectorNorNetwork follows the imports of the scorers through all libraries. If a schema could
// be fetched, an untrusted `$ref` would make the Collector send a request.
func TestScorersReachNeitherCollectorNorNetwork(t *testing.T) {
	imports := map[string][]string{}
	for _, p := range list(t, "ImportPath,Imports", "-deps", "./internal/score/...") {
		imports[p.ImportPath] = p.Imports
	}
	used := map[string]bool{}
	var follow func(path []string)
	seen := map[string]bool{}
	follow = func(path []string) {
		at := path[len(path)-1]
		if seen[at] {
			return
		}
		seen[at] = true
		if under(at, collector, contrib) {
			t.Errorf("%s: scorers run in CI without a Collector", strings.Join(path, " imports "))
		}
		if at == "net" || at == "net/http" || at == "google.golang.org/grpc" {
			t.Errorf("%s: scorers have no network", strings.Join(path, " imports "))
		}
		if _, ok := offline[at]; ok {
			used[at] = true
			return
		}
		for _, imported := range imports[at] {
			follow(append(slices.Clip(path), imported))
		}
	}
	for p := range imports {
		if under(p, "internal/score") {
			follow([]string{p})
		}
	}
	require.Len(t, used, len(offline), "an exemption that nothing needs")
}

// grabBags are names that do not describe the content of a package.
var grabBags = []string{"util", "utils", "common", "helper", "helpers", "types", "misc", "shared", "base", "pkg"}

// TestPackagesAreNamedByWhatTheyHold finds packages without a noun. If two packages share a helper, a package for its
// topic is missing.
func TestPackagesAreNamedByWhatTheyHold(t *testing.T) {
	for _, p := range list(t, "ImportPath,Name", "./...") {
		for element := range strings.SplitSeq(p.ImportPath, "/") {
			if slices.Contains(grabBags, element) {
				t.Errorf("%s: %q says nothing of what it holds", p.ImportPath, element)
			}
		}
		if last := path.Base(p.ImportPath); p.Name != "main" && p.Name != last {
			t.Errorf("%s holds package %s; a package has the name of its folder", p.ImportPath, p.Name)
		}
	}
}
