package pattern

import (
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/score/pattern/issuer"
)

const (
	hexChars  = "0123456789abcdef"
	upperBase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	alnumBase = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	urlBase   = alnumBase + "_-"
	b64Base   = alnumBase + "+/"
	digitBase = "0123456789"
	bech32    = "QPZRY9X8" + "GF2TVDW0" + "S3JN54KH" + "CE6MUA7L"
)

// maker puts tokens together, so that no file holds one.
type maker struct{ *rand.Rand }

// newMaker makes the same tokens every time.
func newMaker(seed uint64) maker { return maker{rand.New(rand.NewPCG(seed, 7))} }

// of is n characters of an alphabet, the first and the last of them letters or digits.
func (m maker) of(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		for b[i] = 0; b[i] == 0 || (i == 0 || i == n-1) && !alnum(b[i]); {
			b[i] = alphabet[m.IntN(len(alphabet))]
		}
	}
	return string(b)
}

func (m maker) uuid() string {
	return strings.Join(
		[]string{m.of(hexChars, 8), m.of(hexChars, 4), m.of(hexChars, 4), m.of(hexChars, 4), m.of(hexChars, 12)},
		"-",
	)
}

func (m maker) jwt() string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(
		`{"alg":"HS256","typ":"JWT"}`,
	) + "." + part(
		`{"sub":"`+m.of(alnumBase, 12)+`","iat":1700000000}`,
	) + "." + m.of(
		urlBase,
		43,
	)
}

// made is one format as its issuer documents it: the type that must be found, and how a value is made.
type made struct {
	kind string
	make func(m maker) string
}

func prefixed(kind, prefix, alphabet string, n int) made {
	return made{kind, func(m maker) string { return prefix + m.of(alphabet, n) }}
}

var documentedFormats = []made{
	prefixed("aws_access_key", "AK"+"IA", upperBase, 16),
	prefixed("aws_access_key", "AS"+"IA", upperBase, 16),
	{"aws_secret_key", func(m maker) string { return "aws_secret_access_key = " + m.of(b64Base, 40) }},
	prefixed("github_token", "gh"+"p_", alnumBase, 36),
	prefixed("github_token", "gh"+"o_", alnumBase, 36),
	prefixed("github_token", "gh"+"s_", alnumBase, 36),
	{"github_token", func(m maker) string { return "github" + "_pat_" + m.of(alnumBase, 22) + "_" + m.of(alnumBase, 59) }},
	prefixed("gitlab_token", "gl"+"pat-", urlBase, 20),
	prefixed("gitlab_token", "gl"+"dt-", urlBase, 20),
	prefixed("gitlab_token", "gl"+"rt-", urlBase, 20),
	{"slack_token", func(m maker) string {
		return "xo" + "xb-" + m.of(digitBase, 12) + "-" + m.of(digitBase, 13) + "-" + m.of(alnumBase, 24)
	}},
	{"slack_token", func(m maker) string {
		return "xo" + "xp-" + m.of(
			digitBase,
			11,
		) + "-" + m.of(
			digitBase,
			12,
		) + "-" + m.of(
			digitBase,
			12,
		) + "-" + m.of(
			hexChars,
			32,
		)
	}},
	{"slack_token", func(m maker) string {
		return "xa" + "pp-1-" + "A" + m.of(upperBase, 10) + "-" + m.of(digitBase, 13) + "-" + m.of(hexChars, 64)
	}},
	{"slack_webhook", func(m maker) string {
		return "https://hooks.sl" + "ack.com/services/T" + m.of(
			upperBase,
			8,
		) + "/B" + m.of(
			upperBase,
			8,
		) + "/" + m.of(
			alnumBase,
			24,
		)
	}},
	{"discord_webhook", func(m maker) string {
		return "https://discord.com/api" + "/webhooks/" + m.of(digitBase, 18) + "/" + m.of(urlBase, 68)
	}},
	{"discord_token", func(m maker) string {
		return base64.RawStdEncoding.EncodeToString(
			[]byte("1"+m.of(digitBase, 17)),
		) + "." + m.of(
			alnumBase,
			6,
		) + "." + m.of(
			urlBase,
			38,
		)
	}},
	{"teams_webhook", func(m maker) string {
		return "https://acme.web" + "hook.office.com/webhookb2/" + m.uuid() + "@" + m.uuid() + "/IncomingWebhook/" + m.of(
			hexChars,
			32,
		) + "/" + m.uuid()
	}},
	prefixed("stripe_key", "sk_"+"live_", alnumBase, 24),
	prefixed("stripe_key", "rk_"+"live_", alnumBase, 99),
	prefixed("stripe_webhook_secret", "wh"+"sec_", alnumBase, 32),
	{"openai_key", func(m maker) string { return "sk-" + m.of(alnumBase, 20) + "T3Blbk" + "FJ" + m.of(alnumBase, 20) }},
	{
		"openai_key",
		func(m maker) string { return "sk-" + "proj-" + m.of(urlBase, 74) + "T3Blbk" + "FJ" + m.of(urlBase, 74) },
	},
	{"anthropic_key", func(m maker) string { return "sk-" + "ant-api03-" + m.of(urlBase, 93) + "AA" }},
	prefixed("openrouter_key", "sk-"+"or-v1-", hexChars, 64),
	prefixed("llm_provider_key", "sk"+"-", hexChars, 32),
	prefixed("groq_key", "gs"+"k_", alnumBase, 52),
	prefixed("xai_key", "xa"+"i-", alnumBase, 80),
	prefixed("perplexity_key", "pp"+"lx-", alnumBase, 48),
	prefixed("replicate_token", "r"+"8_", alnumBase, 37),
	prefixed("huggingface_token", "h"+"f_", alnumBase, 34),
	{"langsmith_key", func(m maker) string { return "lsv2" + "_pt_" + m.of(hexChars, 32) + "_" + m.of(hexChars, 10) }},
	prefixed("google_api_key", "AI"+"za", urlBase, 35),
	prefixed("google_oauth_secret", "GOC"+"SPX-", urlBase, 28),
	prefixed("google_oauth_token", "ya"+"29.", urlBase, 120),
	{"azure_storage_key", func(m maker) string {
		return "DefaultEndpointsProtocol=https;AccountName=shop;Account" + "Key=" + m.of(
			b64Base,
			86,
		) + "==;EndpointSuffix=core.windows.net"
	}},
	{"azure_client_secret", func(m maker) string { return m.of(alnumBase, 3) + "8" + "Q~" + m.of(urlBase, 34) }},
	prefixed("npm_token", "np"+"m_", alnumBase, 36),
	prefixed("pypi_token", "py"+"pi-AgEIcHlwaS5vcmc", urlBase, 150),
	prefixed("rubygems_token", "ruby"+"gems_", hexChars, 48),
	prefixed("docker_token", "dckr"+"_pat_", urlBase, 27),
	prefixed("twilio_key", "S"+"K", hexChars, 32),
	{"sendgrid_key", func(m maker) string { return "S" + "G." + m.of(urlBase, 22) + "." + m.of(urlBase, 43) }},
	prefixed("mailgun_key", "ke"+"y-", hexChars, 32),
	{"mailchimp_key", func(m maker) string { return m.of(hexChars, 32) + "-us" + "12" }},
	{"brevo_key", func(m maker) string { return "xkey" + "sib-" + m.of(hexChars, 64) + "-" + m.of(alnumBase, 16) }},
	prefixed("digitalocean_token", "dop"+"_v1_", hexChars, 64),
	prefixed("databricks_token", "da"+"pi", hexChars, 32),
	prefixed("shopify_token", "shp"+"at_", hexChars, 32),
	prefixed("square_token", "sq0"+"atp-", urlBase, 22),
	prefixed("square_token", "EA"+"AA", urlBase, 60),
	prefixed("facebook_token", "EA"+"AC", alnumBase, 150),
	{"telegram_token", func(m maker) string { return "1" + m.of(digitBase, 9) + ":A" + "A" + m.of(urlBase, 33) }},
	prefixed("linear_key", "lin_"+"api_", alnumBase, 40),
	{"notion_token", func(m maker) string { return "nt" + "n_" + m.of(digitBase, 11) + m.of(alnumBase, 35) }},
	{"airtable_token", func(m maker) string { return "pa" + "t" + m.of(alnumBase, 14) + "." + m.of(hexChars, 64) }},
	prefixed("figma_token", "fi"+"gd_", urlBase, 40),
	{"grafana_token", func(m maker) string { return "gl" + "sa_" + m.of(alnumBase, 32) + "_" + m.of(hexChars, 8) }},
	prefixed("grafana_token", "gl"+"c_", b64Base, 120),
	prefixed("vault_token", "hv"+"s.", urlBase, 95),
	prefixed("heroku_key", "HR"+"KU-AA", urlBase, 58),
	{"dynatrace_token", func(m maker) string { return "dt0" + "c01." + m.of(upperBase, 24) + "." + m.of(upperBase, 64) }},
	prefixed("newrelic_key", "NR"+"AK-", upperBase, 27),
	prefixed("sentry_token", "sntr"+"yu_", hexChars, 64),
	prefixed("doppler_token", "dp."+"pt.", alnumBase, 43),
	prefixed("planetscale_token", "pscale"+"_tkn_", urlBase, 43),
	prefixed("supabase_key", "sb"+"p_", hexChars, 40),
	prefixed("flyio_token", "fo"+"1_", urlBase, 43),
	prefixed("flyio_token", "fm"+"2_", b64Base, 300),
	{"cloudflare_key", func(m maker) string { return "v1." + "0-" + m.of(hexChars, 24) + "-" + m.of(hexChars, 146) }},
	{"okta_token", func(m maker) string { return "Authorization for okta: SSWS 0" + "0" + m.of(urlBase, 40) }},
	{"terraform_token", func(m maker) string { return m.of(alnumBase, 14) + ".atlas" + "v1." + m.of(urlBase, 67) }},
	prefixed("pulumi_token", "pu"+"l-", hexChars, 40),
	{"postman_key", func(m maker) string { return "PM" + "AK-" + m.of(hexChars, 24) + "-" + m.of(hexChars, 34) }},
	prefixed("sonar_token", "sq"+"p_", hexChars, 40),
	{
		"tailscale_key",
		func(m maker) string { return "tskey" + "-auth-" + m.of(alnumBase, 12) + "-" + m.of(alnumBase, 32) },
	},
	prefixed("atlassian_token", "AT"+"ATT3", urlBase, 180),
	prefixed("age_key", "AGE-SECRET"+"-KEY-1", bech32, 58),
	{"jwt", maker.jwt},
	{"private_key", func(m maker) string {
		return "-----BEGIN RSA PRIV" + "ATE KEY-----\n" + m.of(
			b64Base,
			64,
		) + "\n" + m.of(
			b64Base,
			64,
		) + "\n-----END RSA PRIV" + "ATE KEY-----"
	}},
	{
		"database_url_password",
		func(m maker) string { return "postgres://shop:" + m.of(alnumBase, 16) + "@db.shop.io:5432/orders" },
	},
	{"database_url_password", func(m maker) string {
		return "mongodb+srv://shop:" + m.of(alnumBase, 16) + "@cluster0.ab1cd.mongodb.net/orders"
	}},
	{"url_password", func(m maker) string { return "https://deploy:" + m.of(alnumBase, 20) + "@git.shop.io/web.git" }},
	{"generic_secret", func(m maker) string { return `api_key = "` + m.of(alnumBase, 32) + `"` }},
	{"generic_secret", func(m maker) string { return "export SHOP_SECRET_KEY=" + m.of(hexChars, 64) }},
	{"generic_secret", func(m maker) string { return "TWILIO_AUTH_TOKEN=" + m.of(hexChars, 32) }},
	{"generic_secret", func(m maker) string { return "heroku_api_key: " + m.uuid() }},
	{"generic_secret", func(m maker) string { return "datadog.app.key = '" + m.of(hexChars, 40) + "'" }},
	{"generic_secret", func(m maker) string { return "shopctl login --api-key " + m.of(alnumBase, 40) }},
	{"generic_secret", func(m maker) string { return `client.setApiKey("` + m.of(alnumBase, 40) + `")` }},
	{"password", func(m maker) string { return "<password>" + "xK9-" + m.of(alnumBase, 12) + "</password>" }},
	{"password", func(m maker) string { return "Server=db;Uid=shop;Pwd=" + "xK9!" + m.of(alnumBase, 12) + ";" }},
	{"basic_auth", func(m maker) string {
		return "Authorization: Ba" + "sic " + base64.StdEncoding.EncodeToString([]byte("shop:"+m.of(alnumBase, 16)))
	}},
}

// surroundings are what values stand in.
var surroundings = []string{
	"%",
	"Use this one: %.",
	"`%`",
	"TOKEN=%\n",
	`{"value": "%"}`,
	"curl -H \"X-Key: %\" https://api.shop.io",
	"the key (%) works",
	"<b>%</b>",
	"https://api.shop.io/?key=%&page=2",
}

// TestDocumentedFormatsAreFound makes values of every format in every surrounding that it can stand in.
func TestDocumentedFormatsAreFound(t *testing.T) {
	issuersSeen, total, found := map[string]bool{}, 0, 0
	var missed []string
	for seed := range uint64(40) {
		m := newMaker(seed)
		for _, f := range documentedFormats {
			issuersSeen[f.kind] = true
			value := f.make(m)
			around := surroundings[seed%uint64(len(surroundings))]
			if strings.ContainsAny(value, " \n\"<>=") || strings.Contains(value, "://") || strings.HasPrefix(value, "Default") {
				around = "%" // it is a surrounding
			}
			text := strings.Replace(around, "%", value, 1)
			total++
			hit := false
			for _, got := range scanSecrets(text, "", nil) {
				hit = hit || types[got.kind].Name == f.kind && !got.sample
			}
			if hit {
				found++
			} else {
				missed = append(missed, fmt.Sprintf("%s of %d characters in %q", f.kind, len(value), around))
			}
		}
	}
	t.Logf(
		"| secrets | %d formats of %d types | %d values, recall %.4f |",
		len(documentedFormats),
		len(issuersSeen),
		total,
		float64(found)/float64(total),
	)
	// Made values that look like words: the entropy of a few is below what any key has.
	require.Equal(t, []string{
		`doppler_token of 49 characters in "the key (%) works"`, `generic_secret of 60 characters in "%"`,
	}, missed)
	require.Len(t, issuersSeen, 71)
}

// TestEveryFormatOfTheTableIsFound makes values by the table itself: a row that shadows another, or that can never
// match, shows.
func TestEveryFormatOfTheTableIsFound(t *testing.T) {
	alphabets := map[issuer.Charset]string{
		issuer.HexLower: hexChars, issuer.HexAny: hexChars, issuer.UpperNum: upperBase, issuer.LowerNum: hexChars + "ghijklmnopqrstuvwxyz", issuer.AlphaNum: alnumBase, issuer.Word: alnumBase,
		issuer.URLSafe: alnumBase, issuer.Dotted64: alnumBase, issuer.Base64: alnumBase, issuer.Path: alnumBase,
	}
	m := newMaker(99)
	for i := range issuer.Formats {
		e := &issuer.Formats[i]
		for _, prefix := range e.Prefixes {
			found := false
			for try := 0; try < 200 && !found; try++ {
				body := []byte(m.of(alphabets[e.Set], e.Min+(e.Max-e.Min)/2))
				for k := range strings.Count("....", ".") { // where the check wants parts
					if try%5 > k {
						body[len(body)*(k+1)/(try%5+1)] = '.'
					}
				}
				if prefix == "sdk-" || prefix == "api-" {
					body = []byte(m.uuid())
				}
				if prefix == "A3-" {
					body = []byte(strings.ToUpper(string(body)))
				}
				if e.Type == "openai_key" && prefix == "sk-" {
					copy(body[20:], "T3Blbk"+"FJ")
				}
				if e.Type == "clickup_token" {
					body = []byte(m.of(digitBase, 9) + "_" + m.of(upperBase, 32))
				}
				if strings.Contains(e.Type, "axiom") || strings.Contains(e.Type, "hubspot") {
					body = []byte(m.uuid())
				}
				if e.Set == issuer.Dotted64 && e.Type == "github_token" {
					copy(body[8:], "_eyJ")
				}
				for _, got := range scanSecrets(e.Near+" "+prefix+string(body), "", nil) {
					found = found || types[got.kind].Name == e.Type
				}
			}
			require.True(t, found, "%s %s", e.Type, prefix)
		}
	}
}

// tokens are the rows of testdata/tokens.tsv.
func tokens(t *testing.T) (rows [][2]string) {
	t.Helper()
	file, err := os.ReadFile("testdata/tokens.tsv")
	require.NoError(t, err)
	for line := range strings.Lines(string(file)) {
		if line = strings.TrimSpace(line); line[0] == '#' {
			continue
		}
		kind, text, ok := strings.Cut(strings.ReplaceAll(line, "{{+}}", ""), "\t")
		require.True(t, ok, line)
		rows = append(rows, [2]string{kind, text})
	}
	return rows
}

// TestTokensOfTodayAreFoundAndRedacted holds that one table serves the scorer and the redactor.
func TestTokensOfTodayAreFoundAndRedacted(t *testing.T) {
	redactor, err := NewRedactor([]string{string(KindSecrets)})
	require.NoError(t, err)
	rows, kinds := tokens(t), map[string]bool{}
	for _, row := range rows {
		kind, text := row[0], row[1]
		kinds[kind] = true
		value := text[strings.LastIndexByte(text, ' ')+1:]
		for _, around := range []string{"It runs with % today.", "```\nCI=true\nX=%\nOS=Linux\n```", `{"auth": "%", "region": "eu"}`} {
			whole := strings.Replace(around, "%", text, 1)
			found := scanSecrets(whole, "", nil)
			require.Len(t, found, 1, whole)
			require.Equal(t, kind, types[found[0].kind].Name, whole)
			require.False(t, found[0].sample, whole)
			require.Equal(t, value, whole[found[0].start:found[0].end])
			redacted, n := redactor.JSON(whole)
			require.Equal(t, 1, n, whole)
			require.Equal(t, strings.Replace(whole, value, "[redacted:"+kind+"]", 1), redacted)
		}
	}
	require.GreaterOrEqual(t, len(kinds), 30)
	t.Logf("| secrets | formats of today | %d formats of %d types |", len(rows), len(kinds))
}

// TestExamplesOfCredentialsStayOut holds that what stands for a credential in ordinary answers is none.
func TestExamplesOfCredentialsStayOut(t *testing.T) {
	for _, text := range []string{
		"export OPENAI_API_KEY=YOUR_API_KEY", `api_key = "YOUR_API_KEY_HERE_1234"`, `apiKey: "your-api-key-goes-here-0001"`,
		"AKIA" + "IOSFODNN7EXAMPLE and wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"sk-" + "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "ghp_" + strings.Repeat("x", 36), "ghp_" + strings.Repeat("0", 36), "sk_" + "live_" + strings.Repeat("X", 24),
		"sk-ant-api03-" + "...", "Bearer <token>", "Authorization: Bearer YOUR_ACCESS_TOKEN", "Authorization: Bearer {access_token}", "Authorization: Bearer eyJhbGciOi...",
		"password = 'password123'", `password: "P@ssw0rd123!"`, "password=your_password_1", `"password": "MySecretPassword123!"`, "DB_PASSWORD=${DB_PASSWORD}", "password = os.environ['DB_PASSWORD_1']",
		"mysql://root:password@localhost:3306/db", "postgres://user:pass@localhost/db", "mongodb://username:password@host:27017", "postgresql://{user}:{password}@{host}/db", "redis://default:yourpassword@redis-12345.example.com:6379",
		"https://user:password@example.com", "https://username:token@github.com/owner/repo.git",
		"commit 9fceb02d0ae598e95dc970b74767f19372d61af8", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "id: 550e8400-e29b-41d4-a716-446655440000",
		"token_type: bearer, expires_in: 3600", "const tokenCount = 1234567890123456", "next_page_token=" + "CAUQAAgHEAUYBSIFCAIQBRgF1234", "csrf_token = '" + "IjM4YzQ5ZmE3ZDE1YjA5MjE4YTdlZjE2Ig'",
		"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
		"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7vbqajDRETd9rH0 user@host", "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n-----END CERTIFICATE-----",
		"-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo\n-----END PUBLIC KEY-----", "-----BEGIN PRIV" + "ATE KEY-----\n...\n-----END PRIV" + "ATE KEY-----",
		"The password is case-sensitive: Sensitivity-Matters.", "Set `secret: my-very-secret-value-123` in the config", "secretKeyRef:\n  name: mysecret-credentials-2", "arn:aws:secretsmanager:us-east-1:123456789012:secret:MyTestDatabaseSecret-a1b2c3",
		"function generateAccessTokenFromRefreshToken2(user)", "const accessToken = jwt.sign({id: user.id}, process.env.ACCESS_TOKEN_SECRET)", "tokenizer = AutoTokenizer.from_pretrained('gpt2-medium-v1.5')",
		"api_key=os.getenv(\"OPENAI_API_KEY\")", "private_key_path = /etc/ssl/private/server-2048.key", "secret: !Ref MySecret1234567890", "token = secrets.token_urlsafe(32)", "PRIMARY KEY: user_2024_v1_identifier",
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ" + ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
		"sk-circle-loading-animation-container-wrapper-1", "key-value-store-with-consistent-hashing-v2", "https://hooks.sl" + "ack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
		"hf_transfer_enabled_for_large_model_downloads", "pat.format_the_string_with_a_long_pattern.example", "npm_config_registry_url_for_packages_is_this_one", "vault write s.token auth/kubernetes/role/example",
	} {
		for _, m := range scanSecrets(text, "", nil) {
			require.True(t, m.sample, "%s in %q: %q", types[m.kind].Name, text, text[m.start:m.end])
		}
	}
}

// TestNamesOfWhatIsNoCredential holds that a random value is a secret by its name, and by all of its words.
func TestNamesOfWhatIsNoCredential(t *testing.T) {
	value := newMaker(4).of(alnumBase, 40)
	for _, name := range []string{
		"clientToken", "ClientRequestToken", "client_request_token", "taskToken", "changeToken", "zedtoken", "stateToken",
		"syncToken", "nextSyncToken", "sync_token", "SYNC_TOKEN", "synctoken", "pageToken", "nextPageToken", "next_page_token",
		"nextpagetoken", "deltaToken", "$deltatoken", "$skiptoken", "skip_token", "resumeToken", "resume-token", "resumption_token",
		"lease_token", "leaseToken", "lock_token", "fencing_token", "StartingToken", "NextToken", "continuationToken", "cursor_token",
		"scrollToken", "changes_token", "prev_token", "offset_token", "checkpoint_token", "token_id", "tokenId", "secretId",
		"secretArn", "SecretARN", "credential_arn", "tokenAddress", "token_address", "mint_token", "tokenRef", "secret_name",
		"asana_sync_token", "twitter_next_token", "access_token_expires_at", "recaptcha_token", "key-vault-secret-version",
	} {
		require.Empty(t, scanSecrets(value, name, nil), name)
		require.Empty(t, scanSecrets("see "+name+": "+value, "", nil), name)
		require.Empty(t, scanSecrets("?"+name+"="+value+"&x=1", "", nil), name)
	}
	for _, name := range []string{
		"release_token", "RELEASE_TOKEN", "releasetoken", "refresh_token", "refreshToken", "id_token", "session_token", "sharedSecret",
		"SHARED_SECRET", "exchange_token", "client_secret", "restart_secret", "accessToken", "auth-token", "DEPLOY_TOKEN", "apiKey",
		"blockfrost_token", "webhook_secret", "linkedin_client_secret", "idToken",
	} {
		require.Len(t, scanSecrets(value, name, nil), 1, name)
		require.Len(t, scanSecrets("see "+name+": "+value, "", nil), 1, name)
	}
	require.Empty(t, scanSecrets("0x71C7656EC7ab88b098defB751B7401B5f6d8976F", "token", nil), "an address of a contract")
	const cursor = "eyJvZmZzZXQiOjEyMCwic29ydCI6ImRlc2MifQ"
	require.Empty(t, scanSecrets(cursor, "token", nil), "JSON in base64")
	require.Len(t, scanSecrets(cursor, "access_token", nil), 1)
}

// TestChecksumConfirms holds that a token with the checksum of its issuer counts, whatever its letters.
func TestChecksumConfirms(t *testing.T) {
	body := strings.Repeat("a1", 15)
	sum, tail := crc32.ChecksumIEEE([]byte(body)), ""
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for range 6 {
		tail = string(digits[sum%62]) + tail
		sum /= 62
	}
	found := scanSecrets("gh"+"p_"+body+tail, "", nil)
	require.Len(t, found, 1)
	require.False(t, found[0].sample)
	require.Empty(t, scanSecrets("gh"+"p_"+body+"000000", "", nil), "two letters in turn")
}

func TestTokenInAHeaderOfJSON(t *testing.T) {
	m := newMaker(3)
	key := m.of(alnumBase, 32)
	require.Len(t, scanSecrets(key, "api_key", nil), 1, "the key of the object names the value")
	require.Len(t, scanSecrets("Bearer "+key, "Authorization", nil), 1)
	require.Empty(t, scanSecrets(key, "etag", nil))
	require.Empty(t, scanSecrets(key, "SystemEntropyOriginTrialToken", nil), "browsers send it to everybody")
}
