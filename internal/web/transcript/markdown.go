package transcript

import (
	"bytes"
	"html/template"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/faultline-otel/faultline/internal/web/display"
)

// Bounds of Markdown, in bytes and in levels. Other texts have no rendered form.
const (
	maxMarkdown = 16 << 10
	maxLevels   = 40
	maxSigns    = 2000 // of those that a parser may try in vain
)

var parser = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough)).Parser()

// markdown renders a text with a fixed set of elements, "" where it has no Markdown. What is HTML in the text stays
// text; links and images are their words and the address as text, since nothing of a conversation may be fetched.
func markdown(source string, marks []region) template.HTML {
	if len(source) > maxMarkdown || !strings.ContainsAny(source, "*_`#|[>~-+0") || signs(source) > maxSigns {
		return ""
	}
	root := parser.Parse(text.NewReader([]byte(source)))
	m := &marker{source: []byte(source), marks: marks}
	m.children(root, 0)
	if !m.rich {
		return ""
	}
	return template.HTML(m.out.String()) //nolint:gosec // only elements of this file, and every text is escaped
}

func signs(source string) (n int) {
	for i := range len(source) {
		switch source[i] {
		case '[', ']', '*', '_', '`', '~', '<', '>', '|', '!':
			n++
		}
	}
	return n
}

// marker writes the HTML of a tree of Markdown.
type marker struct {
	source []byte
	marks  []region
	out    strings.Builder
	rich   bool // there is more than paragraphs
}

func (m *marker) children(n ast.Node, level int) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		m.node(c, level+1)
	}
}

// elements are the tags of nodes that only surround others.
var elements = map[ast.NodeKind]string{
	ast.KindBlockquote: "blockquote", ast.KindListItem: "li", extast.KindStrikethrough: "del",
	extast.KindTable: "table", extast.KindTableRow: "tr", extast.KindTableHeader: "tr",
}

func (m *marker) node(n ast.Node, level int) {
	if level > maxLevels {
		return
	}
	if tag, ok := elements[n.Kind()]; ok {
		m.wrap(tag, n, level)
		return
	}
	switch n := n.(type) {
	case *ast.Text:
		m.segment(n.Segment)
		if n.HardLineBreak() {
			m.out.WriteString("<br>")
		} else if n.SoftLineBreak() {
			m.out.WriteByte('\n')
		}
	case *ast.String:
		m.escaped(string(n.Value))
	case *ast.Paragraph:
		m.plain("p", n, level)
	case *ast.TextBlock:
		m.children(n, level)
	case *ast.Heading:
		m.rich = true
		m.out.WriteString(`<p class="heading">`)
		m.children(n, level)
		m.out.WriteString("</p>")
	case *ast.Emphasis:
		m.wrap([]string{"em", "strong"}[min(n.Level, 2)-1], n, level)
	case *ast.List:
		tag := "ul"
		if n.IsOrdered() {
			tag = "ol"
		}
		m.wrap(tag, n, level)
	case *extast.TableCell:
		tag := "td"
		if n.Parent() != nil && n.Parent().Kind() == extast.KindTableHeader {
			tag = "th"
		}
		m.plain(tag, n, level)
	case *ast.CodeSpan:
		m.wrap("code", n, level)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		m.code(n)
	case *ast.HTMLBlock:
		m.out.WriteString("<p>")
		m.lines(n.Lines())
		if n.HasClosure() {
			m.segment(n.ClosureLine)
		}
		m.out.WriteString("</p>")
	case *ast.RawHTML:
		m.lines(n.Segments)
	case *ast.Link:
		m.link(n, n.Destination, "", level)
	case *ast.Image:
		m.link(n, n.Destination, "image ", level)
	case *ast.AutoLink:
		m.escaped(string(n.Label(m.source)))
	case *ast.ThematicBreak:
		m.rich = true
		m.out.WriteString("<hr>")
	default:
		m.children(n, level)
	}
}

// wrap writes an element that plain text does not have.
func (m *marker) wrap(tag string, n ast.Node, level int) {
	m.rich = true
	m.plain(tag, n, level)
}

func (m *marker) plain(tag string, n ast.Node, level int) {
	m.out.WriteString("<" + tag + ">")
	m.children(n, level)
	m.out.WriteString("</" + tag + ">")
}

func (m *marker) code(n ast.Node) {
	m.rich = true
	m.out.WriteString("<pre><code>")
	m.lines(n.Lines())
	m.out.WriteString("</code></pre>")
}

// link writes the words of a link or an image, and its address as text.
func (m *marker) link(n ast.Node, address []byte, what string, level int) {
	m.rich = true
	m.out.WriteString(`<span class="link-text">`)
	m.escaped(what)
	m.children(n, level)
	m.out.WriteString("</span> ")
	if len(bytes.TrimSpace(address)) > 0 {
		m.out.WriteString(`<span class="address">(`)
		m.escaped(display.Head(string(address), 500))
		m.out.WriteString(")</span>")
	}
}

func (m *marker) lines(lines *text.Segments) {
	for i := range lines.Len() {
		m.segment(lines.At(i))
	}
}

// segment writes a part of the source, marked as the source is.
func (m *marker) segment(s text.Segment) {
	m.escaped(strings.Repeat(" ", s.Padding))
	at := s.Start
	for _, r := range m.marks {
		from, to := max(r.from, at), min(r.to, s.Stop)
		if from >= to {
			continue
		}
		m.escaped(string(m.source[at:from]))
		if r.hit {
			m.out.WriteString(`<mark class="hit">`)
		} else {
			m.out.WriteString("<mark>")
		}
		m.escaped(string(m.source[from:to]))
		for _, n := range r.numbers {
			if n > 0 {
				m.out.WriteString("<sup>" + strconv.Itoa(n) + "</sup>")
			}
		}
		m.out.WriteString("</mark>")
		at = to
	}
	m.escaped(string(m.source[at:max(at, s.Stop)]))
}

func (m *marker) escaped(text string) {
	m.out.WriteString(template.HTMLEscapeString(display.Text(text)))
}
