package grafana

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// deployed is the folder with the configuration that users start.
var deployed = filepath.Join("..", "..", "deploy")

func parse(t *testing.T, file string, into any) {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(b, into), file)
}

func TestDeployedYAMLIsWellFormed(t *testing.T) {
	read := 0
	require.NoError(t, filepath.WalkDir(deployed, func(path string, _ fs.DirEntry, err error) error {
		if ext := filepath.Ext(path); ext == ".yaml" || ext == ".yml" {
			var document map[string]any
			parse(t, path, &document)
			require.NotEmpty(t, document, path)
			read++
		}
		return err
	}))
	require.Greater(t, read, 8)
}

// TestPrometheusAcceptsItsConfiguration checks the configuration and its rule files with promtool.
func TestPrometheusAcceptsItsConfiguration(t *testing.T) {
	out, err := exec.Command(promtool(t), "check", "config", filepath.Join(deployed, "prometheus", "prometheus.yml")).
		CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "rules found")
	var config struct {
		Global struct {
			External map[string]string `yaml:"external_labels"`
		}
	}
	parse(t, filepath.Join(deployed, "prometheus", "prometheus.yml"), &config)
	for _, url := range []string{grafanaURL, reviewURL} {
		name := regexp.MustCompile(`\$externalLabels\.(\w+)`).FindStringSubmatch(url)[1]
		require.NotEmpty(t, config.Global.External[name], "alert links need it")
	}
}

// TestPrometheusAcceptsTheExampleOfTheReference checks the example that sets the addresses for alert links.
func TestPrometheusAcceptsTheExampleOfTheReference(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference", "alerts.md"))
	require.NoError(t, err)
	_, fragment, ok := strings.Cut(string(page), "```yaml\n")
	require.True(t, ok)
	fragment, _, _ = strings.Cut(fragment, "```")
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	require.NoError(t, os.WriteFile(file, []byte(fragment), 0o600))
	out, err := exec.Command(promtool(t), "check", "config", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// TestComposeIsConsistent checks that mounted files exist, images are pinned, every port is published on loopback, and
// every endpoint names a service.
func TestComposeIsConsistent(t *testing.T) {
	var compose struct {
		Services map[string]struct {
			Image       string
			Volumes     []string
			Ports       []string
			Environment map[string]string
		}
		Volumes map[string]any
	}
	parse(t, filepath.Join(deployed, "compose.yaml"), &compose)
	require.Len(t, compose.Services, 6)
	var dashboards []string
	for name, s := range compose.Services {
		require.Regexp(t, `:v?\d+\.\d+\.\d+$`, s.Image, "%s is not pinned", name)
		for _, v := range s.Volumes {
			source, target, _ := strings.Cut(v, ":")
			if !strings.HasPrefix(source, ".") {
				require.Contains(t, compose.Volumes, source, name)
				continue
			}
			_, err := os.Stat(filepath.Join(deployed, source))
			require.NoError(t, err, name)
			require.True(t, strings.HasSuffix(target, ":ro"), "%s may write to %s", name, source)
			if strings.HasSuffix(source, ".json") {
				dashboards = append(dashboards, strings.TrimSuffix(filepath.Base(source), ".json"))
			}
		}
		for _, port := range s.Ports {
			require.True(t, strings.HasPrefix(port, "127.0.0.1:"), "%s is open to the network: %s", name, port)
		}
		for key, value := range s.Environment {
			if !strings.HasSuffix(key, "_ENDPOINT") {
				continue
			}
			host, _, _ := strings.Cut(strings.TrimPrefix(value, "http://"), ":")
			require.Contains(t, compose.Services, host, "%s: %s", name, key)
		}
	}
	slices.Sort(dashboards)
	require.Equal(t, []string{"collector", "cost", "overview", "quality"}, dashboards)
	require.Len(t, Dashboards, len(dashboards))
}

// TestDataSourcesMatchLinks checks the UID that alert links use, and the label of exemplars.
func TestDataSourcesMatchLinks(t *testing.T) {
	var provisioned struct {
		DataSources []struct {
			UID, Type string
			JSON      struct {
				Exemplars []struct{ Name string } `yaml:"exemplarTraceIdDestinations"`
			} `yaml:"jsonData"`
		} `yaml:"datasources"`
	}
	parse(t, filepath.Join(deployed, "grafana", "provisioning", "datasources", "faultline.yaml"), &provisioned)
	kinds := map[string]string{}
	for _, d := range provisioned.DataSources {
		kinds[d.UID] = d.Type
		if d.Type == "prometheus" {
			require.Len(t, d.JSON.Exemplars, 1)
			require.Equal(t, "trace_id", d.JSON.Exemplars[0].Name)
		}
	}
	require.Equal(t, map[string]string{"prometheus": "prometheus", tempoUID: "tempo", "loki": "loki"}, kinds)
}
