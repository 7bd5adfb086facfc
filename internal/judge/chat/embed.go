package chat

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"

	"github.com/openai/openai-go/v3"

	"github.com/faultline-otel/faultline/internal/judge"
)

// MaxDimensions bounds a vector. Models have a few thousand at most.
const MaxDimensions = 8192

// numberBytes is more than a number of a vector takes in a reply.
const numberBytes = 32

// Embedder is a model for embeddings at an endpoint.
type Embedder struct {
	client          *http.Client
	endpoint, model string
	dimensions      int64
}

// NewEmbedder returns the model of a name at an endpoint, such as https://api.openai.com/v1. dimensions is what the
// model is asked for, 0 for what it has.
func NewEmbedder(client *http.Client, endpoint, model string, dimensions int) *Embedder {
	return &Embedder{client, endpoint, model, int64(dimensions)}
}

// Embed returns a vector of length 1 for each text, all of the same dimension. It returns a *judge.Error if there are
// none.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	most := int(e.dimensions)
	if most == 0 {
		most = MaxDimensions
	}
	service := openai.NewEmbeddingService(options(e.client, e.endpoint, judge.MaxReply+len(texts)*most*numberBytes)...)
	params := openai.EmbeddingNewParams{
		Model: e.model, EncodingFormat: openai.EmbeddingNewParamsEncodingFormatFloat,
		Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: texts},
	}
	if e.dimensions > 0 {
		params.Dimensions = openai.Int(e.dimensions)
	}
	reply, err := service.New(ctx, params)
	if err != nil {
		return nil, ErrorOf(err)
	}
	vectors, err := e.vectors(reply.Data, len(texts))
	if err != nil {
		return nil, &judge.Error{Obstacle: judge.InvalidReply, Unknown: true, Err: err}
	}
	return vectors, nil
}

func (e *Embedder) vectors(data []openai.Embedding, n int) ([][]float32, error) {
	if len(data) != n {
		return nil, fmt.Errorf("the reply must have %d embeddings, got %d", n, len(data))
	}
	vectors := make([][]float32, n)
	dimension := int(e.dimensions)
	for i := range data {
		at, numbers := data[i].Index, data[i].Embedding
		if at < 0 || at >= int64(n) || vectors[at] != nil {
			return nil, fmt.Errorf("an index must be of one of %d texts and stand once, got %d", n, at)
		}
		if dimension == 0 {
			dimension = len(numbers)
		}
		if len(numbers) != dimension || dimension == 0 || dimension > MaxDimensions {
			return nil, fmt.Errorf("an embedding must have %d numbers, got %d", dimension, len(numbers))
		}
		v, err := unit(numbers)
		if err != nil {
			return nil, err
		}
		vectors[at] = v
	}
	return vectors, nil
}

// unit returns a vector of length 1, so that a product of two is their cosine.
func unit(numbers []float64) ([]float32, error) {
	largest := 0.0
	for _, x := range numbers {
		largest = max(largest, math.Abs(x)) // NaN stays
	}
	if !(largest > 0) || math.IsInf(largest, 0) { // NaN is neither
		return nil, errors.New("an embedding must have a direction")
	}
	sum := 0.0
	for _, x := range numbers {
		sum += x / largest * (x / largest)
	}
	v := make([]float32, len(numbers))
	for i, x := range numbers {
		v[i] = float32(x / largest / math.Sqrt(sum))
	}
	return v, nil
}
