// Package pipeline defines the order of work on a span: read, price, score, verdict, session, cause, redact. The
// components of the Collector, `faultline score` and `faultline gate` run the same stages:
//
//	Scorer    llm_failure    reads a span into a call (dialect) and the record of an earlier pass (spanattr), prices,
//	                         scores, judges (failure) and writes the result (spanattr)
//	Sessions  llm_session    adds the call to its session and completes the verdict
//	Causes    llm_rootcause  finds the root cause of a whole trace
//	Redactor  any of them    replaces personal data and credentials, last of all
//
// The stages pass what they learn about the spans of a request to each other in a Batch, in the context of the request,
// so that one process parses each attribute once. A stage that finds no entry for a span reads the span itself.
package pipeline
