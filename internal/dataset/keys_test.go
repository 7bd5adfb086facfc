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
	for field := range reflect.TypeFor[Row]().Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		require.Contains(t, string(guide), "`"+key+"`")
	}
}
