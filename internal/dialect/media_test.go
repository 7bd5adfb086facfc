package dialect

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/faultline-otel/faultline/internal/genai"
)

func TestPartsWithoutTextAreDescribed(t *testing.T) {
	data := strings.Repeat("QUJD", 100) // 300 bytes
	for name, c := range map[string]struct {
		part string
		want genai.Attachment
	}{
		"blob of the conventions":    {`{"type":"blob","modality":"image","mime_type":"image/png","content":"` + data + `"}`, genai.Attachment{Kind: "image", MediaType: "image/png", Size: 300}},
		"address of the conventions": {`{"type":"uri","mime_type":"video/mp4","uri":"gs://bucket/a.mp4"}`, genai.Attachment{Kind: "video", MediaType: "video/mp4"}},
		"OpenAI, data URI":           {`{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,` + data + `"}}`, genai.Attachment{Kind: "image", MediaType: "image/jpeg", Size: 300}},
		"OpenAI, address":            {`{"type":"input_image","image_url":"https://a.example/x.png"}`, genai.Attachment{Kind: "image"}},
		"OpenAI, sound":              {`{"type":"input_audio","input_audio":{"data":"` + data + `","format":"wav"}}`, genai.Attachment{Kind: "audio", MediaType: "wav", Size: 300}},
		"OpenAI, file":               {`{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,` + data + `"}}`, genai.Attachment{Kind: "file", Name: "a.pdf", MediaType: "application/pdf", Size: 300}},
		"Anthropic":                  {`{"type":"image","source":{"type":"base64","media_type":"image/webp","data":"` + data + `"}}`, genai.Attachment{Kind: "image", MediaType: "image/webp", Size: 300}},
		"Gemini":                     {`{"inlineData":{"mimeType":"audio/mp3","data":"` + data + `"}}`, genai.Attachment{Kind: "audio", MediaType: "audio/mp3", Size: 300}},
	} {
		t.Run(name, func(t *testing.T) {
			span := ptrace.NewSpan()
			span.Attributes().PutStr("gen_ai.operation.name", "chat")
			span.Attributes().PutStr("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"look"},`+c.part+`]}]`)
			call, ok := NewReader(nil).Read(pcommon.NewResource(), pcommon.NewInstrumentationScope(), span)
			require.True(t, ok)
			m := call.Input()[0]
			require.Equal(t, "look", m.Text)
			require.True(t, m.Media)
			require.Equal(t, []genai.Attachment{c.want}, m.Attachments)
		})
	}
}
