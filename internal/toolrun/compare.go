package toolrun

import (
	"math/bits"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// Hash hashes an unwrapped result. Members that differ in each run, such as ids of requests and durations, do not
// count, and neither does the order of members.
func Hash(content string) uint64 {
	if !strings.HasPrefix(content, "{") || len(content) > maxScanned {
		return xxhash.Sum64String(content)
	}
	var sum uint64
	var room [40]byte
	whole := members(content, func(key, value string) bool {
		if !passing(squeeze(room[:0], key)) {
			sum += bits.RotateLeft64(xxhash.Sum64String(key)*0x9e3779b97f4a7c15, 31) ^ xxhash.Sum64String(value)
		}
		return true
	})
	if !whole || sum == 0 {
		return xxhash.Sum64String(content)
	}
	return sum
}

// passing reports whether a member describes the run and not what it found.
func passing(name []byte) bool {
	switch string(name) {
	case "requestid", "traceid", "spanid", "correlationid", "toolcallid", "tooluseid", "callid", "meta", "metadata",
		"duration", "durationms", "elapsed", "elapsedms", "took", "tookms", "latency", "latencyms", "responsetime",
		"executiontime", "executiontimems", "servertime", "runid", "etag", "responsemetadata":
		return true
	}
	return false
}

// Pending reports whether a short result says that something is under way.
func Pending(content string) bool {
	const longest = 300
	if len(content) > longest {
		return false
	}
	content = strings.ToLower(content)
	return contains(content, underWay)
}

var underWay = []string{
	"running", "pending", "queued", "in_progress", "in progress", "inprogress", "processing", "waiting", "starting",
	"building", "not ready", "not finished", "not complete", "scheduled", "provisioning", "deploying", "initializing",
	"creating", "indexing", "warming",
}
