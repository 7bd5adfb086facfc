package pattern

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

// charset is a set of bytes that may follow a prefix.
type charset uint8

const (
	hexLower  charset = iota // 0-9 a-f
	hexAny                   // 0-9 a-f A-F
	upperNum                 // A-Z 0-9
	lowerNum                 // a-z 0-9
	alphaNum                 // A-Z a-z 0-9
	wordSet                  // A-Z a-z 0-9 _
	urlSafe                  // A-Z a-z 0-9 _ -
	dotted64                 // A-Z a-z 0-9 _ - . =
	base64Set                // A-Z a-z 0-9 + / =
	pathSet                  // A-Z a-z 0-9 _ - / @ +
	charsets
)

// sets has a bit for each charset of a byte.
var sets = func() (m [256]uint16) {
	for b := range 256 {
		p := properties[b]
		for set, in := range [charsets]bool{
			hexLower:  p&isDigit != 0 || p&isHex != 0 && p&isLower != 0,
			hexAny:    p&isHex != 0,
			upperNum:  p&(isUpper|isDigit) != 0,
			lowerNum:  p&(isLower|isDigit) != 0,
			alphaNum:  p&isAlnum != 0,
			wordSet:   p&(isAlnum|isUnder) != 0,
			urlSafe:   p&(isAlnum|isUnder|isDash) != 0,
			dotted64:  p&(isAlnum|isUnder|isDash|isDot) != 0 || b == '=',
			base64Set: p&(isAlnum|isBase64) != 0 || b == '=',
			pathSet:   p&(isAlnum|isUnder|isDash|isBase64) != 0 || b == '@',
		} {
			if in {
				m[b] |= 1 << set
			}
		}
	}
	return m
}()

// issuer is one format of a credential.
type issuer struct {
	name     string // of the type, which several formats may share
	label    string // who issues it: "GitHub token"
	prefixes []string
	set      charset
	min, max int     // bytes after the prefix
	entropy  float32 // minimum entropy of these, in bits a byte
	// check examines the bytes after the prefix, if the format has more structure.
	check func(body string) bool
	// context is a word, in lower case, that must stand shortly before a value whose format is weak evidence.
	context string
}

//go:embed issuers.tsv
var issuersFile string

// issuers are the formats with a prefix.
var issuers = func() (list []issuer) {
	for line := range strings.Lines(issuersFile) {
		if line = strings.TrimRight(line, "\r\n"); line == "" || line[0] == '#' {
			continue
		}
		format, err := parseIssuer(line)
		if err != nil {
			panic(err) // the embedded table is tested
		}
		list = append(list, format)
	}
	return list
}()

// charsetNames are the alphabets as issuers.tsv names them.
var charsetNames = map[string]charset{
	"hex": hexLower, "HEX": hexAny, "upper": upperNum, "lower": lowerNum, "alnum": alphaNum, "word": wordSet,
	"url": urlSafe, "dotted": dotted64, "base64": base64Set, "path": pathSet,
}

// parseIssuer reads a row of issuers.tsv.
func parseIssuer(line string) (e issuer, err error) {
	fields := strings.Split(line, "\t")
	if len(fields) != 8 {
		return e, fmt.Errorf("want 8 fields, got %d: %q", len(fields), line)
	}
	e.name, e.label, e.prefixes = fields[0], fields[1], strings.Fields(fields[2])
	set, known := charsetNames[fields[3]]
	least, most, ranged := strings.Cut(fields[4], "-")
	if !ranged {
		most = least
	}
	entropy, entropyErr := strconv.ParseFloat(fields[5], 32)
	e.set, e.entropy = set, float32(entropy)
	var minErr, maxErr error
	e.min, minErr = strconv.Atoi(least)
	e.max, maxErr = strconv.Atoi(most)
	if !known || entropyErr != nil || minErr != nil || maxErr != nil || len(e.prefixes) == 0 {
		return e, fmt.Errorf("wrong prefixes, alphabet, length or entropy: %q", line)
	}
	var checks []func(string) bool
	for word := range strings.FieldsSeq(fields[6]) {
		name, argument, _ := strings.Cut(word, ":")
		n, numberErr := strconv.Atoi(argument)
		switch {
		case name == "digits" && numberErr == nil:
			checks = append(checks, hasDigits(n))
		case name == "dots" && numberErr == nil:
			checks = append(checks, dots(n))
		case name == "holds" && argument != "":
			checks = append(checks, holds(argument))
		case name == "near" && argument != "":
			e.context = argument
		case word == "mixed":
			checks = append(checks, mixedCase)
		case word == "shouting":
			checks = append(checks, shouting)
		case word == "uuid":
			checks = append(checks, uuid)
		default:
			return e, fmt.Errorf("unknown check %q: %q", word, line)
		}
	}
	if len(checks) > 0 {
		e.check = all(checks...)
	}
	return e, nil
}

// Types of credentials without a prefix.
const (
	nameJWT          = "jwt"
	namePEM          = "private_key"
	nameDatabaseURL  = "database_url_password"
	nameBasicAuthURL = "url_password"
	nameBasicAuth    = "basic_auth"
	nameAWSSecret    = "aws_secret_key"
	nameAzureKey     = "azure_storage_key"
	nameAzureAD      = "azure_client_secret"
	nameMailchimp    = "mailchimp_key"
	nameTelegram     = "telegram_token"
	nameDiscord      = "discord_token"
	nameNewRelic     = "newrelic_key"
	namePassword     = "password"
	nameAssigned     = "generic_secret"
)

func secretTypes() []Type {
	list := []Type{
		{Name: namePEM, Kind: KindSecrets, One: "a private key", Many: "private keys", Shown: "-----BEGIN"},
		{Name: nameAWSSecret, Kind: KindSecrets, One: "an AWS secret key", Many: "AWS secret keys"},
		{Name: nameAzureKey, Kind: KindSecrets, One: "an Azure storage key", Many: "Azure storage keys"},
		{Name: nameAzureAD, Kind: KindSecrets, One: "an Azure client secret", Many: "Azure client secrets"},
		{
			Name: nameDatabaseURL, Kind: KindSecrets, One: "a database URL with its password",
			Many: "database URLs with their passwords",
		},
	}
	seen := map[string]bool{}
	for i := range issuers {
		e := &issuers[i]
		if seen[e.name] {
			continue
		}
		seen[e.name] = true
		list = append(list, Type{
			Name: e.name, Kind: KindSecrets, One: article(e.label), Many: e.label + "s",
			Shown: e.prefixes[0],
		})
	}
	return append(list,
		Type{Name: nameMailchimp, Kind: KindSecrets, One: "a Mailchimp key", Many: "Mailchimp keys"},
		Type{Name: nameTelegram, Kind: KindSecrets, One: "a Telegram bot token", Many: "Telegram bot tokens"},
		Type{Name: nameDiscord, Kind: KindSecrets, One: "a Discord bot token", Many: "Discord bot tokens"},
		Type{Name: nameBasicAuthURL, Kind: KindSecrets, One: "a URL with a password", Many: "URLs with passwords"},
		Type{Name: nameBasicAuth, Kind: KindSecrets, One: "basic credentials", Many: "basic credentials"},
		Type{Name: nameJWT, Kind: KindSecrets, One: "a JSON Web Token", Many: "JSON Web Tokens", Shown: "eyJ"},
		Type{Name: namePassword, Kind: KindSecrets, One: "a password", Many: "passwords"},
		Type{
			Name: nameAssigned, Kind: KindSecrets, One: "a secret that is assigned to a name",
			Many: "secrets that are assigned to names",
		},
	)
}
