package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/web"
)

func TestEveryAnswerIsLockedDown(t *testing.T) {
	s := newSite(t, web.Options{})
	s.put(refund())
	script := s.page("/").all("script")[0].attr("src")
	for _, path := range []string{"/", "/review/" + strings.Repeat("4", 32), "/review/none", "/nowhere", "/queue/fresh", script, "/api/v1/items", "/api/v1/items/none"} {
		h := s.do(http.MethodGet, path, "", "").Header
		require.Equal(t, "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'", h.Get("Content-Security-Policy"), path)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"), path)
		if path == script {
			require.Equal(t, "public, max-age=31536000, immutable", h.Get("Cache-Control"))
			continue
		}
		require.Equal(t, "no-store", h.Get("Cache-Control"), path)
	}
}

func TestPagesHaveNothingInline(t *testing.T) {
	s := newSampleSite(t)
	for _, item := range s.items(allItems) {
		path := "/review/" + item.TraceID
		requireHarmless(t, path, s.page(path))
	}
}

func TestAssetsAreServedAsTheyAre(t *testing.T) {
	s := newSite(t, web.Options{})
	page := s.page("/")
	for _, e := range append(page.all("script"), page.all("link")...) {
		path := e.attr("src") + e.attr("href")
		resp := s.do(http.MethodGet, path, "", "")
		require.Equal(t, http.StatusOK, resp.StatusCode, path)
		body := read(t, resp)
		require.NotEmpty(t, body)
		sum := sha256.Sum256([]byte(body))
		require.Contains(t, path, hex.EncodeToString(sum[:6]), "the name changes with the content")
	}
}

// TestVendoredScriptIsTheOneThatWasPublished holds htmx to the hash of htmx.org 2.0.11.
func TestVendoredScriptIsTheOneThatWasPublished(t *testing.T) {
	script, err := os.ReadFile("static/htmx.min.js")
	require.NoError(t, err)
	sum := sha256.Sum256(script)
	require.Equal(t, "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717", hex.EncodeToString(sum[:]))
	require.Contains(t, string(script), `version:"2.0.11"`)
	require.FileExists(t, "static/htmx.LICENSE")
}

func TestScriptLibraryNeitherEvaluatesNorStyles(t *testing.T) {
	s := newSite(t, web.Options{})
	var config map[string]any
	for _, meta := range s.page("/").all("meta") {
		if meta.attr("name") == "htmx-config" {
			require.NoError(t, json.Unmarshal([]byte(meta.attr("content")), &config))
		}
	}
	require.Equal(t, false, config["allowEval"])
	require.Equal(t, false, config["allowScriptTags"])
	require.Equal(t, false, config["includeIndicatorStyles"])
	require.Equal(t, true, config["selfRequestsOnly"])
	require.EqualValues(t, 0, config["historyCacheSize"], "what was said is not kept in the browser's storage")
}

// TestColoursCanBeRead holds every colour of text against what it stands on, in light and dark, to the contrast of
// WCAG AA.
func TestColoursCanBeRead(t *testing.T) {
	css, err := os.ReadFile("static/app.css")
	require.NoError(t, err)
	blocks := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(string(css), -1)
	require.Len(t, blocks, 2, "light and dark")
	for i, theme := range []string{"light", "dark"} {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{3,6})`).FindAllStringSubmatch(blocks[i][1], -1) {
			colours[m[1]] = m[2]
		}
		for ink, papers := range map[string][]string{
			"ink": {"bg", "panel", "hover", "sel", "mark"}, "dim": {"bg", "panel", "hover", "sel"}, "accent": {"bg", "panel"}, "on-accent": {"accent"},
			"ops": {"ops-bg"}, "structure": {"structure-bg"}, "quality": {"quality-bg"}, "safety": {"safety-bg"}, "ok": {"bg", "panel"}, "bad": {"bg", "panel"},
		} {
			for _, paper := range papers {
				a, b := luminance(t, colours[ink]), luminance(t, colours[paper])
				require.GreaterOrEqual(t, (max(a, b)+0.05)/(min(a, b)+0.05), 4.5, "%s: %s on %s", theme, ink, paper)
			}
		}
	}
}

// luminance is the relative luminance of a colour in hex, 0 to 1.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	require.NoError(t, err)
	linear := func(v uint64) float64 {
		c := float64(v&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(n>>16) + 0.7152*linear(n>>8) + 0.0722*linear(n)
}
