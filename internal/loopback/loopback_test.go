package loopback

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIs(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "localhost": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "::": false, "10.0.0.1": false, "::ffff:10.0.0.1": false, "localhost.": false,
		"my-host": false, "127.0.0.1.nip.io": false,
		"2130706433": false, "fe80::1%lo": false,
	} {
		require.Equal(t, want, Is(host), host)
	}
}

func TestOnly(t *testing.T) {
	h := Only(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }),
		"http::auth",
	)
	for name, want := range map[string]int{
		"attacker.example:8321": http.StatusMisdirectedRequest, "": http.StatusMisdirectedRequest,
		"localhost": http.StatusOK, "LOCALHOST:1": http.StatusOK, "127.0.0.1": http.StatusOK,
		"[::1]:8321": http.StatusOK, "[::1]": http.StatusOK,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = name
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, want, w.Code, name)
		if want != http.StatusOK {
			require.Contains(t, w.Body.String(), "http::auth")
		}
	}
}
