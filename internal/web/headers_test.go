package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
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
