package provider

import (
	"strconv"
	"strings"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// Bounds on how much of an error is read. After the head of a message, SDKs can include parts of the conversation.
const (
	maxMessage = 512
	maxType    = 256
)

// Classify returns the outcome of an error. It tries, in this order, the exception type, code, message and HTTP status,
// and last the bare fact that there was an error. A specific type or code is final, and no message overrules it. An
// ambiguous one (a bad request, a rate limit, a server error) is a first guess that a more precise later step replaces.
// The zero Outcome means that there is no error.
func Classify(e genai.Error) Outcome {
	if !e.IsError {
		return Outcome{}
	}
	text := head(e.Message)
	lower := strings.ToLower(text)
	body := read(text)

	guess, by, where := byType(e.Type)
	unclear := guess == byStatus
	if guess.refine != never || !guess.known() {
		if f, name := named(text, lower); f.replaces(guess) {
			guess, by, where = f, "type", name
		}
	}
	if guess == notFound && namesNoTool(lower) { // Genkit
		return unknownTool.outcome("message", noTool)
	}
	if guess.refine == never && guess.known() {
		return settled(guess, e, lower).outcome(by, where)
	}
	if f := located(body.code, body.name, lower); f.replaces(guess) {
		guess, by, where = f, "code", body.name
		if guess.refine == never {
			return guess.outcome(by, where)
		}
	}
	status := e.HTTPStatus
	if status < 400 {
		status = statusIn(e.Type, text, lower, body)
	}
	// The status is more precise than a type that stands for many statuses, such as a 503 under InternalServerError.
	if f := byHTTP(status); !guess.known() || guess.vague() && f.replaces(guess) {
		if f.known() {
			guess, by, where = f, "http", strconv.Itoa(status)
		}
		if guess.known() && guess.refine == never {
			return guess.outcome(by, where)
		}
	}
	// If a message only repeats the guess, the guess still decides: one failure has one fingerprint.
	f, part := match(lower)
	if f.reported {
		f = mismatched(e.Message)
	}
	if f == notJSON && parsesCalls(e.Raiser) {
		return badArguments.outcome("function", e.Raiser)
	}
	if f == quota && saysWhen(e.Message) {
		f, part = throttled, "retry in"
	}
	if f.known() && guess.yields(f) && (!guess.known() || f.class != guess.class || f.detail != guess.detail) {
		return f.outcome("message", part)
	}
	if guess.known() {
		return guess.outcome(by, where)
	}
	if unclear && e.HTTPStatus/100 == 2 { // an error of the API after a good status: the rest did not arrive
		return connection.outcome("http", strconv.Itoa(e.HTTPStatus))
	}
	return serverError.outcome("status", "")
}

// settled corrects a specific type by two facts that the type does not show: timeouts are also raised as aborts, and if
// an HTTP status arrived, the other side gave up.
func settled(f fine, e genai.Error, lower string) fine {
	switch {
	case f.cancelled && (strings.Contains(lower, "timeout") || strings.Contains(lower,
		"timed out") || strings.Contains(lower, "deadline")):
		return clientTimeout
	case f == clientTimeout && (e.HTTPStatus == 408 || e.HTTPStatus == 504):
		return timeout
	case f.reported:
		return mismatched(e.Message)
	}
	return f
}

// located handles Google's FAILED_PRECONDITION: a bad request, unless the account lacks billing or its location is not
// supported.
func located(f fine, code, lower string) fine {
	if code == "failed_precondition" && (strings.Contains(lower, "billing") || strings.Contains(lower, "location")) {
		return auth
	}
	return f
}

// byType looks an error type up: an exception with or without its package, a code, or an HTTP status.
func byType(name string) (f fine, by, where string) {
	if name = strings.TrimSpace(name); name == "" || len(name) > maxType || name == "_OTHER" {
		return fine{}, "", ""
	}
	if status, err := strconv.Atoi(name); err == nil {
		return byHTTP(status), "http", name
	}
	lower := strings.ToLower(name)
	if f, ok := exceptions[lower]; ok {
		return f, "type", lower
	}
	last := strings.TrimLeft(lower[strings.LastIndexAny(lower, ".:/$+*")+1:], "_")
	if f, ok := exceptions[last]; ok {
		return f, "type", last
	}
	if f, ok := codes[foldCode(last)]; ok {
		return f, "code", foldCode(last)
	}
	// Telemetry may spell the names of exceptions in snake case, and the AI SDK may leave out its prefix.
	if strings.IndexByte(last, '_') > 0 {
		if f, ok := exceptions[strings.ReplaceAll(last, "_", "")]; ok {
			return f, "type", last
		}
	}
	if f, ok := exceptions["ai_"+last]; ok {
		return f, "type", last
	}
	// Java and .NET have RateLimitException for Python's RateLimitError.
	stem := strings.TrimSuffix(strings.TrimSuffix(last, "exception"), "error")
	for _, word := range handingOver {
		if strings.HasSuffix(stem, word) {
			return cancelled, "type", last
		}
	}
	if stem == last || stem == "" {
		return fine{}, "", ""
	}
	for _, suffix := range [...]string{"error", "", "exception"} {
		if f, ok := exceptions[stem+suffix]; ok {
			return f, "type", stem + suffix
		}
	}
	return fine{}, "", ""
}

// handingOver end the names of exceptions with which a framework leaves a step to a person or to another agent.
var handingOver = []string{
	"approvalrequired", "approvalneeded", "inputrequired", "confirmationrequired", "interrupt", "handoff",
	"workflowsuspended", "workflowsuspend", "agentsuspended", "runsuspended", "toolsuspended", "calldeferred",
}

// wrappers precede the name of the inner exception in the message of one that wraps it.
var wrappers = []string{
	"original exception: ", "last exception: ", "last error: ", "caused by: ", "caused by ",
	" raised ", "error in agent run: ", `{"error":"`, `{"error": "`, "{'error': '", "\n",
}

// named finds names of exceptions in a message: at its start ("litellm.RateLimitError: AnthropicException - …",
// "ReadTimeout(”)"), or behind a word that introduces a wrapped exception. A specific one wins.
func named(text, lower string) (fine, string) {
	best, name := leading(text)
	for _, w := range wrappers {
		i := strings.Index(lower, w)
		if i < 0 || i+len(w) > len(text) || len(lower) != len(text) {
			continue
		}
		if f, n := leading(text[i+len(w):]); f.replaces(best) {
			best, name = f, n
		}
	}
	return best, name
}

// maxNames bounds the number of names in a row.
const maxNames = 4

func leading(text string) (best fine, name string) {
	for range maxNames {
		end := 0
		for end < len(text) && isNameByte(text[end]) {
			end++
		}
		word := text[:end]
		rest := strings.TrimLeft(text[end:], " ")
		if rest != "" && strings.IndexByte(":(-<>[]",
			rest[0]) < 0 || len(word) < len("Timeout") || strings.ToLower(word) == word {
			return best, name
		}
		// Accept only names written like an exception: "Tokens: 12" at the start of a text is not a code.
		if f, by, n := byType(word); f.known() && (by == "type" || strings.HasSuffix(n,
			"exception") || strings.ToUpper(word) == word) {
			if f.replaces(best) {
				best, name = f, n
			}
		}
		text = strings.TrimLeft(rest, " :-(")
	}
	return best, name
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.'
}

// match finds the first pattern that occurs in a message.
func match(lower string) (fine, string) {
	if f, ok := whole[lower]; ok {
		return f, lower
	}
	if last := lastWords(lower); last == "terminated" || last == "eof" {
		return connection, last
	}
	if namesNoTool(lower) {
		return unknownTool, noTool
	}
	if rest, ok := strings.CutPrefix(lower, missingModel); ok && rest != "" && !strings.ContainsAny(rest, " ,;{") {
		return notFound, missingModel
	}
	var has trigrams
	has.add(lower)
next:
	for i := range patterns {
		for k, part := range patterns[i].parts {
			if !has.all(&patterns[i].marks[k]) || !strings.Contains(lower, part) {
				continue next
			}
		}
		return patterns[i].fine, patterns[i].parts[0]
	}
	return fine{}, ""
}

// lastWords is what a message says after the names that lead to it: "TypeError: terminated", "Post …: EOF".
func lastWords(lower string) string {
	if i := strings.LastIndex(lower, ": "); i >= 0 {
		lower = lower[i+2:]
	}
	return strings.Trim(lower, " .!\"'`)]}")
}

// namesNoTool finds a tool or function that does not exist: "Tool cancel_order not found in agent x". What the caller
// asked for by name, as in "tool choice … not found", is not a call of the model.
func namesNoTool(lower string) bool {
	for _, word := range [...]string{"tool ", "function "} {
		_, rest, ok := strings.Cut(lower, word)
		for ; ok; _, rest, ok = strings.Cut(rest, word) {
			name := strings.TrimLeft(rest, " :`'\"")
			end := 0
			for end < len(name) && (isNameByte(name[end]) || name[end] == '-') {
				end++
			}
			after := strings.TrimLeft(name[end:], "`'\" ")
			switch name[:end] {
			case "", "choice", "call", "result", "output", "use", "type":
				continue
			}
			for _, missing := range absent {
				if strings.HasPrefix(after, missing) {
					return true
				}
			}
		}
	}
	return false
}

// parsesCalls reports whether a function reads the tool calls of an answer, by its name: fromOpenAIToolCall,
// parse_tool_call.
func parsesCalls(function string) bool {
	name := strings.ReplaceAll(strings.ToLower(function), "_", "")
	return strings.Contains(name, "toolcall") || strings.Contains(name, "tooluse") ||
		strings.Contains(name, "toolarg") || strings.Contains(name, "toolinput") ||
		strings.Contains(name, "functioncall")
}

// saysWhen reports whether a message says after how many seconds or minutes the call may be tried again. A quota of the
// day is spent all the same.
func saysWhen(message string) bool {
	lower := strings.ToLower(message[:min(len(message), 2*maxMessage)])
	if strings.Contains(lower, "perday") || strings.Contains(lower, "per day") || strings.Contains(lower, "per_day") {
		return false
	}
	for _, hint := range retryHints {
		_, rest, ok := strings.Cut(lower, hint)
		for ; ok; _, rest, ok = strings.Cut(rest, hint) {
			rest = strings.TrimLeft(rest, " :=\"'~")
			if rest != "" && rest[0] >= '0' && rest[0] <= '9' {
				return true
			}
		}
	}
	return false
}

// head is the part of a message that belongs to the error: its first line, bounded. A line that only announces the next
// one ("Error in generating model output:") includes the next one.
func head(message string) string {
	if len(message) > 2*maxMessage {
		message = message[:2*maxMessage]
	}
	message = strings.TrimSpace(message)
	if len(message) > maxMessage {
		message = message[:maxMessage]
	}
	i := strings.IndexByte(message, '\n')
	if i <= 0 {
		return message
	}
	if line := strings.TrimRight(message[:i], " \r"); strings.HasSuffix(line, ":") {
		next, _, _ := strings.Cut(strings.TrimSpace(message[i:]), "\n")
		return line + "\n" + next
	}
	return message[:i]
}

// mismatched finds the JSON Schema keyword in the report of a validation library. Pydantic's report has
// [type=missing, …] on a line of its own. Genkit's report has the value and the schema after it.
func mismatched(message string) fine {
	message, _, _ = strings.Cut(message, "\nProvided data:")
	if len(message) > maxMessage {
		message = message[:maxMessage]
	}
	lower := strings.ToLower(message)
	for _, m := range mismatches {
		if strings.Contains(lower, m.word) {
			return fine{class: failure.SchemaViolation, detail: m.keyword}
		}
	}
	return notJSON
}
