package chat

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/openai/openai-go/v3"

	"github.com/faultline-otel/faultline/internal/judge"
	"github.com/faultline-otel/faultline/internal/judge/batch"
)

// Batches is the batch interface of a provider: /files and /batches, as OpenAI defined them.
type Batches struct {
	model   *Model
	files   openai.FileService
	batches openai.BatchService
}

var _ batch.Provider = (*Batches)(nil)

// batchKey is the key of the metadata of a batch that holds our name of it.
const batchKey = "faultline"

// Bounds of what a provider sends, in bytes: results of a batch, which are read line by line, and a list of batches.
const (
	maxResults = 1 << 30
	maxListing = 4 << 20
)

// NewBatches returns the batches of a model at the same endpoint.
func NewBatches(client *http.Client, endpoint string, m *Model) *Batches {
	return &Batches{
		model:   m,
		files:   openai.NewFileService(options(client, endpoint, maxResults)...),
		batches: openai.NewBatchService(options(client, endpoint, maxListing)...),
	}
}

// Line is the line of a request in the file of a batch.
func (b *Batches) Line(id int, p *judge.Prompt) ([]byte, error) {
	return json.Marshal(map[string]any{
		"custom_id": strconv.Itoa(id), "method": http.MethodPost,
		"url": openai.BatchNewParamsEndpointV1ChatCompletions, "body": b.model.params(p),
	})
}

// Upload sends a file of requests.
func (b *Batches) Upload(ctx context.Context, name string, lines []byte) (file string, err error) {
	f, err := b.files.New(ctx, openai.FileNewParams{
		File: openai.File(bytes.NewReader(lines), name+".jsonl", "application/jsonl"), Purpose: openai.FilePurposeBatch,
	})
	if err != nil {
		return "", ErrorOf(err)
	}
	return f.ID, nil
}

// Create makes a batch of a file.
func (b *Batches) Create(ctx context.Context, name, file string) (id string, err error) {
	made, err := b.batches.New(ctx, openai.BatchNewParams{
		CompletionWindow: openai.BatchNewParamsCompletionWindow24h,
		Endpoint:         openai.BatchNewParamsEndpointV1ChatCompletions,
		InputFileID:      file, Metadata: map[string]string{batchKey: name},
	})
	if err != nil {
		return "", ErrorOf(err)
	}
	return made.ID, nil
}

// newest is how many batches are looked through for one by its name.
const newest = 100

// Find looks for a batch by its name, among the newest. The id is "" if there is none.
func (b *Batches) Find(ctx context.Context, name string) (id string, err error) {
	page, err := b.batches.List(ctx, openai.BatchListParams{Limit: openai.Int(newest)})
	if err != nil {
		return "", ErrorOf(err)
	}
	for i := range page.Data {
		if page.Data[i].Metadata[batchKey] == name {
			return page.Data[i].ID, nil
		}
	}
	return "", nil
}

// Look says how far a batch is.
func (b *Batches) Look(ctx context.Context, id string) (s batch.State, err error) {
	of, err := b.batches.Get(ctx, id)
	if err != nil {
		return s, ErrorOf(err)
	}
	s.Status = string(of.Status)
	for _, file := range []string{of.OutputFileID, of.ErrorFileID} {
		if file != "" {
			s.Files = append(s.Files, file)
		}
	}
	if len(of.Errors.Data) > 0 {
		s.Why = of.Errors.Data[0].Code // the message may repeat the request
	}
	switch of.Status {
	case openai.BatchStatusCompleted, openai.BatchStatusFailed, openai.BatchStatusExpired, openai.BatchStatusCancelled:
		s.Ended = true
	}
	return s, nil
}

// answer is a line of a file of results.
type answer struct {
	ID       string `json:"custom_id"`
	Response *struct {
		Status int             `json:"status_code"`
		Body   json.RawMessage `json:"body"`
	} `json:"response"`
	Error *struct {
		Code string `json:"code"`
	} `json:"error"`
}

// Replies reads a file of results. It stops at an error of each.
func (b *Batches) Replies(
	ctx context.Context, file string, each func(id int, reply judge.Reply, err error) error,
) error {
	res, err := b.files.Content(ctx, file)
	if err != nil {
		return ErrorOf(err)
	}
	defer res.Body.Close()
	lines := bufio.NewReaderSize(res.Body, 64<<10)
	for {
		line, tooLong, err := readLine(lines)
		if err != nil && !errors.Is(err, io.EOF) {
			return ErrorOf(err)
		}
		var a answer
		if len(line) > 0 && !tooLong && json.Unmarshal(line, &a) == nil {
			if id, wrong := strconv.Atoi(a.ID); wrong == nil {
				reply, why := a.reply()
				if err := each(id, reply, why); err != nil {
					return err
				}
			}
		}
		if err != nil {
			return nil //nolint:nilerr // the end of the file
		}
	}
}

// readLine reads a line, of which it keeps at most judge.MaxReply.
func readLine(r *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) <= judge.MaxReply {
			line = append(line, part...)
		} else {
			tooLong = true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimSpace(line), tooLong, err
		}
	}
}

// reply is what a line says.
func (a *answer) reply() (judge.Reply, error) {
	switch {
	case a.Response == nil || a.Error != nil && a.Error.Code != "":
		code := "no response"
		if a.Error != nil {
			code = a.Error.Code
		}
		return judge.Reply{}, &judge.Error{Obstacle: judge.BatchEnded, Again: true, Err: fmt.Errorf("%.64s", code)}
	case a.Response.Status != http.StatusOK:
		return judge.Reply{}, StatusError(a.Response.Status, nil)
	}
	var c openai.ChatCompletion
	if err := json.Unmarshal(a.Response.Body, &c); err != nil {
		return judge.Reply{}, &judge.Error{Obstacle: judge.InvalidReply, Unknown: true, Err: errors.New("no completion")}
	}
	return replyOf(&c)
}

// Forget removes files at the provider: they hold what users wrote.
func (b *Batches) Forget(ctx context.Context, files ...string) error {
	var errs []error
	for _, file := range files {
		if _, err := b.files.Delete(ctx, file); err != nil {
			errs = append(errs, ErrorOf(err))
		}
	}
	return errors.Join(errs...)
}
