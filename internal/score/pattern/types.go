package pattern

import "github.com/faultline-otel/faultline/internal/score/pattern/issuer"

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
		{
			Name: namePEM, Kind: KindSecrets, One: "a private key", Many: "private keys", Shown: "-----BEGIN",
			Certain: true,
		},
		{Name: nameAWSSecret, Kind: KindSecrets, One: "an AWS secret key", Many: "AWS secret keys"},
		{Name: nameAzureKey, Kind: KindSecrets, One: "an Azure storage key", Many: "Azure storage keys"},
		{Name: nameAzureAD, Kind: KindSecrets, One: "an Azure client secret", Many: "Azure client secrets"},
		{
			Name: nameDatabaseURL, Kind: KindSecrets, One: "a database URL with its password",
			Many: "database URLs with their passwords",
		},
	}
	seen := map[string]bool{}
	for i := range issuer.Formats {
		e := &issuer.Formats[i]
		if seen[e.Type] {
			continue
		}
		seen[e.Type] = true
		list = append(list, Type{
			Name: e.Type, Kind: KindSecrets, One: article(e.Label), Many: e.Label + "s",
			Shown: e.Prefixes[0], Certain: true,
		})
	}
	return append(list,
		Type{Name: nameMailchimp, Kind: KindSecrets, One: "a Mailchimp key", Many: "Mailchimp keys"},
		Type{Name: nameTelegram, Kind: KindSecrets, One: "a Telegram bot token", Many: "Telegram bot tokens", Certain: true},
		Type{Name: nameDiscord, Kind: KindSecrets, One: "a Discord bot token", Many: "Discord bot tokens", Certain: true},
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
