package pattern

import (
	"strings"
)

// maxURL bounds the part of a URL that holds user and password.
const maxURL = 160

// databases are the schemes of URLs of services.
var databases = set(
	`postgres postgresql mysql mysql2 mariadb mongodb mongodb+srv redis rediss amqp amqps mssql sqlserver oracle clickhouse
		cockroachdb cassandra neo4j bolt couchdb elasticsearch snowflake redshift influxdb nats kafka jdbc postgresql+psycopg2
		postgresql+asyncpg mysql+pymysql mssql+pyodbc db2 trino presto cockroach memcached sqlalchemy`,
)

// url reads a password between the user and the host of a URL.
func (p *secretScan) url(start, end int) bool {
	s := p.s
	// The last @ before the path ends the password.
	atSign := -1
	for i := start; i < min(end, start+maxURL); i++ {
		if s[i] == '@' {
			atSign = i
		}
		if s[i] == '/' && atSign >= 0 {
			break
		}
	}
	if atSign < 0 {
		return false
	}
	colon, slashes := -1, -1
	for i := atSign - 1; i > 0 && i > atSign-maxURL && s[i] > ' ' && s[i] != '"' && s[i] != '\'' && s[i] != '<' &&
		s[i] != '`'; i-- {
		if s[i] == ':' {
			colon = i
		}
		if s[i] == '/' && s[i-1] == '/' {
			slashes = i - 1
			break
		}
	}
	if slashes < 1 || colon <= slashes+1 || s[slashes-1] != ':' {
		return false
	}
	// The first colon after the slashes ends the user.
	colon = slashes + 2 + strings.IndexByte(s[slashes+2:atSign], ':')
	scheme := slashes - 1
	for scheme > 0 && slashes-scheme < 24 && (alnum(s[scheme-1]) || s[scheme-1] == '+' || s[scheme-1] == '-') {
		scheme--
	}
	if scheme == slashes-1 {
		return false
	}
	user, password, host := s[slashes+2:colon], s[colon+1:atSign], s[atSign+1:min(len(s), atSign+64)]
	if len(password) < 5 || password == user || !secretive(password, 5) || strings.ContainsAny(password, "{}$<>[]()*") ||
		strings.Contains(password, "...") ||
		strings.ContainsAny(user, "{}$<>[]()*") ||
		exampleHost(host) {
		return false
	}
	t := idBasicAuthURL
	var lower [24]byte
	n := copy(lower[:], s[scheme:slashes-1])
	for i := range n {
		lower[i] |= 0x20
		if s[scheme+i] == '+' {
			lower[i] = '+'
		}
	}
	if databases[string(lower[:n])] {
		t = idDatabaseURL
	}
	return p.add(colon+1, atSign, t, false)
}

// exampleHost reports whether a host is used in examples.
func exampleHost(host string) bool {
	for _, name := range [...]string{
		"example.", "localhost", "127.0.0.1", "host:", "hostname", "host/", "your", "server:",
		"server/", "domain.", "proxy:", "proxy.example", "{", "<", "$", "...",
	} {
		if len(host) >= len(name) && strings.EqualFold(host[:len(name)], name) {
			return true
		}
	}
	return host == "host" || host == "server" || strings.Contains(host, ".example")
}
