package people

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func request(headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody) // from 192.0.2.1
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func proxied(change func(*Settings)) *Directory {
	s := Settings{
		Header: "X-Forwarded-User", RoleHeader: "X-Forwarded-Groups",
		Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Admins: []string{"ada"}, AdminRoles: []string{"admin"},
	}
	if change != nil {
		change(&s)
	}
	return New(s)
}

func TestTheProxyNamesPeople(t *testing.T) {
	d := proxied(nil)
	for name, c := range map[string]struct {
		request *http.Request
		want    Person
	}{
		"nobody":                       {request(), Person{}},
		"a reviewer":                   {request("X-Forwarded-User", "ben"), Person{Name: "ben"}},
		"an admin by name":             {request("X-Forwarded-User", " ada "), Person{Name: "ada", Admin: true}},
		"names are exact":              {request("X-Forwarded-User", "Ada"), Person{Name: "Ada"}},
		"an admin by role":             {request("X-Forwarded-User", "ben", "X-Forwarded-Groups", "eng, admin"), Person{Name: "ben", Admin: true}},
		"a part of a role":             {request("X-Forwarded-User", "ben", "X-Forwarded-Groups", "admins,not admin"), Person{Name: "ben"}},
		"a role without a name":        {request("X-Forwarded-Groups", "admin"), Person{}},
		"two names":                    {request("X-Forwarded-User", "ben", "X-Forwarded-User", "ada"), Person{}},
		"two lists of roles":           {request("X-Forwarded-User", "ben", "X-Forwarded-Groups", "admin", "X-Forwarded-Groups", "eng"), Person{Name: "ben"}},
		"a name that cannot be shown":  {request("X-Forwarded-User", "a\u202eda"), Person{}},
		"a name that is no UTF-8":      {request("X-Forwarded-User", "ad\xff"), Person{}},
		"a name longer than any is":    {request("X-Forwarded-User", strings.Repeat("a", 5000)), Person{}},
		"another header of the client": {request("X-Forwarded_User", "ada"), Person{}},
	} {
		require.Equal(t, c.want, d.Of(c.request), name)
	}
}

func TestOnlyTheProxyIsTrusted(t *testing.T) {
	for address, trusted := range map[string]bool{
		"192.0.2.9:80": true, "[::ffff:192.0.2.9]:80": true, "192.0.3.1:80": false, "127.0.0.1:80": false, "[::1]:80": false,
		"[fe80::1%eth0]:80": false, "192.0.2.9": false, "@": false, "": false,
	} {
		r := request("X-Forwarded-User", "ada", "X-Forwarded-For", "192.0.2.9")
		r.RemoteAddr = address
		require.Equal(t, trusted, proxied(nil).Of(r).Name == "ada", address)
		require.Equal(t, trusted, proxied(nil).Of(r).Admin, address)
	}
	r := request("X-Forwarded-User", "ada")
	r.RemoteAddr = "@"
	require.Equal(t, "ada", proxied(func(s *Settings) { s.TrustAll = true }).Of(r).Name)
	w := httptest.NewRecorder()
	proxied(nil).Named(http.NotFoundHandler()).ServeHTTP(w, r)
	require.Equal(t, http.StatusUnauthorized, w.Code)
	w = httptest.NewRecorder()
	proxied(nil).Named(http.NotFoundHandler()).ServeHTTP(w, request("X-Forwarded-User", "ben"))
	require.Equal(t, http.StatusNotFound, w.Code)
}

func TestTheAuthenticatorWins(t *testing.T) {
	says := func(attributes map[string]any) *Directory {
		return proxied(func(s *Settings) {
			s.RoleAttribute = "membership"
			s.Attribute = func(_ context.Context, name string) any { return attributes[name] }
		})
	}
	forged := request("X-Forwarded-User", "ada", "X-Forwarded-Groups", "admin")
	require.Equal(t, Person{Name: "ben"}, says(map[string]any{"username": "ben"}).Of(forged))
	require.Equal(t, Person{Name: "ada", Admin: true}, says(map[string]any{"subject": "ada"}).Of(request()))
	for _, roles := range []any{"eng,admin", []string{"admin"}, []any{1, "admin"}} {
		require.True(t, says(map[string]any{"email": "ben", "membership": roles}).Of(request()).Admin, "%v", roles)
		require.False(t, says(map[string]any{"membership": roles}).Of(request()).Admin, "nobody has no role")
	}
	require.False(t, says(map[string]any{"email": "ben", "membership": 7}).Of(request()).Admin)
	require.Equal(t, Person{Admin: true}, New(Settings{Everybody: true}).Of(request("X-Forwarded-User", "ada")))
	require.Equal(t, Person{}, New(Settings{Admins: []string{"ada", ""}}).Of(request("X-Forwarded-User", "ada")))
}

func TestSettingsSayWhatIsWrong(t *testing.T) {
	networks, err := ParseTrusted([]string{"10.1.2.3/8", "::1", "192.0.2.1"})
	require.NoError(t, err)
	require.Equal(t, "[10.0.0.0/8 ::1/128 192.0.2.1/32]", strings.ReplaceAll(strings.ReplaceAll(join(networks), ",", " "), "\"", ""))
	for _, wrong := range []string{"", "proxy", "10.0.0.0/33", "10.0.0", "fe80::1%eth0"} {
		_, err := ParseTrusted([]string{wrong})
		require.ErrorContains(t, err, "must be networks such as 10.0.0.0/8, got", wrong)
	}
	for want, s := range map[string]Settings{
		`header must be the name of a header, got "X User"`:                       {Header: "X User", TrustAll: true},
		`role_header must be the name of a header, got "X:"`:                      {Header: "X", RoleHeader: "X:", TrustAll: true},
		"trusted must name the addresses of the proxy that sets header, got none": {Header: "X-User"},
		`role_header must come with header, got "X-Role" alone`:                   {RoleHeader: "X-Role"},
		"trusted must come with header, got it alone":                             {Trusted: networks},
		`admins and admin_roles must be names, got ""`:                            {Admins: []string{""}},
	} {
		require.EqualError(t, s.Check(), want)
	}
	require.NoError(t, (&Settings{Header: "X-Forwarded-User", Trusted: networks, Admins: []string{"ada"}}).Check())
}

func join(networks []netip.Prefix) string {
	var texts []string
	for _, n := range networks {
		texts = append(texts, n.String())
	}
	return "[" + strings.Join(texts, ",") + "]"
}
