package pattern

import "strings"

// publicParts are parts of names whose values are public, or no credentials.
var publicParts = [...]string{
	"public", "publishable", "pubkey", "csrf", "xsrf", "checksum", "integrity", "tokenizer", "idempotency", "origintrial",
	"continuation", "pagination", "captcha",
}

// qualifiers are words of names which say that a token is no credential: it marks a place in a list or a stream, a
// lock, a version, a unit of text, a currency.
var qualifiers = set(`
	after anchor barrier before bookmark cache changes checkpoint color commit concurrency continue contract count cursor
	cursors delta device digest etag expired expires expiration expiry fence fencing field file foreign generation hash
	iterator label last lease length limit lock marker max md5 mint name next offset page partition path policy position
	prev previous primary progress receipt regex registration resume resumption revision scroll seek sequence sha sha1
	sha256 sha512 shard since skip snapshot sort starting stream symbol sync tokens total turnstile type unit uri url
	usage version watermark`)

// marks are words which say so of a token, but not of a key or a secret: clientRequestToken, taskToken.
var marks = set(`
	activity cancel cancellation causality change client consistency job list operation query request search state task
	transaction work workflow zed`)

// references are the last words of names whose values refer to a credential, or tell something about it.
var references = set(`
	addr address addresses alias arn arns at count endpoint env format guid handle header hint id ids index location
	manager name names param parameter placeholder prefix provider ref reference region scope scopes size state status
	store suffix template ttl uid urn uuid var variable vault`)

// harmless reports whether a name says that its value is public, or not a credential: nextSyncToken, secretArn.
func harmless(name, plain string) bool {
	for _, part := range publicParts {
		if strings.Contains(plain, part) {
			return true
		}
	}
	var buffer [48]byte
	last, marked := "", false
	for name != "" {
		var word string
		if word, name = nextWord(name); word == "" {
			continue
		}
		last = normalName(word, &buffer)
		if qualified(last) || marked && last == "token" || marks[strings.TrimSuffix(last, "token")] && !marks[last] {
			return true
		}
		marked = marks[last]
	}
	return references[last]
}

// qualified reports whether a word is a qualifier, or consists of qualifiers and a noun: synctoken, nextpagetoken.
func qualified(word string) bool {
	if qualifiers[word] {
		return true
	}
	stem := word
	for _, noun := range [...]string{"token", "key", "secret"} {
		stem = strings.TrimSuffix(stem, noun)
	}
	for rest := len(stem); stem != word && rest > 0; { // take qualifiers off the end
		start := rest - 1
		for start >= 0 && !qualifiers[stem[start:rest]] {
			start--
		}
		if start <= 0 {
			return start == 0
		}
		rest = start
	}
	return false
}

// nextWord cuts the first word off a name in camelCase, snake_case, kebab-case or prose.
func nextWord(name string) (word, rest string) {
	i := 0
	for i < len(name) && !alnum(name[i]) {
		i++
	}
	start := i
	for i < len(name) && alnum(name[i]) && (i == start || !upper(name[i]) || upper(name[i-1])) {
		i++
	}
	return name[start:i], name[i:]
}
