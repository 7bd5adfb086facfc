package judge

import (
	"errors"
	"fmt"
	"time"
)

// Obstacle says why something was not judged. The list is closed: it is an attribute of a metric.
type Obstacle string

// The obstacles.
const (
	QueueFull    Obstacle = "queue_full"         // too much waits already
	Storage      Obstacle = "storage"            // the storage extension returned an error
	SpendLimit   Obstacle = "spend_limit"        // the day has no money left for it
	RateLimited  Obstacle = "rate_limited"       // the provider wants fewer requests
	Timeout      Obstacle = "timeout"            // no reply in time
	Unavailable  Obstacle = "unavailable"        // no connection, or an error of the server
	Rejected     Obstacle = "rejected"           // the provider does not accept the request
	Refused      Obstacle = "refused"            // the model or a filter declined to judge
	InvalidReply Obstacle = "invalid_reply"      // the reply does not follow the rubric
	CutReply     Obstacle = "cut_reply"          // the reply ends before it is complete
	ReplyTooLong Obstacle = "reply_too_long"     // the reply is longer than MaxReply
	Nothing      Obstacle = "nothing_to_judge"   // the judge found no claim in the answer
	Interrupted  Obstacle = "interrupted"        // the process ended while it was judged
	Unreadable   Obstacle = "unreadable"         // what waited on disk cannot be read
	Unknown      Obstacle = "unknown_rubric"     // what waited on disk names a rubric that is no longer configured
	Undelivered  Obstacle = "result_undelivered" // it was judged, and no pipeline took the result
	BatchEnded   Obstacle = "batch_ended"        // the batch expired, failed or was cancelled before it was judged
	Stopped      Obstacle = "stopped"            // the Collector stopped, and nothing keeps the queue
)

// Obstacles lists all obstacles.
var Obstacles = []Obstacle{
	QueueFull, Storage, SpendLimit, RateLimited, Timeout, Unavailable, Rejected, Refused, InvalidReply, CutReply,
	ReplyTooLong, Nothing, Interrupted, Unreadable, Unknown, Undelivered, BatchEnded, Stopped,
}

// Error is the reason why a case was not judged.
type Error struct {
	Obstacle Obstacle
	// Again is true if a later attempt may succeed. After is how long the provider asks to wait, 0 if it does not say.
	Again bool
	After time.Duration
	// Unknown is true if the provider may have worked for the request, and so may bill it.
	Unknown bool
	Err     error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return string(e.Obstacle)
	}
	return fmt.Sprintf("%s: %v", e.Obstacle, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrorOf returns an error as an Error.
func ErrorOf(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Obstacle: Unavailable, Err: err}
}
