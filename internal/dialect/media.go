package dialect

import (
	"strings"

	"github.com/faultline-otel/faultline/internal/genai"
)

// Bounds of the attachments that are described.
const (
	maxAttachments = 16
	maxMediaName   = 120
)

// attach notes a part without text: what it is and how large, but not what it holds.
func attach(f *fields, m *genai.Message) {
	m.Media = true
	if len(m.Attachments) >= maxAttachments {
		return
	}
	var inner fields
	for _, raw := range [...]string{f.media, f.source} {
		if raw != "" && raw[0] == '{' {
			inner.read(&cursor{s: raw})
		}
	}
	a := genai.Attachment{Name: bounded(firstOf(unquotedOnly(f.file), unquotedOnly(inner.file)))}
	mime := firstOf(unquotedOnly(f.mime), unquotedOnly(inner.mime))
	for _, raw := range [...]string{
		f.kwargs, inner.kwargs, inner.media, f.media, f.content, f.uri, inner.uri,
	} {
		if len(raw) < 3 || raw[0] != '"' {
			continue
		}
		data := raw[1 : len(raw)-1]
		if rest, isData := strings.CutPrefix(data, "data:"); isData {
			head, body, found := strings.Cut(rest, ",")
			if !found {
				continue
			}
			typ, _, _ := strings.Cut(head, ";")
			mime, data = firstOf(mime, typ), body
		} else if strings.Contains(data[:min(len(data), 16)], ":/") || strings.Contains(data[:min(len(data), 16)], `:\/`) {
			continue // an address
		}
		a.Size = int64(len(data)) / 4 * 3 // as it is before base64
		break
	}
	a.MediaType = bounded(mime)
	a.Kind = mediaKind(unquoted(f.typ), unquotedOnly(f.modality), a.MediaType)
	m.Attachments = append(m.Attachments, a)
}

// bounded returns a copy that does not keep the span alive.
func bounded(text string) string {
	return strings.Clone(strings.ToValidUTF8(text[:min(len(text), maxMediaName)], ""))
}

// mediaKind names a picture, sound or a video by what is said of it, and anything else a file.
func mediaKind(said ...string) string {
	for _, text := range said {
		for _, kind := range [...]string{"image", "audio", "video"} {
			if strings.Contains(text, kind) {
				return kind
			}
		}
	}
	return "file"
}
