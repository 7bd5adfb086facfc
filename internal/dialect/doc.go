// Package dialect reads spans and log records of any emitter into a genai.Call. Each dialect has its own file. The
// package knows pdata and the names that emitters use. It does not know Faultline's own attributes, verdicts or prices.
//
// Reader.Read fills the scalars of a call in one pass over the attributes of the span. Messages and other content are
// parsed on first use, each field once, by a streaming parser.
package dialect
