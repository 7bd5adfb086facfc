package sample

import (
	"fmt"
	"strconv"

	"github.com/faultline-otel/faultline/internal/failure"
)

// invoiceExtractor extracts the fields that accounting needs from invoices.
var invoiceExtractor = &app{
	service: "invoice-extractor", release: "1.8.3", route: "POST /extract",
	agent: "extract_invoice", prompt: "invoice-extractor", promptVersion: "12",
	provider: "openai", model: "gpt-4o", dialect: openLLMetry{},
	system: "Extract the fields of the invoice as JSON that follows the schema. Amounts are numbers with a dot. Dates " +
		"are YYYY-MM-DD. Do not invent a field that is not on the page.",
	schema: `{"type":"object","properties":{"vendor":{"type":"string"},"invoice_number":{"type":"string"},` +
		`"date":{"type":"string"},"currency":{"type":"string","enum":["EUR","GBP","USD","SEK"]},"total":{"type":"number"},` +
		`"lines":{"type":"array","items":{"type":"object","properties":{"description":{"type":"string"},` +
		`"quantity":{"type":"number"},"amount":{"type":"number"}},"required":["description","amount"]}}},` +
		`"required":["vendor","invoice_number","date","currency","total","lines"],"additionalProperties":false}`,

	healthy: []scenario{invoiceIsRead, creditNoteIsRead},
	failing: []scenario{
		invoiceWithoutTotal, invoiceInProse, totalAsText, currencyIsUnknown, invoiceIsFiltered,
		invoiceIsTooLong, extractorGets500,
	},
}

type invoice struct {
	vendor, number, date string
	first, second        int // whole units
	item, other          string
}

func newInvoice(s *story) invoice {
	return invoice{
		vendor: pick(s.r, "Bergström Elektro AB", "Kaffeehaus Adler GmbH", "Harrow & Finch Ltd", "Papeterie Lumière SARL"),
		number: fmt.Sprintf("%d-%04d", 2026, 100+s.r.IntN(8000)),
		date:   fmt.Sprintf("2026-%02d-%02d", 8+s.r.IntN(3), 1+s.r.IntN(28)),
		first:  80 + s.r.IntN(900), second: 20 + s.r.IntN(200),
		item:  pick(s.r, "Installation, 3 hours", "Office supplies", "Consulting October", "Coffee beans 10 kg"),
		other: pick(s.r, "Travel", "Shipping", "Small parts", "Deposit on crates"),
	}
}

func (i invoice) page(s *story) {
	s.asks(fmt.Sprintf("--- page 1 of 1 ---\n%s\n\nINVOICE %s\nDate of issue: %s\n\n%-32s %8d.00\n%-32s %8d.00\n%-32s "+
		"%8d.00 EUR\n\nPayable within 30 days without deduction.",
		i.vendor, i.number, i.date, i.item, i.first, i.other, i.second, "Total", i.first+i.second))
}

func (i invoice) json(total string) string {
	return fmt.Sprintf(`{"vendor":%q,"invoice_number":%q,"date":%q,"currency":"EUR","total":%s,`+
		`"lines":[{"description":%q,"quantity":1,"amount":%d},{"description":%q,"quantity":1,"amount":%d}]}`,
		i.vendor, i.number, i.date, total, i.item, i.first, i.other, i.second)
}

func (i invoice) total() string { return strconv.Itoa(i.first + i.second) }

func invoiceIsRead(s *story) {
	i := newInvoice(s)
	i.page(s)
	s.answers(i.json(i.total()))
}

func creditNoteIsRead(s *story) {
	i := newInvoice(s)
	i.first, i.second = -i.first, 0
	i.page(s)
	s.answers(i.json(i.total()))
}

func invoiceWithoutTotal(s *story) {
	i := newInvoice(s)
	i.page(s)
	s.answers(fmt.Sprintf(`{"vendor":%q,"invoice_number":%q,"date":%q,"currency":"EUR","lines":[{"description":%q,`+
		`"amount":%d},{"description":%q,"amount":%d}]}`,
		i.vendor, i.number, i.date, i.item, i.first, i.other, i.second))
	s.wants(failure.SchemaViolation, "required")
}

func invoiceInProse(s *story) {
	i := newInvoice(s)
	i.page(s)
	s.answers(fmt.Sprintf("The invoice %s from %s dated %s comes to %s.00 EUR and lists two positions: %s and %s.",
		i.number, i.vendor, i.date, i.total(), i.item, i.other))
	s.wants(failure.SchemaViolation, "not_json")
}

func totalAsText(s *story) {
	i := newInvoice(s)
	i.page(s)
	s.answers(i.json(`"` + i.total() + `,00 €"`))
	s.wants(failure.SchemaViolation, "type")
}

func currencyIsUnknown(s *story) {
	i := newInvoice(s)
	i.page(s)
	s.answers(fmt.Sprintf(`{"vendor":%q,"invoice_number":%q,"date":%q,"currency":"Euro","total":%s,`+
		`"lines":[{"description":%q,"amount":%d}]}`,
		i.vendor, i.number, i.date, i.total(), i.item, i.first+i.second))
	s.wants(failure.SchemaViolation, "enum")
}

func invoiceIsFiltered(s *story) {
	i := newInvoice(s)
	i.vendor, i.item = "Apotheke am Markt", "Prescription no. 3 (controlled substance), 20 tablets"
	i.page(s)
	s.ends("", "content_filter")
	s.wants(failure.Refusal, "content_filter")
}

func invoiceIsTooLong(s *story) {
	i := newInvoice(s)
	i.page(s)
	whole := i.json(i.total())
	s.ends(whole[:len(whole)*2/3], "length")
	s.last().chat.maxTokens, s.last().chat.out = 64, 64
	s.wants(failure.Truncation, "output_limit")
}

func extractorGets500(s *story) {
	newInvoice(s).page(s)
	s.raises(500, "openai.InternalServerError", "Error code: 500 - {'error': {'message': 'The server had an error "+
		"while processing your request. Sorry about that!', 'type': 'server_error', 'param': None, 'code': None}}", 2.2)
	s.wants(failure.ProviderError, "server_error")
}
