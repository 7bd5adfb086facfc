package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// queryText returns the query of a retrieval: the text, or the member of an object that holds it.
func queryText(text string) string {
	c := cursor{s: text}
	switch c.space() {
	case '"':
		return c.str()
	case '{':
		c.open('{')
		for key := ""; c.member(&key); {
			switch key {
			case "query", "input", "question", "text", "query_str":
				if s := c.scalar(); s != "" {
					return s
				}
			default:
				c.skip()
			}
		}
	}
	return text
}

// maxDocuments bounds how many documents of one retrieval are read.
const maxDocuments = 1000

// appendDocuments reads retrieved documents: a list of them, or an object that holds the list.
func appendDocuments(dst []genai.Document, text string) []genai.Document {
	c := cursor{s: text}
	switch c.space() {
	case '"':
		return appendDocumentList(dst, c.str())
	case '{':
		c.open('{')
		for key := ""; c.member(&key); {
			if !documentsKey(key) {
				c.skip()
				continue
			}
			if dst = appendDocumentList(dst, c.raw()); len(dst) > 0 {
				return dst
			}
		}
		return dst
	}
	return appendDocumentList(dst, text)
}

// emptyDocuments reports whether a text is an empty list of documents, or an object that holds such a list.
func emptyDocuments(text string) bool {
	c := cursor{s: text}
	switch c.space() {
	case '"':
		return emptyList(c.str())
	case '{':
		c.open('{')
		for key := ""; c.member(&key); {
			if value := c.raw(); documentsKey(key) && emptyList(value) {
				return true
			}
		}
		return false
	}
	return emptyList(text)
}

func emptyList(text string) bool {
	text = strings.TrimSpace(text)
	return len(text) > 1 && text[0] == '[' && strings.TrimSpace(text[1:]) == "]"
}

// documentsKey reports whether a member of an object holds a list of documents.
func documentsKey(key string) bool {
	switch key {
	case "documents", "results", "nodes", "matches", "docs", "data", "output", "retrieved_documents", "source_nodes":
		return true
	}
	return false
}

func appendDocumentList(dst []genai.Document, text string) []genai.Document {
	c := cursor{s: text}
	if !c.open('[') {
		return dst
	}
	for c.element() && len(dst) < maxDocuments {
		switch c.space() {
		case '{':
			if doc := documentOf(c.raw(), 0); doc != (genai.Document{}) {
				dst = append(dst, doc)
			}
		case '"':
			dst = append(dst, genai.Document{Content: c.str()})
		default:
			c.skip()
		}
	}
	return dst
}

func documentOf(raw string, depth int) (doc genai.Document) {
	c := cursor{s: raw}
	c.open('{')
	for key := ""; c.member(&key); {
		switch key {
		case "id", "document_id", "id_", "doc_id", "node_id":
			fill(&doc.ID, c.scalar())
		case "score", "similarity", "relevance_score", "distance", "relevanceScore":
			if f, ok := parseFloat(c.scalar()); ok {
				fillOpt(&doc.Score, genai.Some(f))
			}
		case "content", "text", "page_content", "pageContent", "document", "body", "snippet", "entity":
			if c.space() == '{' {
				if inner := c.raw(); depth < 2 {
					nested := documentOf(inner, depth+1)
					if nested == (genai.Document{}) && key == "content" && len(inner) > len("{}") {
						nested.Content = inner // a record of a memory holds any value
					}
					fill(&doc.ID, nested.ID)
					fill(&doc.Content, nested.Content)
					fillOpt(&doc.Score, nested.Score)
				}
				continue
			}
			fill(&doc.Content, c.scalar())
		case "node", "kwargs":
			if inner := c.raw(); depth < 2 && strings.HasPrefix(inner, "{") {
				nested := documentOf(inner, depth+1)
				fill(&doc.ID, nested.ID)
				fill(&doc.Content, nested.Content)
				fillOpt(&doc.Score, nested.Score)
			}
		default:
			c.skip()
		}
	}
	return doc
}
