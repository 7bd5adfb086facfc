package dialect

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Clients of vector stores (OpenLLMetry, OpenLIT, Spring AI) follow the database conventions. A search is a retrieval.
// Its results are span events, or one attribute.
var (
	keyDBSystem     = intern(0, "db.system")
	keyDBSystemName = intern(0, "db.system.name")
	keyDBOperation  = intern(0, "db.operation.name")
	keyDBOperation2 = intern(0, "db.operation")
	keyDBText       = intern(0, "db.query.text")
	keyDBTopK       = intern(inVectorStore, "db.vector.query.top_k")
	keyDBContent    = intern(inVectorStore, "db.vector.query.content")
	keyDBDocuments  = intern(inVectorStore, "db.vector.query.response.documents")
	_               = intern(inVectorStore, "db.vector.dimension_count")
)

var vectorStore = dialect{
	bit:       inVectorStore,
	query:     []key{keyDBContent},
	documents: []key{keyDBDocuments},
	scalars: func(r *Reader, c *genai.Call) {
		switch r.str(keyOperation) {
		case "", "vectordb", "framework": // OpenLIT and Spring AI write a marker in place of the operation
		default:
			return
		}
		if searches(firstOf(r.str(keyDBOperation, keyDBOperation2), r.span.Name())) ||
			r.has(keyDBTopK) || r.has(keyDBContent) || searches(r.span.Name()) {
			fill(&c.Operation, genai.OpRetrieval)
		}
		fill(&c.Operation, genai.OpOther)
	},
	load: func(r *Reader, _ *genai.Call, content *genai.Content, part genai.Part) bool {
		if part == genai.PartRetrieval && !r.has(keyDBContent) && r.has(keyDBText) {
			if text := contentText(r, keyDBText); !isVector(text) {
				content.Retrieval.Query = queryText(text)
			}
		}
		return false
	},
	about: []emitter{{
		name: "Vector stores (OpenLLMetry, OpenLIT, Spring AI)",
		seen: "source of OpenLLMetry, OpenLIT and Spring AI, 2026",
		reads: "searches as retrievals, with query and documents from `db.query.result` and `db.search.result` events or " +
			"`db.vector.query.*`",
		lacks: "Qdrant, LanceDB and OpenLIT record no results; writes to a store are steps",
		needs: "content is on in OpenLLMetry; Spring AI logs results but puts none on the span",
	}},
}

// isVectorStore reports whether the value of db.system names a vector database.
func isVectorStore(system pcommon.Value) bool {
	if system.Type() != pcommon.ValueTypeStr {
		return false
	}
	switch system.Str() {
	case "chroma", "chromadb", "Chroma", "lancedb", "LanceDB", "marqo", "Marqo", "milvus", "Milvus", "pinecone",
		"Pinecone", "qdrant", "Qdrant", "weaviate", "Weaviate", "astra", "pgvector", "pg_vector", "vespa", "turbopuffer",
		"simple_vector_store":
		return true
	}
	return false
}

// searches reports whether the name of an operation or a span means a search: "query", "hybrid_search",
// "collections.query.near_text". A name that also means a write does not.
func searches(name string) (search bool) {
	for word := range strings.FieldsFuncSeq(name, func(c rune) bool { return strings.ContainsRune("._- ", c) }) {
		switch strings.ToLower(word) {
		case "query", "search", "recommend", "near", "similarity", "retrieve", "fetch", "get", "scroll", "select":
			search = true
		case "create", "insert", "upsert", "add", "delete", "update", "upload", "drop", "index", "collection", "count",
			"set", "peek", "modify", "batch":
			return false
		}
	}
	return search
}

// isVector reports whether a text is a list of numbers, as clients record the vector of a query.
func isVector(text string) bool {
	text = strings.TrimLeft(text, "[ \n")
	return text == "" || text[0] == '-' || text[0] >= '0' && text[0] <= '9'
}
