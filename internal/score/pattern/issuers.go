package pattern

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
	name  string // of the type, which several formats may share
	label string // who issues it: "GitHub token"
	// prefixes are the beginnings of the value, as words.
	prefixes string
	set      charset
	min, max int     // bytes after the prefix
	entropy  float32 // minimum entropy of these, in bits a byte
	// check examines the whole value, prefix included, if the format has more structure.
	check func(value string) bool
	// context is a word, in lower case, that must stand shortly before a value whose format is weak evidence.
	context string
}

// issuers are the formats with a prefix. Sources: the issuers' documentation and the rules of open scanners.
var issuers = []issuer{
	{
		name: "aws_access_key", label: "AWS access key", prefixes: "AKIA ASIA ABIA ACCA", set: upperNum, min: 16, max: 16,
		entropy: 2.7,
	},
	{
		name: "aws_bedrock_key", label: "Amazon Bedrock key", prefixes: "ABSK", set: base64Set, min: 100, max: 280,
		entropy: 3.5,
	},
	{
		name: "github_token", label: "GitHub token", prefixes: "ghp_ gho_ ghu_ ghs_ ghr_", set: alphaNum, min: 36, max: 255,
		entropy: 3,
	},
	{name: "github_token", label: "GitHub token", prefixes: "github_pat_", set: wordSet, min: 60, max: 255, entropy: 3.5},
	{
		name: "gitlab_token", label: "GitLab token", set: dotted64, min: 20, max: 320, entropy: 3,
		prefixes: "glpat- gldt- glft- glrt- glsoat- glcbt- glptt- glagent- gloas- glimt- glffct- glrtr- glwt-",
	},
	{name: "gitlab_token", label: "GitLab token", prefixes: "GR1348941", set: urlSafe, min: 20, max: 20, entropy: 3},
	{
		name: "bitbucket_token", label: "Bitbucket password", prefixes: "ATBB", set: alphaNum, min: 32, max: 32,
		entropy: 3.5,
	},
	{
		name: "atlassian_token", label: "Atlassian token", prefixes: "ATATT3 ATCTT3 ATSTT3", set: dotted64, min: 60, max: 320,
		entropy: 3.5,
	},
	{
		name: "slack_token", label: "Slack token",
		prefixes: "xoxb- xoxp- xoxa- xoxr- xoxs- xoxo- xoxe- xoxe.xoxb- xoxe.xoxp- xoxc- xoxd- xapp- xwfp-", set: urlSafe,
		min: 20, max: 260, entropy: 2.5, check: hasDigits(4),
	},
	{
		name: "slack_webhook", label: "Slack webhook",
		prefixes: "hooks.slack.com/services/ hooks.slack.com/workflows/ hooks.slack.com/triggers/", set: pathSet, min: 35,
		max: 90, entropy: 3.5,
	},
	{
		name: "discord_webhook", label: "Discord webhook", prefixes: "discord.com/api/webhooks/ discordapp.com/api/webhooks/",
		set: pathSet, min: 60, max: 110, entropy: 3,
	},
	{
		name: "teams_webhook", label: "Microsoft Teams webhook", prefixes: "webhook.office.com/webhookb2/", set: pathSet,
		min: 100, max: 220, entropy: 3,
	},
	{
		name: "stripe_key", label: "Stripe key", prefixes: "sk_live_ rk_live_ sk_test_ rk_test_ sk_prod_ rk_prod_",
		set: alphaNum, min: 16, max: 250, entropy: 3,
	},
	{
		name: "stripe_webhook_secret", label: "Stripe webhook secret", prefixes: "whsec_", set: base64Set, min: 24, max: 64,
		entropy: 3.5,
	},
	{
		name: "openai_key", label: "OpenAI key", prefixes: "sk-", set: urlSafe, min: 44, max: 220, entropy: 3.5,
		check: holds("T3BlbkFJ"),
	},
	{
		name: "openai_key", label: "OpenAI key", prefixes: "sk-proj- sk-svcacct- sk-admin- sk-None-", set: urlSafe, min: 32,
		max: 220, entropy: 3.8, check: hasDigits(2),
	},
	{
		name: "anthropic_key", label: "Anthropic key", prefixes: "sk-ant-", set: urlSafe, min: 32, max: 220, entropy: 3.8,
		check: hasDigits(2),
	},
	{
		name: "openrouter_key", label: "OpenRouter key", prefixes: "sk-or-v1- sk-or-", set: hexLower, min: 48, max: 64,
		entropy: 3,
	},
	{
		name: "langfuse_key", label: "Langfuse key", prefixes: "sk-lf-", set: urlSafe, min: 36, max: 36, entropy: 2.8,
		check: hasDigits(4),
	},
	{
		name: "llm_provider_key", label: "model provider key", prefixes: "sk-", set: alphaNum, min: 32, max: 64, entropy: 3,
		check: hasDigits(3),
	},
	{name: "groq_key", label: "Groq key", prefixes: "gsk_", set: alphaNum, min: 40, max: 64, entropy: 3.5},
	{name: "xai_key", label: "xAI key", prefixes: "xai-", set: alphaNum, min: 60, max: 90, entropy: 3.8},
	{name: "perplexity_key", label: "Perplexity key", prefixes: "pplx-", set: alphaNum, min: 40, max: 56, entropy: 3.5},
	{name: "replicate_token", label: "Replicate token", prefixes: "r8_", set: alphaNum, min: 37, max: 40, entropy: 3.5},
	{
		name: "huggingface_token", label: "Hugging Face token", prefixes: "hf_ api_org_", set: alphaNum, min: 34, max: 40,
		entropy: 3.2,
	},
	{name: "nvidia_key", label: "NVIDIA key", prefixes: "nvapi-", set: urlSafe, min: 58, max: 74, entropy: 3.8},
	{
		name: "langsmith_key", label: "LangSmith key", prefixes: "lsv2_pt_ lsv2_sk_", set: wordSet, min: 40, max: 48,
		entropy: 3,
	},
	{
		name: "tavily_key", label: "Tavily key", prefixes: "tvly-", set: urlSafe, min: 28, max: 64, entropy: 3.5,
		check: hasDigits(2),
	},
	{name: "pinecone_key", label: "Pinecone key", prefixes: "pcsk_", set: wordSet, min: 50, max: 90, entropy: 3.8},
	{name: "llamacloud_key", label: "LlamaCloud key", prefixes: "llx-", set: alphaNum, min: 40, max: 64, entropy: 3.5},
	{name: "firecrawl_key", label: "Firecrawl key", prefixes: "fc-", set: hexLower, min: 32, max: 32, entropy: 3},
	{name: "google_api_key", label: "Google API key", prefixes: "AIza", set: urlSafe, min: 35, max: 35, entropy: 3.3},
	{
		name: "google_oauth_secret", label: "Google OAuth secret", prefixes: "GOCSPX-", set: urlSafe, min: 28, max: 28,
		entropy: 3.2,
	},
	{
		name: "google_oauth_token", label: "Google OAuth token", prefixes: "ya29.", set: urlSafe, min: 30, max: 512,
		entropy: 3.5,
	},
	{name: "npm_token", label: "npm token", prefixes: "npm_", set: alphaNum, min: 36, max: 36, entropy: 3},
	{
		name: "pypi_token", label: "PyPI token", prefixes: "pypi-AgEIcHlwaS5vcmc pypi-AgENdGVzdC5weXBpLm9yZw", set: urlSafe,
		min: 40, max: 1000, entropy: 3.5,
	},
	{name: "rubygems_token", label: "RubyGems token", prefixes: "rubygems_", set: hexLower, min: 48, max: 48, entropy: 3},
	{name: "nuget_key", label: "NuGet key", prefixes: "oy2", set: lowerNum, min: 43, max: 43, entropy: 3.5},
	{
		name: "crates_token", label: "crates.io token", prefixes: "cio", set: alphaNum, min: 32, max: 32, entropy: 3.8,
		check: all(hasDigits(2), mixedCase),
	},
	{name: "clojars_token", label: "Clojars token", prefixes: "CLOJARS_", set: alphaNum, min: 60, max: 60, entropy: 3},
	{
		name: "docker_token", label: "Docker token", prefixes: "dckr_pat_ dckr_oat_", set: urlSafe, min: 27, max: 40,
		entropy: 3,
	},
	{name: "artifactory_token", label: "Artifactory token", prefixes: "AKCp", set: alphaNum, min: 65, max: 75, entropy: 4},
	{
		name: "artifactory_token", label: "Artifactory token", prefixes: "cmVmdGtuOj", set: alphaNum, min: 50, max: 60,
		entropy: 3.5,
	},
	{name: "twilio_key", label: "Twilio key", prefixes: "SK", set: hexAny, min: 32, max: 32, entropy: 3},
	{
		name: "sendgrid_key", label: "SendGrid key", prefixes: "SG.", set: dotted64, min: 60, max: 70, entropy: 3.8,
		check: dots(2),
	},
	{name: "mailgun_key", label: "Mailgun key", prefixes: "key-", set: hexLower, min: 32, max: 32, entropy: 3},
	{name: "brevo_key", label: "Brevo key", prefixes: "xkeysib- xsmtpsib-", set: urlSafe, min: 70, max: 90, entropy: 3},
	{
		name: "digitalocean_token", label: "DigitalOcean token", prefixes: "dop_v1_ doo_v1_ dor_v1_", set: hexLower, min: 64,
		max: 64, entropy: 3,
	},
	{
		name: "databricks_token", label: "Databricks token", prefixes: "dapi dkea dose", set: hexLower, min: 32, max: 32,
		entropy: 3,
	},
	{
		name: "shopify_token", label: "Shopify token", prefixes: "shpat_ shpca_ shppa_ shpss_ shptka_ shpit_", set: hexAny,
		min: 32, max: 32, entropy: 3,
	},
	{name: "square_token", label: "Square token", prefixes: "sq0atp- sq0csp-", set: urlSafe, min: 22, max: 60, entropy: 3},
	{
		name: "square_token", label: "Square token", prefixes: "EAAA", set: urlSafe, min: 56, max: 64, entropy: 3.8,
		check: hasDigits(2),
	},
	{
		name: "facebook_token", label: "Facebook token", prefixes: "EAAC EAAM EAAG EAAB EAAD EAAI EAAJ EAAK EAAL",
		set: alphaNum, min: 80, max: 300, entropy: 3.8,
	},
	{
		name: "instagram_token", label: "Instagram token", prefixes: "IGQVJ IGQWR IGAA", set: urlSafe, min: 80, max: 300,
		entropy: 3.8,
	},
	{
		name: "twitter_token", label: "Twitter bearer token", prefixes: "AAAAAAAAAAAAAAAAAAAAA", set: alphaNum, min: 20,
		max: 120, entropy: 3.5,
	},
	{
		name: "linear_key", label: "Linear key", prefixes: "lin_api_ lin_oauth_", set: alphaNum, min: 32, max: 64,
		entropy: 3,
	},
	{name: "notion_token", label: "Notion token", prefixes: "ntn_", set: alphaNum, min: 43, max: 50, entropy: 3.5},
	{
		name: "notion_token", label: "Notion token", prefixes: "secret_", set: alphaNum, min: 43, max: 43, entropy: 3.8,
		check: all(hasDigits(2), mixedCase),
	},
	{
		name: "airtable_token", label: "Airtable token", prefixes: "pat", set: dotted64, min: 79, max: 79, entropy: 3,
		check: dots(1),
	},
	{name: "figma_token", label: "Figma token", prefixes: "figd_", set: urlSafe, min: 36, max: 44, entropy: 3.5},
	{name: "grafana_token", label: "Grafana token", prefixes: "glsa_", set: wordSet, min: 41, max: 41, entropy: 3},
	{
		name: "grafana_token", label: "Grafana token", prefixes: "glc_ eyJrIjoi", set: base64Set, min: 32, max: 400,
		entropy: 3.5,
	},
	{name: "vault_token", label: "Vault token", prefixes: "hvs. hvb. hvr.", set: urlSafe, min: 24, max: 320, entropy: 3.3},
	{name: "heroku_key", label: "Heroku key", prefixes: "HRKU-", set: urlSafe, min: 36, max: 64, entropy: 3},
	{
		name: "dynatrace_token", label: "Dynatrace token",
		prefixes: "dt0c01. dt0s01. dt0s02. dt0s03. dt0s04. dt0s06. dt0s08. dt0s09. dt0s10. dt0s11. dt0s14. dt0s16.",
		set:      dotted64, min: 80, max: 100, entropy: 3.5, check: dots(2),
	},
	{
		name: "newrelic_key", label: "New Relic key", prefixes: "NRAK- NRII- NRJS- NRIQ- NRRA- NRSP- NRAA- NRBR-",
		set: urlSafe, min: 19, max: 42, entropy: 3,
	},
	{name: "sentry_token", label: "Sentry token", prefixes: "sntrys_", set: dotted64, min: 60, max: 600, entropy: 3.5},
	{name: "sentry_token", label: "Sentry token", prefixes: "sntryu_", set: hexLower, min: 64, max: 64, entropy: 3},
	{
		name: "doppler_token", label: "Doppler token", prefixes: "dp.pt. dp.ct. dp.sa. dp.st. dp.scim. dp.audit. dp.said.",
		set: dotted64, min: 40, max: 90, entropy: 3.3,
	},
	{
		name: "planetscale_token", label: "PlanetScale token", prefixes: "pscale_tkn_ pscale_pw_ pscale_oauth_",
		set: dotted64, min: 32, max: 64, entropy: 3.3,
	},
	{name: "supabase_key", label: "Supabase key", prefixes: "sbp_", set: hexLower, min: 40, max: 40, entropy: 3},
	{name: "supabase_key", label: "Supabase key", prefixes: "sb_secret_", set: urlSafe, min: 30, max: 48, entropy: 3.3},
	{name: "flyio_token", label: "Fly.io token", prefixes: "fo1_", set: urlSafe, min: 43, max: 43, entropy: 3.5},
	{
		name: "flyio_token", label: "Fly.io token", prefixes: "fm1r_ fm1a_ fm2_", set: base64Set, min: 100, max: 2000,
		entropy: 4,
	},
	{name: "cloudflare_key", label: "Cloudflare key", prefixes: "v1.0-", set: urlSafe, min: 171, max: 171, entropy: 3},
	{
		name: "cloudflare_key", label: "Cloudflare token", prefixes: "cfut_ cfat_ cfk_", set: wordSet, min: 40, max: 60,
		entropy: 3.5,
	},
	{
		name: "okta_token", label: "Okta token", prefixes: "00", set: urlSafe, min: 40, max: 40, entropy: 3.5,
		context: "okta",
	},
	{
		name: "okta_token", label: "Okta token", prefixes: "00", set: urlSafe, min: 40, max: 40, entropy: 3.5,
		context: "ssws",
	},
	{
		name: "alibaba_key", label: "Alibaba Cloud key", prefixes: "LTAI", set: alphaNum, min: 12, max: 20, entropy: 3,
		check: hasDigits(2),
	},
	{
		name: "tencent_key", label: "Tencent Cloud key", prefixes: "AKID", set: alphaNum, min: 32, max: 32, entropy: 3.5,
		check: hasDigits(2),
	},
	{name: "yandex_key", label: "Yandex Cloud key", prefixes: "AQVN", set: urlSafe, min: 35, max: 38, entropy: 3.5},
	{
		name: "terraform_token", label: "Terraform token", prefixes: "atlasv1.", set: dotted64, min: 60, max: 70,
		entropy: 3.5,
	},
	{name: "pulumi_token", label: "Pulumi token", prefixes: "pul-", set: hexLower, min: 40, max: 40, entropy: 3},
	{name: "prefect_token", label: "Prefect token", prefixes: "pnu_", set: alphaNum, min: 36, max: 36, entropy: 3.3},
	{name: "postman_key", label: "Postman key", prefixes: "PMAK-", set: urlSafe, min: 59, max: 59, entropy: 3},
	{
		name: "sonar_token", label: "SonarQube token", prefixes: "sqp_ squ_ sqa_", set: hexLower, min: 40, max: 40,
		entropy: 3,
	},
	{
		name: "circleci_token", label: "CircleCI token", prefixes: "CCIPAT_ CCIPRJ_", set: wordSet, min: 60, max: 70,
		entropy: 3.3,
	},
	{
		name: "buildkite_token", label: "Buildkite token", prefixes: "bkua_ bkct_", set: alphaNum, min: 40, max: 60,
		entropy: 3,
	},
	{name: "netlify_token", label: "Netlify token", prefixes: "nfp_", set: alphaNum, min: 36, max: 44, entropy: 3.3},
	{
		name: "tailscale_key", label: "Tailscale key",
		prefixes: "tskey-auth- tskey-api- tskey-client- tskey-scim- tskey-webhook-", set: urlSafe, min: 24, max: 64,
		entropy: 3,
	},
	{
		name: "onepassword_token", label: "1Password token", prefixes: "ops_eyJ", set: base64Set, min: 100, max: 2000,
		entropy: 4,
	},
	{
		name: "onepassword_token", label: "1Password secret key", prefixes: "A3-", set: urlSafe, min: 30, max: 34, entropy: 3,
		check: all(hasDigits(3), shouting),
	},
	{name: "dropbox_token", label: "Dropbox token", prefixes: "sl.u. sl.", set: dotted64, min: 120, max: 1600, entropy: 4},
	{
		name: "shippo_token", label: "Shippo token", prefixes: "shippo_live_ shippo_test_", set: hexAny, min: 40, max: 40,
		entropy: 3,
	},
	{name: "easypost_key", label: "EasyPost key", prefixes: "EZAK EZTK", set: alphaNum, min: 54, max: 54, entropy: 3.5},
	{
		name: "duffel_token", label: "Duffel token", prefixes: "duffel_live_ duffel_test_", set: urlSafe, min: 43, max: 43,
		entropy: 3.3,
	},
	{name: "flutterwave_key", label: "Flutterwave key", prefixes: "FLWSECK-", set: urlSafe, min: 32, max: 40, entropy: 3},
	{name: "razorpay_key", label: "Razorpay key", prefixes: "rzp_live_", set: alphaNum, min: 14, max: 14, entropy: 2.8},
	{
		name: "plaid_token", label: "Plaid token", prefixes: "access-production- access-development- access-sandbox-",
		set: urlSafe, min: 36, max: 36, entropy: 3, check: hasDigits(4),
	},
	{name: "typeform_token", label: "Typeform token", prefixes: "tfp_", set: dotted64, min: 44, max: 64, entropy: 3.5},
	{
		name: "mapbox_token", label: "Mapbox secret token", prefixes: "sk.eyJ", set: dotted64, min: 60, max: 140,
		entropy: 3.8, check: dots(2),
	},
	{
		name: "launchdarkly_key", label: "LaunchDarkly key", prefixes: "sdk- api-", set: urlSafe, min: 36, max: 36,
		entropy: 2.8, check: uuid,
	},
	{name: "readme_key", label: "ReadMe key", prefixes: "rdme_", set: lowerNum, min: 70, max: 70, entropy: 3.5},
	{
		name: "contentful_token", label: "Contentful token", prefixes: "CFPAT-", set: urlSafe, min: 43, max: 43,
		entropy: 3.5,
	},
	{
		name: "sourcegraph_token", label: "Sourcegraph token", prefixes: "sgp_", set: wordSet, min: 40, max: 64, entropy: 3,
		check: hasDigits(6),
	},
	{name: "openshift_token", label: "OpenShift token", prefixes: "sha256~", set: urlSafe, min: 43, max: 43, entropy: 3.5},
	{
		name: "octopus_key", label: "Octopus Deploy key", prefixes: "API-", set: upperNum, min: 25, max: 32, entropy: 3,
		check: hasDigits(2),
	},
	{
		name: "harness_key", label: "Harness key", prefixes: "pat. sat.", set: dotted64, min: 68, max: 68, entropy: 3.5,
		check: dots(3),
	},
	{name: "adobe_secret", label: "Adobe secret", prefixes: "p8e-", set: alphaNum, min: 32, max: 32, entropy: 3},
	{
		name: "infracost_key", label: "Infracost key", prefixes: "ico-", set: alphaNum, min: 32, max: 32, entropy: 3.3,
		check: hasDigits(2),
	},
	{name: "frameio_token", label: "Frame.io token", prefixes: "fio-u-", set: dotted64, min: 64, max: 64, entropy: 3.5},
	{
		name: "stackhawk_key", label: "StackHawk key", prefixes: "hawk.", set: dotted64, min: 41, max: 41, entropy: 3.5,
		check: dots(2),
	},
	{
		name: "intra42_secret", label: "42 Intra secret", prefixes: "s-s4t2ud- s-s4t2af-", set: hexLower, min: 64, max: 64,
		entropy: 3,
	},
	{
		name: "age_key", label: "age private key", prefixes: "AGE-SECRET-KEY-1", set: upperNum, min: 58, max: 58,
		entropy: 3.3,
	},
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
			Shown: first(e.prefixes),
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
