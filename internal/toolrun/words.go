package toolrun

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxHead bounds how much of a text is read for its opening words, in bytes.
const maxHead = 400

// strength is how surely a text reports the failure of its tool.
type strength uint8

const (
	nothing strength = iota
	weak             // words that a text about other things may begin with
	plain            // "Error: …": unless the tool returns texts of others
	certain          // the mark of a framework or an interpreter
)

// certainly begin texts with which frameworks and interpreters report a failed tool.
var certainly = []string{
	"<tool_use_error>", "<tool_error>", "<error>", "traceback (most recent call last)", "error executing tool",
	"error calling tool", "error invoking tool", "error running tool", "error while executing tool", "error in tool",
	"error during execution", "error during tool",
	"tool execution failed", "tool execution error", "tool call failed",
	"tool call error", "tool error", "mcp error", "input validation error", "unknown tool", "tool not found",
	"an error occurred while running the tool", "an error occurred while executing",
	"error invoking", "error executing",
	"exception executing", "unhandled exception", "uncaught exception", "unhandled error", "fatal error",
	"invalid arguments for", "invalid tool arguments", "tool input validation failed", "tool failed",
	"error: <tool_use_error>",
}

// weakly begin texts that report a failure if the tool acts.
var weakly = []string{
	"unauthorized", "unauthorised", "not authorized", "not authenticated", "authentication failed",
	"authentication required", "permission denied", "access denied", "access is denied", "forbidden",
	"connection refused", "connection reset", "connection timed out", "connection error", "operation timed out",
	"request timed out", "timed out", "timeout:",
	"timeout after", "command timed out", "rate limit exceeded", "rate limited",
	"too many requests", "quota exceeded", "internal server error",
	"bad request", "bad gateway", "service unavailable",
	"gateway timeout", "invalid api key", "invalid argument",
	"invalid arguments", "invalid parameter", "invalid input",
	"invalid request", "invalid token", "missing required",
	"missing argument", "missing parameter", "required parameter",
	"no such file or directory", "command not found",
	"something went wrong", "an error occurred", "an exception occurred",
	"an unexpected error", "unexpected error", "error occurred", "insufficient permissions", "operation failed",
	"request failed", "execution failed", "command failed",
	"not implemented", "unsupported operation", "cannot connect",
	"could not connect", "unable to connect", "validation failed", "validation error", "segmentation fault", "panic:",
	"file not found", "directory not found", "path not found", "string to replace not found", "old_string not found",
	"text to replace not found", "element not found", "selector not found", "net::err_", "getaddrinfo", "econnrefused",
	"econnreset", "etimedout", "enotfound", "enoent", "eacces", "eperm", "eisdir", "npm err!", "ssl error",
	"fatal:", "1 validation error", "2 validation errors", "sorry, an error", "oops", "sorry, something went wrong",
}

// tries begin sentences about what did not work. A verb follows.
var tries = []string{
	"failed to ", "unable to ", "could not ", "couldn't ", "cannot ", "can't ", "can not ", "was unable to ",
	"error trying to ", "failure to ", "we could not ", "we were unable to ", "not able to ",
}

// finding are verbs after tries with which a search says that it found nothing.
var finding = set("find locate see match tell determine")

// accessing are verbs after tries that say that a tool that reads could not.
var accessing = set(`fetch read load open get retrieve connect download parse access query search
list resolve execute run
call authenticate reach decode process complete obtain stat scrape crawl navigate extract`)

// foreign begin error messages in other languages. A colon or a verb follows.
var foreign = []string{
	"fehler", "fehlgeschlagen", "fehler beim", "erreur", "échec",
	"error al", "error en", "error de", "errore", "erro",
	"falha", "fallo", "ошибка", "не удалось", "エラー", "失敗", "错误",
	"錯誤", "失败", "오류", "실패", "fout", "błąd", "hata", "fel",
	"virhe", "chyba", "hiba", "greška", "eroare", "lỗi",
	"خطأ", "שגיאה", "त्रुटि", "ข้อผิดพลาด", "kesalahan", "σφάλμα",
	"помилка", "无法", "無法",
}

// own are words of messages with which a tool that reads tells why it could not.
var own = []string{
	"not found", "no such", "enoent", "eacces", "eisdir", "eperm", "does not exist", "doesn't exist", "did not exist",
	"not exist", "denied", "unauthorized", "forbidden", "timed out",
	"timeout", "invalid", "required", "missing", "unknown",
	"failed to", "unable to", "could not", "cannot be ",
	"can't be ", "rate limit", "refused", "not allowed", "not permitted",
	"outside", "too large", "exceed", "unsupported", "not supported",
	"is a directory", "not a file", "404", "403", "401",
	"429", "500", "502", "503", "504",
	"expired", "not available", "unavailable", "must be", "must provide", "must have",
	"not connected", "malformed", "not authorized", "not initialized",
	"not configured", "syntax error", "quota", "api key",
	"network", "connection", "econnrefused", "no access", "disabled", "overloaded",
	"validation error", "no results for", "private", "econnreset", "net::err_",
}

// say reads the words of a result that has no flags.
func (r *Result) say(tool Tool, vouched bool) {
	var room [maxHead + 8]byte
	head := opening(room[:0], r.text)
	if head == "" {
		return
	}
	line, rest, more := strings.Cut(head, "\n")
	strength := strengthOf(line)
	long := more && strings.Count(rest, "\n") >= 2 || len(r.text) > 2000
	counts := false
	switch strength {
	case nothing:
	case certain:
		counts = !tool.Reports || !more || line[0] == '<'
	case plain:
		switch {
		case tool.Reports:
			counts = !more && len(line) < 200 && contains(line, own[:18]) && !dated(line)
		case tool.Effect == Reads:
			counts = !long && contains(line, own)
		case tool.Effect == Checks:
			counts = !long && !more
		default:
			counts = true
		}
	case weak:
		switch {
		case vouched || tool.Reports || long || tool.Effect == Checks:
		case tool.Writes:
			verb, _ := tried(line)
			counts = len(line) < 200 && !more && (reading(line) || writers[verb])
		case tool.Effect == Reads:
			counts = len(line) < 200 && !more && reading(line)
		default:
			counts = len(line) < 300
		}
	}
	if counts {
		r.fail("the text", r.text)
	}
}

// opening returns the beginning of a text in lower case, without the marks and signs in front of it.
func opening(into []byte, text string) string {
	text = text[:min(len(text), maxHead)]
	for text != "" {
		c, size := utf8.DecodeRuneInString(text)
		if c == '<' || c == '-' && len(text) > 1 && text[1] != ' ' ||
			unicode.IsLetter(c) || unicode.IsDigit(c) && !keycap(text) {
			break
		}
		text = text[size:]
	}
	for _, c := range text {
		if c == '\u2019' {
			c = '\''
		}
		into = utf8.AppendRune(into, unicode.ToLower(c))
	}
	return string(into)
}

// keycap reports whether a digit is the beginning of an emoji.
func keycap(text string) bool { return strings.HasPrefix(text[1:], "\ufe0f") }

// strengthOf weighs the first line of a text.
func strengthOf(line string) strength {
	for _, words := range certainly {
		if strings.HasPrefix(line, words) {
			if words == "unknown tool" || words == "tool failed" || words == "tool not found" {
				return plain
			}
			return certain
		}
	}
	if s := errorWord(line); s != nothing {
		return s
	}
	for _, words := range weakly {
		rest, ok := strings.CutPrefix(line, words)
		if !ok || !ends(rest) && !strings.HasSuffix(words, "_") ||
			!strings.ContainsAny(words, " :") && strings.HasPrefix(rest, " ") {
			continue // "Forbidden Planet, a shop"
		}
		return weak
	}
	if verb, ok := tried(line); ok {
		if finding[verb] {
			return nothing
		}
		return weak
	}
	for _, words := range foreign {
		if rest, ok := strings.CutPrefix(line, words); ok && (ends(rest) || words[0] >= 0xe0) { // no spaces in Asia
			rest = strings.TrimLeft(rest, " ")
			if strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "：") {
				return plain
			}
			if colon := strings.IndexAny(rest, ":："); colon > 0 && colon < 60 {
				return weak
			}
		}
	}
	return failedWord(line)
}

// errorWord weighs a line that begins with an error or the name of one.
func errorWord(line string) strength {
	if rest, ok := strings.CutPrefix(line, "error"); ok {
		if len(rest) > 1 && rest[0] == '_' && unicode.IsLetter(rune(rest[1])) { // the name of a column
			return nothing
		}
		tagged := strings.HasPrefix(rest, "]") || strings.HasPrefix(rest, ")")
		rest = strings.TrimLeft(rest, "])*_ ")
		switch {
		case rest == "" || isFine(strings.TrimLeft(rest, ":=- ")):
			return nothing
		case tagged || rest[0] == ':' || rest[0] == '!' || strings.HasPrefix(rest, "- ") || strings.HasPrefix(rest, "— "):
			return plain
		case strings.HasPrefix(rest, "code"), strings.HasPrefix(rest, "while "), strings.HasPrefix(rest, "when "),
			strings.HasPrefix(rest, "calling "), strings.HasPrefix(rest, "from "), strings.HasPrefix(rest, "occurred"),
			strings.HasPrefix(rest, "response from "):
			return plain
		}
		// "error 404: …", "error [E42] …", "error fetching the page: …"
		colon := strings.IndexByte(rest, ':')
		word, _, _ := strings.Cut(rest, " ")
		switch {
		case unicode.IsDigit(rune(rest[0])) && (colon > 0 && colon < 24 || strings.Contains(rest, " - ")):
			return plain
		case strings.HasSuffix(word, "ing") && colon > 0 && colon < 120 && !about[word]:
			return plain
		}
		return nothing
	}
	for _, words := range [...]string{"exception", "fatal", "http error", "http", "status"} {
		rest, ok := strings.CutPrefix(line, words)
		if !ok {
			continue
		}
		if words[0] == 'h' || words[0] == 's' { // "HTTP 403: Forbidden"
			rest = strings.TrimLeft(rest, " :")
			if isStatus(rest) && ends(rest[3:]) {
				return weak
			}
			continue
		}
		if strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, " while ") ||
			strings.HasPrefix(rest, " in ") && strings.Contains(rest, ":") {
			return plain
		}
	}
	if isStatus(line) && strings.HasPrefix(line[3:], " ") {
		for _, reason := range reasons { // "403 Forbidden"
			if strings.HasPrefix(line[4:], reason) {
				return weak
			}
		}
	}
	// "SomethingError: …" as an interpreter prints it, and "A2A Node Error: …".
	name, rest, ok := strings.Cut(line, ":")
	if !ok || len(name) > 60 || isFine(rest) || rest != "" && rest[0] != ' ' && rest[0] != '\n' {
		return nothing
	}
	switch {
	case !strings.ContainsAny(name, " \t"):
		if strings.HasSuffix(name, "error") || strings.HasSuffix(name, "exception") ||
			strings.Contains(name, ".errors.") || strings.Contains(name, ".exceptions.") {
			return plain
		}
	case strings.HasSuffix(name, " error") || strings.HasSuffix(name, " exception"):
		words := strings.Fields(name)
		if len(words) <= 5 && !about[words[len(words)-2]] && !about[words[0]] {
			return weak
		}
	}
	return nothing
}

// isStatus reports whether a text begins with an HTTP status that reports an error.
func isStatus(text string) bool {
	return len(text) >= 3 && (text[0] == '4' || text[0] == '5') && digit(text[1]) && digit(text[2])
}

var reasons = []string{
	"forbidden", "unauthorized", "not found", "bad request", "internal server", "service unavailable", "bad gateway",
	"gateway time", "too many requests", "client error",
	"server error", "method not allowed", "conflict", "unprocessable",
	"payment required", "request timeout", "gone",
}

// about are words beside "error" in texts about errors.
var about = set(`handling reporting logging tracking correcting monitoring catching wrapping raising testing debugging
understanding preventing fixing of last no known common previous recent this that type kind margin
standard mean average
rounding human the a an first each every most my your resolving detecting measuring coding spelling printing typing`)

// tried returns the verb after words like "failed to".
func tried(line string) (verb string, ok bool) {
	for _, words := range tries {
		rest, ok := strings.CutPrefix(line, words)
		if !ok {
			continue
		}
		rest = strings.TrimPrefix(rest, "be ")
		verb, _, _ = strings.Cut(rest, " ")
		return strings.TrimRight(verb, ".,:;"), true
	}
	return "", false
}

// failedWord finds "Booking failed: …" and "Tool execution failed with …": few words, then failed, then why.
func failedWord(line string) strength {
	for _, words := range [...]string{"failed", "[failed]", "failure", "failed."} {
		rest, ok := strings.CutPrefix(line, words)
		if ok && (rest == "" || rest[0] == ':' || strings.HasPrefix(rest, " - ")) {
			return weak
		}
	}
	at := strings.Index(line, " failed")
	if at < 0 || at > 60 || strings.Count(line[:at], " ") > 4 {
		return nothing
	}
	rest := line[at+len(" failed"):]
	for _, words := range [...]string{":", " with ", " because ", " due to ", " - ", ". ", "! ", " —", ", "} {
		if strings.HasPrefix(rest, words) {
			return weak
		}
	}
	if rest == "" || rest == "." || rest == "!" {
		if line[0] >= '0' && line[0] <= '9' { // "3 failed"
			return nothing
		}
		return weak
	}
	return nothing
}

// reading reports whether the weak words of a tool that reads are about its own reading.
func reading(line string) bool {
	if verb, ok := tried(line); ok {
		return accessing[verb]
	}
	if strings.Contains(line, " failed") || strings.HasPrefix(line, "failed") {
		return contains(line, failedReads)
	}
	return contains(line, own)
}

// failedReads are words of tools that read about their own failure.
var failedReads = []string{
	"generation failed", "translation failed", "request failed", "fetch failed", "search failed",
	"query failed", "read failed", "call failed", "lookup failed",
	"connection failed", "download failed", "load failed",
	"failed with status", "failed with error", "failed: http", "api failed",
}

func contains(line string, list []string) bool {
	for _, words := range list {
		if strings.Contains(line, words) {
			return true
		}
	}
	return false
}

// ends reports whether a word ends here.
func ends(rest string) bool {
	c, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '-' && c != '_'
}

// dated reports whether a line holds a time of day, as lines of logs do.
func dated(line string) bool {
	for i := 2; i+2 < len(line); i++ {
		if line[i] == ':' && digit(line[i-1]) && digit(line[i-2]) && digit(line[i+1]) && digit(line[i+2]) {
			return true
		}
	}
	return false
}

func digit(b byte) bool { return '0' <= b && b <= '9' }

// isControl knows the messages of calls that wait for a person, or that a person stopped.
func isControl(message string) bool {
	var room [maxHead + 8]byte
	head := opening(room[:0], message)
	for _, words := range controls {
		if strings.HasPrefix(head, words) {
			return true
		}
	}
	return strings.Contains(head, "requires approval") || strings.Contains(head, "awaiting approval") ||
		strings.Contains(head, "waiting for approval") || strings.Contains(head, "cancelled by the user") ||
		strings.Contains(head, "cancelled by user") || strings.Contains(head, "rejected by the user") ||
		strings.Contains(head, "denied by the user") || strings.Contains(head, "canceled by user")
}

var controls = []string{
	"approvalrequired", "approval required", "approval_required", "calldeferred", "call deferred", "graphinterrupt",
	"interrupt(", "nodeinterrupt", "parentcommand",
	"handoff", "transferred to", "the user doesn't want to", "cancelled",
	"canceled", "operation was cancelled",
	"operation cancelled", "request interrupted by user", "[request interrupted",
	"user rejected", "user declined", "user denied",
	"tool call was rejected by", "the user rejected", "needs approval",
	"human approval", "pending approval",
	"the tool call was denied", "tool execution was not approved", "the user declined",
	"cancellederror", "the operation was aborted", "aborterror",
	"user cancelled", "user canceled", "interrupted by user",
}

// nothingFound are texts with which tools say that they found nothing.
var nothingFound = set(`null none undefined [] {} no_results no_results_found not_found nothing_found no_matches
no_matches_found no_match no_match_found no_data no_files_found no_documents_found no_records_found 0_results 0_rows
0_matches empty no_items_found no_entries_found (no_results) (empty) no_rows no_output no_data_found 0_rows_returned
no_search_results_found no_content no_hits no_results_were_found no_relevant_documents_found`)

// isEmpty knows how tools report that they found nothing.
func isEmpty(result string) bool {
	const longest = 160
	if len(result) >= longest {
		return false
	}
	if strings.HasPrefix(result, "{") {
		return emptyObject(result)
	}
	plain := strings.Trim(result, "\"' .!\n\t")
	if plain == "" {
		return true
	}
	if nothingFound[strings.ReplaceAll(strings.ToLower(plain), " ", "_")] {
		return true
	}
	line := strings.ToLower(plain)
	if strings.HasPrefix(line, "no ") && !strings.ContainsAny(line, "\n,;") {
		return strings.Contains(line, " found") || strings.Contains(line, "results for") || strings.Contains(line, " match")
	}
	return isNothing(plain)
}

// emptyObject reports whether an object has an empty list, and else only counts of zero and words about the request.
func emptyObject(result string) bool {
	lists, others := 0, 0
	var room [40]byte
	members(result, func(key, value string) bool {
		switch {
		case isNothing(value):
			if value[0] == '[' {
				lists++
			}
		default:
			switch string(squeeze(room[:0], key)) {
			case "page", "perpage", "pagesize", "limit", "offset", "query",
				"q", "status", "ok", "success", "took", "message",
				"haserror", "isempty":
			default:
				others++
			}
		}
		return true
	})
	return lists > 0 && others == 0 || strings.Trim(result, "{} \n\t") == ""
}
