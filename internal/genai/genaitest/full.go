// Package genaitest makes calls for tests.
package genaitest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Full returns a call in which every field has a value other than its zero value, no two texts the same. It fails the
// test where a type has a field that it cannot fill: a new field must be filled here, and then survives every file
// and store, or their tests fail.
func Full(tb testing.TB) *genai.Call {
	tb.Helper()
	f := filler{tb: tb}
	var call genai.Call
	var content genai.Content
	f.fill(reflect.ValueOf(&call).Elem(), "Call")
	f.fill(reflect.ValueOf(&content).Elem(), "Content")
	var definitions []string
	for _, t := range content.Tools {
		definitions = append(definitions, fmt.Sprintf(
			`{"type":"namespace","name":%q,"tools":[`+
				`{"type":"provider-defined","name":%q,"description":%q,"parameters":%s}]}`,
			t.Namespace, t.Name, t.Description, t.Parameters,
		))
	}
	content.ToolDefinitions = "[" + strings.Join(definitions, ",") + "]"
	call.SetContent(content)
	return &call
}

// hidden are the unexported fields of a Call: its content and how that is loaded.
var hidden = map[string]bool{"Call.content": true, "Call.loaded": true, "Call.loader": true}

type filler struct {
	tb testing.TB
	n  int // of values so far
}

func (f *filler) fill(v reflect.Value, path string) {
	f.tb.Helper()
	f.n++
	if v.Type() == reflect.TypeFor[genai.Value]() {
		v.Set(reflect.ValueOf(genai.Value{Text: fmt.Sprintf(`{"n":%d,"html":"<b>&"}`, f.n), Structured: true}))
		return
	}
	if v.Type() == reflect.TypeFor[genai.ToolKind]() { // the kind of a definition follows from its type
		v.Set(reflect.ValueOf(genai.ToolProvider))
		return
	}
	switch v.Kind() {
	case reflect.String:
		text := fmt.Sprintf("%s %d <b>&\u2028", path, f.n)
		if strings.HasSuffix(path, "].Parameters") || strings.HasSuffix(path, ".OutputSchema") {
			text = fmt.Sprintf(`{"title":"<b>&%d"}`, f.n)
		}
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.n))
	case reflect.Float64:
		v.SetFloat(float64(f.n) + 0.25)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			f.fill(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if name := path + "." + field.Name; field.IsExported() {
				f.fill(v.Field(i), name)
			} else {
				require.True(f.tb, hidden[name], "%s is not exported, and so lost in JSON", name)
			}
		}
	default:
		require.Fail(f.tb, "cannot fill a field", "%s is a %s", path, v.Type())
	}
}
