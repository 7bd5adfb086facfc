package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/review"
)

//go:embed templates/*.html
var templates embed.FS

// htmx.min.js is version 2.0.11 of npm's htmx.org, dist/htmx.min.js, as published (0BSD, see htmx.LICENSE). Its
// SHA-256 is d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717; a test holds it to that.
//
//go:embed static/*.js static/*.css static/*.svg
var static embed.FS

// assets are the static files. Their names hold a hash of the content, so that browsers may keep them for ever.
type assets struct {
	paths map[string]string // by file name
	files map[string]asset  // by hashed name
}

type asset struct {
	content   []byte
	mediaType string
}

func readAssets() (*assets, error) {
	a := &assets{paths: map[string]string{}, files: map[string]asset{}}
	entries, err := fs.ReadDir(static, "static")
	if err != nil {
		return nil, fmt.Errorf("read assets: %w", err)
	}
	for _, entry := range entries {
		content, err := static.ReadFile("static/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read assets: %w", err)
		}
		sum := sha256.Sum256(content)
		extension := path.Ext(entry.Name())
		name := strings.TrimSuffix(entry.Name(), extension) + "-" + hex.EncodeToString(sum[:6]) + extension
		a.paths[entry.Name()] = "/static/" + name
		a.files[name] = asset{content, mediaTypes[extension]}
	}
	return a, nil
}

// mediaTypes replaces mime.TypeByExtension, which depends on the machine.
var mediaTypes = map[string]string{
	".js":  mime.FormatMediaType("text/javascript", map[string]string{"charset": "utf-8"}),
	".css": mime.FormatMediaType("text/css", map[string]string{"charset": "utf-8"}),
	".svg": "image/svg+xml",
}

// path returns the address of an asset, for templates.
func (a *assets) path(name string) (string, error) {
	if p, ok := a.paths[name]; ok {
		return p, nil
	}
	return "", errors.New("no asset " + name)
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request) error {
	f, ok := a.files[r.PathValue("name")]
	if !ok {
		return fmt.Errorf("no such file: %w", review.ErrNotFound)
	}
	w.Header().Set("Content-Type", f.mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(f.content)))
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(f.content) // a client that disconnected is not an error of the server
	return nil
}
