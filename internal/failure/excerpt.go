package failure

import "github.com/faultline-otel/faultline/internal/clip"

// maxExcerpt bounds an excerpt, in bytes: enough to recognise the place, too little to store a conversation.
const maxExcerpt = 160

// Excerpt is the head of a content, for Finding.Excerpt.
func Excerpt(content string) string { return clip.Text(content, maxExcerpt) }
