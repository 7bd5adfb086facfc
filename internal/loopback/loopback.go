// Package loopback restricts HTTP servers to clients on this machine.
package loopback

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Is reports whether a host is certainly this machine. Names other than localhost may resolve to anything.
func Is(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Only answers requests whose Host header is this machine. It protects against DNS rebinding: a malicious web page can
// make its own name resolve to 127.0.0.1, so that the user's browser sends requests here, but their Host header is then
// that name. instead is the setting, named in the error message, that allows other names.
func Only(next http.Handler, instead string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = strings.Trim(r.Host, "[]") // without a port
		}
		if !Is(host) {
			http.Error(w, "only requests for localhost are answered; behind a proxy, set "+instead,
				http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
