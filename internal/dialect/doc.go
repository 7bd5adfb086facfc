// Package dialect reads spans and log records of any emitter into a genai.Call, one file a dialect. It knows pdata and
// the names that emitters use; it knows no attribute of ours, no verdict and no price.
//
// Reader.Read fills the scalars of a call in one pass over the attributes of the span. Messages and other content are
// parsed on first use, each field once, by a streaming parser.
package dialect
