// Package people says who sent a request to the review page, and what they may do.
//
// A name comes from the Collector's authenticator or from a header that a single sign-on proxy sets. A header counts
// only where the request comes from the proxy: everybody else can write what they like into it.
package people

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Settings of a Directory. The zero value knows nobody.
type Settings struct {
	Header, RoleHeader string // "" is none
	Trusted            []netip.Prefix
	TrustAll           bool // every request comes from a proxy: the server listens on a socket in the file system
	RoleAttribute      string
	Admins, AdminRoles []string
	// Everybody makes everybody an admin: only people on this machine reach the server.
	Everybody bool
	// Attribute is what the authenticator says of the sender of a request, nil where it says nothing.
	Attribute func(ctx context.Context, name string) any
}

// Person is the sender of a request. Without a name it is not known who that is.
type Person struct {
	Name  string
	Admin bool
}

// Directory says who sent a request.
type Directory struct{ settings Settings }

// New returns a directory.
func New(s Settings) *Directory {
	if s.Attribute == nil {
		s.Attribute = func(context.Context, string) any { return nil }
	}
	return &Directory{s}
}

// ParseTrusted reads networks such as 10.0.0.0/8 and single addresses.
func ParseTrusted(texts []string) (networks []netip.Prefix, err error) {
	for _, text := range texts {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			address, err := netip.ParseAddr(text)
			if err != nil || address.Zone() != "" {
				return nil, fmt.Errorf("must be networks such as 10.0.0.0/8, got %q", text)
			}
			network = netip.PrefixFrom(address, address.BitLen())
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}

// CheckHeader returns what is wrong with the name of a header.
func CheckHeader(name string) error {
	for _, c := range name {
		if c >= utf8.RuneSelf || c <= ' ' || strings.ContainsRune("()<>@,;:\\\"/[]?={}\x7f", c) {
			return fmt.Errorf("must be the name of a header, got %q", name)
		}
	}
	return nil
}

// Of returns the sender of a request.
func (d *Directory) Of(r *http.Request) Person {
	s := &d.settings
	name, roles := d.authenticated(r.Context())
	if name == "" && s.Header != "" && d.trusts(r) {
		name = header(r, s.Header)
		if name != "" && s.RoleHeader != "" {
			roles = append(roles, listed(header(r, s.RoleHeader))...)
		}
	}
	p := Person{Name: name, Admin: s.Everybody}
	if name != "" {
		p.Admin = p.Admin || slices.Contains(s.Admins, name) ||
			slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(s.AdminRoles, role) })
	}
	return p
}

// authenticated returns what the authenticator of the Collector says.
func (d *Directory) authenticated(ctx context.Context) (name string, roles []string) {
	// The names that basicauth and oidc use.
	for _, attribute := range [...]string{"username", "email", "subject"} {
		if text, ok := d.settings.Attribute(ctx, attribute).(string); ok && text != "" {
			name = text
			break
		}
	}
	if name == "" || d.settings.RoleAttribute == "" {
		return name, nil
	}
	switch value := d.settings.Attribute(ctx, d.settings.RoleAttribute).(type) {
	case string:
		roles = listed(value)
	case []string:
		roles = value
	case []any:
		for _, v := range value {
			if text, ok := v.(string); ok {
				roles = append(roles, text)
			}
		}
	}
	return name, roles
}

// trusts reports whether a request comes from the proxy.
func (d *Directory) trusts(r *http.Request) bool {
	if d.settings.TrustAll {
		return true
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	address := from.Addr().Unmap().WithZone("")
	return slices.ContainsFunc(d.settings.Trusted, func(network netip.Prefix) bool { return network.Contains(address) })
}

// maxValue bounds a header, in bytes.
const maxValue = 4 << 10

// header returns the value of a header, "" where there are several: one of them is not of the proxy.
func header(r *http.Request, name string) string {
	values := r.Header.Values(name)
	if len(values) != 1 || len(values[0]) > maxValue || !utf8.ValidString(values[0]) ||
		strings.ContainsFunc(values[0], func(c rune) bool { return !unicode.IsPrint(c) }) {
		return ""
	}
	return strings.TrimSpace(values[0])
}

// listed splits a list of roles.
func listed(text string) (roles []string) {
	for role := range strings.SplitSeq(text, ",") {
		if role = strings.TrimSpace(role); role != "" {
			roles = append(roles, role)
		}
	}
	return roles
}

// Named answers only requests of people whose name is known.
func (d *Directory) Named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.Of(r).Name == "" {
			http.Error(w, "nobody is signed in: the page is reached through the proxy of people::header, and this request "+
				"does not come from it or has no name", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Check returns what is wrong with settings that people write.
func (s *Settings) Check() error {
	var errs []error
	if err := CheckHeader(s.Header); err != nil {
		errs = append(errs, fmt.Errorf("header %w", err))
	}
	if err := CheckHeader(s.RoleHeader); err != nil {
		errs = append(errs, fmt.Errorf("role_header %w", err))
	}
	if s.Header != "" && len(s.Trusted) == 0 && !s.TrustAll {
		errs = append(errs, errors.New("trusted must name the addresses of the proxy that sets header, got none"))
	}
	if s.Header == "" && s.RoleHeader != "" {
		errs = append(errs, fmt.Errorf("role_header must come with header, got %q alone", s.RoleHeader))
	}
	if s.Header == "" && len(s.Trusted) > 0 {
		errs = append(errs, errors.New("trusted must come with header, got it alone"))
	}
	if slices.Contains(s.Admins, "") || slices.Contains(s.AdminRoles, "") {
		errs = append(errs, errors.New(`admins and admin_roles must be names, got ""`))
	}
	return errors.Join(errs...)
}
