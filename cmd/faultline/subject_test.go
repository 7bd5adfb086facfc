package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReviewExportsAndErases(t *testing.T) {
	from := reviewed(t, 2)
	trace := fmt.Sprintf("%032x", 0xabc001)
	review := func(args ...string) (code int, stdout, stderr string) {
		var out, err bytes.Buffer
		code = run(t.Context(), append([]string{"review"}, args...), strings.NewReader(""), &out, &err)
		return code, out.String(), err.String()
	}
	code, stdout, stderr := review("export", "--trace", trace, "--from", from)
	require.Equal(t, exitOK, code, stderr)
	require.Equal(t, 1, strings.Count(stdout, "\n"))
	require.Contains(t, stdout, `"reviewer":"ada"`)
	file := filepath.Join(t.TempDir(), "trace.jsonl")
	code, _, stderr = review("export", "--trace", trace, "--from", from, "-o", file)
	require.Equal(t, exitOK, code, stderr)
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, stdout, string(written))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	code, _, stderr = review("erase", "--trace", trace, "--from", from)
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "add --yes")
	code, _, stderr = review("erase", "--trace", trace, "--from", from, "--yes")
	require.Equal(t, exitOK, code)
	require.Equal(t, "erased 1 case\n", stderr)
	code, stdout, _ = review("export", "--trace", trace, "--from", from)
	require.Equal(t, exitOK, code)
	require.Empty(t, stdout)

	for _, c := range []struct {
		want string
		args []string
	}{
		{"give one of --user, --session and --trace", []string{"export"}},
		{"give one of --user, --session and --trace", []string{"erase", "--user", "u", "--session", "s", "--yes"}},
		{"--user must not be empty", []string{"erase", "--user", "", "--yes"}},
		{"--trace must be an id of 32 hex digits", []string{"export", "--trace", "u1"}},
		{"--from must be an address", []string{"export", "--user", "u", "--from", "http://"}},
	} {
		code, _, stderr = review(c.args...)
		require.Equal(t, exitUsage, code, stderr)
		require.Contains(t, stderr, c.want)
	}
	forbidden := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"error":{"code":"forbidden","message":"only an admin may do this"}}`)
	}))
	t.Cleanup(forbidden.Close)
	code, _, stderr = review("erase", "--user", "u", "--from", forbidden.URL, "--yes")
	require.Equal(t, exitFailure, code)
	require.Contains(t, stderr, `403 Forbidden: "only an admin may do this"`)
}
