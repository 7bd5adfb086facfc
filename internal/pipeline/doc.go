// Package pipeline is the order of work on a span: read, price, score, verdict, session, cause, redact. The components of
// the Collector, `faultline score` and `faultline gate` run the same stages:
//
//	Scorer    llm_failure    reads a span into a call (dialect), takes what an earlier pass wrote (spanattr), prices,
//	                         scores, judges (failure) and writes (spanattr)
//	Sessions  llm_session    adds the call to its session and completes the verdict
//	Causes    llm_rootcause  finds the root cause of a whole trace
//	Redactor  any of them    replaces personal data and credentials, last of all
//
// What one stage learned of the spans of a request goes to the next in a Batch, in the context of the request, so that
// no attribute is parsed twice in one process. A stage that finds no entry for a span reads the span itself.
package pipeline
