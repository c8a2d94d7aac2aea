package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// forwardedBy are the headers of proxies. A proxy on this machine speaks for strangers.
var forwardedBy = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"}

// fromThisMachine says whether a person on the server's own machine sent the request: over loopback, to
// a loopback name (a foreign name that resolves to 127.0.0.1 is DNS rebinding), and not through a proxy,
// as far as that can be told: proxies add headers, and the commonest speaks HTTP/1.0 when it adds none.
func (s *Server) fromThisMachine(r *http.Request) bool {
	if !s.pageSession || !r.ProtoAtLeast(1, 1) || !loopbackHost(r.Host) {
		return false
	}
	for _, name := range forwardedBy {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback()
}

// loopbackHost says whether a Host header names this machine.
func loopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]")
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}
