package toolrun

import (
	"bytes"
	"strings"
)

// Effect says what a tool does to the world, as far as its name and arguments tell.
type Effect uint8

// The effects. A tool that is not known may change something.
const (
	Unknown Effect = iota
	Reads          // looks something up: the world is the same afterwards
	Looks          // reads without saying what: ls, the state of a page
	Checks         // reads in order to judge: tests, linters, health checks
	Changes        // writes, sends, buys
	Steps          // is called again on purpose: scroll, next page, press a key
	Waits          // lets time pass
)

// Changing reports whether a call that worked may have changed what other calls return.
func (e Effect) Changing() bool { return e == Unknown || e == Changes || e == Steps }

// Tool is what is known of a tool before it runs.
type Tool struct {
	Effect Effect
	// Reports is set for tools whose results are about errors by nature: logs, issues, matches of a search in files,
	// pages. Their words do not report a failure of the tool.
	Reports bool
	// Tracks is set for tools that return the state of something that may have failed: a job, a payment, a build.
	Tracks bool
	// Writes is set for tools that return a text of their own making: a title, a translation, the answer of an agent.
	Writes bool
	// Shell is set for tools that run commands, whose effect only the arguments tell.
	Shell bool
	// Ends is set for tools that cancel or abort something: "cancelled" is their success.
	Ends bool
}

// verbs map words of names to effects. The first word of a name that is listed decides.
var verbs = table(map[Effect]string{
	Reads: `get list ls read search find fetch lookup look query show view describe count grep rg
ripgrep glob cat head
tail browse visit open inspect retrieve recall explore scan diff stat calculate calc compute
convert estimate translate
think plan ask tell explain define quote select now time date weather exists preview extract load download ocr analyze
analyse summarize wc pwd sort
display help docs logs whoami which tree observe poll peek compare crawl scrape info status history
websearch webfetch`,
	Checks: `check verify validate test tests lint typecheck health healthcheck ping probe monitor audit assert pytest
build is has can diagnose`,
	Changes: `update set create add delete remove write edit patch apply send post put insert move mv
rename cp copy mkdir
touch rm book cancel place buy pay refund charge login logout lock unlock start stop restart deploy install uninstall
commit push merge replace save store upload submit assign close make modify change cd exchange return transfer reset
approve reject archive mark label tag pin mute block invite share subscribe unsubscribe reply forward notify sign
accept decline confirm trigger launch generate render print sync import export backup publish schedule register enable disable str_replace multiedit todowrite rollback migrate seed`,
	Steps: `scroll press next prev previous page swipe undo redo advance forward back step tick key keypress hotkey`,
	Waits: `wait sleep pause delay`,
})

// reports and tracks list words of names.
var (
	reports = set(`log logs issue issues sentry grep rg ripgrep error errors exception exceptions
trace traces docs doc
documentation page pages news mail email emails message messages ticket tickets alert alerts incident incidents event
events history diff blame law books films wiki faq thread comments review reviews transcript article stackoverflow
journal dmesg stderr console crash dump stacktrace traceback backtrace`)
	tracks = set(`status state job jobs run runs build builds deploy deploys deployment deployments
pipeline task tasks
payment payments refund refunds transaction transactions order orders check checks health workflow
execution test tests
shipment delivery batch queue process`)
)

// writers are verbs of tools that return a text of their own making.
var writers = set(`generate compose draft summarize translate rewrite paraphrase classify categorize ask brainstorm suggest
answer delegate think`)

var enders = set("cancel abort stop kill terminate revoke end close")

// EffectOf returns what a call of a tool with these arguments does.
func EffectOf(name, arguments string) Effect {
	t := Of(name, arguments)
	if t.Effect == Reads && !t.Shell && isBare(arguments) {
		return Looks
	}
	return t.Effect
}

// isBare reports whether arguments name nothing: {}, {"all":false}.
func isBare(arguments string) bool {
	bare := true
	return members(strings.TrimSpace(arguments), func(_, value string) bool {
		bare = isNothing(value) || value == "true" || value == "True"
		return bare
	}) && bare
}

// shells are tools that run a command of the arguments.
var shells = set(`bash shell sh zsh terminal exec execute command cmd powershell console run_command run_shell
run_terminal_cmd shell_command local_shell execute_command exec_command`)

// commands maps the first words of shell commands to effects.
var commands = table(map[Effect]string{
	Reads: `ls cat head tail grep rg find pwd wc stat tree which env ps df du file less sort uniq diff
jq awk date whoami
printenv git_status git_diff git_log git_show git_branch git_blame kubectl_get kubectl_describe kubectl_logs docker_ps
docker_logs gh_run gh_pr gh_issue`,
	Checks: `pytest tsc eslint ruff mypy flake8 pylint go_test go_vet go_build cargo_test cargo_check cargo_build
cargo_clippy npm_test npm_run yarn_test yarn_run pnpm_test pnpm_run bun_test bun_run make_test
make_check make_lint make
mvn gradle jest vitest tox nox phpunit rspec ctest dotnet_test dotnet_build npx_tsc npx_eslint npx_jest npx_vitest
golangci-lint terraform_plan terraform_validate`,
	Waits: `sleep`,
})

func table(words map[Effect]string) map[string]Effect {
	m := map[string]Effect{}
	for effect, list := range words {
		for w := range strings.FieldsSeq(list) {
			m[w] = effect
		}
	}
	return m
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

var separator = []byte{'_'}

// maxName bounds how much of a tool's name is read, in bytes.
const maxName = 128

// Of returns what the name and the arguments of a tool tell.
func Of(name, arguments string) (t Tool) {
	var room [2 * maxName]byte
	list := lower(room[:0], name)
	if t.Shell = shells[string(list)]; t.Shell {
		t.Effect = commandOf(arguments)
		return t
	}
	for len(list) > 0 {
		w, rest, _ := bytes.Cut(list, separator)
		list = rest
		if e, ok := verbs[string(w)]; ok && t.Effect == Unknown {
			t.Effect = e
		}
		t.Reports = t.Reports || reports[string(w)]
		t.Tracks = t.Tracks || tracks[string(w)]
		t.Writes = t.Writes || writers[string(w)]
		t.Ends = t.Ends || enders[string(w)]
	}
	if t.Effect == Changes || t.Effect == Steps { // "send_message" returns no messages
		t.Reports, t.Tracks = false, false
	}
	if t.Effect == Unknown && t.Reports {
		t.Effect = Reads
	}
	return t
}

// lower returns a name in lower case with _ between its words: getUserID, get-user-id and mcp.get_user_id.
func lower(into []byte, name string) []byte {
	was := byte('_')
	for i := 0; i < min(len(name), maxName); i++ {
		b := name[i]
		switch {
		case 'A' <= b && b <= 'Z':
			if 'a' <= was && was <= 'z' {
				into = append(into, '_')
			}
			into = append(into, b+'a'-'A')
		case 'a' <= b && b <= 'z' || digit(b):
			into = append(into, b)
		default:
			if b = '_'; was != '_' {
				into = append(into, b)
			}
		}
		was = b
	}
	return bytes.Trim(into, "_")
}

// commandOf returns the effect of a shell command, which is a member of the arguments or all of them.
func commandOf(arguments string) Effect {
	command := arguments
	members(arguments, func(key, value string) bool {
		switch key {
		case "command", "cmd", "script", "code", "input":
			command = value
			if strings.HasPrefix(value, "[") {
				command, _ = first(value)
			}
			command = unquote(command)
			return false
		}
		return true
	})
	command = command[:min(len(command), 512)]
	effect := Unknown
	// A chain of commands does what its strongest part does.
	for part := range strings.FieldsFuncSeq(command, func(r rune) bool { return strings.ContainsRune("&;|\n", r) }) {
		words := strings.Fields(part)
		if len(words) == 0 || words[0] == "cd" || strings.Contains(words[0], "=") {
			continue
		}
		e, ok := commands[words[0]]
		if len(words) > 1 && !ok {
			e, ok = commands[words[0]+"_"+words[1]]
		}
		switch {
		case e == Waits:
			return Waits
		case !ok || strings.Contains(part, ">"):
			return Unknown
		case effect == Unknown:
			effect = e
		}
	}
	return effect
}
