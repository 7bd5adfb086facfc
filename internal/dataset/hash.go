package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// Hash returns the version of a dataset: 16 hex digits from the content of its rows, whatever their order and the
// spelling of the file.
func Hash(rows []Row) string {
	digests := make([]string, len(rows))
	for i := range rows {
		h := sha256.New()
		if err := json.NewEncoder(h).Encode(&rows[i]); err != nil {
			fmt.Fprintf(h, "%s %v", rows[i].ID, err) // values that JSON has no form for
		}
		digests[i] = string(h.Sum(nil))
	}
	slices.Sort(digests)
	h := sha256.New()
	for _, d := range digests {
		h.Write([]byte(d))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
