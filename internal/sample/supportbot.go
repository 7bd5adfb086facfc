package sample

import (
	"fmt"

	"github.com/faultline-otel/faultline/internal/failure"
	"github.com/faultline-otel/faultline/internal/genai"
)

// supportBot answers customers of a company that hosts databases.
var supportBot = &app{
	service: "support-bot", release: "5.2.1", route: "POST /api/support/messages",
	agent: "support-triage", prompt: "support-triage", promptVersion: "2026-11-10",
	provider: "anthropic", model: "claude-sonnet-4-5-20250929", dialect: openInference{},
	system: "You are the first line of support at Tidewater, a hosted PostgreSQL service. Use the context and the " +
		"tools, never guess about a customer's cluster. If you " +
		"cannot help, open a ticket. Be brief and concrete, and give the command to run where there is one.",
	tools: []genai.Tool{
		{
			Name: "get_cluster_status", Description: "State, version and disk use of a cluster.",
			Parameters: `{"type":"object","properties":{"cluster_id":{"type":"string","pattern":"^c-[0-9a-f]{6}$"}},` +
				`"required":["cluster_id"]}`,
		},
		{
			Name: "open_ticket", Description: "Open a ticket for the on-call engineer.",
			Parameters: `{"type":"object","properties":{"cluster_id":{"type":"string"},"priority":{"type":"integer",` +
				`"minimum":1,"maximum":4},"summary":{"type":"string","maxLength":200}},"required":["priority","summary"]}`,
		},
		{
			Name: "restart_replica", Description: "Restart one read replica.",
			Parameters: `{"type":"object","properties":{"cluster_id":{"type":"string"},"replica":{"type":"integer",` +
				`"minimum":0}},"required":["cluster_id","replica"]}`,
		},
	},
	healthy: []scenario{diskIsFull, connectionsExhausted, replicaRestarts, backupQuestion},
	failing: []scenario{
		declinesPasswordReset, escalatesToNobody, ticketIsCutOff, modelIsOverloaded, modelIsSlow,
		statusToolFails, historyIsTooLong,
	},
}

func cluster(s *story) string { return fmt.Sprintf("c-%06x", s.r.IntN(1<<24)) }

func knowsConnections(s *story) {
	s.finds("too many connections pooling", genai.Document{
		ID: "kb-118", Score: genai.Some(0.91),
		Content: "FATAL: sorry, too many clients already. Each plan has a connection limit (Small 50, Medium 200, Large " +
			"500). Use the built-in PgBouncer on port 6432 for web applications; it holds up to 5000 client connections.",
	}, genai.Document{
		ID: "kb-042", Score: genai.Some(0.66),
		Content: "To see who is connected: SELECT usename, application_name, count(*) FROM pg_stat_activity GROUP BY 1, 2 " +
			"ORDER BY 3 DESC;",
	})
}

func diskIsFull(s *story) {
	id := cluster(s)
	s.asks(fmt.Sprintf("Our cluster %s is read-only since this morning, nothing can be written. What happened?", id))
	s.calls("get_cluster_status", fmt.Sprintf(`{"cluster_id":%q}`, id))
	s.runs("clusters", fmt.Sprintf(`{"cluster_id":%q,"state":"read_only","version":"16.4","disk_used_gb":%d,`+
		`"disk_size_gb":100,"largest_table":"events"}`, id, 97+s.r.IntN(3)))
	s.answers("The cluster went read-only because its disk is full; the largest table is `events`. Add storage under " +
		"Settings > Storage (it takes effect without a restart), or free some with `DROP TABLE` on old partitions. A " +
		"plain `DELETE` will not give space back right away.")
}

func connectionsExhausted(s *story) {
	s.asks(pick(s.r,
		"We get FATAL: sorry, too many clients already whenever the cron jobs run. Plan is Medium.",
		"Since our last deploy the app fails with 'too many clients already'. What is the limit?"))
	knowsConnections(s)
	s.answers("The Medium plan allows 200 direct connections [kb-118]. Point the application at PgBouncer on port " +
		"6432, which holds up to 5000 clients, and find out who uses most of them with `SELECT usename, application_name, " +
		"count(*) FROM pg_stat_activity GROUP BY 1, 2 ORDER BY 3 DESC;` [kb-042].")
}

func replicaRestarts(s *story) {
	id, replica := cluster(s), s.r.IntN(3)
	s.asks(fmt.Sprintf("Replica %d of %s lags by 20 minutes and does not catch up. Please restart it.", replica, id))
	s.calls("get_cluster_status", fmt.Sprintf(`{"cluster_id":%q}`, id))
	s.runs("clusters", fmt.Sprintf(`{"cluster_id":%q,"state":"running","version":"17.1","replicas":[{"replica":%d,`+
		`"lag_seconds":1260}]}`, id, replica))
	s.calls("restart_replica", fmt.Sprintf(`{"cluster_id":%q,"replica":%d}`, id, replica))
	s.runs("jobs", `{"job":"restart","state":"started"}`)
	s.answers(fmt.Sprintf("I have restarted replica %d. It lagged by 21 minutes and should catch up within a few; if "+
		"the lag is above a minute at noon, write again and I will open a ticket.", replica))
}

func backupQuestion(s *story) {
	s.asks("How far back can we restore, and does a restore overwrite the running cluster?")
	s.finds("point in time recovery retention", genai.Document{
		ID: "kb-077", Score: genai.Some(0.89),
		Content: "Point-in-time recovery: 7 days on Small, 14 on Medium, 35 on Large. A restore always creates a new " +
			"cluster; the old one keeps running until you delete it.",
	})
	s.answers("That depends on the plan: 7 days on Small, 14 on Medium and 35 on Large, to the second. A restore never " +
		"overwrites anything: it creates a new cluster beside the running one [kb-077].")
}

func declinesPasswordReset(s *story) {
	s.asks("I locked myself out of our own test cluster. How do I reset the password of the postgres user?")
	s.finds("reset password superuser", genai.Document{
		ID: "kb-009", Score: genai.Some(0.93), Content: "Owners can reset any password under Settings > Users > Reset. " +
			"The new password is shown once.",
	})
	s.ends("", "refusal")
	s.wants(failure.Refusal, "model_refusal")
}

func escalatesToNobody(s *story) {
	id := cluster(s)
	s.asks(fmt.Sprintf("This is the third time I ask. %s has been down for an hour and we lose money. I want to talk "+
		"to a human.", id))
	s.calls("escalate_to_human", fmt.Sprintf(`{"cluster_id":%q,"reason":"customer asks for a human, cluster down"}`, id))
	s.wants(failure.ToolCallMalformed, "unknown_tool")
	s.shown(`{"error":"no such tool"}`)
	s.answers("I have passed you on to a colleague, who will be with you in a few minutes.")
}

func ticketIsCutOff(s *story) {
	id := cluster(s)
	s.asks(fmt.Sprintf("Queries on %s got ten times slower after the upgrade to 17. Please have someone look at it.", id))
	s.calls("open_ticket", fmt.Sprintf(`{"cluster_id":%q,"priority":2,"summary":"Queries ten times slower after `+
		`upgrade to 17, customer asks for`, id))
	s.wants(failure.ToolCallMalformed, "unparsable_arguments")
	s.shown(`{"error":"arguments are not JSON"}`)
	s.answers("I have opened a ticket with priority 2; an engineer will look at the query plans today.")
}

func modelIsOverloaded(s *story) {
	s.asks("Is there an incident? Our dashboards are empty since ten minutes.")
	s.raises(529, "anthropic.OverloadedError", "Error code: 529 - {'type': 'error', 'error': {'type': "+
		"'overloaded_error', 'message': 'Overloaded'}}", 1.4)
	s.wants(failure.ProviderError, "overloaded")
}

func modelIsSlow(s *story) {
	s.asks("Which extensions can I install on version 17?")
	s.finds("extensions postgres 17", genai.Document{
		ID: "kb-051", Score: genai.Some(0.81),
		Content: "Available on 17: pgvector 0.8, postgis 3.5, pg_cron 1.6, timescaledb 2.17, pg_partman 5.1.",
	})
	s.raises(0, "anthropic.APITimeoutError", "Request timed out.", 60)
	s.wants(failure.Timeout, "client_deadline")
}

func statusToolFails(s *story) {
	id := cluster(s)
	s.asks(fmt.Sprintf("Is %s healthy? The console shows nothing.", id))
	s.calls("get_cluster_status", fmt.Sprintf(`{"cluster_id":%q}`, id))
	s.breaks("clusters", "ControlPlaneUnavailable", "control plane eu-north-1 did not answer within 5 s")
	s.answers("Yes, your cluster is up and running normally.")
}

func historyIsTooLong(s *story) {
	s.asks("Here is the whole server log of last night (see the attachment). Why did the failover happen?")
	s.raises(400, "anthropic.BadRequestError",
		"Error code: 400 - {'type': 'error', 'error': {'type': 'invalid_request_error', 'message': 'prompt is too long: "+
			"213948 tokens > 200000 maximum'}}", 0.9)
	s.wants(failure.Truncation, "context_length")
}
