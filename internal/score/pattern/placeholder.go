package pattern

import (
	"strings"
)

// standIns are words in values that stand for a credential.
var standIns = [...]string{
	"example", "xxxx", "your", "placeholder", "sample", "dummy", "changeme", "change-me", "change_me", "redacted",
	"insert", "replace", "1234567890", "0123456789", "abcdefgh", "qwerty",
	"aaaaaaaa", "00000000", "....", "****", "foobar", "fake", "mysecret", "my-secret", "my_secret", "notreal", "not-real",
	"lorem", "deadbeef", "mytoken", "my-token", "my_token",
	"myapikey", "my_api", "my-api", "apikey", "api_key", "api-key", "secretkey", "secret_key", "secret-key", "access_key",
	"accesskey", "superse", "abc123", "123abc", "123456789", "987654321", "a1b2c3d4",
	"1a2b3c4d", "11111111", "99999999", "ffffffff", "test1234", "abcd1234", "some_", "some-", "goes", "_here", "-here",
	"process.env", "getenv", "environ", "abcdef123456",
}

// placeholder reports whether a value holds a word that stands for a credential, or a run that no generator makes.
func placeholder(s string) bool {
	s = s[:min(len(s), 512)]
	for _, word := range standIns {
		if hasFold(s, word) {
			return true
		}
	}
	run := 1
	for i := 1; i < len(s); i++ {
		if s[i] != s[i-1] {
			run = 1
		} else if run++; run >= 7 && s[i] != 'A' { // A is zero in base64
			return true
		}
	}
	return false
}

// common are passwords that people choose, with substituted letters put back.
var common = [...]string{
	"password", "passwort", "passw", "passwd", "contrase", "motdepasse", "secret", "pass", "admin", "root", "user",
	"login", "guest", "test", "demo", "welcome", "letmein", "hunter2", "hello", "foo", "bar",
	"username", "token", "credential", "key", "pwd", "string", "value", "default", "strong", "secure", "complex", "hashed",
	"encrypted", "plaintext", "random", "temp", "new", "old", "super", "sunshine",
	"monkey", "dragon", "football", "iloveyou", "master", "correcthorse", "123", "abc", "asdf", "qwer", "zxcv", "summer",
	"winter", "spring", "autumn", "john", "doe", "alice", "bob", "mysql", "postgres",
	"mongo", "redis", "rabbit", "none", "null", "true", "false", "enter", "input", "config", "settings", "request", "self",
	"this",
}

// commonWord reports whether a password holds one of them.
func commonWord(s string) bool {
	var plain [64]byte
	n := copy(plain[:], s)
	for i, b := range plain[:n] {
		switch b {
		case '@', '4':
			b = 'a'
		case '0':
			b = 'o'
		case '$', '5':
			b = 's'
		case '3':
			b = 'e'
		case '!':
			b = 'i'
		}
		if upper(b) {
			b |= 0x20
		}
		plain[i] = b
	}
	least := 3
	if len(s) >= 12 && entropy(s) >= 3.3 { // short words occur by chance
		least = 5
	}
	for _, word := range common {
		if len(word) < least {
			continue
		}
		if strings.Contains(string(plain[:n]), word) || hasFold(s, word) {
			return true
		}
	}
	return false
}

// spoken reports whether a value holds a word that names things, and so is a name itself.
func spoken(s string) bool {
	for _, word := range [...]string{
		"secret", "token", "test", "user", "name", "demo", "key-", "key_", "_key", "aws4_",
		"node_", "request", "config", "http",
	} {
		if hasFold(s, word) {
			return true
		}
	}
	return false
}

func article(noun string) string {
	if strings.IndexByte("AEIOaeiox", noun[0]) >= 0 || strings.HasPrefix(noun, "NV") || strings.HasPrefix(noun, "np") ||
		strings.HasPrefix(noun, "ng") || strings.HasPrefix(noun, "Up") {
		return "an " + noun
	}
	return "a " + noun
}
