// Package wire spells calls and findings on OTLP. It is the only domain package that knows pdata and attribute names.
//
// Reading: Reader.Read turns one span of any dialect into a genai.Call, one file a dialect. Scalars are read in one
// pass over the attributes; messages and other content are parsed on first use, each field once, by a streaming parser.
// Writing: Annotate runs scorers over the spans of a request and writes what DESIGN §4 names.
package wire
