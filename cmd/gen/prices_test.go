package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/price"
)

const small = `{"as_of": "2026-01-02", "providers": [{
  "provider": "maker", "sources": ["https://maker.example/prices"], "provider_match": {"and": [{"contains": "ma"}, {"contains": "ker"}]},
  "model_match": {"or": [{"starts_with": "m-"}, {"regex": "^n[12]"}, {"regex": "(?:a|b)stral"}]},
  "models": [
    {"id": "m-1", "match": {"or": [{"equals": "m-1"}, {"regex": "^m-1-\\d{8}$"}, {"regex": "^m-1\\.5-\\d"}, {"ends_with": "/m-1"}]}, "prices": [
      {"usd_per_million": {"input": {"base": 1, "tiers": [{"start": 1000, "price": 2}]}, "output": 3}},
      {"constraint": {"start_date": "2026-01-01"}, "usd_per_million": {"input": 0.5, "output": 3}, "usd_per_thousand_requests": 12},
      {"constraint": {"start_time": "00:30:00Z", "end_time": "16:30:00Z"}, "usd_per_million": {"input": 9}}]},
    {"id": "m-2:free", "match": {"equals": "m-2:free"}, "prices": [{"usd_per_million": {}}]},
    {"id": "m-3", "match": {"contains": "m-3"}, "prices": [{"usd_per_million": {}}]}
  ]}]}`

func TestListBecomesABook(t *testing.T) {
	book, left, err := convert([]byte(small))
	require.NoError(t, err)
	require.Equal(t, []string{"maker m-3 has no price"}, left)
	p := book.Providers()[0]
	require.Equal(t, []string{"*ma*ker*", "*ker*ma*"}, p.Names)
	require.Equal(t, []string{"m-*", "n1*", "n2*", "*astral*", "*bstral*"}, p.Knows)
	require.Equal(t, []string{"m-1", "m-1-########", "m-1.5-#*", "*/m-1"}, p.Rows[0].Models)
	var terms []string
	for i := range p.Rows {
		terms = append(terms, p.Rows[i].Terms())
	}
	require.Equal(
		t,
		[]string{
			"input=1 output=3; >1000 input=2",
			"input=0.5 output=3 per_request=0.012",
			"input=9",
			"input=0 output=0",
		},
		terms,
	)
	require.Equal(
		t,
		"input=0.5 output=3 per_request=0.012",
		book.Find("maker", time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC), "M-1-20260101").Terms(),
	)

	again, _, err := convert([]byte(small))
	require.NoError(t, err)
	require.Equal(t, book.String(), again.String(), "the same list gives the same bytes")
	read, err := price.Parse(book.String())
	require.NoError(t, err)
	require.Equal(t, book.Version(), read.Version())
}

func TestListThatIsNotUnderstoodIsNoBook(t *testing.T) {
	const row = `{"as_of": "2026-01-02", "providers": [{"provider": "p", "models": [{"id": "m", "match": %MATCH, ` +
		`"prices": [{"usd_per_million": %PRICE}]}]}]}`
	for _, c := range []struct{ match, price, want string }{
		{`{"regex": "^(a+)+$"}`, `{"input": 1}`, "a regular expression must be simple"},
		{`{"regex": "a.b"}`, `{"input": 1}`, "a regular expression must be simple"},
		{`{"sounds_like": "m"}`, `{"input": 1}`, "a condition must be equals"},
		{`{"equals": "m"}`, `{"smell": 1}`, "smell is not a known kind of price"},
		{`{"equals": "m"}`, `{"input": -1}`, "input must be a number of US dollars between 0 and 1000000, got -1"},
		{`{"equals": "m"}`, `{"input": {"tiers": [{"start": 5, "price": 1}]}}`, "a price must be a number or have " +
			"a base"},
		{`{"equals": "m"}`, `{"input": "free"}`, "cannot unmarshal"},
		{`{"equals": "m|n"}`, `{"input": 1}`, "must not contain |"},
	} {
		_, _, err := convert([]byte(strings.NewReplacer("%MATCH", c.match, "%PRICE", c.price).Replace(row)))
		require.ErrorContains(t, err, c.want)
	}
}
