package sample

import (
	"fmt"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// researchAgent reads filings and news for analysts.
var researchAgent = &app{
	service: "research-agent", release: "0.31.0", route: "POST /api/research",
	agent: "research-brief", prompt: "research-brief", promptVersion: "4",
	provider: "openai.responses", model: "gpt-4.1-mini", dialect: vercel{},
	system: "You write short briefs for energy analysts. Search before you answer, read at most three documents, cite " +
		"every figure with the document it is from. Say so when the documents do not answer the question.",
	tools: []genai.Tool{
		{
			Name: "search_filings", Description: "Search regulatory filings.",
			Parameters: `{"type":"object","properties":{"query":{"type":"string"},"max_results":{"type":"integer",` +
				`"minimum":1,"maximum":20},"since":{"type":"string"}},"required":["query"]}`,
		},
		{
			Name: "read_document", Description: "Read a document by id.",
			Parameters: `{"type":"object","properties":{"document_id":{"type":"string"},"pages":{"type":"array",` +
				`"items":{"type":"integer"}}},"required":["document_id"]}`,
		},
	},
	healthy: []scenario{capacityBrief, priceBrief, nothingFound},
	failing: []scenario{
		asksForTooMany, writesTheCall, passesAList, accountIsEmpty, briefIsFiltered, documentIsGone,
		keyIsWrong,
	},
}

type subject struct{ company, site, question, figure string }

func newSubject(s *story) subject {
	return pick(s.r,
		subject{
			"Nordhav Wind", "Utsira Nord", "How much capacity has Nordhav Wind under construction?",
			"1.5 GW under construction at Utsira Nord, first power in 2029",
		},
		subject{
			"Solaria Iberia", "Trillo", "What did Solaria Iberia say about the Trillo plant in its last report?",
			"626 MW at Trillo, connected in stages until March 2027",
		},
		subject{
			"Hydro Savoie", "La Bathie", "How long is La Bathie out of service?",
			"unit 4 of La Bathie is out from 6 January to 19 April 2027",
		},
		subject{
			"Tyne Storage", "Blyth", "How large is the battery at Blyth, and who paid for it?",
			"a 180 MW / 360 MWh battery at Blyth, funded with 96 million GBP of project debt",
		})
}

func (q subject) found(s *story) {
	s.runs("filings", fmt.Sprintf(`{"results":[{"document_id":"doc-%d","title":"%s interim report Q3 `+
		`2026","date":"2026-11-05"},{"document_id":"doc-%d","title":"%s: notice to the market","date":"2026-10-21"}]}`,
		1000+len(q.company), q.company, 1100+len(q.site), q.site))
}

func (q subject) read(s *story) {
	s.calls("read_document", fmt.Sprintf(`{"document_id":"doc-%d","pages":[4,5]}`, 1000+len(q.company)))
	s.runs("documents", fmt.Sprintf(`{"document_id":"doc-%d","text":"Operations. During the quarter the group reports `+
		`%s. Net debt rose slightly owing to the purchase of turbines."}`, 1000+len(q.company), q.figure))
}

func capacityBrief(s *story) {
	q := newSubject(s)
	s.asks(q.question)
	s.calls("search_filings", fmt.Sprintf(`{"query":"%s %s","max_results":5}`, q.company, q.site))
	q.found(s)
	q.read(s)
	s.answers(fmt.Sprintf("%s reports %s [doc-%d, p. 4].", q.company, q.figure, 1000+len(q.company)))
}

func priceBrief(s *story) {
	s.asks("Summarise what the regulator said about capacity prices this autumn, in three sentences.")
	s.calls("search_filings", `{"query":"capacity market clearing price 2026","max_results":10,"since":"2026-09-01"}`)
	s.runs("filings", `{"results":[{"document_id":"doc-2201","title":"Capacity market: results of the autumn `+
		`auction","date":"2026-10-02"}]}`)
	s.calls("read_document", `{"document_id":"doc-2201"}`)
	s.runs("documents", `{"document_id":"doc-2201","text":"The auction cleared at 63.20 per kW and year, down from `+
		`71.50. New batteries won 2.1 GW. The regulator will review the derating of two-hour storage."}`)
	s.answers("The autumn auction cleared at 63.20 per kW and year, down from 71.50 [doc-2201]. New batteries won 2.1 " +
		"GW [doc-2201]. The regulator announced a review of how two-hour storage is derated [doc-2201].")
}

func nothingFound(s *story) {
	q := newSubject(s)
	s.asks(fmt.Sprintf("Has %s filed anything about hydrogen since the summer?", q.company))
	s.calls("search_filings", fmt.Sprintf(`{"query":"%s hydrogen","max_results":10,"since":"2026-06-21"}`, q.company))
	s.runs("filings", `{"results":[]}`)
	s.answers(fmt.Sprintf("No. The register holds no filing of %s that mentions hydrogen since 21 June.", q.company))
}

func asksForTooMany(s *story) {
	q := newSubject(s)
	s.asks(q.question)
	s.calls("search_filings", fmt.Sprintf(`{"query":"%s","max_results":500}`, q.company))
	s.wants(failure.ToolCallMalformed, "constraint_violation")
	s.shown(`{"error":"max_results out of range"}`)
	s.answers(fmt.Sprintf("I found no filing of %s that answers this.", q.company))
}

func writesTheCall(s *story) {
	q := newSubject(s)
	s.asks(q.question)
	s.answers(fmt.Sprintf("<tool_call>\n{\"name\": \"search_filings\", \"arguments\": {\"query\": \"%s %s\", "+
		"\"max_results\": 5}}\n</tool_call>", q.company, q.site))
	s.wants(failure.ToolCallMalformed, "call_in_text")
}

func passesAList(s *story) {
	q := newSubject(s)
	s.asks(q.question)
	s.calls("search_filings", fmt.Sprintf(`[%q,%q]`, q.company, q.site))
	s.wants(failure.ToolCallMalformed, "arguments_not_object")
	s.shown(`{"error":"arguments must be an object"}`)
	s.answers("The search did not work, so I cannot answer this with a source.")
}

func accountIsEmpty(s *story) {
	s.asks(newSubject(s).question)
	s.raises(429, "AI_APICallError", "You exceeded your current quota, please check your plan and billing details. For "+
		"more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors. "+
		"(insufficient_quota)", 0.3)
	s.wants(failure.RateLimit, "quota_exceeded")
}

func briefIsFiltered(s *story) {
	s.asks("Summarise the accident report on the explosion at the Blyth battery, with the injuries.")
	s.calls("search_filings", `{"query":"Blyth battery accident report","max_results":3}`)
	s.runs("filings", `{"results":[{"document_id":"doc-3107","title":"Accident report, Blyth storage `+
		`site","date":"2026-08-30"}]}`)
	s.ends("", "content_filter")
	s.wants(failure.Refusal, "content_filter")
}

func documentIsGone(s *story) {
	q := newSubject(s)
	s.asks(q.question)
	s.calls("search_filings", fmt.Sprintf(`{"query":"%s %s","max_results":5}`, q.company, q.site))
	q.found(s)
	s.calls("read_document", fmt.Sprintf(`{"document_id":"doc-%d"}`, 1100+len(q.site)))
	s.breaks("documents", "NoSuchKey", fmt.Sprintf("the object filings/doc-%d.pdf does not exist", 1100+len(q.site)))
	s.answers(fmt.Sprintf("%s reports about 2 GW at %s.", q.company, q.site))
}

func keyIsWrong(s *story) {
	s.asks(newSubject(s).question)
	s.raises(401, "AI_APICallError", "Incorrect API key provided: sk-proj-****************bX2A. You can find your API "+
		"key at https://platform.openai.com/account/api-keys.", 0.2)
	s.wants(failure.ProviderError, "auth")
}
