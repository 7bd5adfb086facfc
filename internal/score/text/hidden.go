package text

import (
	"encoding/base64"
	"strings"

	"github.com/faultline-otel/faultline/internal/linear"
	"github.com/faultline-otel/faultline/internal/words"
)

// hides reports whether people who look at a text do not see a passage: it is spelled in invisible characters or in
// look-alikes, or it stands in a comment or in a style that shows nothing.
func hides(source string, passage []words.Word) bool {
	if len(passage) == 0 {
		return false
	}
	const disguised = 2 // one word may be a name or an accident
	n := 0
	for i := range passage {
		if passage[i].Flags.Is(words.Hidden) {
			n++
		}
	}
	if n >= disguised {
		return true
	}
	from, upto := int(passage[0].Start), int(passage[len(passage)-1].End)
	near := source[max(0, from-hiddenReach):upto]
	begin := from - max(0, from-hiddenReach)
	if at := strings.LastIndex(near, "<!--"); at >= 0 && covers(near, at, "-->", begin) {
		return true
	}
	for _, style := range invisible {
		if at := strings.LastIndex(near, style); at >= 0 && covers(near, at, "</", begin) {
			return true
		}
	}
	return false
}

const (
	hiddenReach   = 600 // how far before a passage its comment or style may begin, in bytes
	hiddenOverlap = 24  // how many bytes of a passage must be in it
)

// invisible are the styles that show nothing, as people write them.
var invisible = []string{
	"display:none", "display: none", "visibility:hidden", "visibility: hidden", "font-size:0", "font-size: 0",
	"opacity:0", "opacity: 0", "color:white", "color: white", "color:#fff", "color: #fff", "color:transparent",
	"color: transparent", "left:-9999px", "left: -9999px", "<div hidden", "<span hidden", "<p hidden", "sr-only",
	"[//]: #", "[comment]: #",
}

// covers reports whether what begins at a place and ends with a mark holds enough of the passage, which begins at begin
// and ends with the text.
func covers(near string, at int, end string, begin int) bool {
	upto := len(near)
	if n := strings.Index(near[at:], end); n >= 0 {
		upto = at + n
	}
	return upto-max(at, begin) >= hiddenOverlap
}

const (
	minEncoded = 40  // the characters of base64 that may hold an order
	maxEncoded = 512 // how many of them are decoded
	maxCodes   = 4   // how many such words of a text are decoded
)

// encoded returns the word of a text that holds orders in base64, or nothing.
func (p *AttackProfile) encoded(m *linear.Model, t *words.Text) []words.Word {
	tries := 0
	for i := range t.Words {
		w := &t.Words[i]
		if w.End-w.Start < minEncoded || !w.Flags.Is(words.Inner) || tries == maxCodes {
			continue
		}
		tries++
		var plain [maxEncoded]byte
		code := t.Source[w.Start:min(w.End, w.Start+maxEncoded)]
		n, err := base64.RawStdEncoding.Decode(plain[:], []byte(code[:len(code)&^3]))
		if err != nil || !readable(plain[:n]) {
			continue
		}
		v := views.Get().(*view) //nolint:forcetypeassert // the pool holds nothing else
		p.Read(&v.Text, string(plain[:n]))
		var dense [AttackFeatures]float32
		p.Measure(m, &v.Text, &dense)
		v.release()
		if m.Margin(0, dense[:]) > -SuspectMargin {
			return t.Words[i : i+1]
		}
	}
	return nil
}

// readable reports whether bytes are ASCII text.
func readable(plain []byte) bool {
	spaces := 0
	for _, b := range plain {
		if b < ' ' && b != '\n' && b != '\t' || b >= 0x7f {
			return false
		}
		if b == ' ' {
			spaces++
		}
	}
	return spaces >= 3
}
