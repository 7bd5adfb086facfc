package transcript

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/faultline-otel/faultline/internal/genai"
)

// TestPlaceholders: a part that is not shown says what it is, as far as the message does, on one line of plain text.
func TestPlaceholders(t *testing.T) {
	for name, c := range map[string]struct {
		message genai.Message
		want    []string
	}{
		"text": {genai.Message{Text: "hello"}, nil},
		"image": {
			genai.Message{Media: true, Attachments: []genai.Attachment{{Kind: "image", MediaType: "image/png", Size: 48_200}}},
			[]string{"image · image/png · 48.2 kB"},
		},
		"file with a name": {
			genai.Message{Media: true, Attachments: []genai.Attachment{
				{Kind: "file", Name: "invoice\u202efdp.exe\n", MediaType: "application/pdf", Size: 2_000_000},
				{Kind: "audio"},
			}},
			[]string{"file · invoice⟨U+202E⟩fdp.exe · application/pdf · 2.0 MB", "audio · elsewhere, by its address"},
		},
		"nothing known": {genai.Message{Media: true}, []string{"image, sound or file"}},
		"unread":        {genai.Message{Unread: []string{"hologram"}}, []string{"part of type hologram"}},
	} {
		require.Equal(t, c.want, mediaWords(&c.message), name)
	}
}
