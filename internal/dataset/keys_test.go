package dataset

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheGuideHasEveryKey of a row.
func TestTheGuideHasEveryKey(t *testing.T) {
	guide, err := os.ReadFile("../../docs/guides/datasets.md")
	require.NoError(t, err)
	row := reflect.TypeFor[Row]()
	for i := range row.NumField() {
		key, _, _ := strings.Cut(row.Field(i).Tag.Get("json"), ",")
		require.Contains(t, string(guide), "`"+key+"`")
	}
}
