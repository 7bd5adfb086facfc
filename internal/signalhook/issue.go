package signalhook

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/webhook"
)

// issueText is the body of the kind github_issue.
type issueText struct {
	Title    string `json:"title"`
	Body     string `json:"body"`
	Headline string `json:"headline"` // of a comment
}

// Issues keeps one issue of GitHub for each signal: it opens the issue with the first message of a signal, and reopens
// and comments it with each further one.
type Issues struct {
	URL   string // https://api.github.com/repos/OWNER/NAME/issues
	Token string
}

// marker begins what names signal and message in a text, where no reader sees it.
const marker = "<!-- faultline "

// maxIssues bounds an answer of GitHub, in bytes: a page has up to a hundred texts.
const maxIssues = 16 << 20

// issue is the part of an issue or a comment that is read.
type issue struct {
	Number int    `json:"number"`
	Body   string `json:"body"`
	Pull   any    `json:"pull_request"` // that the list has too
}

// Deliver makes one attempt to deliver a message. See webhook.Settings.
func (i *Issues) Deliver(
	ctx context.Context, client *http.Client, m webhook.Message, reference string, retried bool,
) webhook.Result {
	var text issueText
	if err := json.Unmarshal(m.Body, &text); err != nil {
		return webhook.Result{Code: http.StatusBadRequest}
	}
	g := github{ctx, client, i.Token}
	of := marker + "signal " + m.Subject + " -->"
	this := marker + "message " + m.Key + " -->"
	if reference == "" {
		found, result, ok := i.find(&g, of, m.Subject)
		if !ok {
			return result
		}
		reference = found
	}
	if reference != "" {
		result, gone := i.comment(&g, reference, text.Headline+"\n\n"+text.Body+"\n\n"+this, this, retried)
		if !gone {
			return result
		}
	}
	var opened issue
	result := g.do(http.MethodPost, i.URL, map[string]string{
		"title": text.Title, "body": text.Body + "\n\n" + of + "\n" + this,
	}, &opened)
	if opened.Number > 0 {
		result.Reference = strconv.Itoa(opened.Number)
	}
	return result
}

// find returns the number of the issue of a signal that an earlier process opened, "" where there is none. It looks at
// the newest issues, which the search may not know yet, and then searches.
func (i *Issues) find(g *github, of, signal string) (number string, r webhook.Result, ok bool) {
	with := func(list []issue) string {
		for _, one := range list {
			if one.Number > 0 && one.Pull == nil && strings.Contains(one.Body, of) {
				return strconv.Itoa(one.Number)
			}
		}
		return ""
	}
	var newest []issue
	r = g.do(http.MethodGet, i.URL+"?state=all&sort=created&direction=desc&per_page=100", nil, &newest)
	if r.Again || r.Code != 0 {
		return "", r, false
	}
	if number = with(newest); number != "" || len(newest) < 100 {
		return number, r, true
	}
	api, repository, isRepository := strings.Cut(strings.TrimSuffix(i.URL, "/issues"), "/repos/")
	if !isRepository {
		return "", r, true
	}
	query := url.Values{"q": {`"` + signal + `" in:body type:issue repo:` + repository}}
	var searched struct {
		Items []issue `json:"items"`
	}
	r = g.do(http.MethodGet, api+"/search/issues?"+query.Encode(), nil, &searched)
	return with(searched.Items), r, !r.Again // a token that may not search opens an issue
}

// comment reopens an issue and comments it, unless an earlier attempt did. gone is true where the issue is no more.
func (i *Issues) comment(g *github, number, text, this string, retried bool) (r webhook.Result, gone bool) {
	address := i.URL + "/" + url.PathEscape(number)
	if retried {
		var has issue
		r = g.do(http.MethodGet, address, nil, &has)
		var comments []issue
		for page := 1; r.Code == 0 && !r.Again && !strings.Contains(has.Body, this); page++ {
			list := []issue{}
			r = g.do(http.MethodGet, address+"/comments?per_page=100&page="+strconv.Itoa(page), nil, &list)
			if comments = append(comments, list...); len(list) < 100 || page == 20 {
				break
			}
		}
		for _, c := range comments {
			has.Body += c.Body
		}
		if r.Code == 0 && !r.Again && strings.Contains(has.Body, this) {
			r.Reference = number
			return r, false
		}
	} // else no attempt was made
	if !r.Again && r.Code == 0 {
		r = g.do(http.MethodPatch, address, map[string]string{"state": "open"}, nil)
	}
	if !r.Again && r.Code == 0 {
		r = g.do(http.MethodPost, address+"/comments", map[string]string{"body": text}, nil)
	}
	r.Reference = number
	return r, r.Code == http.StatusNotFound || r.Code == http.StatusGone
}

// github sends requests of one attempt.
type github struct {
	ctx    context.Context //nolint:containedctx // it lives as long as the attempt
	client *http.Client
	token  string
}

// do sends a request and reads the answer.
func (g *github) do(method, address string, body, answer any) webhook.Result {
	var payload []byte
	if body != nil {
		payload, _ = json.Marshal(body) //nolint:errchkjson // texts
	}
	r, err := http.NewRequestWithContext(g.ctx, method, address, bytes.NewReader(payload))
	if err != nil {
		return webhook.Result{Again: true}
	}
	r.Header.Set("Authorization", "Bearer "+g.token)
	r.Header.Set("Accept", "application/vnd.github+json")
	r.Header.Set("User-Agent", "faultline")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := g.client.Do(r)
	if err != nil {
		return webhook.Result{Again: true}
	}
	defer response.Body.Close()
	result := webhook.ResultOf(response)
	text, err := io.ReadAll(io.LimitReader(response.Body, maxIssues))
	if err != nil {
		return webhook.Result{Again: true}
	}
	if result.Code == 0 && !result.Again && answer != nil && len(text) > 0 && json.Unmarshal(text, answer) != nil {
		return webhook.Result{Again: true} // a proxy in between
	}
	return result
}
