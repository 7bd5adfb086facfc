package llmreviewextension

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// isLoopback reports whether a host is this machine for certain. A name may resolve to anything.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// loopbackOnly answers requests that were meant for this machine. A page of a stranger can make its own name resolve to
// 127.0.0.1 and have the reviewer's browser read for it what only the reviewer should (DNS rebinding); but the browser then
// says that name.
func loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = strings.Trim(r.Host, "[]") // without a port
		}
		if !isLoopback(host) {
			http.Error(w, "this page answers to localhost only; behind a proxy, set http::auth or allow_anonymous: true", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
