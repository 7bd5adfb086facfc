// Package loopback keeps what is served on this machine for those who are on it.
package loopback

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Is reports whether a host is this machine for certain. A name may resolve to anything.
func Is(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Only answers requests that were meant for this machine. A page of a stranger can make its own name resolve to
// 127.0.0.1 and have the user's browser ask for it what only the user should (DNS rebinding); but the browser then
// says that name. instead tells what to set for other names.
func Only(next http.Handler, instead string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = strings.Trim(r.Host, "[]") // without a port
		}
		if !Is(host) {
			http.Error(w, "this answers to localhost only; behind a proxy, set "+instead, http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
